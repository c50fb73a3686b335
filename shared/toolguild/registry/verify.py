"""Whether a published tool may run: its own signatures, not the place it came from, say so. Pure."""

from collections.abc import Iterable, Mapping

from toolguild.canonical import Digest
from toolguild.errors import Refused
from toolguild.guild import Keyring
from toolguild.policy import Policy
from toolguild.tool import Published, Signature

_RUNS = ("published", "deprecated")
_REVIEWER, _EXECUTOR = "reviewer", "executor"


def verify_chain(entry: Published, keyring: Keyring, *, policy: Policy | None = None) -> None:
    """Return if this tool may run. Raises Refused naming the first thing that is wrong.

    The reviewer cleared exactly this draft, an executor saw it pass exactly this exam, and the reviewer
    published exactly this record; nothing was declared beyond the capabilities that the record states, and
    those are within `policy` where one is given. Tools that it uses have to be verified for themselves:
    `verify_all` does so.
    """
    tool, title = entry.tool, entry.tool.title
    if entry.status not in _RUNS:
        raise Refused(f"{title} is {entry.status}: {entry.reason}")
    _signed(entry.publication, "publication", _REVIEWER, tool.digest, keyring, title)
    _signed(tool.clearance, "clearance", _REVIEWER, tool.draft.digest, keyring, title)
    _signed(tool.report_signature, "report", _EXECUTOR, tool.report.digest, keyring, title)
    if tool.report.draft != tool.draft.digest:
        raise Refused(f"{title}: its test report is about another draft")
    if tool.report.exam != tool.exam.digest:
        raise Refused(f"{title}: its test report is about another exam")
    if not tool.report.passed:
        raise Refused(f"{title}: its test report says that it did not pass")
    if extra := tool.draft.declared.beyond(tool.capabilities):
        raise Refused(f"{title}: its code declares more than its record states: {'; '.join(extra)}")
    if policy is not None:
        _allowed(entry, policy)


def verify_all(
    entries: Iterable[Published], keyring: Keyring, *, policy: Policy | None = None
) -> None:
    """Verify a tool with all that it uses, as `Registry.closure` gives them: used ones first.

    Raises Refused when any is wrong, is missing, or may do more than the tool that uses it states.
    """
    known: dict[Digest, Published] = {}
    for entry in entries:
        verify_chain(entry, keyring, policy=policy)
        _covers(entry, known)
        known[entry.tool.digest] = entry


def _signed(
    signature: Signature, purpose: str, by: str, over: Digest, keyring: Keyring, title: str
) -> None:
    try:
        if (signature.purpose, signature.by, signature.over) != (purpose, by, over):
            raise Refused(
                f"it is the {signature.purpose} by {signature.by} of {signature.over[:12]}, "
                f"not the {purpose} by {by} of {over[:12]}"
            )
        keyring.verify(signature, purpose=purpose, by=by, over=over)
    except Refused as error:
        raise Refused(f"{title}: its {purpose} does not hold: {error}") from error


def _allowed(entry: Published, policy: Policy) -> None:
    tool = entry.tool
    if tool.draft.language not in policy.languages:
        raise Refused(f"{tool.title}: the policy does not allow {tool.draft.language}")
    # Imports have rules of their own in a policy, which the review applies to every import in the code.
    asked = tool.capabilities.model_copy(update={"imports": ()})
    if extra := asked.beyond(policy.capabilities):
        raise Refused(f"{tool.title} may do more than the policy allows: {'; '.join(extra)}")


def _covers(entry: Published, known: Mapping[Digest, Published]) -> None:
    for alias, used in entry.tool.draft.uses.items():
        if used not in known:
            raise Refused(f"{entry.tool.title}: the tool {used} that it uses as {alias} is missing")
        extra = known[used].tool.capabilities.beyond(entry.tool.capabilities)
        if extra:
            raise Refused(
                f"{entry.tool.title} states less than {known[used].tool.title}, which it uses, may do: "
                + "; ".join(extra)
            )
