"""One build's life, at random: workers answer well or badly, tasks come and go, people decide."""

from collections.abc import Iterator
from random import Random

from tests.synthesizer.support import ANA, BEN, BUILD, RULES, approval, failure, steered, wanted
from tests.synthesizer.test_any_order import answer

from toolguild.messages import Command, Event, events
from toolguild_synthesizer.attempt import Attempt
from toolguild_synthesizer.build import advance
from toolguild_synthesizer.state import Build, Building, New

LONG = 40  # events of one life


def walked_build(chance: Random) -> Iterator[tuple[Build, Event, Build]]:
    """Yield each state, the event that came, and the state after it."""
    state: Build = New()
    open_: list[Command] = []
    event: Event = wanted(ANA)
    for _ in range(LONG):
        before = state
        state, said = advance(RULES, state, event)
        yield before, event, state
        open_ += [one for one in said if isinstance(one, Command)]
        if open_ and chance.random() < 0.7:
            event = _answer(chance, open_.pop(chance.randrange(len(open_))))
        else:
            event = _somebody(chance, state)


def _answer(chance: Random, order: Command) -> Event:
    if chance.random() < 0.08:
        code = chance.choice(("failed", "cancelled", "out_of_budget", "temporary"))
        return failure(order.kind_name(), order.ref, code)
    how = chance.choice(("well", "well", "well", "badly", "back", "doubtful"))
    return answer(order, how)


def _somebody(chance: Random, state: Build) -> Event:
    drafts: list[Attempt] = []
    if isinstance(state, Building):
        drafts = [one for one in state.attempts if one.draft is not None]
    if drafts and chance.random() < 0.6:
        draft = chance.choice(drafts).draft
        assert draft is not None
        yes = chance.random() < 0.5
        return chance.choice(
            (
                events.ApprovalGiven(build=BUILD, draft=draft.digest, approved=yes, by="eva"),
                events.DraftEdited(
                    build=BUILD, draft=draft.digest, source=f"edit {chance.random()}", by="max"
                ),
                events.VerdictOverridden(
                    build=BUILD, draft=draft.digest, verdict="allow" if yes else "block", by="eva"
                ),
            )
        )
    task = chance.choice((ANA, BEN))
    return chance.choice(
        (
            wanted(task),
            steered(task, "paused"),
            steered(task, "going"),
            steered(task, "going"),
            steered(task, "left") if chance.random() < 0.3 else approval("one", True, "eva"),
        )
    )
