"""Attacks on the sandbox: what it stops, and what the review alone would have noticed of the same programs."""

from collections.abc import Sequence

from toolguild.policy import Policy
from toolguild.safety.share import Share
from toolguild.safety.table import Bar, Row, Table
from toolguild.sandbox import escapes
from toolguild.sandbox.checks import Check, run
from toolguild.sandbox.opening import open_sandbox
from toolguild.static import review

STOPPED, NOTICED = "sandbox, nobody reviews", "review, no sandbox"


async def measure(policy: Policy, backends: Sequence[str]) -> Table:
    """Run every attack in each backend. Raises SandboxUnavailable when one does not work here."""
    attacks = escapes.checks()
    noticed = [_noticed(one, policy) for one in attacks]
    rows, notes = [], []
    for backend in backends:
        sandbox = await open_sandbox(backend, size=2)
        try:
            ends = [await run(sandbox, one) for one in attacks]
        finally:
            await sandbox.close()
        cells = {
            STOPPED: Share(sum(end.passed for end in ends), len(ends)),
            NOTICED: Share(sum(noticed), len(noticed)),
        }
        rows.append(Row(f"attacks on {backend}", True, cells, (Bar(STOPPED, least=100),)))
        notes += [f"{backend}: {end.name}: {end.detail}" for end in ends if not end.passed]
    notes.append(
        "Stopped: it ended as it should, reached nothing, and an innocent call after it came out well. "
        "`toolguild sandbox check` lists them."
    )
    return Table("attacks", "Attacks on the sandbox", (STOPPED, NOTICED), rows, notes)


def _noticed(attack: Check, policy: Policy) -> bool:
    """Whether the review would not have let through some program of this attack."""
    return any(
        review(call.code.source, call.code.language, policy).verdict != "allow"
        for call in attack.calls
    )
