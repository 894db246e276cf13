"""Flink's traces cut down to their root, and texts that are no traces left readable."""

import pytest

from headgate.cli.causes import find_root, is_shortened, shorten_cause, tidy_text

TRACE = """\
org.apache.flink.util.FlinkException: Could not execute
\tat org.apache.flink.Main.run(Main.java:1)
Caused by: java.util.concurrent.CompletionException: java.io.IOException: Disk
\tat java.base/java.lang.Thread.run(Thread.java:5)
\t... 12 more
Caused by: java.io.IOException: No space left on device

 while writing /data
 to the end
 and beyond
\tat java.base/java.io.Out.write(Out.java:9)
\t... 3 more
"""
CONNECTOR = """\
line 3, column 1: Unable to create a source.

Available factory identifiers are:

blackhole
datagen
print
A last line.
"""


@pytest.mark.parametrize(
    ("cause", "root"),
    [
        (TRACE, "java.io.IOException: No space left on device"),
        ("x.Y: at once\n\tat a.b(C.java:1)\n", "x.Y: at once"),
        ("\none line\nanother", "one line"),
        ("", ""),
    ],
    ids=["last cause", "no cause below", "no trace", "nothing"],
)
def test_the_root_is_one_line(cause: str, root: str) -> None:
    assert find_root(cause) == root


def test_a_trace_is_shown_by_its_root_in_three_lines_at_most() -> None:
    assert shorten_cause(TRACE) == ["java.io.IOException: No space left on device", "while writing /data", "to the end"]
    assert is_shortened(TRACE)


def test_a_text_that_is_no_trace_keeps_its_words() -> None:
    assert shorten_cause(CONNECTOR) == [
        "line 3, column 1: Unable to create a source.",
        "Available factory identifiers are: blackhole, datagen, print",
        "A last line.",
    ]
    assert not is_shortened(CONNECTOR)


def test_a_very_long_text_ends_somewhere() -> None:
    text = "\n".join(f"word {number}" for number in range(100))
    assert len(tidy_text(text)) == 100
    assert len(shorten_cause(text)) < 20
    assert is_shortened(text)
