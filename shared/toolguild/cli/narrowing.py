"""The narrower bounds that `toolguild constrain` asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.cli.door import Door
    from toolguild.client.picture import Picture


@dataclass(frozen=True)
class Narrower:
    """What a person named; None is what stays as it is."""

    bounds: Mapping[str, Any]  # by the names of Bounds
    limits: Mapping[str, float | None]  # of each call, by the names of Limits
    seconds: float | None  # from now
    deadline: str | None

    def check(self) -> None:
        """Raise UsageError when nothing is named, or a moment is none."""
        named = [*self.bounds.values(), *self.limits.values(), self.seconds, self.deadline]
        if all(one is None for one in named):
            raise UsageError("name a bound: --max-usd, --memory-mb, ...; --help lists them")
        if self.deadline is not None:
            self._moment(self.deadline)

    async def chosen(self, door: "Door", seen: "Picture") -> dict[str, Any]:
        """Return the bounds over what holds for the task now. Raises UsageError for what no limit can be."""
        from pydantic import ValidationError

        from toolguild.capability import Limits
        from toolguild.messages.override import Bounds

        bounds = {name: value for name, value in self.bounds.items() if value is not None}
        limits = {name: value for name, value in self.limits.items() if value is not None}
        try:
            if limits:
                now = seen.limits(door.policy.capabilities.limits).model_dump()
                bounds["limits"] = Limits.model_validate(now | limits)
            until = self._until()
            return {
                "bounds": Bounds.model_validate(bounds | ({"deadline": until} if until else {}))
            }
        except ValidationError as error:
            first = error.errors()[0]
            name = "-".join(str(first["loc"][-1]).split("_"))
            raise UsageError(f"--{name} {first['input']}: {first['msg']}") from None

    def _until(self) -> str | None:
        if self.deadline is not None:
            return self._moment(self.deadline).isoformat(timespec="milliseconds")
        if self.seconds is None:
            return None
        until = datetime.now(UTC) + timedelta(seconds=self.seconds)
        return until.isoformat(timespec="milliseconds")

    def _moment(self, text: str) -> datetime:
        from toolguild.messages.narrow import moment

        try:
            return moment(text)
        except ValueError:
            raise UsageError(
                f"--deadline {text}: is no time as ISO 8601 writes it, such as 2026-01-31T18:00:00+00:00"
            ) from None
