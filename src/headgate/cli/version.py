"""The version of this installation, for `headgate --version`."""


def read_version() -> str:
    from importlib.metadata import version

    return version("headgate")
