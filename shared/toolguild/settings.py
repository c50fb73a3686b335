"""What an operator sets, by `TOOLGUILD_*` environment variables; every setting has a sensible default."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from toolguild.errors import UsageError

ROLES = ("planner", "synthesizer", "examiner", "reviewer", "judge")


def _data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "toolguild"


class Settings(BaseSettings):
    """The settings of one process. Nested ones are set with two underscores: TOOLGUILD_MODELS__PLANNER."""

    model_config = SettingsConfigDict(
        env_prefix="TOOLGUILD_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    nats_url: str | None = None  # may carry user:password@; None: the guild that runs in data_dir
    nats_seed_file: Path | None = None  # this process's own nkey; what it may do, the server knows
    nats_creds_file: Path | None = None  # a JWT and its nkey, of a server that somebody else runs
    nats_ca: Path | None = None  # who vouches for the server, where it speaks TLS
    nats_certificate: Path | None = None  # this process's own, where the server asks for one
    nats_key: Path | None = None  # of that certificate
    nats_tls: bool = False  # whether an embedded server speaks TLS, with certificates of its own
    nats_port: int | None = Field(
        default=None, ge=1, le=65535
    )  # of an embedded server; None: a free one
    nats_store_mb: int | None = Field(
        default=None, ge=16
    )  # that the embedded server may keep; None: what its disk has room for
    nats_replicas: int = Field(default=1, ge=1, le=5)  # copies of each stream
    data_dir: Path = Field(default_factory=_data_dir)
    keys_dir: Path | None = None  # signing keys; None: data_dir/keys

    model: str | None = None  # any LiteLLM name, for every role that has none of its own
    models: dict[str, str] = {}  # by role
    api_base: str | None = None
    recording: Path | None = None  # recorded answers to play instead of asking
    record: Path | None = None  # where to record answers

    policy: Path | None = None  # None: the shipped policy
    usage: Path | None = None  # what the guild may be used for; None: the shipped usage policy
    sandbox: Literal["auto", "bubblewrap", "docker"] = "auto"
    executors: int = Field(default=1, ge=1, le=1000)  # executor processes of `toolguild up`
    sandboxes: int = Field(default=2, ge=1, le=256)  # calls that one process runs at once

    http_host: str = "127.0.0.1"  # of health and metrics
    http_port: int = Field(default=0, ge=0, le=65535)  # 0: no health server
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"
    otlp_endpoint: str | None = None  # OTLP over HTTP; None: traces are not exported
    grace_seconds: float = Field(default=30.0, ge=0)  # for work under way after SIGTERM

    @field_validator("models")
    @classmethod
    def _known_roles(cls, models: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(models) - set(ROLES))
        if unknown:
            raise ValueError(f"no such role: {', '.join(unknown)}; roles are {', '.join(ROLES)}")
        return models

    @field_validator(
        "data_dir",
        "keys_dir",
        "policy",
        "usage",
        "recording",
        "record",
        "nats_seed_file",
        "nats_creds_file",
        "nats_ca",
        "nats_certificate",
        "nats_key",
    )
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path else path

    @property
    def keys(self) -> Path:
        """Where the guild's signing keys are."""
        return self.keys_dir or self.data_dir / "keys"

    @property
    def tls(self) -> Path:
        """Where the certificates of the embedded server are."""
        return self.data_dir / "tls"

    @property
    def credentials(self) -> Path:
        """Where the seeds of all users of the embedded server are."""
        return self.data_dir / "credentials"

    @property
    def cache(self) -> Path:
        """Where copies of artifacts are kept."""
        return self.data_dir / "cache" / "artifacts"

    def environment(self) -> dict[str, str]:
        """Return the variables that give another process these settings. They may hold a password."""
        variables: dict[str, str] = {}
        for name, value in self.model_dump(mode="json", exclude_defaults=True).items():
            if isinstance(value, dict):
                variables |= {
                    f"TOOLGUILD_{name}__{key}".upper(): str(one) for key, one in value.items()
                }
            elif value is not None:
                variables[f"TOOLGUILD_{name}".upper()] = str(value)
        return variables


def load_settings(**overrides: Any) -> Settings:
    """Read the environment; an override that is None counts as not given.

    Raises UsageError naming the variable and what is wrong with it.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = "; ".join(
            f"TOOLGUILD_{'__'.join(str(part) for part in one['loc']).upper()}: {one['msg']}"
            for one in error.errors()
        )
        raise UsageError(f"settings: {problems}") from error
