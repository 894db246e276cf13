"""The log: two forms of a line, files that rotate, and no secret in any of them."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.logs import LOG_FILE, Redactor, configure_logging

log = logging.getLogger("headgate.test")


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    for handler in list(root.handlers):
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)


def read(folder: Path) -> list[str]:
    return (folder / LOG_FILE).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "text",
    [
        "GET /x Authorization: Bearer THE-SECRET.x",
        "headers={'Authorization': 'Bearer THE-SECRET'}",
        "authorization=THE-SECRET",
        "sent Bearer THE-SECRET to it",
        "postgresql+psycopg://user:THE-SECRET@host:5432/db",
        "https://user:THE-SECRET@index.example/simple/",
        "password=THE-SECRET&x=1",
        '{"password": "THE-SECRET"}',
        "auth token: THE-SECRET",
        "fs.s3.secret=THE-SECRET",
        "api_key=THE-SECRET",
        "'s3.secret-key' = 'THE-SECRET'",
        "'secret-access-key'='THE-SECRET', 'a'='b'",
        '"azure.account.key": "my THE-SECRET"',
        '{\\"client-secret\\": \\"THE-SECRET\\"}',
        "'sasl.jaas.config' = 'Login required username=\"u\" password=\"THE-SECRET\";'",
        "'password' = 'it''s THE-SECRET'",
        "'password' = 'cut off THE-SECRET",
        "url=jdbc:x://h/d?password=THE-SECRET&a=b",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    masked = Redactor().redact(text)
    assert "THE-SECRET" not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "text",
    [
        "job delays is RUNNING",
        "http://127.0.0.1:8081/jobs/overview",
        "line 3: 12:30",
        "a token was made",
        "user@host",
        "a.b.InvalidTokenException: it expired",
        "'password' = '***', 'a' = 'b'",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert Redactor().redact(text) == text


def test_a_named_secret_is_masked_wherever_it_stands(tmp_path: Path) -> None:
    redactor = configure_logging(tmp_path, "INFO", "human", console=False)
    redactor.hide("py4j-secret-0123")
    redactor.hide("a")
    log.info("started with %s", "py4j-secret-0123")
    try:
        raise ValueError("py4j-secret-0123 again")
    except ValueError:
        log.exception("failed")
    text = "\n".join(read(tmp_path))
    assert "py4j-secret-0123" not in text
    assert "started with ***" in text
    assert "Traceback" in text


def test_a_line_for_people(tmp_path: Path) -> None:
    configure_logging(tmp_path, "INFO", "human", console=False)
    log.info("job %s runs", "航班")
    stamp, _, rest = read(tmp_path)[0].partition(" ")
    assert stamp.endswith("Z")
    assert rest == "INFO    headgate.test: job 航班 runs"


def test_a_line_for_programs(tmp_path: Path) -> None:
    configure_logging(tmp_path, "INFO", "json", console=False)
    log.warning("job runs", extra={"job_id": "job-1", "url": "http://u:THE-SECRET@h"})
    line = json.loads(read(tmp_path)[0])
    assert (line["level"], line["logger"], line["message"], line["job_id"]) == (
        "WARNING",
        "headgate.test",
        "job runs",
        "job-1",
    )
    assert line["url"] == "http://u:***@h"


def test_the_level_holds_and_chatty_libraries_are_quiet(tmp_path: Path) -> None:
    configure_logging(tmp_path, "INFO", "human", console=False)
    log.debug("not this")
    logging.getLogger("httpx2").info("nor this")
    log.info("this")
    assert len(read(tmp_path)) == 1


def test_configuring_again_replaces_what_was(tmp_path: Path) -> None:
    configure_logging(tmp_path / "one", "INFO", "human", console=False)
    configure_logging(tmp_path / "two", "INFO", "human", console=False)
    log.info("once")
    assert not (tmp_path / "one" / LOG_FILE).exists()
    assert len(read(tmp_path / "two")) == 1


def test_the_console_has_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(tmp_path, "INFO", "human").hide("secret-on-console")
    log.info("hello secret-on-console")
    assert "hello ***" in capsys.readouterr().err


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    configure_logging(tmp_path / "log", "INFO", "human", console=False)
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o700
