"""A share of rows, with how sure one can be of it."""

import math
from dataclasses import dataclass

Z = 1.96  # 95 %


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    hits: int
    rows: int

    @property
    def percent(self) -> float:
        """The share in percent; 0 of none."""
        return 100 * self.hits / self.rows if self.rows else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval in percent (Wilson, 1927): honest for few rows and for shares near 0 and 1."""
        if not self.rows:
            return 0.0, 100.0
        share = self.hits / self.rows
        middle = share + Z * Z / (2 * self.rows)
        spread = Z * math.sqrt(share * (1 - share) / self.rows + Z * Z / (4 * self.rows**2))
        scale = 1 + Z * Z / self.rows
        return max(0.0, 100 * (middle - spread) / scale), min(
            100.0, 100 * (middle + spread) / scale
        )

    @property
    def text(self) -> str:
        """Count, percent and interval, as tables have it."""
        low, high = self.interval
        return f"{self.hits} = {self.percent:.1f} % [{low:.1f}, {high:.1f}]"

    def plain(self) -> dict[str, object]:
        """The share as JSON: hits, rows, percent, interval."""
        low, high = self.interval
        return {
            "hits": self.hits,
            "rows": self.rows,
            "percent": round(self.percent, 2),
            "interval": [round(low, 2), round(high, 2)],
        }
