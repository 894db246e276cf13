"""The documents say what the code says: reference pages, the map, the list of dependencies."""

import re
import tomllib
from pathlib import Path

import pytest

from headgate.settings import Settings, name_variable
from tools.reference import CLIENT_VARIABLES, PAGES, REFERENCE
from tools.sources import ROOT

# A path in a document: in backquotes, with a slash or a dot, and starting at one of our rooms.
QUOTED = re.compile(r"`([\w.][\w./-]*)`")


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_says_what_the_code_says(name: str) -> None:
    path = ROOT / REFERENCE / name
    assert path.is_file(), "run `make docs`"
    assert path.read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_no_reference_page_is_left_over() -> None:
    assert {path.name for path in (ROOT / REFERENCE).iterdir()} == set(PAGES)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_says_what_it_is_for(name: str) -> None:
    assert Settings.model_fields[name].description


def test_every_variable_that_the_command_line_reads_is_documented() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "headgate" / "cli").rglob("*.py"))
    read = set(re.findall(r"\"(HEADGATE_[A-Z_]+)\"", sources))
    assert (
        set(CLIENT_VARIABLES) <= read <= set(CLIENT_VARIABLES) | {name_variable(name) for name in Settings.model_fields}
    )


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_a_link_of_a_document_leads_to_a_file(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert not [link for link in links if link and not (ROOT / "docs" / link).exists()]


def test_every_path_of_the_map_exists() -> None:
    missing = [path for path in _mapped() if not (ROOT / path).exists()]
    assert not missing


def test_every_room_has_a_line_in_the_map() -> None:
    rooms = {path.parent.relative_to(ROOT) for path in (ROOT / "src" / "headgate").glob("*/__init__.py")}
    assert rooms <= {Path(path) for path in _mapped()}


def test_every_dependency_has_its_reason() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE))
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = [*pyproject["project"]["dependencies"], *pyproject["dependency-groups"]["dev"]]
    assert {re.split(r"[<>=\[; ]", requirement)[0] for requirement in requirements} == explained


def test_the_lock_holds_digests_and_no_addresses() -> None:
    lock = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8")
    assert "--hash=sha256:" in lock
    assert "://" not in lock
    assert "index-url" not in lock


def _mapped() -> list[str]:
    return QUOTED.findall((ROOT / "docs" / "map.md").read_text(encoding="utf-8"))
