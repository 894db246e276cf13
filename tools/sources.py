"""The source tree as data: which Python files there are, and what they parse to.

Only reading and parsing; what is right or wrong is said in tests/architecture/.
"""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

ROOMS = ("src", "tests", "tools", "bench", "examples")


@cache
def python_files() -> tuple[Path, ...]:
    """Every Python file of ours, relative to the root."""
    return tuple(sorted(path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py")))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))
