"""Compiles the Java test jobs of `src/` against an engine and packs them into one jar.

The compiler is Eclipse's, fetched once into the cache by the resolver library jgo and checked
against a pinned digest. `HEADGATE_MAVEN_REPOSITORY` names another Maven repository.
"""

import hashlib
import os
import subprocess
import tomllib
import zipfile
from pathlib import Path

from filelock import FileLock
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver

from headgate.ports.engines import Engine

HERE = Path(__file__).parent
MAIN_CLASS = "CountingJob"


def build_test_jar(engine: Engine, cache: Path) -> Path:
    """A jar with every class of `src/`, for this engine; its manifest names `CountingJob`."""
    sources = sorted((HERE / "src").glob("*.java"))
    content = b"".join(source.read_bytes() for source in sources)
    folder = cache / "test-jars" / f"{engine.version}-{hashlib.sha256(content).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    jar = folder / "jobs.jar"
    with FileLock(folder / "lock"):
        if not jar.exists():
            _compile(engine, _fetch_compiler(cache), sources, folder / "classes")
            _pack(folder / "classes", jar, MAIN_CLASS)
    return jar


def pack_without_main_class(jar: Path, target: Path) -> Path:
    """The same classes without a main class in the manifest."""
    with zipfile.ZipFile(jar) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            if name.endswith(".class"):
                copy.writestr(name, source.read(name))
    return target


def _compile(engine: Engine, compiler: Path, sources: list[Path], classes: Path) -> None:
    class_path = os.pathsep.join(str(jar) for jar in sorted((engine.home / "lib").glob("*.jar")))
    command = [str(engine.java), "-jar", str(compiler), "-source", "11", "-target", "11", "-nowarn"]
    command += ["-classpath", class_path, "-d", str(classes), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the test jobs do not compile:\n{done.stderr}")


def _pack(classes: Path, jar: Path, main_class: str) -> None:
    unfinished = jar.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w") as file:
        file.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\nMain-Class: {main_class}\n\n")
        for path in sorted(classes.rglob("*.class")):
            file.write(path, path.relative_to(classes).as_posix())
    unfinished.replace(jar)


def _fetch_compiler(cache: Path) -> Path:
    wanted = tomllib.loads((HERE / "compiler.toml").read_text(encoding="utf-8"))
    repository = os.environ.get("HEADGATE_MAVEN_REPOSITORY") or MAVEN_CENTRAL_URL
    context = MavenContext(
        resolver=PythonResolver(), repo_cache=cache / "maven", remote_repos={"repository": repository}
    )
    project = context.project(wanted["group"], wanted["artifact"])
    path = Path(project.at_version(wanted["version"]).artifact().resolve())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != wanted["sha256"]:
        path.unlink()
        raise RuntimeError(f"{path.name} has the digest {digest}, wanted {wanted['sha256']}")
    return path
