"""Bring a database to the tables of this release, in one transaction; never touch a newer one.

Alembic's own files lie in `migrations/` within the package, so this works wherever it is installed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from headgate.adapters.db import postgresql
from headgate.adapters.db.connect import describe
from headgate.adapters.db.limits import READ_ONLY
from headgate.adapters.db.unit_of_work import translated
from headgate.domain.errors import Unavailable


def upgrade(engine: Engine) -> None:
    """Apply the steps that are missing; nothing where there are none.

    Unavailable("database_newer") when a newer release has written the database, ("database_encoding")
    when it cannot keep the letters of all scripts.
    """
    config = _config()
    with translated(engine), _changing(engine) as connection:
        _require_all_letters(engine, connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        found = _revision_of(connection)
        if found is not None and found not in known:
            raise Unavailable("database_newer", where=describe(engine), revision=found)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current_revision(engine: Engine) -> str | None:
    """The last step that was applied; None for an empty database."""
    with translated(engine), engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        return _revision_of(connection)


def newest_revision() -> str | None:
    """The last step that this release knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _require_all_letters(engine: Engine, connection: Connection) -> None:
    encoding = postgresql.find_encoding(connection) if engine.dialect.name == "postgresql" else "UTF8"
    if encoding != "UTF8":
        raise Unavailable("database_encoding", where=describe(engine), encoding=encoding)


def list_revisions() -> list[str]:
    """Every step that this release knows, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "headgate.adapters.db:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _revision_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _changing(engine: Engine) -> Iterator[Connection]:
    """A transaction in which tables may be rebuilt.

    SQLite rebuilds a table by dropping the old one, which would delete what hangs on its rows:
    foreign keys rest meanwhile, and are checked as a whole before the commit.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if is_sqlite:
            connection.connection.cursor().execute("PRAGMA foreign_keys = OFF").close()
        try:
            with connection.begin():
                yield connection
                if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                    raise RuntimeError(f"a migration left a row of {broken[0]} without its parent")
        finally:
            if is_sqlite:
                connection.connection.cursor().execute("PRAGMA foreign_keys = ON").close()
