"""The operator's policy: the ceiling for every task, tool and agent. Pure."""

from collections.abc import Iterable
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from toolguild.capability import Capabilities, Language
from toolguild.errors import UsageError
from toolguild.host import parse
from toolguild.policy.names import NameRules, RulesByLanguage
from toolguild.sandbox.egress.host import Grant
from toolguild.sandbox.interface import Outcome

Level = Literal["A", "B", "C", "D"]
CredentialName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_FRAMING = frozenset(
    (
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "upgrade",
        "te",
        "trailer",
        "expect",
    )
)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrustRules(_Section):
    """How a tool earns trust by its verified runs, and how it loses it."""

    start: Level = "C"  # of a tool that nobody has used yet
    raise_after: int = Field(default=20, ge=1, le=1_000_000)  # verified runs for each next level
    least_tasks: int = Field(default=3, ge=1, le=1_000_000)  # different tasks that they came from
    after_incident: Level = "A"  # at once, until a person says otherwise
    # how a call of a published tool may not end
    incidents: tuple[Outcome, ...] = ("forged", "disk", "printed", "exited", "beyond")


class Autonomy(_Section):
    """How far the guild goes without a person: A supervised, B monitored, C audited, D full."""

    level: Level = "C"  # when a task asks for none; the ceiling holds here too
    ceiling: Level = "D"  # the most that a task may ask for
    agents: dict[
        str, Level
    ] = {}  # ceilings by service: "synthesizer" for drafts, "executor" for runs
    tools: dict[str, Level] = {}  # ceilings by the name of a tool
    trust: TrustRules = TrustRules()

    def allowed(self, asked: Level | None) -> Level:
        """Return the level of a task that asks for `asked`: at most the ceiling."""
        return min(asked or self.level, self.ceiling)

    def of_agent(self, agent: str, task: Level) -> Level:
        """Return the level at which a service works for a task of this level."""
        return min(task, self.agents.get(agent, "D"))

    def of_run(self, tool: str, trusted: Level, task: Level) -> Level:
        """Return the level at which a tool of this name and trust runs for a task of this level."""
        return min(self.of_agent("executor", task), self.tools.get(tool, "D"), trusted)


class Checkpoints(_Section):
    """When a person looks, besides the levels: shares of tasks, and how long a question stays open."""

    watch: bool = True  # level B: each task that starts is in the inbox while it runs
    # share of ended tasks, by level, that a person is asked to look at afterwards
    audit_share: dict[Level, float] = {"A": 1.0, "B": 0.5, "C": 0.05, "D": 0.0}
    # of a batch decided in one sitting: the share that has to be looked at one by one
    batch_share: float = Field(default=0.2, ge=0, le=1)
    batch_least: int = Field(default=1, ge=0)
    remind_seconds: float = Field(default=4 * 3600, gt=0, le=30 * 86_400)
    expire_seconds: float = Field(default=7 * 86_400, gt=0, le=365 * 86_400)
    on_expiry: Literal["reject", "approve"] = "reject"
    deciders: tuple[str, ...] = ("*",)  # people who may decide


class EscalationRule(_Section):
    """What becomes of a task when a rule asks for attention."""

    on: bool = True
    hold: bool = False  # the task waits for a person (exit code 6), else it goes on
    channels: tuple[Literal["inbox", "webhook"], ...] = ("inbox",)


class ConfidenceRule(EscalationRule):
    """A tool was made, but little speaks for it."""

    below: float = Field(default=0.3, ge=0, le=1)  # ToolPublished.confidence


class AnomalyRule(EscalationRule):
    """A call used far more than the tool did in its tests."""

    factor: float = Field(default=20.0, ge=1, le=1e6)  # times the most that was measured
    least_seconds: float = Field(default=5.0, ge=0)  # less CPU time than this is never one
    least_mb: float = Field(default=512, ge=0)  # less memory than this is never one


class ImpactRule(EscalationRule):
    """A plan reaches far."""

    hosts: bool = True  # a step asks for a host
    programs: bool = True  # a step asks to start a program
    steps: int = Field(default=15, ge=1)  # a plan with more


class TimeRule(EscalationRule):
    """A task takes long."""

    seconds: float = Field(default=600, gt=0, le=30 * 86_400)


class UncertaintyRule(EscalationRule):
    """A judge says that it cannot tell whether a criterion is met."""


class Escalation(_Section):
    """Five reasons to ask for a person's attention, each with its own threshold."""

    confidence: ConfidenceRule = ConfidenceRule()
    anomaly: AnomalyRule = AnomalyRule()
    impact: ImpactRule = ImpactRule()
    time: TimeRule = TimeRule()
    uncertainty: UncertaintyRule = UncertaintyRule()


class Webhook(_Section):
    """Where notices go. Each is signed with the auditor's key and sent again until it is taken."""

    url: str | None = None  # http or https
    timeout_seconds: float = Field(default=5, gt=0, le=60)

    @field_validator("url")
    @classmethod
    def _leads_somewhere(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                "must be an http or https address, such as https://example.com/notices"
            )
        return url


class UserRules(_Section):
    """How much of the guild one person gets."""

    # goals of one person within a minute after which a person is told; more than `queued` are refused
    alert_per_minute: int = Field(default=1000, ge=1, le=1_000_000)
    tasks_at_once: int = Field(default=8, ge=1, le=10_000)  # the others wait in this person's queue
    queued: int = Field(default=20_000, ge=1, le=100_000)  # goals that may wait


class Users(_Section):
    """The share of each user: those who have no rules of their own share the default's."""

    default: UserRules = UserRules()
    named: dict[str, UserRules] = {}

    def of(self, user: str) -> UserRules:
        """Return the rules of one user."""
        return self.named.get(user, self.default)


class Retention(_Section):
    """How long ended tasks are kept. The registry and the audit chain are never pruned."""

    days: float = Field(default=30, gt=0, le=3650)
    max_mb: int = Field(default=20_480, ge=1)  # of log and files together: then the oldest go


class ReviewRules(_Section):
    """What happens to code before it runs."""

    static: bool = True  # rules on the syntax tree
    semantic: bool = True  # a model reads the code against its spec
    # the most that the model's own findings weigh: low is a remark, medium asks, high blocks
    semantic_severity: Literal["low", "medium", "high"] = "low"
    on_ask: Literal["person", "refuse", "allow"] = "person"  # a finding that the rules leave open
    overrule: bool = True  # a person may let pass what the review blocks
    # of a tool and of those that it uses, by SPDX name: another one asks; empty: none does
    licences: tuple[str, ...] = (
        "Apache-2.0",
        "MIT",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "0BSD",
        "CC0-1.0",
        "Unlicense",
        "Zlib",
        "PSF-2.0",
    )


class ExamRules(_Section):
    """What a tool must pass."""

    min_cases: int = Field(default=3, ge=1, le=1000)
    mutation_score: float = Field(default=0.6, ge=0, le=1)  # share of small faults noticed
    generated_inputs: int = Field(default=20, ge=0, le=10_000)  # made from the input schema


class BuildRules(_Section):
    """How long the guild tries to make one tool."""

    attempts: int = Field(default=4, ge=1, le=100)  # drafts that reach review
    samples: int = Field(default=1, ge=1, le=32)  # independent drafts asked for at once
    repairs: int = Field(default=2, ge=0, le=100)  # drafts made from a failed one
    patience: int = Field(default=2, ge=1, le=100)  # attempts in a row without a better score
    stronger: str | None = None  # model to try when the others are stuck


class TaskRules(_Section):
    """How long the guild tries to end one task."""

    steps: int = Field(default=20, ge=1, le=1000)
    replans: int = Field(default=2, ge=0, le=100)
    repairs_per_step: int = Field(default=2, ge=0, le=100)
    foreach_items: int = Field(default=10_000, ge=1, le=1_000_000)
    calls_at_once: int = Field(default=64, ge=1, le=10_000)  # of one step: the pool is shared


class Budget(_Section):
    """What one whole task may use up."""

    usd: float = Field(ge=0, le=1_000_000)
    tokens: int = Field(ge=0, le=10**12)  # read and written by models
    model_calls: int = Field(ge=0, le=1_000_000)
    wall_seconds: float = Field(gt=0, le=30 * 86_400)
    cpu_seconds: float = Field(default=3600, ge=0, le=1e9)  # of all sandboxed calls together

    def meet(self, other: "Budget") -> "Budget":
        """Return the narrower of the two, limit by limit."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Budget(**{name: min(mine[name], theirs[name]) for name in mine})


class Budgets(_Section):
    """The budget of a task that asks for none, and the most that any task gets."""

    default: Budget = Budget(
        usd=1.0, tokens=500_000, model_calls=100, wall_seconds=900, cpu_seconds=600
    )
    ceiling: Budget = Budget(
        usd=20.0, tokens=5_000_000, model_calls=1000, wall_seconds=86_400, cpu_seconds=36_000
    )

    def allowed(
        self,
        *,
        usd: float | None = None,
        tokens: int | None = None,
        model_calls: int | None = None,
        wall_seconds: float | None = None,
        cpu_seconds: float | None = None,
    ) -> Budget:
        """Return the budget of a task that asks for these limits; the default fills the gaps."""
        asked = {
            "usd": usd,
            "tokens": tokens,
            "model_calls": model_calls,
            "wall_seconds": wall_seconds,
            "cpu_seconds": cpu_seconds,
        }
        known = {name: value for name, value in asked.items() if value is not None}
        return Budget.model_validate(self.default.model_dump() | known).meet(self.ceiling)


class InputRules(_Section):
    """How much a task may bring along, and what becomes of texts that try to give orders."""

    max_files: int = Field(default=100, ge=0, le=100_000)
    max_file_mb: int = Field(default=4096, ge=1, le=1_048_576)
    max_goal_kb: int = Field(default=32, ge=1, le=1024)
    preview_kb: int = Field(default=4, ge=0, le=1024)  # of each file, shown to a model
    # untrusted text that reads like an order: kept out of prompts, let through with a note, or the end of its task
    injection: Literal["withhold", "note", "refuse", "off"] = "withhold"
    intent: Literal["on", "off"] = (
        "on"  # goals against the usage policy: what becomes of them stands there
    )
    # after the rules a model classifies goals too, and passages of untrusted text that may be orders
    model: bool = False


class Layers(_Section):
    """Six layers of safety, each of which can be switched off to see what the others stop.

    The sandbox, signatures and the operator's hard limits are none of them: they always hold.
    """

    input: bool = True  # screening of goals, and of untrusted text on its way into prompts
    capabilities: bool = (
        True  # task and manifest narrow the operator's grant; measured use is judged
    )
    review: bool = True  # rules on the syntax tree and a model, before anything runs
    monitoring: bool = True  # baselines of each tool, alerts, quarantine
    output: bool = True  # secrets, personal data, harmful content, consistency
    audit: bool = True  # the signed chain

    @property
    def on(self) -> tuple[str, ...]:
        """The names of the layers that are on."""
        return tuple(name for name in type(self).model_fields if getattr(self, name))


class PersonalRules(_Section):
    """What becomes of personal data in a result."""

    action: Literal["redact", "note", "off"] = "redact"
    kinds: tuple[str, ...] = ("*",)  # "email", "phone", ...: docs/policy.md lists them
    as_asked: bool = True  # a kind that the goal itself asks for stays
    engine: Literal["rules", "presidio"] = "rules"  # presidio adds to the rules; it is an extra


class OutputRules(_Section):
    """What a result must be like to leave."""

    secrets: Literal["redact", "off"] = "redact"
    personal: PersonalRules = PersonalRules()
    harmful: Literal["withhold", "note", "off"] = "withhold"
    consistency: Literal["note", "withhold", "off"] = "note"  # of answer, schemas, steps and prose
    revealers: tuple[str, ...] = ("*",)  # people who may see what was redacted, with their key


class MonitoringRules(_Section):
    """What is unusual in a run of a published tool, and what follows."""

    baseline_runs: int = Field(default=5, ge=1, le=10_000)  # runs before a tool is known
    factor: float = Field(default=10.0, ge=1, le=1e6)  # times the most seen so far
    least_seconds: float = Field(default=1.0, ge=0)  # less CPU time than this is never unusual
    least_mb: float = Field(default=128, ge=0)  # less memory than this is never unusual
    on_deviation: Literal["alert", "quarantine"] = "alert"
    on_attack: Literal["alert", "quarantine"] = "quarantine"  # a forged frame, a refused host
    halters: tuple[str, ...] = ("*",)  # people who may halt and resume


class AuditRules(_Section):
    """How the chain is written."""

    content: Literal["full", "digests"] = "full"  # whole messages, or their digests only
    page: int = Field(default=256, ge=1, le=4096)  # most messages of one signed page
    page_seconds: float = Field(default=0.2, ge=0, le=60)  # longest wait for a page to fill


class Credential(_Section):
    """A secret that the proxy adds to requests for one host. Its value is no part of the policy."""

    host: str  # "name:port"; the proxy speaks TLS to it unless `tls` says otherwise
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")
    prefix: str = Field(default="Bearer ", pattern=r"^[\x20-\x7e]{0,64}$")
    tls: bool = True
    tools: tuple[str, ...] = ("*",)  # names of tools that may use it

    @field_validator("host")
    @classmethod
    def _host_has_a_name_and_a_port(cls, host: str) -> str:
        return str(parse(host))

    @field_validator("header")
    @classmethod
    def _header_frames_nothing(cls, header: str) -> str:
        if header.lower() in _FRAMING or header.lower().startswith("proxy-"):
            raise ValueError(f"{header} frames the request: a credential cannot be sent in it")
        return header

    def serves(self, tools: Iterable[str]) -> bool:
        """Whether all of these tools may use it: those that run together share what is added."""
        return "*" in self.tools or set(tools) <= set(self.tools)


class Egress(_Section):
    """The most that one call may exchange with the hosts that it is granted."""

    requests: int = Field(default=1000, ge=1, le=1_000_000)
    at_once: int = Field(default=16, ge=1, le=1024)
    sent_mb: int = Field(default=64, ge=1, le=65_536)
    received_mb: int = Field(default=256, ge=1, le=65_536)


class Policy(_Section):
    """What the operator allows. A policy that says nothing grants nothing."""

    version: Literal[1] = 1
    layers: Layers = Layers()
    languages: tuple[Language, ...] = ("python", "javascript")
    imports: RulesByLanguage = RulesByLanguage(
        python=NameRules(other="ask"), javascript=NameRules(other="ask")
    )
    calls: RulesByLanguage = RulesByLanguage()
    max_lines: int = Field(default=800, ge=1, le=100_000)  # of one tool's code
    capabilities: Capabilities = Capabilities()
    autonomy: Autonomy = Autonomy()
    review: ReviewRules = ReviewRules()
    exam: ExamRules = ExamRules()
    build: BuildRules = BuildRules()
    task: TaskRules = TaskRules()
    budget: Budgets = Budgets()
    input: InputRules = InputRules()
    users: Users = Users()
    checkpoints: Checkpoints = Checkpoints()
    escalation: Escalation = Escalation()
    webhook: Webhook = Webhook()
    retention: Retention = Retention()
    output: OutputRules = OutputRules()
    monitoring: MonitoringRules = MonitoringRules()
    audit: AuditRules = AuditRules()
    credentials: dict[CredentialName, Credential] = {}
    egress: Egress = Egress()

    @field_validator("capabilities")
    @classmethod
    def _hosts_have_names_and_ports(cls, granted: Capabilities) -> Capabilities:
        try:
            Grant(granted.hosts)
        except UsageError as error:
            raise ValueError(str(error)) from error
        return granted

    def grant(self, asked: Capabilities) -> Capabilities:
        """Return what a task that asks for these gets: never more than the policy has."""
        return asked.meet(self.capabilities)

    @staticmethod
    def default() -> "Policy":
        """Return the policy that ships with Toolguild."""
        from toolguild.policy.load import default_policy  # loading needs this module first

        return default_policy()
