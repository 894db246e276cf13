"""Generated histories: what must hold whatever people, networks, crashes and Flink itself do."""
