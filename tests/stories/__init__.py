"""Stories: a real server process, a real Flink, a real database, spoken to over HTTP."""
