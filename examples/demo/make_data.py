"""Writes the two tables of the demo, the same bytes every time: `python examples/demo/make_data.py`."""

import csv
import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
ROWS = 40
PRICES = {
    "groceries": (8, 90),
    "rent": (650, 650),
    "travel": (12, 180),
    "books": (9, 45),
    "health": (15, 120),
}
REGIONS = ("north", "south", "east", "west")
PRODUCTS = ("lamp", "desk", "chair", "shelf", "clock")


def expenses(dice: random.Random) -> Iterable[Sequence[object]]:
    """Yield one row for each expense; amounts are whole quarters, so that sums are exact."""
    day = date(2026, 1, 2)
    for number in range(ROWS):
        category = (
            "rent" if number % 10 == 1 else dice.choice([name for name in PRICES if name != "rent"])
        )
        low, high = PRICES[category]
        yield day.isoformat(), category, f"{dice.randint(low * 4, high * 4) / 4:.2f}"
        day += timedelta(days=dice.randint(1, 4))


def orders(dice: random.Random) -> Iterable[Sequence[object]]:
    """Yield one row for each order."""
    for number in range(ROWS):
        region, product = dice.choice(REGIONS), dice.choice(PRODUCTS)
        yield (
            1001 + number,
            region,
            product,
            dice.randint(1, 24),
            f"{dice.randint(20, 400) / 2:.2f}",
        )


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write one table beside this file."""
    with (HERE / name).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


if __name__ == "__main__":
    write("expenses.csv", ("date", "category", "amount"), expenses(random.Random(2026)))
    write(
        "orders.csv",
        ("order_id", "region", "product", "quantity", "unit_price"),
        orders(random.Random(11)),
    )
