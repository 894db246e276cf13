"""The rules of Headgate, pure: standard library only, no input or output, no clock.

Everything here is frozen data or a function of its arguments. What talks to Flink, a database, a
file or a person lives in another layer.
"""
