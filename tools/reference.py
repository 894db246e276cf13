"""Writes docs/reference/: the pages that list what the code defines, one page per kind.

`python -m tools.reference` (or `make docs`) writes them; a test compares them with the code, so
that no error, event or setting goes undocumented. Nothing in them is written by hand.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from headgate.domain.catalogue import Text, flink_texts, texts
from headgate.domain.events import EventType
from headgate.settings import Settings, name_variable
from headgate.web.app import describe_api
from tools.api_reference import api_page
from tools.codes import error_codes, finding_codes
from tools.sources import ROOT

REFERENCE = Path("docs/reference")
# The command line reads these itself, so that its start needs no settings: variable -> default, meaning.
CLIENT_VARIABLES: dict[str, tuple[str, str]] = {
    "HEADGATE_URL": ("that of the last `headgate dev` or `headgate serve`", "Address of the server."),
    "HEADGATE_TOKEN": ("that of the same server", "Access token."),
    "HEADGATE_LANG": ("`LC_ALL`, `LC_MESSAGES`, `LANG`, else `en`", "Language of the command line: en or zh."),
    "HEADGATE_CONFIG": ("each system's own", "Folder of the note on where the last server is."),
}
MADE = "<!-- Written by `make docs` from the code. Do not edit. -->"


def errors_page() -> str:
    """Every error code with its words: those of Headgate first, then those read from Flink's texts."""
    flink = {text.code for text in flink_texts()}
    own = [code for code in error_codes() if code not in flink]
    lines = [
        "# Errors",
        "",
        "The field `code` of a problem document, of an operation's result or of a warning. Codes are stable, the words",
        "may change. `{name}` is filled from the facts of the case.",
        "",
        *_entries(own),
        "## Recognised in Flink's answers",
        "",
        "Headgate shows Flink's own text as `cause` and explains these.",
        "",
        *_entries(sorted(flink), level="###"),
    ]
    return _page(lines)


def results_page() -> str:
    """The codes of findings: results of operations, warnings, risks."""
    return _page(
        [
            "# Results and warnings",
            "",
            "Codes that stand beside an operation, a step or a job without being an error of a request.",
            "",
            *_entries(finding_codes()),
        ]
    )


def events_page() -> str:
    lines = [
        "# Events",
        "",
        "The types of the dated facts in a job's history, as the API and the command line name them, with their words.",
        "",
        "| type | English | 中文 |",
        "|---|---|---|",
    ]
    for event in EventType:
        text = texts().get(event.value, Text(en="", zh=""))
        lines.append(f"| `{event.name}` | {_cell(text.en)} | {_cell(text.zh)} |")
    return _page(lines)


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        "Environment variables of the server. Spans of time are in seconds and end in `_S`.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "each system's own" if field.default_factory else _default(field.default)
        lines.append(f"| `{name_variable(name)}` | {default} | {_cell(field.description or '')} |")
    lines += [
        "",
        "Environment variables of the command line, which is a client of the server.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
        *(f"| `{name}` | {default} | {meaning} |" for name, (default, meaning) in CLIENT_VARIABLES.items()),
    ]
    return _page(lines)


PAGES: dict[str, Callable[[], str]] = {
    "api.md": lambda: api_page(describe_api()),
    "errors.md": errors_page,
    "events.md": events_page,
    "results.md": results_page,
    "settings.md": settings_page,
}


def main() -> int:
    (ROOT / REFERENCE).mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (ROOT / REFERENCE / name).write_text(page(), encoding="utf-8")
        print(REFERENCE / name)
    return 0


def _entries(codes: Iterable[str], level: str = "##") -> Iterable[str]:
    for code in codes:
        text = texts().get(code, Text(en="", zh=""))
        yield from (f"{level} `{code}`", "", f"- {_line(text.en)}", f"- {_line(text.zh)}")
        if text.advice_en:
            yield from (f"- What to do: {_line(text.advice_en)}", f"- 怎么办：{_line(text.advice_zh)}")
        yield ""


def _default(value: object) -> str:
    return "none" if value is None or value == () else f"`{value}`"


def _page(lines: Iterable[str]) -> str:
    return "\n".join([MADE, "", *lines]).rstrip("\n") + "\n"


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
