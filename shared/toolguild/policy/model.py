"""The operator's policy: the ceiling for every task, tool and agent. Pure."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from toolguild.capability import Capabilities, Language
from toolguild.policy.names import NameRules, RulesByLanguage

Level = Literal["A", "B", "C", "D"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Autonomy(_Section):
    """How far the guild goes without a person: A supervised, B monitored, C audited, D full."""

    level: Level = "C"  # when a task asks for none; the ceiling holds here too
    ceiling: Level = "D"  # the most that a task may ask for

    def allowed(self, asked: Level | None) -> Level:
        """Return the level of a task that asks for `asked`: at most the ceiling."""
        return min(asked or self.level, self.ceiling)


class ReviewRules(_Section):
    """What happens to code before it runs."""

    static: bool = True  # rules on the syntax tree
    semantic: bool = True  # a model reads the code against its spec
    # the most that the model's own findings weigh: low is a remark, medium asks, high blocks
    semantic_severity: Literal["low", "medium", "high"] = "low"
    on_ask: Literal["person", "refuse", "allow"] = "person"  # a finding that the rules leave open


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


class TaskRules(_Section):
    """How long the guild tries to end one task."""

    steps: int = Field(default=20, ge=1, le=1000)
    replans: int = Field(default=2, ge=0, le=100)
    repairs_per_step: int = Field(default=2, ge=0, le=100)
    foreach_items: int = Field(default=10_000, ge=1, le=1_000_000)


class Budget(_Section):
    """What one whole task may use up."""

    usd: float = Field(ge=0, le=1_000_000)
    tokens: int = Field(ge=0, le=10**12)  # read and written by models
    model_calls: int = Field(ge=0, le=1_000_000)
    wall_seconds: float = Field(gt=0, le=30 * 86_400)

    def meet(self, other: "Budget") -> "Budget":
        """Return the narrower of the two, limit by limit."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Budget(**{name: min(mine[name], theirs[name]) for name in mine})


class Budgets(_Section):
    """The budget of a task that asks for none, and the most that any task gets."""

    default: Budget = Budget(usd=1.0, tokens=500_000, model_calls=100, wall_seconds=900)
    ceiling: Budget = Budget(usd=20.0, tokens=5_000_000, model_calls=1000, wall_seconds=86_400)

    def allowed(
        self,
        *,
        usd: float | None = None,
        tokens: int | None = None,
        model_calls: int | None = None,
        wall_seconds: float | None = None,
    ) -> Budget:
        """Return the budget of a task that asks for these limits; the default fills the gaps."""
        asked = {
            "usd": usd,
            "tokens": tokens,
            "model_calls": model_calls,
            "wall_seconds": wall_seconds,
        }
        known = {name: value for name, value in asked.items() if value is not None}
        return Budget.model_validate(self.default.model_dump() | known).meet(self.ceiling)


class InputRules(_Section):
    """How much a task may bring along."""

    max_files: int = Field(default=100, ge=0, le=100_000)
    max_file_mb: int = Field(default=4096, ge=1, le=1_048_576)
    max_goal_kb: int = Field(default=32, ge=1, le=1024)
    preview_kb: int = Field(default=4, ge=0, le=1024)  # of each file, shown to a model


class Policy(_Section):
    """What the operator allows. A policy that says nothing grants nothing."""

    version: Literal[1] = 1
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

    def grant(self, asked: Capabilities) -> Capabilities:
        """Return what a task that asks for these gets: never more than the policy has."""
        return asked.meet(self.capabilities)

    @staticmethod
    def default() -> "Policy":
        """Return the policy that ships with Toolguild."""
        from toolguild.policy.load import default_policy  # loading needs this module first

        return default_policy()
