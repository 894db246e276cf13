"""A user's SQL script as statements with exact places, and what Headgate refuses in it.

Pure: no JVM, no Flink. A script must come down to one Flink job, so all its INSERTs are joined;
statements that only show something, or would start a job of their own, are refused with the reason.
Whether a statement is good SQL is Flink's to say (`session.py`).
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from headgate.adapters.flink.sql.tokens import Lines, Token, TokenKind, split_tokens
from headgate.domain.configuration import find_owned_key
from headgate.domain.errors import Problem

SQL_PATH: Final = "spec.sql"


class StatementKind(Enum):
    SET = auto()
    RESET = auto()
    DEFINITION = auto()
    """Changes what later statements see: CREATE, DROP, ALTER, USE, ADD JAR, LOAD and UNLOAD MODULE."""
    INSERT = auto()
    UNKNOWN = auto()
    """No statement that we know: Flink's parser tells the user what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: `text` is script[start:end], verbatim. `key` and `value` are those of SET and RESET."""

    kind: StatementKind
    text: str
    start: int
    key: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A split script. The INSERTs of a statement set stand among the `statements` like plain ones."""

    text: str
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]
    lines: Lines = field(repr=False, compare=False)

    def locate(self, statement: Statement, line: int | None, column: int | None) -> tuple[int, int]:
        """Line and column in the script of a position that Flink found within `statement`.

        None, or a position outside the statement, stands for its beginning.
        """
        offset = Lines(statement.text).find_offset(line, column) if line and column else None
        return self.lines.position(statement.start + (offset or 0))


# First word -> why the statement is refused.
_SHOWS_ROWS: Final = ("SELECT", "VALUES", "WITH", "TABLE")
_SHOWS_FACTS: Final = ("SHOW", "DESCRIBE", "DESC", "EXPLAIN", "HELP", "LIST", "CLEAR", "QUIT", "EXIT")
_UNSUPPORTED: Final = (
    "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CALL", "ANALYZE", "COMPILE", "REMOVE", "STOP", "SOURCE",
)  # fmt: skip
_DEFINES: Final = ("CREATE", "DROP", "ALTER", "USE", "ADD", "LOAD", "UNLOAD")
_OPENS_SET: Final = (("EXECUTE", "STATEMENT", "SET", "BEGIN"), ("BEGIN", "STATEMENT", "SET"))


def parse_script(text: str) -> Script:
    """Split `text`; every refusal is among the problems, in the order of the text."""
    return _Parser(text).parse()


def _starts_with(tokens: Sequence[Token], words: Sequence[str]) -> bool:
    return len(tokens) >= len(words) and all(token.is_word(word) for token, word in zip(tokens, words, strict=False))


def _find_create_as(tokens: Sequence[Token]) -> Token | None:
    """The AS of CREATE [OR REPLACE] [TEMPORARY] TABLE ... AS, or of REPLACE TABLE ... AS."""
    head = [token.text.upper() for token in tokens[:5] if token.kind is TokenKind.WORD]
    if "TABLE" not in head or "MATERIALIZED" in head:
        return None
    depth = 0
    for token in tokens:
        if token.kind is TokenKind.SYMBOL:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.is_word("AS"):
            return token
    return None


class _Parser:
    """Walks the statements of one script; `_set_start` is where the present statement set began."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._statements: list[Statement] = []
        self._problems: list[tuple[int, Problem]] = []
        self._bare_inserts: list[Token] = []
        self._sets = 0
        self._set_start: Token | None = None

    def parse(self) -> Script:
        found = split_tokens(self._text)
        if found.unterminated is not None:
            self._refuse(found.unterminated.start, found.unterminated.code)
        else:
            self._refuse_stray_characters(found.tokens)
        if not self._problems:
            for tokens in self._split(found.tokens):
                self._take(tokens)
            self._judge_the_whole(found.tokens)
        self._problems.sort(key=lambda entry: entry[0])
        problems = tuple(problem for _, problem in self._problems)
        return Script(self._text, tuple(self._statements), problems, self._lines)

    @staticmethod
    def _split(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
        """The tokens between semicolons; what opens a statement set is a piece of its own."""
        piece: list[Token] = []
        for token in tokens:
            if token.kind is TokenKind.SEMICOLON:
                if piece:
                    yield piece
                piece = []
                continue
            piece.append(token)
            if len(piece) == len(_OPENS_SET[0]) and _starts_with(piece, _OPENS_SET[0]):
                yield piece
                piece = []
        if piece:
            yield piece

    def _take(self, tokens: Sequence[Token]) -> None:
        first = tokens[0]
        if any(len(tokens) == len(words) and _starts_with(tokens, words) for words in _OPENS_SET):
            self._open_set(first)
        elif len(tokens) == 1 and first.is_word("END"):
            if self._set_start is None:
                self._refuse(first.start, "sql_end_without_set")
            self._set_start = None
        elif first.is_word("EXECUTE") and len(tokens) > 1 and tokens[1].is_word("INSERT", *_SHOWS_ROWS):
            self._take(tokens[1:])
        elif self._set_start is not None and not first.is_word("INSERT"):
            self._refuse(first.start, "sql_not_an_insert_in_set", statement=first.text.upper())
        elif first.is_word("SET", "RESET"):
            self._take_setting(tokens)
        else:
            self._take_plain(tokens)

    def _open_set(self, first: Token) -> None:
        self._sets += 1
        if self._set_start is not None or self._sets > 1:
            self._refuse(first.start, "sql_second_statement_set")
        self._set_start = first

    def _take_plain(self, tokens: Sequence[Token]) -> None:
        first = tokens[0]
        if first.is_word("INSERT"):
            if self._set_start is None:
                self._bare_inserts.append(first)
            self._add(StatementKind.INSERT, tokens)
        elif first.text == "(" or first.is_word(*_SHOWS_ROWS):
            self._refuse(first.start, "sql_select")
        elif first.is_word(*_SHOWS_FACTS):
            self._refuse(first.start, "sql_shows_only", statement=first.text.upper())
        elif first.is_word(*_UNSUPPORTED) or self._is_executed_alone(tokens):
            self._refuse(first.start, "sql_statement_unsupported", statement=self._head(tokens))
        elif first.is_word(*_DEFINES, "REPLACE"):
            self._take_definition(tokens)
        else:
            self._add(StatementKind.UNKNOWN, tokens)

    def _take_definition(self, tokens: Sequence[Token]) -> None:
        if tokens[0].is_word("CREATE", "REPLACE") and _find_create_as(tokens):
            self._refuse(tokens[0].start, "sql_create_table_as")
        elif tokens[0].is_word("REPLACE"):
            self._add(StatementKind.UNKNOWN, tokens)
        else:
            self._add(StatementKind.DEFINITION, tokens)

    @staticmethod
    def _is_executed_alone(tokens: Sequence[Token]) -> bool:
        """A materialized table and a compiled plan start jobs of their own."""
        return any(token.is_word("MATERIALIZED") for token in tokens[1:4]) or _starts_with(tokens, ("EXECUTE", "PLAN"))

    def _take_setting(self, tokens: Sequence[Token]) -> None:
        """SET 'key' = 'value', SET key = value, RESET 'key', RESET."""
        first, rest = tokens[0], tokens[1:]
        resets = first.is_word("RESET")
        split = next((i for i, token in enumerate(rest) if token.text == "="), len(rest))
        key, value = self._read_text(rest[:split]), self._read_text(rest[split + 1 :])
        has_value = split + 1 < len(rest)
        if not rest and resets:
            self._add(StatementKind.RESET, tokens)
        elif not rest:
            self._refuse(first.start, "sql_shows_only", statement="SET")
        elif not key or value is None or has_value is resets or (resets and split < len(rest)):
            self._refuse(first.start, "sql_setting_malformed", statement=first.text.upper())
        elif owner := find_owned_key(key):
            self._refuse(rest[0].start, "sql_setting_owned", key=key, field=owner)
        else:
            self._add(StatementKind.RESET if resets else StatementKind.SET, tokens, key, value)

    def _read_text(self, tokens: Sequence[Token]) -> str | None:
        """One quoted text, or plain characters without a gap; None where it is neither."""
        if not tokens:
            return ""
        if len(tokens) == 1:
            return tokens[0].content
        is_plain = all(left.end == right.start for left, right in pairwise(tokens)) and not any(
            token.kind is TokenKind.STRING for token in tokens
        )
        return self._text[tokens[0].start : tokens[-1].end] if is_plain else None

    def _refuse_stray_characters(self, tokens: Sequence[Token]) -> None:
        """Full-width punctuation and the like: outside quotes and comments, Flink knows ASCII signs only."""
        for token in tokens:
            if token.kind is TokenKind.SYMBOL and not token.text.isascii():
                plain = unicodedata.normalize("NFKC", token.text)
                code = "sql_stray_space" if plain.isspace() else "sql_stray_character"
                facts = {"character": token.text, "code_point": f"U+{ord(token.text):04X}"}
                if code == "sql_stray_character" and plain.isascii():
                    code, facts["instead"] = "sql_full_width_character", plain
                self._refuse(token.start, code, **facts)

    def _judge_the_whole(self, tokens: Sequence[Token]) -> None:
        """What only the whole script shows."""
        if self._set_start is not None:
            self._refuse(self._set_start.start, "sql_set_not_closed")
        if self._sets:
            for insert in self._bare_inserts:
                self._refuse(insert.start, "sql_insert_outside_set")
        if all(token.kind is TokenKind.SEMICOLON for token in tokens):
            self._problems.append((0, Problem(SQL_PATH, "sql_empty")))
        elif not self._problems and not any(
            statement.kind in (StatementKind.INSERT, StatementKind.UNKNOWN) for statement in self._statements
        ):
            self._problems.append((len(self._text), Problem(SQL_PATH, "sql_no_insert")))

    def _add(self, kind: StatementKind, tokens: Sequence[Token], key: str = "", value: str = "") -> None:
        start, end = tokens[0].start, tokens[-1].end
        self._statements.append(Statement(kind, self._text[start:end], start, key, value))

    def _refuse(self, offset: int, code: str, **facts: str) -> None:
        line, column = self._lines.position(offset)
        self._problems.append((offset, Problem(SQL_PATH, code, tuple(facts.items()), line=line, column=column)))

    @staticmethod
    def _head(tokens: Sequence[Token]) -> str:
        return " ".join(token.text.upper() for token in tokens[:3] if token.kind is TokenKind.WORD)
