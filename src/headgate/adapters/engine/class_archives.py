"""Archives of loaded classes (the JVM's class data sharing): a process that reads one starts in half the time.

Java's own classes are archived when Java is installed, Flink's by the first process of a kind that ends
in good order. A JVM takes no archive that does not fit its jars, and starts without: nothing here can
make a start fail, and nothing here is needed for one.
"""

import logging
import subprocess
from pathlib import Path

from headgate.ports.engines import Engine

log = logging.getLogger(__name__)

_DUMP_TIMEOUT_S = 60
_UNFINISHED = bytes(4)
"""The JVM writes the head of an archive last; until then it is zero."""


def archive_java_classes(java: Path) -> None:
    """Write the archive that every JVM of this Java reads unasked, where it has none yet (12 MB, about a second)."""
    home = java.parent.parent
    archive = home / "lib" / "server" / "classes.jsa"
    if not (home / "lib" / "classlist").is_file() or archive.exists():
        return
    part = archive.with_name("classes.jsa.part")
    command: list[str | Path] = [java, "-Xshare:dump", f"-XX:SharedArchiveFile={part}"]
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_DUMP_TIMEOUT_S, check=True)
        part.rename(archive)
    except (OSError, subprocess.SubprocessError) as error:
        log.info("Java's classes were not archived, its processes start slower: %s", error)


def choose_archive_options(engine: Engine, kind: str) -> list[str]:
    """What makes a process of this kind read the archive, or write it at its end where there is none."""
    folder = engine.home / "classes" / engine.java.parent.parent.name
    archive = folder / f"{kind}.jsa"
    if ":" in str(archive):
        return []  # for the JVM that separates two archives
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return []
    # What an archive lacks is no news; a failed start is explained by the output of the process.
    option = "SharedArchiveFile" if _is_finished(archive) else "ArchiveClassesAtExit"
    return ["-Xlog:cds*=off", f"-XX:{option}={archive}"]


def _is_finished(archive: Path) -> bool:
    try:
        with archive.open("rb") as file:
            return file.read(4) not in (b"", _UNFINISHED)
    except OSError:
        return False
