"""What the local cluster is told: its folders, Flink's configuration, logging, and the command lines.

All of it is text made from a few values; starting processes is in `processes.py`.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from headgate.ports.engines import Engine, LocalClusterShape

HOST = "127.0.0.1"

# After this long without its JobManager a task ends itself: a restart is not to wait for Flink's 50 s.
_HEARTBEAT_TIMEOUT = timedelta(seconds=10)
_HEARTBEAT_INTERVAL = timedelta(seconds=2)

# How long a finished job stays known; the archive keeps it for longer.
_JOB_STORE_EXPIRATION = timedelta(days=7)

# A TaskManager of 1024 MB in all. The sums below are passed to the JVM as well.
_TASK_MANAGER_MB = {
    "task.heap.size": 256,
    "task.off-heap.size": 0,
    "framework.heap.size": 128,
    "framework.off-heap.size": 128,
    "managed.size": 64,
    "network.min": 64,
    "network.max": 64,
    "jvm-metaspace.size": 224,
    "jvm-overhead.min": 160,
    "jvm-overhead.max": 160,
}
_JOB_MANAGER_HEAP_MB = 512

# What Flink's own default configuration opens for Java 17 (`env.java.opts.all`), without the
# compiler, which a runtime image does not have.
_OPENED = ("java.lang", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.lang.reflect", "java.text", "java.time")
_OPENED_UTIL = ("java.util", "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks")
_JAVA_MODULES = (
    "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
    "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED + _OPENED_UTIL),
)

_LOGGING = """\
# Written by Headgate at every start. Bounded: six files of 10 MB for each process.
rootLogger.level = INFO
rootLogger.appenderRef.file.ref = FileAppender
appender.file.name = FileAppender
appender.file.type = RollingFile
appender.file.append = true
appender.file.fileName = ${sys:log.file}
appender.file.filePattern = ${sys:log.file}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-60c %x - %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 5
logger.netty.name = org.jboss.netty.channel.DefaultChannelPipeline
logger.netty.level = OFF
"""


@dataclass(frozen=True, slots=True)
class ClusterFolder:
    """Where the local cluster keeps things, below the data folder of the server."""

    data: Path

    @property
    def root(self) -> Path:
        return self.data / "local"

    @property
    def conf(self) -> Path:
        return self.root / "conf"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def state_file(self) -> Path:
        return self.root / "state.json"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def checkpoints(self) -> Path:
        return self.data / "checkpoints"

    @property
    def savepoints(self) -> Path:
        return self.data / "savepoints"

    def make(self) -> None:
        for folder in (self.conf, self.log, self.tmp, self.archive, self.checkpoints, self.savepoints):
            folder.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that others must know in advance; Flink chooses the rest."""

    rest: int
    rpc: int


def file_uri(path: Path) -> str:
    """`path` as Flink writes it: not percent-encoded, for Flink would take `%20` for four characters."""
    return f"file://{path.absolute()}"


def flink_configuration(folder: ClusterFolder, shape: LocalClusterShape, ports: Ports) -> dict[str, str]:
    """Every key that the JobManager and the TaskManagers are given."""
    return {
        "rest.address": HOST,
        "rest.bind-address": HOST,
        "rest.port": str(ports.rest),
        "rest.bind-port": str(ports.rest),
        "rest.async.store-duration": f"{shape.rest_store_duration_s} s",
        "web.submit.enable": "true",
        "web.tmpdir": str(folder.tmp.absolute()),
        "jobmanager.rpc.address": HOST,
        "jobmanager.bind-host": HOST,
        "jobmanager.rpc.port": str(ports.rpc),
        "jobmanager.rpc.bind-port": str(ports.rpc),
        "jobmanager.memory.heap.size": f"{_JOB_MANAGER_HEAP_MB} mb",
        "jobmanager.archive.fs.dir": file_uri(folder.archive),
        # A plain number of seconds in Flink 1.20 and 2.x alike.
        "jobstore.expiration-time": str(int(_JOB_STORE_EXPIRATION.total_seconds())),
        "heartbeat.timeout": f"{int(_HEARTBEAT_TIMEOUT.total_seconds())} s",
        "heartbeat.interval": f"{int(_HEARTBEAT_INTERVAL.total_seconds())} s",
        "taskmanager.host": HOST,
        "taskmanager.bind-host": HOST,
        "taskmanager.numberOfTaskSlots": str(shape.slots),
        "taskmanager.cpu.cores": str(float(shape.slots)),
        **{f"taskmanager.memory.{key}": f"{size} mb" for key, size in _TASK_MANAGER_MB.items()},
        # What a job prints goes into the log, which is bounded, and not into a file that grows for ever.
        "taskmanager.system-out.mode": "LOG",
        "io.tmp.dirs": str(folder.tmp.absolute()),
        "blob.storage.directory": str(folder.tmp.absolute()),
        "parallelism.default": "1",
        "classloader.check-leaked-classloader": "false",
        "execution.checkpointing.dir": file_uri(folder.checkpoints),
        "execution.checkpointing.savepoint-dir": file_uri(folder.savepoints),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    }


def write_configuration(folder: ClusterFolder, shape: LocalClusterShape, ports: Ports) -> None:
    """Write what both kinds of process read at their start."""
    folder.make()
    values = flink_configuration(folder, shape, ports)
    # A JSON string is a YAML string, whatever it holds.
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items()]
    header = "# Written by Headgate at every start of the local cluster; changes are lost.\n"
    (folder.conf / "config.yaml").write_text(header + "".join(lines), encoding="utf-8")
    (folder.conf / "log4j.properties").write_text(_LOGGING, encoding="utf-8")


def job_manager_command(engine: Engine, folder: ClusterFolder, token: str) -> list[str]:
    # The quick compiler alone: the JobManager starts sooner and 30 MB smaller, and has little to compute.
    memory = [f"-Xmx{_JOB_MANAGER_HEAP_MB}m", "-XX:MaxMetaspaceSize=256m", "-XX:TieredStopAtLevel=1"]
    main = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
    command = _java(engine, folder, "jobmanager", token) + memory + ["-cp", engine.class_path, main]
    return [*command, "--configDir", str(folder.conf.absolute()), "--executionMode", "cluster"]


def task_manager_command(engine: Engine, folder: ClusterFolder, token: str, number: int) -> list[str]:
    size = _TASK_MANAGER_MB
    direct = size["framework.off-heap.size"] + size["task.off-heap.size"] + size["network.max"]
    memory = [
        f"-Xmx{size['framework.heap.size'] + size['task.heap.size']}m",
        f"-XX:MaxDirectMemorySize={direct}m",
        f"-XX:MaxMetaspaceSize={size['jvm-metaspace.size']}m",
    ]
    main = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
    command = _java(engine, folder, log_name(number), token) + memory + ["-cp", engine.class_path, main]
    return [*command, "--configDir", str(folder.conf.absolute())]


def log_name(number: int | None) -> str:
    """The stem of a process's log files; None is the JobManager."""
    return "jobmanager" if number is None else f"taskmanager-{number}"


def java_environment(engine: Engine) -> dict[str, str]:
    """What the JVM needs of its environment: file names beyond ASCII, and where Flink's plugins are."""
    return {"LC_ALL": "C.UTF-8", "FLINK_PLUGINS_DIR": str(engine.home / "plugins")}


def _java(engine: Engine, folder: ClusterFolder, name: str, token: str) -> list[str]:
    return [
        str(engine.java),
        process_mark(token),
        "-XX:+UseSerialGC",
        # A dead process is seen and started again; one without memory would only seem alive.
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:-UsePerfData",
        f"-XX:ErrorFile={folder.log.absolute()}/{name}-crash-%p.log",
        "-Dfile.encoding=UTF-8",
        f"-Djava.io.tmpdir={folder.tmp.absolute()}",
        f"-Dlog.file={folder.log.absolute()}/{name}.log",
        f"-Dlog4j.configurationFile={folder.conf.absolute()}/log4j.properties",
        "-Dlog4j2.disableJmx=true",
        *_JAVA_MODULES,
    ]


def process_mark(token: str) -> str:
    """The argument by which a process is known to be ours, whatever became of its pid."""
    return f"-Dheadgate.process={token}"
