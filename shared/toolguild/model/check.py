"""Whether the configured models answer: what `toolguild doctor` shows."""

import os
import time
from pathlib import Path

from pydantic import BaseModel

from toolguild.canonical import Digest
from toolguild.errors import Misconfigured, PermanentError, TemporaryError
from toolguild.guild import Role
from toolguild.model.library import PromptLibrary
from toolguild.model.lite import require_name
from toolguild.model.open import Routes
from toolguild.model.place import require_key
from toolguild.model.provider import Provider
from toolguild.model.recording import load_recording
from toolguild.model.request import Call, ChatMessage, Request
from toolguild.model.settings import ROLES, ModelSettings, Target


class ModelReport(BaseModel):
    """One model, the roles it serves, and what is wrong with it."""

    model: str
    roles: tuple[Role, ...]
    source: str  # live, local, recorded, scripted; "" when it could not even be opened
    ok: bool
    seconds: float = 0.0
    problem: str = ""  # what was wrong and what to do


async def check_models(settings: ModelSettings, *, timeout: float = 30.0) -> list[ModelReport]:
    """Ask every configured model for a word, once, and say what to do about those that fail.

    Never raises for a model that does not answer. A provider may charge for a few tokens.
    """
    quick = settings.model_copy(update={"retries": 0, "record": None})
    routes = Routes(quick)
    try:
        return [
            await _report(routes, name, roles, quick, timeout) for name, roles in _by_model(quick)
        ]
    finally:
        await routes.aclose()


def check_choice(settings: ModelSettings, override: str | None = None) -> None:
    """Raise Misconfigured for a choice of models that cannot work, without asking any of them.

    `override` is the model that a task chooses for every role. A role is fine when one of its models may be:
    the others are fallbacks.
    """
    for role in ROLES:
        failures = [_failure(target) for target in settings.targets(role, override)]
        if all(failures):
            raise Misconfigured(str(failures[0]))


def _failure(target: Target) -> Misconfigured | None:
    try:
        if target.name.startswith("recorded:"):
            load_recording(Path(target.name.removeprefix("recorded:")))
        elif not target.name.startswith("scripted:"):
            require_name(target)
            require_key(target, os.environ)
    except Misconfigured as error:
        return error
    return None


def _by_model(settings: ModelSettings) -> list[tuple[str, tuple[Role, ...]]]:
    """Group the roles by what is configured for them, "" where nothing is."""
    groups: dict[str, list[Role]] = {}
    for role in ROLES:
        try:
            names = [target.name for target in settings.targets(role)]
        except Misconfigured:
            names = [""]
        for name in names:
            groups.setdefault(name, []).append(role)
    return [(name, tuple(roles)) for name, roles in groups.items()]


async def _report(
    routes: Routes, name: str, roles: tuple[Role, ...], settings: ModelSettings, timeout: float
) -> ModelReport:
    began = time.perf_counter()
    source, problem = "", ""
    try:
        provider = _provider(routes, name, roles[0])
        source = provider.source
        if source == "recorded":
            problem = _staleness(name, settings)
        elif source != "scripted":
            await provider.complete(_word(roles[0], timeout))
    except (TemporaryError, PermanentError) as error:
        problem = str(error)
    seconds = round(time.perf_counter() - began, 3)
    return ModelReport(
        model=name or "none",
        roles=roles,
        source=source,
        ok=not problem,
        seconds=seconds,
        problem=problem,
    )


def _provider(routes: Routes, name: str, role: Role) -> Provider:
    position = [target.name for target in routes.settings.targets(role)].index(name)
    return routes(role, None)[position]


def _staleness(name: str, settings: ModelSettings) -> str:
    recording = load_recording(Path(name.removeprefix("recorded:")))
    stale = recording.stale(PromptLibrary.installed(settings.prompts).digests())
    if not stale:
        return ""
    return f"prompts have changed since the recording was made: {', '.join(stale)}; record it again"


def _word(role: Role, timeout: float) -> Call:
    request = Request(
        role=role,
        prompt="check",
        prompt_digest=Digest("0" * 64),
        messages=(ChatMessage(role="user", content="Answer with the word: yes"),),
    )
    return Call(request, max_output_tokens=16, timeout=timeout)
