"""Strings, names, comments and hints are told apart, and places are exact."""

import pytest

from headgate.adapters.flink.sql.tokens import Lines, TokenKind, split_tokens


def texts(script: str) -> list[str]:
    return [token.text for token in split_tokens(script).tokens]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("a;b", ["a", ";", "b"], id="semicolon"),
        pytest.param("a -- x; y\nb", ["a", "b"], id="line comment"),
        pytest.param("a -- x; y\r\nb", ["a", "b"], id="line comment, CR LF"),
        pytest.param("a -- x; y\rb", ["a", "b"], id="line comment, CR"),
        pytest.param("a -- it's the end", ["a"], id="line comment at the end"),
        pytest.param("a /* ; ' \n -- */ b", ["a", "b"], id="block comment"),
        pytest.param("a /**/ b", ["a", "b"], id="empty comment"),
        pytest.param("a /* /* */ b", ["a", "b"], id="comments do not nest"),
        pytest.param("a - -1", ["a", "-", "-", "1"], id="two minus signs apart"),
        pytest.param("a/b*c", ["a", "/", "b", "*", "c"], id="operators"),
        pytest.param("'x;y'", ["'x;y'"], id="semicolon in a text"),
        pytest.param("'it''s; ok' b", ["'it''s; ok'", "b"], id="doubled quote"),
        pytest.param("'' b", ["''", "b"], id="empty text"),
        pytest.param("'-- no' '/* no */'", ["'-- no'", "'/* no */'"], id="comment signs in texts"),
        pytest.param("'a\nb;\nc'", ["'a\nb;\nc'"], id="text over lines"),
        pytest.param("'back\\' b", ["'back\\'", "b"], id="a backslash escapes nothing"),
        pytest.param("E'it\\'s; ok' b", ["E'it\\'s; ok'", "b"], id="C-style text"),
        pytest.param("name'x'", ["name", "'x'"], id="an E at the end of a word is no C-style text"),
        pytest.param("U&'\\4E2D;' b", ["U", "&", "'\\4E2D;'", "b"], id="unicode text"),
        pytest.param("`a;b`", ["`a;b`"], id="name in backquotes"),
        pytest.param("`a``;b` c", ["`a``;b`", "c"], id="doubled backquote"),
        pytest.param('"a;b" c', ['"a;b"', "c"], id="double quotes"),
        pytest.param("a /*+ X('k;'='*/') */ b", ["a", "/*+", "X", "(", "'k;'", "=", "'*/'", ")", "*/", "b"], id="hint"),
        pytest.param("\ufeffa 表", ["a", "表"], id="byte order mark, Chinese word"),
        pytest.param("a\u3000b；", ["a", "\u3000", "b", "；"], id="full-width signs are symbols"),
        pytest.param("", [], id="nothing"),
        pytest.param(" \t\r\n -- x", [], id="only space and comments"),
    ],
)
def test_a_script_is_split_into_tokens(script: str, expected: list[str]) -> None:
    assert texts(script) == expected


@pytest.mark.parametrize(
    ("script", "code", "start"),
    [
        pytest.param("a 'b", "sql_string_not_closed", 2, id="text"),
        pytest.param("a 'b'' ; c", "sql_string_not_closed", 2, id="text with a doubled quote"),
        pytest.param("a `b", "sql_name_not_closed", 2, id="backquote"),
        pytest.param('a "b', "sql_name_not_closed", 2, id="double quote"),
        pytest.param("a /* b", "sql_comment_not_closed", 2, id="comment"),
        pytest.param("a /*+ b ; c", "sql_hint_not_closed", 2, id="hint"),
        pytest.param("a /*/ b", "sql_comment_not_closed", 2, id="a comment is not closed by its own star"),
    ],
)
def test_what_is_never_closed_is_found(script: str, code: str, start: int) -> None:
    unterminated = split_tokens(script).unterminated
    assert unterminated is not None
    assert (unterminated.code, unterminated.start) == (code, start)


@pytest.mark.parametrize(
    ("text", "kind", "content"),
    [
        pytest.param("'it''s'", TokenKind.STRING, "it's", id="text"),
        pytest.param("`a``b`", TokenKind.QUOTED_NAME, "a`b", id="name"),
        pytest.param("E'x'", TokenKind.STRING, "x", id="C-style"),
        pytest.param("'e'", TokenKind.STRING, "e", id="a letter e inside"),
        pytest.param("word", TokenKind.WORD, "word", id="word"),
    ],
)
def test_the_content_of_a_token(text: str, kind: TokenKind, content: str) -> None:
    (token,) = split_tokens(text).tokens
    assert (token.kind, token.content) == (kind, content)


@pytest.mark.parametrize(
    ("text", "offset", "position"),
    [
        pytest.param("ab", 1, (1, 2), id="first line"),
        pytest.param("a\nb", 2, (2, 1), id="LF"),
        pytest.param("a\r\nb", 3, (2, 1), id="CR LF is one end"),
        pytest.param("a\rb", 2, (2, 1), id="CR"),
        pytest.param("a\n\nb", 3, (3, 1), id="empty line"),
        pytest.param("\tb", 1, (1, 2), id="a tab is one column"),
        pytest.param("😀b", 1, (1, 2), id="an emoji is one column"),
        pytest.param("ab", 2, (1, 3), id="just behind the end"),
    ],
)
def test_an_offset_has_a_position(text: str, offset: int, position: tuple[int, int]) -> None:
    assert Lines(text).position(offset) == position
    assert Lines(text).find_offset(*position) == offset or "😀" in text


@pytest.mark.parametrize(
    ("text", "position", "offset"),
    [
        pytest.param("😀😀b", (1, 5), 2, id="Java counts an emoji twice"),
        pytest.param("中文b", (1, 3), 2, id="Java counts a Chinese character once"),
        pytest.param("ab", (2, 1), None, id="no such line"),
        pytest.param("ab\ncd", (1, 9), None, id="no such column"),
        pytest.param("ab", (0, 0), None, id="Calcite's no position"),
    ],
)
def test_a_position_of_java_is_found(text: str, position: tuple[int, int], offset: int | None) -> None:
    assert Lines(text).find_offset(*position) == offset
