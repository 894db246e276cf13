"""The server's own machine: the disk below its data folder, its database's clock and schema, client JVMs left over."""

import shutil
from pathlib import Path

from sqlalchemy import Engine, func, select

from headgate.adapters.db.columns import Moment
from headgate.adapters.db.limits import READ_ONLY
from headgate.adapters.db.migrate import current_revision, newest_revision
from headgate.adapters.db.unit_of_work import translated
from headgate.adapters.flink.sql.client_jvm import list_left_over
from headgate.domain.diagnosis import Machine
from headgate.ports.machine import MachineProbe

_SQLITE_NOW = func.strftime("%Y-%m-%d %H:%M:%f", "now", type_=Moment())


class ServerMachine(MachineProbe):
    """The machine of a server with this data folder and this database."""

    def __init__(self, data_dir: Path, database: Engine) -> None:
        self._data_dir = data_dir
        self._database = database

    def look(self) -> Machine:
        space = shutil.disk_usage(self._data_dir)
        is_sqlite = self._database.dialect.name == "sqlite"
        now = select(_SQLITE_NOW if is_sqlite else func.clock_timestamp(type_=Moment()))
        with (
            translated(self._database),
            self._database.connect().execution_options(**{READ_ONLY: True}) as connection,
        ):
            clock = connection.execute(now).scalar_one()
        return Machine(
            folder=str(self._data_dir),
            free_bytes=space.free,
            total_bytes=space.total,
            database_clock=clock,
            schema=current_revision(self._database),
            known_schema=newest_revision(),
            clients=tuple(list_left_over(self._data_dir / "run")),
        )
