"""What is installed is whole: the wheel has the whole package, the archive of sources all that builds and tests it."""

import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from tools.sources import ROOT

PACKAGE = ROOT / "src" / "headgate"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    built = next(
        iter(WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"]))
    )
    with zipfile.ZipFile(built) as opened:
        yield opened


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    files = {str(path.relative_to(PACKAGE.parent)) for path in PACKAGE.rglob("*") if path.is_file() and _is_kept(path)}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == files
    for needed in (
        "domain/catalogue/services.toml",
        "adapters/db/migrations/versions/0001_first_tables.py",
        "py.typed",
    ):
        assert f"headgate/{needed}" in packed


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (path,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = Parser().parsestr(wheel.read(path).decode())
    assert (metadata["Name"], metadata["Version"]) == (project["name"], project["version"])
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(metadata.get_all("Requires-Dist", [])) == len(project["dependencies"])
    assert {Path(name).name for name in wheel.namelist() if "/licenses/" in name} == {"LICENSE", "NOTICE"}


def test_the_archive_of_sources_builds_and_tests_itself(tmp_path: Path) -> None:
    with tarfile.open(
        next(iter(SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])))
    ) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "README.zh.md", "Makefile", ".importlinter", "tests/conftest.py"} <= packed
    assert {"requirements/lock.txt", "docs/requirements.toml", "docs/map.md", "tools/find-python"} <= packed
    assert not [name for name in packed if name.startswith((".venv", ".git/"))]


def _is_kept(path: Path) -> bool:
    return "__pycache__" not in path.parts and path.suffix != ".pyc"
