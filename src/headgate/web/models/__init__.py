"""The shapes of the API: one module per concept, bodies that come in and objects that go out.

They hold no rules. What a value may be is judged by the domain; here stands only what JSON looks like.
"""
