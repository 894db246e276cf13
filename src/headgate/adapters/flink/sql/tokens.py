"""Where the words of a SQL script are: just enough of Flink's lexical rules to split it safely.

Strings, quoted identifiers, comments and hints are told apart, so that a `;` inside them ends
nothing. What the words mean is not decided here, and nothing of the text is changed.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class TokenKind(Enum):
    WORD = auto()
    STRING = auto()
    QUOTED_NAME = auto()
    SYMBOL = auto()
    SEMICOLON = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the script: `text` is script[start:end], verbatim."""

    kind: TokenKind
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether this is one of the keywords (given in upper case), in any case."""
        return self.kind is TokenKind.WORD and self.text.upper() in words

    @property
    def content(self) -> str:
        """What stands between the quotes, with doubled quotes made single; other tokens as they are."""
        if self.kind in (TokenKind.STRING, TokenKind.QUOTED_NAME):
            body, quote = self.text.lstrip("eE")[1:-1], self.text[-1]
            return body.replace(quote * 2, quote)
        return self.text


@dataclass(frozen=True, slots=True)
class Unterminated:
    """Something opened at `start` that the script never closes; `code` says what."""

    code: str
    start: int


@dataclass(frozen=True, slots=True)
class Tokens:
    tokens: tuple[Token, ...]
    unterminated: Unterminated | None


# A hint `/*+ ... */` is part of a statement: its ends are symbols, and its inside is tokens. Only a
# comment is skipped. A quoted text may span lines; E'...' knows backslash escapes. Possessive (*+), or
# a quote that is never closed would be read as a shorter one. Space is what Flink takes for space, and
# a byte order mark; any other is a symbol, for Flink stumbles over it.
_TOKEN: Final = re.compile(
    r"""
      (?P<space>   [ \t\r\n\f\v\ufeff]+ | --[^\r\n]* | /\*(?!\+).*?\*/ )
    | (?P<string>  [eE]'(?: [^'\\]++ | \\. | '' )*+' | '(?: [^']++ | '' )*+' )
    | (?P<quoted>  `(?: [^`]++ | `` )*+` | "(?: [^"]++ | "" )*+" )
    | (?P<open>    /\*(?!\+) | ['`"] )
    | (?P<word>    \w+ )
    | (?P<semicolon> ; )
    | (?P<symbol>  /\*\+ | \*/ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS: Final = {
    "string": TokenKind.STRING,
    "quoted": TokenKind.QUOTED_NAME,
    "word": TokenKind.WORD,
    "semicolon": TokenKind.SEMICOLON,
    "symbol": TokenKind.SYMBOL,
}
_OPENED: Final = {
    "'": "sql_string_not_closed",
    "`": "sql_name_not_closed",
    '"': "sql_name_not_closed",
    "/*": "sql_comment_not_closed",
}


def split_tokens(script: str) -> Tokens:
    """The tokens of `script` without space and comments, up to the first thing that is never closed."""
    tokens: list[Token] = []
    hint: Token | None = None
    for match in _TOKEN.finditer(script):
        group = match.lastgroup or ""
        if group == "open":
            return Tokens(tuple(tokens), Unterminated(_OPENED[match.group()], match.start()))
        if group == "space":
            continue
        kind = TokenKind.SYMBOL if hint and group == "semicolon" else _KINDS[group]
        token = Token(kind, match.group(), match.start(), match.end())
        tokens.append(token)
        if token.text == "/*+":
            hint = hint or token
        elif token.text == "*/":
            hint = None
    return Tokens(tuple(tokens), Unterminated("sql_hint_not_closed", hint.start) if hint else None)


class Lines:
    """Converts between offsets and (line, column), both counted from 1; a line ends with LF, CR LF or CR."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of `offset`; a column counts characters, not UTF-16 units."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def find_offset(self, line: int, column: int) -> int | None:
        """The offset of a position that Java reports; None where the text has no such position.

        Java counts UTF-16 units: a character beyond the basic plane takes two columns.
        """
        if not 1 <= line <= len(self._starts) or column < 1:
            return None
        offset, units = self._starts[line - 1], column - 1
        limit = self._starts[line] if line < len(self._starts) else len(self._text)
        while units > 0 and offset < limit:
            units -= 2 if ord(self._text[offset]) > 0xFFFF else 1
            offset += 1
        return offset if units <= 0 else None
