"""Stand-ins for the outside world that behave as measured: they hold state, they are no mocks.

Each one keeps a port of `headgate.ports`; what they answer is what the contract suites also ask of
the real thing.
"""
