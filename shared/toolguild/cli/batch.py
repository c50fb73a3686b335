"""`toolguild inbox batch`: many decisions in one sitting, after a look at a sample of them."""

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli import exits
from toolguild.cli.inbox import DECIDES, PurposeOption, Reason, RiskOption, TaskOption, chosen, told
from toolguild.cli.options import Json, User
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.cli.door import Door
    from toolguild.client.inbox import Question


def batch(
    purpose: PurposeOption = None,
    risk: RiskOption = None,
    task: TaskOption = None,
    approve: Annotated[bool, typer.Option("--approve", help="Say yes to all of them.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Say no to all of them.")] = False,
    reason: Reason = "",
    seen: Annotated[
        list[str] | None,
        typer.Option("--seen", metavar="ITEM", help="You have looked at this one of the sample."),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option("--seed", help="Draws the sample.", show_default="a new one, which is told"),
    ] = None,
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Decide about many items at once. A sample of them, drawn by chance, has to be looked at one by one first.

    The policy says how large it is (checkpoints.batch_share, batch_least). On a terminal each of the sample is
    shown, and one that you say no to is left out. Elsewhere name each with --seen; exit 1 while some are missing.
    JSON: seed, of, look_at[item]; once decided: decided, as `approve`.

    \b
    toolguild inbox batch --purpose draft --risk low --approve
    toolguild inbox batch --purpose audit --approve --seed 5f0c --seen i-3f9a --seen i-77c0
    """
    if approve == reject:
        raise UsageError("say what to decide: --approve or --reject")
    if reject and not reason.strip():
        raise UsageError("--reason: say why; whoever wrote it is told")
    decision = "approve" if approve else "reject"
    meant = chosen(purpose, risk, task)
    sitting = _Sitting(decision, reason, user, tuple(seen or ()), seed, as_json=as_json)
    return asyncio.run(sitting.hold(meant))


class _Sitting:
    """One person's decisions in one go."""

    def __init__(
        self,
        decision: str,
        reason: str,
        user: str,
        seen: Sequence[str],
        seed: str | None,
        *,
        as_json: bool,
    ) -> None:
        self._decision, self._reason, self._user = decision, reason, user
        self._seen, self._as_json = seen, as_json
        self._seed = seed or _new_seed()

    async def hold(self, meant: Any) -> int:
        """Look, then decide. Returns the exit code."""
        from toolguild.cli.chosen import settings_of
        from toolguild.cli.door import open_door
        from toolguild.cli.output import note, say_json
        from toolguild.client.batch import sample
        from toolguild.client.inbox import find, waiting

        async with open_door(settings_of(), DECIDES) as door:
            every = [one for one in await waiting(door.bus) if meant(one)]
            look_at = sample(every, door.policy.checkpoints, self._seed)
            known = {find(every, name).item for name in self._seen}
            missing = [one for one in look_at if one.item not in known]
            left_out: set[str] = set()
            if missing and self._interactive():
                left_out = await self._look(door, missing)
            elif missing:
                names = [one.item for one in look_at]
                if self._as_json:
                    say_json({"seed": self._seed, "of": len(every), "look_at": names})
                else:
                    _ask_for(every, look_at, missing, self._seed)
                return exits.PROBLEM
            decided = [one for one in every if one.item not in left_out]
            if not decided and not self._as_json:
                note("Nothing waits that is meant by this.")
            return await self._decide(door, decided, look_at)

    async def _look(self, door: "Door", missing: "Sequence[Question]") -> set[str]:
        """Show each of the sample on the terminal, and return those that the person leaves out."""
        from toolguild.cli.inbox_page import page
        from toolguild.cli.output import say
        from toolguild.client.evidence import evidence
        from toolguild.registry import open_registry

        left_out: set[str] = set()
        async with open_registry(door.bus.js) as registry:
            for number, one in enumerate(missing, 1):
                found = await evidence(door.bus, registry, door.policy, one)
                say(f"--- {number} of {len(missing)} of the sample ---")
                for line in page(one, found, door.policy):
                    say(line)
                same = await asyncio.to_thread(typer.confirm, f"{self._decision} this one?")
                if not same:
                    left_out.add(one.item)
        return left_out

    async def _decide(
        self, door: "Door", decided: "Sequence[Question]", look_at: "Sequence[Question]"
    ) -> int:
        from toolguild.client.batch import note_of
        from toolguild.client.inbox import decide, signed
        from toolguild.identity import KeyDirectory

        signer = KeyDirectory(door.settings.keys).person(self._user)
        about = note_of(decided, look_at, self._seed)
        reason = f"{self._reason}; {about}" if self._reason else about
        given = [
            signed(one, signer, self._decision, by=self._user, reason=reason) for one in decided
        ]
        answers = await decide(door.bus, given)
        return told(decided, given, answers, standing=door.standing, as_json=self._as_json)

    def _interactive(self) -> bool:
        return not self._as_json and sys.stdin.isatty() and sys.stdout.isatty()


def _ask_for(
    every: "Sequence[Question]",
    look_at: "Sequence[Question]",
    missing: "Sequence[Question]",
    seed: str,
) -> None:
    from toolguild.cli.output import note, say

    say(f"{len(look_at)} of {len(every)} have to be looked at one by one (seed {seed}):")
    for one in missing:
        say(f"  toolguild inbox show {one.item}    {one.ask.title}")
    seen = " ".join(f"--seen {one.item}" for one in look_at)
    note(f"toolguild: nothing is decided yet; then add: --seed {seed} {seen}")


def _new_seed() -> str:
    import secrets

    return secrets.token_hex(4)
