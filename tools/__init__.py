"""Programs for the people who work on Headgate: what writes documents from the code.

Nothing of the package imports these; the tests of the architecture do.
"""
