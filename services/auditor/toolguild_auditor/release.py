"""Look through a result before it leaves: what each rule of the policy takes out, notes or withholds.

What is taken out is sealed to the people who may see it, so that from here on nobody else can. The task's own
messages before this one still hold it, until retention removes them.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from toolguild.agent import Worker
from toolguild.errors import PermanentError
from toolguild.guild import Guild
from toolguild.messages import Artifact, Result, commands, events
from toolguild.outgoing import personal
from toolguild.outgoing.files import MAX_BYTES, Looked, looked_through
from toolguild.outgoing.redaction import Find, Redactor
from toolguild.policy import Policy
from toolguild.sealing import seal
from toolguild_auditor.looking import harm_of, inconsistencies, redacted, redactor_for, summary

SEALED = "taken-out.sealed"
HEAD = 2_000_000  # bytes of a text file in which harmful content is looked for


def releaser(guild: Guild) -> Worker[commands.FilterResult]:
    """Return the worker that releases results. Raises Misconfigured when the policy's engine is not there."""
    policy = guild.policy
    find = personal.found
    if policy.layers.output and policy.output.personal.engine == "presidio":
        from toolguild_auditor import presidio

        presidio.analyzer()  # missing, it is said at the start and not with the first result
        find = presidio.found
    return Worker(name="releaser", reads=commands.FilterResult, work=partial(release, guild, find))


async def release(
    guild: Guild, find: Find, command: commands.FilterResult
) -> events.ResultReleased:
    """Answer with the result as it may leave."""
    policy = guild.policy
    result = command.result.model_copy(update={"layers": policy.layers.on})
    if policy.layers.output:
        result = await _filtered(guild, find, result)
    return events.ResultReleased(task=command.task, result=result)


async def _filtered(guild: Guild, find: Find, result: Result) -> Result:
    policy, redactor = guild.policy, redactor_for(guild.policy, result, find)
    opened = [await _opened(guild, file) for file in result.files]
    withheld, notes, out = await asyncio.to_thread(_noticed, policy, result, opened, redactor)
    if withheld and policy.output.harmful == "withhold":
        out = _kept_back(out, f"{withheld}; {_HARM_ADVICE}")
    elif notes and policy.output.consistency == "withhold":
        out = _kept_back(out, f"the result does not agree with itself: {notes[0]}; {_NOTES_ADVICE}")
    else:
        files, said = await _files(guild, result, opened, redactor)
        told = [f"note: {withheld}"] if withheld else []
        told += [f"does not agree: {redactor.text(note, 'note')}" for note in notes]
        out = out.model_copy(update={"files": files, "events": (*out.events, *told, *said)})
    return await _sealed(guild, result, out, redactor)


_HARM_ADVICE = (
    "nothing of it leaves. If this is legitimate work, ask the operator (policy: output.harmful); a person who "
    "may see what was held back opens it with: toolguild reveal TASK"
)
_NOTES_ADVICE = (
    "it was held back (policy: output.consistency). Run the goal again, or let a person who may see it look with: "
    "toolguild reveal TASK"
)


def _noticed(
    policy: Policy, result: Result, opened: Sequence[Path | None], redactor: Redactor
) -> tuple[str, Sequence[str], Result]:
    """Return what is harmful, what does not agree, and the result as it may leave but for its files."""
    withheld = _withheld(policy, result, opened)
    notes = inconsistencies(result) if _judges(policy) else ()
    return withheld, notes, redacted(result, redactor)


def _judges(policy: Policy) -> bool:
    return policy.output.consistency != "off"


def _withheld(policy: Policy, result: Result, files: Sequence[Path | None]) -> str:
    """Say what is harmful in a result, or "" when nothing is."""
    if policy.output.harmful == "off":
        return ""
    texts = {}
    for file, place in zip(result.files, files, strict=True):
        if place is not None:
            with place.open("rb") as opened:
                texts[f"the file {file.name}"] = opened.read(HEAD).decode("utf-8", "replace")
    return harm_of(result, texts)


async def _opened(guild: Guild, file: Artifact) -> Path | None:
    """Return where a file is; None when it is too large to be looked through, or gone."""
    if file.bytes > MAX_BYTES:
        return None
    try:
        return await guild.artifacts.path(file)
    except PermanentError:
        return None


async def _files(
    guild: Guild, result: Result, opened: Sequence[Path | None], redactor: Redactor
) -> tuple[tuple[Artifact, ...], list[str]]:
    """Return the files as they may leave: one that was changed is a new artifact of this task."""
    files, said = [], []
    for file, place in zip(result.files, opened, strict=True):
        name = redactor.text(file.name, "file name")
        if place is None:
            said.append(f"{name} was not looked through: too large, or gone")
            files.append(file.model_copy(update={"name": name}))
            continue
        looked = await asyncio.to_thread(_looked, file.name, place, redactor)
        said += [note.replace(file.name, name) for note in looked.notes]
        if looked.content is not None:
            stored = await guild.artifacts.put(name, looked.content, holder=result.task)
            files.append(stored.model_copy(update={"media_type": file.media_type}))
        else:
            files.append(file.model_copy(update={"name": name}))
    return tuple(files), said


def _looked(name: str, place: Path, redactor: Redactor) -> Looked:
    return looked_through(name, place.read_bytes(), redactor)


def _kept_back(out: Result, reason: str) -> Result:
    """Return a result of which nothing but the reason leaves."""
    bare = tuple(step.model_copy(update={"value": None, "reason": ""}) for step in out.steps)
    reason = reason.replace("TASK", out.task)
    changes: dict[str, object] = {
        "answer": None,
        "files": (),
        "steps": bare,
        "best": None,
        "events": (),
    }
    criteria = tuple(one.model_copy(update={"evidence": ""}) for one in out.criteria)
    changes |= {"status": "refused", "reason": reason, "criteria": criteria, "plan": None}
    return out.model_copy(update=changes)


async def _sealed(guild: Guild, result: Result, out: Result, redactor: Redactor) -> Result:
    """Return the result with what tells of its redactions, and with what was taken out sealed beside it."""
    held_back = out.status == "refused" and out.answer is None and result.status != "refused"
    told, counts = summary(redactor), dict(sorted(redactor.counts.items()))
    out = out.model_copy(update={"events": (*out.events, *told), "redacted": counts})
    if not redactor.taken and not held_back:
        return out
    content: dict[str, object] = {"taken": [one._asdict() for one in redactor.taken.values()]}
    if held_back:
        content["withheld"] = result.model_dump(mode="json")

    async def sealing() -> bytes:
        """Seal it; nothing where nobody could open it."""
        readers = _readers(guild.policy, guild.readers())
        text = json.dumps(content, ensure_ascii=False).encode()
        return seal(text, readers, result.task) if readers else b""

    # Sealing is random: once, so that a command that comes again, or a replay, gives the same result.
    sealed = await guild.journal.once(f"seal:{result.task}:{result.digest}", sealing)
    if not sealed:
        why = "nobody who may see it had a sealing key: toolguild reveal --make-key --user NAME"
        return out.model_copy(
            update={"events": (*out.events, f"what was taken out is gone: {why}")}
        )
    artifact = await guild.artifacts.put(SEALED, sealed, holder=result.task)
    return out.model_copy(update={"sealed": artifact})


def _readers(policy: Policy, known: Mapping[str, str]) -> dict[str, str]:
    named = policy.output.revealers
    return {name: key for name, key in known.items() if "*" in named or name in named}
