"""What a whole task has used up and what is promised to calls under way. Pure."""

from collections.abc import Callable
from typing import Protocol

from pydantic import Field

from toolguild.errors import OutOfBudget, Promised
from toolguild.messages import TaskId
from toolguild.policy import Budget
from toolguild.tool.value import Value

MIN_OUTPUT = 256  # tokens


class Amount(Value):
    """Model calls, tokens read and written, US dollars, and seconds of CPU time in sandboxes."""

    calls: int = Field(default=0, ge=0)
    tokens: int = Field(default=0, ge=0)
    usd: float = Field(default=0.0, ge=0)
    cpu_seconds: float = Field(default=0.0, ge=0)

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(
            calls=self.calls + other.calls,
            tokens=self.tokens + other.tokens,
            usd=self.usd + other.usd,
            cpu_seconds=self.cpu_seconds + other.cpu_seconds,
        )


class Price(Value):
    """US dollars a token. Unknown prices, as of local models, are zero; tokens count all the same."""

    input: float = Field(default=0.0, ge=0)
    output: float = Field(default=0.0, ge=0)

    def of(self, input_tokens: int, output_tokens: int) -> Amount:
        """Return what one call of this size comes to."""
        usd = input_tokens * self.input + output_tokens * self.output
        return Amount(calls=1, tokens=input_tokens + output_tokens, usd=usd)


class Ledger(Value):
    """One task's account, shared by all that works for it.

    A reservation is named by its effect, so a repeated effect reserves once. A process that dies during a
    call leaves its reservation behind: the call may have cost that much. The redelivered effect takes over
    the reservation under the same name.
    """

    spent: Amount = Amount()
    reserved: dict[str, Amount] = {}

    @property
    def committed(self) -> Amount:
        """What is spent or may yet be."""
        return sum(self.reserved.values(), self.spent)

    def reserve(self, name: str, amount: Amount, limits: Budget) -> "Ledger":
        """Promise an amount to a call.

        Raises OutOfBudget if what is really spent leaves too little, and Promised if only the promises to
        other calls do: they may come to less.
        """
        others = self.release(name)
        if over := _beyond(others.spent + amount, amount, limits):
            raise OutOfBudget(others._refusal(*over))
        if over := _beyond(others.committed + amount, amount, limits):
            what, _, limit = over
            raise Promised(
                f"{len(others.reserved)} calls under way may need what is left of {limit:g} {what}"
            )
        return others.model_copy(update={"reserved": others.reserved | {name: amount}})

    def settle(self, name: str, amount: Amount) -> "Ledger":
        """Replace a reservation by what the call really cost, even beyond what was promised.

        Without that reservation nothing changes, so settling twice counts once.
        """
        if name not in self.reserved:
            return self
        return self.release(name).model_copy(update={"spent": self.spent + amount})

    def release(self, name: str) -> "Ledger":
        """Drop a reservation: the call cost nothing."""
        rest = {other: amount for other, amount in self.reserved.items() if other != name}
        return self.model_copy(update={"reserved": rest})

    def _refusal(self, what: str, wanted: float, limit: float) -> str:
        spent = self.spent
        return (
            f"the next call could bring the task to {wanted:g} {what}; its limit is {limit:g} "
            f"(so far {spent.calls} model calls, {spent.tokens} tokens, {spent.usd:.4f} USD, "
            f"{spent.cpu_seconds:.1f} s of CPU). Give the task a higher limit to go on"
        )


def _beyond(total: Amount, wanted: Amount, limits: Budget) -> tuple[str, float, float] | None:
    """Return the first limit that a total passes, of those that the call wants anything of."""
    for what, asked, sum_, limit in (
        ("model calls", wanted.calls, total.calls, limits.model_calls),
        ("tokens", wanted.tokens, total.tokens, limits.tokens),
        ("US dollars", wanted.usd, total.usd, limits.usd),
        ("seconds of CPU", wanted.cpu_seconds, total.cpu_seconds, limits.cpu_seconds),
    ):
        if asked > 0 and sum_ > limit:
            return what, sum_, limit
    return None


def affordable(spent: Amount, limits: Budget, size: int, price: Price, wanted: int) -> int:
    """Return how many output tokens a call with this many input tokens may have: `wanted`, or what is left.

    Less than `MIN_OUTPUT` would be no answer, so that much is asked for, and reserving it will be refused.
    """
    left = limits.tokens - spent.tokens - size
    if price.output > 0:
        money = limits.usd - spent.usd - size * price.input
        left = min(left, int(money / price.output))
    return min(wanted, max(left, MIN_OUTPUT))


class Ledgers(Protocol):
    """Keeps the ledgers of all tasks."""

    async def change(self, task: TaskId, step: Callable[[Ledger], Ledger]) -> Ledger:
        """Apply a step to a task's ledger, atomically, and return the result.

        The step may run several times; what it raises is passed on and changes nothing. Raises Unavailable.
        """
        ...
