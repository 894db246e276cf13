"""The help page in both languages: aligned columns, no colours, no boxes.

Commands carry their help in English, where they are written; for Chinese every text is looked up
in the catalogue by its English one. A test keeps the two complete.
"""

from typing import Any

from headgate.cli.words import Language, translate

_GAP = 2
# Names longer than this stand on a line of their own.
_NAME_WIDTH = 30


class HelpPage:
    """Renders usage, description and panels; see cyclopts' HelpFormatter."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def render_usage(self, console: Any, options: Any, usage: Any) -> None:
        text = _plain(usage).removeprefix("Usage:").strip()
        if text:
            _print(console, f"{translate(self._language, 'Usage:')} {text}\n")

    def render_description(self, console: Any, options: Any, description: Any) -> None:
        text = self._translate(description)
        if text:
            _print(console, f"{text}\n")

    def __call__(self, console: Any, options: Any, panel: Any) -> None:
        if not panel.entries:
            return
        _print(console, f"{self._translate(panel.title)}")
        rows = [(self._name(entry), self._describe(entry)) for entry in panel.entries]
        width = min(_NAME_WIDTH, max(len(name) for name, _ in rows))
        for name, text in rows:
            _print_row(console, name, text, width)
        console.print()

    def _name(self, entry: Any) -> str:
        return ", ".join(entry.display_labels_with_metavar)

    def _describe(self, entry: Any) -> str:
        parts = [self._translate(entry.description)]
        if entry.choices:
            parts.append(f"[{'|'.join(entry.choices)}]")
        if entry.default is not None:
            parts.append(f"[{translate(self._language, 'default:')} {entry.default}]")
        if entry.required:
            parts.append(f"[{translate(self._language, 'required')}]")
        return " ".join(part for part in parts if part)

    def _translate(self, text: Any) -> str:
        return translate(self._language, _plain(text))


def _plain(text: Any) -> str:
    """The text of one of cyclopts' rich objects, without line breaks of its own."""
    if text is None:
        return ""
    text = getattr(text, "primary_renderable", text)
    return " ".join(str(getattr(text, "plain", text)).split())


def _print_row(console: Any, name: str, text: str, width: int) -> None:
    from rich.cells import cell_len
    from rich.padding import Padding
    from rich.text import Text

    left = width + 2 * _GAP
    body = Padding(Text(text), (0, 0, 0, left))
    if len(name) > width:
        _print(console, " " * _GAP + name)
        name = ""
    with console.capture() as capture:
        console.print(body)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    # The name takes the place of the first line's margin; a wide character counts two cells.
    first = " " * _GAP + name + " " * (left - _GAP - cell_len(name)) + lines[0].lstrip()
    _print(console, "\n".join([first, *lines[1:]]))


def _print(console: Any, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
