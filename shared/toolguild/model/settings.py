"""Which model serves which role, and how it is asked. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from toolguild.errors import Misconfigured
from toolguild.guild import Role

ROLES: tuple[Role, ...] = get_args(Role)
NO_MODEL = (
    "no language model is configured for the {role}. Choose one of three: "
    "(1) a provider: set its key (for instance OPENAI_API_KEY) and TOOLGUILD_MODEL=openai/gpt-4o, "
    "or any other LiteLLM name; "
    "(2) a model server of yours (Ollama, llama.cpp, vLLM): TOOLGUILD_MODEL=openai/NAME and "
    "TOOLGUILD_API_BASE=http://127.0.0.1:8080/v1, or TOOLGUILD_MODEL=ollama_chat/NAME; "
    "(3) `toolguild demo`, which replays recorded answers and needs neither"
)


@dataclass(frozen=True)
class Target:
    """One model to ask, and where, when it is not its provider's usual address."""

    name: str  # a LiteLLM name, "recorded:PATH" or, in tests, "scripted:MODULE:FUNCTION"
    api_base: str | None = None

    @property
    def provider(self) -> str:
        """What stands before the first slash of a LiteLLM name."""
        return self.name.split("/", 1)[0]


class ModelSettings(BaseModel):
    """The operator's choice of models. Names may list fallbacks, best first, separated by commas.

    A name may carry its own address: "openai/qwen@http://127.0.0.1:8080/v1, anthropic/claude-sonnet-4".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = None
    api_base: str | None = None  # of `model`, and of other models of the same provider
    models: dict[Role, str] = {}
    api_bases: dict[Role, str] = {}
    temperature: float = Field(default=0.1, ge=0, le=2)  # of the first sample
    sample_temperature: float = Field(default=0.8, ge=0, le=2)  # of further samples
    timeout: float = Field(default=300.0, gt=0, le=3600)  # seconds for one call
    max_output_tokens: int = Field(default=4096, ge=16, le=200_000)
    reasks: int = Field(default=2, ge=0, le=10)  # after an unusable answer, for each model
    retries: int = Field(default=3, ge=0, le=10)  # after a busy or broken provider, for each call
    recorded: Path | None = None  # answer from this file instead of any configured model
    record: Path | None = None  # ask, and append what is answered to this file
    prompts: Path | None = None  # prompt files that stand in for the shipped ones

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ModelSettings":
        """Read the TOOLGUILD_* variables. Raises Misconfigured naming the wrong one.

        A process with `Settings` of its own passes `{**os.environ, **settings.environment()}`.
        """
        values: dict[str, Any] = {
            field: environment[variable]
            for field, variable in VARIABLES.items()
            if environment.get(variable)
        }
        for field in ("models", "api_bases"):
            values[field] = _by_role(environment, f"TOOLGUILD_{field.upper()}__")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            place = str(first["loc"][0])
            name = VARIABLES.get(place, f"TOOLGUILD_{place.upper()}__...")
            raise Misconfigured(f"{name}: {first['msg']}, got {first['input']!r}") from error

    def targets(self, role: Role, override: str | None = None) -> tuple[Target, ...]:
        """Return the models to ask for a role, best first. Raises Misconfigured if there is none.

        `override` (a task's own choice) stands before the recording, which stands before the rest.
        """
        if override:
            return self._parse(override, role)
        if self.recorded is not None:
            return (Target(f"recorded:{self.recorded}"),)
        chosen = self.models.get(role) or self.model
        if not chosen or not chosen.strip(" ,"):
            raise Misconfigured(NO_MODEL.format(role=role))
        return self._parse(chosen, role)

    def _parse(self, names: str, role: Role) -> tuple[Target, ...]:
        return tuple(self._target(name.strip(), role) for name in names.split(",") if name.strip())

    def _target(self, name: str, role: Role) -> Target:
        if name.startswith(("recorded:", "scripted:")):
            return Target(name)
        for scheme in ("@http://", "@https://"):
            before, found, after = name.partition(scheme)
            if found:
                return Target(before, scheme[1:] + after)
        target = Target(name, self.api_bases.get(role))
        if target.api_base is None and self._shares_base(target):
            return Target(name, self.api_base)
        return target

    def _shares_base(self, target: Target) -> bool:
        """Say whether `api_base` is meant for it: another provider's key must not go there."""
        first = (self.model or target.name).split(",", 1)[0].strip()
        return target.provider == Target(first).provider


VARIABLES = {
    "model": "TOOLGUILD_MODEL",
    "api_base": "TOOLGUILD_API_BASE",
    "temperature": "TOOLGUILD_MODEL_TEMPERATURE",
    "sample_temperature": "TOOLGUILD_MODEL_SAMPLE_TEMPERATURE",
    "timeout": "TOOLGUILD_MODEL_TIMEOUT",
    "max_output_tokens": "TOOLGUILD_MODEL_MAX_OUTPUT_TOKENS",
    "reasks": "TOOLGUILD_MODEL_REASKS",
    "retries": "TOOLGUILD_MODEL_RETRIES",
    "recorded": "TOOLGUILD_RECORDED",
    "record": "TOOLGUILD_RECORD",
    "prompts": "TOOLGUILD_PROMPTS",
}


def _by_role(environment: Mapping[str, str], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for variable, value in environment.items():
        if variable.startswith(prefix) and value:
            role = variable[len(prefix) :].lower()
            if role not in ROLES:
                known = ", ".join(ROLES)
                raise Misconfigured(f"{variable}: there is no role {role!r}; roles are {known}")
            found[role] = value
    return found
