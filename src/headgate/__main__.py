"""The entry point of `headgate` and `python -m headgate`: the command line, nothing else."""

import sys

from headgate.cli import app


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(app.main())


if __name__ == "__main__":
    main()
