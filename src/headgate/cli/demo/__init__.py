"""`headgate demo`: a story with a real Flink, told on the terminal and checked at its end.

It acts as a user does: through the HTTP API, on a server that it starts as a process of its own
and kills without warning. Nothing here reaches into Headgate.
"""
