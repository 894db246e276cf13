"""The command line: a thin client of the HTTP API, and the starters of the server.

It knows no rule of Headgate: what is allowed and what it means, the server says. Only `local.py`
reaches past the API, to start the server and to handle engines on this machine.
"""
