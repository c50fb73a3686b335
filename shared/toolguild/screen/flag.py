"""What screening says."""

from toolguild.tool.value import Value


class Flag(Value):
    """One thing that input screening noticed."""

    rule: str  # "injection.override", "intent.malware", "anomaly.encoding": documented in docs/policy.md
    message: str
    policy: str = ""  # the entry of policy or usage policy that decides what follows
    excerpt: str = ""  # at most 200 characters of the place, control characters replaced
