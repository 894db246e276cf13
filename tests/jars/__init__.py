"""Small Java jobs for the tests against a real Flink, compiled when they are first needed."""
