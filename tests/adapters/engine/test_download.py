"""Downloads through a real pip from an index that misbehaves: nothing unverified is ever handed on."""

from dataclasses import replace
from pathlib import Path

import pytest

from headgate.adapters.engine.distributions import Distribution
from headgate.adapters.engine.download import fetch
from headgate.domain.errors import EngineFailed
from tests.adapters.engine.conftest import VERSION, Index


def _distribution(index: Index) -> Distribution:
    return Distribution(f"apache-flink-libraries=={VERSION}", index.digest, len(index.content))


def _fetch(index: Index, folder: Path, distribution: Distribution | None = None) -> Path:
    return fetch(distribution or _distribution(index), folder, lambda _done, _total: None, index.environment())


def _failure(index: Index, folder: Path, distribution: Distribution | None = None) -> EngineFailed:
    with pytest.raises(EngineFailed) as caught:
        _fetch(index, folder, distribution)
    assert not list(folder.iterdir()), "a failed download leaves nothing behind"
    return caught.value


def test_a_download_reports_its_progress(index: Index, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    file = fetch(
        _distribution(index), tmp_path / "d", lambda done, total: seen.append((done, total)), index.environment()
    )
    assert file.read_bytes() == index.content
    assert seen[-1] == (len(index.content), len(index.content))


def test_a_complete_file_is_not_downloaded_again(index: Index, tmp_path: Path) -> None:
    assert _fetch(index, tmp_path / "d") == _fetch(index, tmp_path / "d")
    assert len(index.downloads) == 1


def test_a_broken_file_is_downloaded_again(index: Index, tmp_path: Path) -> None:
    _fetch(index, tmp_path / "d").write_bytes(index.content[:-1])
    assert _fetch(index, tmp_path / "d").read_bytes() == index.content
    assert len(index.downloads) == 2


def test_a_download_that_is_cut_off_says_so_and_can_be_repeated(index: Index, tmp_path: Path) -> None:
    index.cut_at = len(index.content) // 2
    assert _failure(index, tmp_path / "d").code == "engine_download_cut"
    index.cut_at = None
    assert _fetch(index, tmp_path / "d").read_bytes() == index.content


def test_a_file_with_another_digest_is_refused(index: Index, tmp_path: Path) -> None:
    failure = _failure(index, tmp_path / "d", replace(_distribution(index), sha256="0" * 64))
    assert failure.code == "engine_digest_wrong"
    assert index.digest in failure.cause


def test_an_index_that_does_not_answer_is_named_as_the_cause(index: Index, tmp_path: Path) -> None:
    # Port 9 of the loopback address: discard, where nothing listens.
    index.url = "http://name:secret@127.0.0.1:9"
    environment = index.environment() | {"PIP_RETRIES": "1"}
    with pytest.raises(EngineFailed) as caught:
        fetch(_distribution(index), tmp_path, lambda _done, _total: None, environment)
    assert caught.value.code == "engine_index_unreachable"
    assert "secret" not in caught.value.cause


def test_a_version_that_the_index_does_not_have_is_named(index: Index, tmp_path: Path) -> None:
    other = replace(_distribution(index), requirement="apache-flink-libraries==9.9.8")
    assert _failure(index, tmp_path / "d", other).code == "engine_not_offered"
