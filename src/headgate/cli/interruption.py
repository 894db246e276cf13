"""Ctrl-C with a sentence: what goes on all the same, and how to look at it again.

Raised where a command knows more than "Interrupted."; `app.main` says it and ends with 130.
"""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or being told to end. `code` and `facts` are for the catalogue, as with an error."""

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = {name: str(value) for name, value in facts.items()}
        super().__init__(code)
