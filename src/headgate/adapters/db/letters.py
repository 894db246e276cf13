"""Lower case for the letters of all scripts, said so that each kind of database means the same by it."""

from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_KNOWS_ALL_LETTERS = (17,)  # PostgreSQL 17; before, it has them from the ICU library


class Lowered(FunctionElement[str]):
    """A text in lower case."""

    name = "lower"
    type = String()
    inherit_cache = True


def lower(text: ColumnElement[str]) -> ColumnElement[str]:
    return Lowered(text)


@compiles(Lowered)
def _write(element: Lowered, compiler: SQLCompiler, **words: Any) -> str:
    return f"lower({compiler.process(element.clauses, **words)})"


@compiles(Lowered, "postgresql")
def _write_for_postgresql(element: Lowered, compiler: SQLCompiler, **words: Any) -> str:
    # Whatever the locale that the database was made with: under `C` it would know ASCII only.
    version = getattr(compiler.dialect, "server_version_info", None)
    collation = "pg_c_utf8" if version is None or version >= _KNOWS_ALL_LETTERS else "und-x-icu"
    return f'lower({compiler.process(element.clauses, **words)} COLLATE "{collation}")'
