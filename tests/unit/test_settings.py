"""Settings: read once from the environment and the options, described, and refused with their names."""

import re
from pathlib import Path

import pytest

from headgate.domain.errors import Invalid
from headgate.settings import Settings, load_settings, name_variable


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(name_variable(field), raising=False)


def refused(**overrides: object) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        load_settings(**overrides)
    assert caught.value.code == "settings_invalid"
    return {problem.path: problem.code for problem in caught.value.problems}


def test_every_setting_has_a_default() -> None:
    settings = load_settings()
    assert (settings.host, settings.flink_version, settings.slots) == ("127.0.0.1", "2.2.1", 4)


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_described_and_has_a_variable(field: str) -> None:
    assert Settings.model_fields[field].description
    assert re.fullmatch(r"HEADGATE_[A-Z_]+", name_variable(field))


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = {
        "HEADGATE_DATA_DIR": str(tmp_path),
        "HEADGATE_CACHE": "~/cache",
        "HEADGATE_PORT": "0",
        "HEADGATE_ALLOWED_HOSTS": "a.example, b.example,",
        "HEADGATE_LANG": "zh_CN.UTF-8",
        "HEADGATE_SWEEP_S": "2.5",
        "HEADGATE_TOKEN": "a-token-of-mine",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.data_dir == tmp_path
    assert settings.cache_dir == Path("~/cache").expanduser()
    assert settings.port == 0
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert settings.language == "zh"
    assert settings.sweep_s == 2.5
    assert settings.token is not None
    assert "a-token-of-mine" not in repr(settings)


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_PORT", "1000")
    monkeypatch.setenv("HEADGATE_CACHE", "/from/environment")
    settings = load_settings(port=2000, cache_dir=Path("/from/option"), slots=None)
    assert (settings.port, settings.cache_dir, settings.slots) == (2000, Path("/from/option"), 4)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]  # this is what is tested


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("HEADGATE_PORT", "eighty", "setting_number"),
        ("HEADGATE_PORT", "65536", "setting_range"),
        ("HEADGATE_SLOTS", "0", "setting_range"),
        ("HEADGATE_SWEEP_S", "nan", "setting_range"),
        ("HEADGATE_SWEEP_S", "-1", "setting_range"),
        ("HEADGATE_LOG_LEVEL", "LOUD", "setting_choice"),
        ("HEADGATE_LANG", "fr", "setting_choice"),
        ("HEADGATE_FLINK_VERSION", "latest", "setting_form"),
        ("HEADGATE_HOST", "two words", "setting_form"),
        ("HEADGATE_DATABASE_URL", "mysql://u:secret-of-mine@h/d", "setting_form"),
        ("HEADGATE_LEASE_RENEW_S", "9", "setting_lease_renewal"),
    ],
)
def test_a_wrong_value_is_refused_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert refused() == {variable: code}


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_PORT", "x")
    monkeypatch.setenv("HEADGATE_SLOTS", "y")
    assert set(refused()) == {"HEADGATE_PORT", "HEADGATE_SLOTS"}


def test_a_refusal_does_not_repeat_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_DATABASE_URL", "mysql://u:secret-of-mine@h/d")
    with pytest.raises(Invalid) as caught:
        load_settings()
    assert "secret-of-mine" not in repr(caught.value.problems)


def test_the_database_is_in_the_data_folder_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_settings(data_dir=tmp_path).database == tmp_path / "headgate.sqlite"
    monkeypatch.setenv("HEADGATE_DATABASE_URL", "postgresql+psycopg://u:p@h/d")
    settings = load_settings()
    assert settings.database == "postgresql+psycopg://u:p@h/d"
    assert "u:p" not in repr(settings)


def test_the_jars_are_in_the_data_folder_unless_servers_share_a_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert load_settings(data_dir=tmp_path).artifacts == tmp_path / "artifacts"
    monkeypatch.setenv("HEADGATE_ARTIFACT_DIR", str(tmp_path / "shared"))
    assert load_settings(data_dir=tmp_path).artifacts == tmp_path / "shared"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.1.2.3", True), ("0.0.0.0", False), ("h", False)],
)
def test_what_only_this_machine_can_reach_is_known(host: str, loopback: bool) -> None:
    assert load_settings(host=host).is_loopback == loopback
