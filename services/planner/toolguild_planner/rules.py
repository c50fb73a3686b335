"""What a task lives by: the part of the operator's policy that its process needs. Pure."""

from toolguild.capability import Capabilities
from toolguild.policy.model import Escalation, Level, Policy, TaskRules
from toolguild.sandbox.interface import Outcome


class Rules(TaskRules):
    """The policy as it was when the task began; it stays in the task's record."""

    granted: Capabilities = Capabilities()  # the ceiling of every call
    overrule: bool = True  # a person may let pass what the review blocks
    watch: bool = False  # a task of level B is in the inbox while it runs
    audit_share: dict[Level, float] = {}  # of ended tasks, by level
    incidents: tuple[Outcome, ...] = ()  # how a call may not end
    escalation: Escalation = Escalation()

    @classmethod
    def of(cls, policy: Policy) -> "Rules":
        """Return what a task needs of the policy."""
        return cls(
            **policy.task.model_dump(),
            granted=policy.capabilities,
            overrule=policy.review.overrule,
            watch=policy.checkpoints.watch,
            audit_share=policy.checkpoints.audit_share,
            incidents=policy.autonomy.trust.incidents,
            escalation=policy.escalation,
        )
