"""What a whole task may use up, reserved before it is spent, on one ledger for all that works for it."""

from toolguild.budget.ledger import Amount, Ledger, Ledgers, Price
from toolguild.budget.spending import Reservation, allowed, cpu, reserved

__all__ = ["Amount", "Ledger", "Ledgers", "Price", "Reservation", "allowed", "cpu", "reserved"]
