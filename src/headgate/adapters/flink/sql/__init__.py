"""SQL scripts: cut into statements, compiled and submitted by a client JVM of the cluster's Flink version.

`script` and `tokens` read the user's text; `client_jvm` owns the processes; `session` speaks with
one of them; `client` is the port; `plan` and `errors` read what comes back.
"""
