"""The drill itself: the same jobs undisturbed and struck, and what must not have come of it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from toolguild.canonical import digest_of_bytes
from toolguild.drill import count
from toolguild.drill.count import Outcome
from toolguild.drill.effects import counting_server
from toolguild.drill.jobs import Job, jobs
from toolguild.drill.report import Found
from toolguild.drill.takeover import takeovers
from toolguild.drill.trial import Say, Stage, Strikes, Trial, trial


@dataclass(frozen=True)
class Orders:
    """What to do: so many tasks and kills, one strike every so many seconds on average."""

    tasks: int = 50
    kills: int = 20
    every: float = 3.5
    executors: int = 4
    seed: int = 0
    keep: Path | None = None  # where the guilds' data stays; None: it goes


async def drill(orders: Orders, say: Say) -> Found:
    """Run the drill and return what it found. Every process that it starts is gone when this returns or raises.

    Raises Misconfigured when no guild starts here.
    """
    plan = Strikes(orders.kills, orders.every, orders.seed)
    async with counting_server() as effects:
        work = jobs(orders.tasks, seed=orders.seed, port=effects.port)
        with _folder(orders.keep) as folder:
            stage = Stage(work, orders.executors, _policy(folder, effects.port), effects)
            say(f"drill: {orders.tasks} tasks undisturbed, on {orders.executors} executors")
            calm = await trial(folder / "calm", stage, None, say)
            say(f"drill: that took {calm.seconds:.0f} s; now the same with {orders.kills} kills")
            hit = await trial(folder / "struck", stage, plan, say)
    return judged(calm, hit)


def _policy(folder: Path, port: int) -> Path:
    """Write the policy of the drill's guilds: the shipped one, and the counting server as a granted host."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "policy.yaml"
    place.write_text(f'capabilities:\n  hosts: ["127.0.0.1:{port}"]\n')
    return place


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="toolguild-drill-") as folder:
        yield Path(folder)


def judged(calm: Trial, hit: Trial) -> Found:
    """Count what must not be. Pure."""
    undisturbed = {calm.accepted[task].number: end for task, end in outcomes(calm).items()}
    wanted = {
        task: [expected(job), undisturbed.get(job.number, Outcome("lost, undisturbed"))]
        for task, job in hit.accepted.items()
    }
    found = outcomes(hit)
    twice = count.ended_twice(hit.log, hit.tap.ends)
    lost = count.lost(hit.accepted.keys(), hit.log)
    asked = {task for task in count.interrupted(hit.log) if _has_effect(task, hit)}
    return Found(
        accepted=len(hit.accepted),
        ended=len(found),
        strikes=hit.strikes,
        takeovers=tuple(
            takeovers(hit.tap.signs, [strike for strike in hit.strikes if strike.how == "kill"])
        ),
        lost=[_named(task, hit) for task in sorted(lost - asked)],
        ended_twice=[_named(task, hit) for task in sorted(twice)],
        differing=[
            f"{_named(task, hit)}: {end}"
            for task, end in count.differing(found, wanted).items()
            if task not in asked
        ],
        escalated=[_named(task, hit) for task in sorted(asked)],
        effects_twice=[
            f"effect {effect}: {many} times"
            for ran in (calm, hit)
            for effect, many in ran.effects.items()
            if many > 1
        ],
        paid_twice=[str(one) for one in calm.paid.twice + hit.paid.twice],
        dead=[
            f"{one.agent} {one.subject}: {one.code}: {one.reason}"
            for one in hit.dead
            if one.code != count.INTERRUPTED or one.subject.rpartition(".")[2] not in asked
        ],
        asked_again=len(hit.paid.again),
        model_calls=hit.paid.calls,
        refused=hit.refused,
        calm_seconds=calm.seconds,
        seconds=hit.seconds,
    )


def expected(job: Job) -> Outcome:
    """Return what must come of a job, worked out without the guild."""
    files = {name: str(digest_of_bytes(content)) for name, content in job.writes.items()}
    return Outcome("succeeded", job.answer, files)


def outcomes(ran: Trial) -> dict[str, Outcome]:
    """Return what came of each accepted task that has ended."""
    return {
        task: Outcome("a file is gone") if task in ran.gone else Outcome.of(result)
        for task, result in count.results(ran.log).items()
        if task in ran.accepted
    }


def _has_effect(task: str, ran: Trial) -> bool:
    return task in ran.accepted and bool(ran.accepted[task].effect)


def _named(task: str, ran: Trial) -> str:
    job = ran.accepted.get(task)
    return f"{task} (job {job.number}, {job.kind})" if job else task
