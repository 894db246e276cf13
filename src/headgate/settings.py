"""The settings of a server: read from `HEADGATE_*` and the options of the process starters.

One frozen model; every field has a description, from which the reference document is generated.
What belongs to one job or one cluster is not a setting: it is in the job's specification or in the
cluster's registration. Nothing else reads these variables.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from headgate.domain.errors import Invalid, Problem

PREFIX = "HEADGATE_"
_DATABASES = ("sqlite://", "sqlite+", "postgresql://", "postgresql+psycopg://")
_VERSION_PATTERN = r"^\d+\.\d+\.\d+$"
_HOST_PATTERN = r"^[A-Za-z0-9._:\-\[\]]+$"


def _split(value: object) -> object:
    """A list is written as one text with commas, as people write it in an environment."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _expand(path: Path) -> Path:
    return path.expanduser().absolute()


def _check_database(url: SecretStr | None) -> SecretStr | None:
    if url is not None and not url.get_secret_value().startswith(_DATABASES):
        raise ValueError("sqlite:///..., postgresql://...")
    return url


Folder = Annotated[Path, AfterValidator(_expand)]
Seconds = Annotated[float, Field(gt=0, le=7 * 24 * 3600, allow_inf_nan=False)]


class Settings(BaseSettings):
    """All settings; immutable. Spans of time are in seconds and end in `_s`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    data_dir: Folder = Field(
        default_factory=lambda: user_data_path("headgate"),
        description="Folder of everything that must outlive the server: database, jars, state, logs.",
    )
    host: str = Field(default="127.0.0.1", pattern=_HOST_PATTERN, description="Address that the server listens on.")
    port: int = Field(default=8110, ge=0, le=65535, description="Port that the server listens on; 0: any free one.")
    database_url: Annotated[SecretStr | None, AfterValidator(_check_database)] = Field(
        default=None,
        description="Database: postgresql://user:password@host/name; without it, SQLite in the data folder.",
    )
    cache_dir: Folder = Field(
        default_factory=lambda: user_cache_path("headgate"),
        validation_alias=f"{PREFIX}CACHE",
        description="Folder of engines and downloads; whatever is in it can be fetched again.",
    )
    artifact_dir: Folder | None = Field(
        default=None,
        description="Folder of the uploaded jars, shared by all servers of a database; without it, in the data folder.",
    )
    flink_version: str = Field(
        default="2.2.1", pattern=_VERSION_PATTERN, description="Flink version of the local cluster."
    )
    slots: int = Field(default=4, ge=1, le=256, description="Task slots of each local TaskManager.")
    task_managers: int = Field(default=1, ge=1, le=16, description="Number of local TaskManagers.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level that is written to the log."
    )
    log_format: Literal["human", "json"] = Field(
        default="human", description="Form of a log line: for people, or one JSON document a line."
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(),
        description="Host names, beside the loopback ones, that browsers may use for this server; separated by commas.",
    )
    token: SecretStr | None = Field(
        default=None,
        description="Access token of the first user; without it, one is made and kept in the data folder.",
    )
    sweep_s: Seconds = Field(default=5.0, description="Time between two looks at a cluster.")
    start_deadline_s: Seconds = Field(
        default=300.0, description="Reachable time after which a start counts as failed and is cancelled."
    )
    pause_deadline_s: Seconds = Field(
        default=600.0, description="Reachable time after which a pause is marked overdue."
    )
    savepoint_deadline_s: Seconds = Field(
        default=600.0, description="Reachable time after which a savepoint is marked overdue."
    )
    lease_s: Seconds = Field(default=10.0, description="Life of the lease of the one server that acts on Flink.")
    lease_renew_s: Seconds = Field(default=3.0, description="Time between two renewals of that lease.")
    language: Annotated[Literal["en", "zh"], BeforeValidator(lambda value: str(value)[:2].lower())] = Field(
        default="en",
        validation_alias=f"{PREFIX}LANG",
        description="Language of texts for readers who name none: en or zh.",
    )
    rest_store_duration_s: int = Field(
        default=86400, ge=5, description="How long the local JobManager keeps the results of its savepoints."
    )

    @property
    def database(self) -> str | Path:
        """The database URL with its password, or the file of the SQLite database: for connecting, never for showing."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return self.data_dir / "headgate.sqlite"

    @property
    def artifacts(self) -> Path:
        """Where the uploaded jars lie."""
        return self.artifact_dir or self.data_dir / "artifacts"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ip_network(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; `overrides` (options of the command line) win over the environment.

    Invalid("settings_invalid") names every wrong value by its variable, and never repeats a secret.
    """
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        problems = [_describe(fault) for fault in error.errors(include_url=False, include_input=False)]
        raise Invalid("settings_invalid", problems=problems) from None
    if settings.lease_renew_s * 2 > settings.lease_s:
        facts = (("variable", f"{PREFIX}LEASE_RENEW_S"), ("lease", f"{settings.lease_s:g}"))
        raise Invalid("settings_invalid", problems=[Problem(f"{PREFIX}LEASE_RENEW_S", "setting_lease_renewal", facts)])
    return settings


def name_variable(field: str) -> str:
    """The environment variable of a field."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"{PREFIX}{field.upper()}"


# How the kinds of pydantic's complaints are said in our words; everything else is "setting_value".
_WORDS = {
    "int_parsing": "setting_number",
    "float_parsing": "setting_number",
    "int_from_float": "setting_number",
    "greater_than": "setting_range",
    "greater_than_equal": "setting_range",
    "less_than": "setting_range",
    "less_than_equal": "setting_range",
    "finite_number": "setting_range",
    "literal_error": "setting_choice",
    "string_pattern_mismatch": "setting_form",
    "value_error": "setting_form",
}


def _describe(fault: Any) -> Problem:
    name = str(fault["loc"][0]) if fault["loc"] else ""
    variable = name if name.startswith(PREFIX) else f"{PREFIX}{name.upper()}"
    context = {key: str(value) for key, value in fault.get("ctx", {}).items()}
    wanted = context.get("expected") or context.get("pattern") or context.get("error") or ""
    limits = {"gt": "> ", "ge": ">= ", "lt": "< ", "le": "<= "}
    wanted = wanted or " ".join(sign + context[key] for key, sign in limits.items() if key in context)
    return Problem(variable, _WORDS.get(fault["type"], "setting_value"), (("variable", variable), ("wanted", wanted)))
