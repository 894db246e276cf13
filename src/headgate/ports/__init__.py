"""What the inner layers ask of the outside world, as Protocols.

A port names shapes, units and the errors that may come; it holds no code. The adapters implement
them, the fakes in `tests/fakes` too, and one contract suite runs against both.
"""
