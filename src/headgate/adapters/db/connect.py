"""The database's engine: made from a URL, set up so that what is committed survives.

What only one kind of database needs is in `sqlite.py` and `postgresql.py`. Tables and statements do
not belong here and know nothing of the kind of database.
"""

import json
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from headgate.adapters.db import postgresql, sqlite
from headgate.adapters.db.limits import BUSY_TIMEOUT
from headgate.domain.errors import Invalid


def connect(where: str | Path, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> Engine:
    """The engine for a URL, such as `postgresql://ann@host/headgate`, or for the path of a SQLite file.

    `sqlite://` is a database in memory. A path is no text of a URL: its `?` and `%` mean themselves.
    Nothing is opened yet. `busy_timeout` is how long a transaction waits for its turn.
    Invalid("database_url_invalid") where no engine can be made from it; the URL is not repeated, as
    it may hold a password.
    """
    try:
        url = URL.create("sqlite", database=str(where)) if isinstance(where, Path) else make_url(where)
        kinds = {"sqlite": sqlite, "postgresql": postgresql}
        kind = kinds[url.get_backend_name()]
        url = url.set(drivername=postgresql.DRIVER) if kind is postgresql else url
        engine = create_engine(
            url,
            json_serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
            hide_parameters=True,
            **kind.choose_options(url),
        )
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, KeyError, ValueError) as error:
        raise Invalid("database_url_invalid", kind=_name_kind(str(where))) from error
    kind.listen(engine, busy_timeout)
    return engine


def is_in_memory(engine: Engine) -> bool:
    """Whether the database is one connection in memory, which has to be shared in turns."""
    return isinstance(engine.pool, StaticPool)


def is_shared(engine: Engine) -> bool:
    """Whether several servers may use the database, from wherever they are."""
    return engine.dialect.name != "sqlite"


def describe(engine: Engine) -> str:
    """Where the database is, for people: a path or an address, never a user, password or option."""
    url = engine.url
    if engine.dialect.name == "sqlite":
        return url.database or ":memory:"
    return f"{url.host or 'localhost'}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def _name_kind(url: str) -> str:
    """What stands before `://`: all of a faulty URL that may be repeated."""
    kind, sign, _ = url.partition("://")
    return kind if sign else "?"
