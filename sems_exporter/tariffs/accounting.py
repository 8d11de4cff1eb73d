"""What an amount of energy over a span of time came to: pure arithmetic, exact in fractions.

Energy is spread evenly over its time, so that however a span is split, its parts add up to the whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from sems_exporter.tariffs.calendar import Slot

KWH = 3_600_000
"""Joules."""
LONGEST_SURE_SPAN = timedelta(hours=1)
"""A longer span over a change of price is an estimate: nobody knows when in it the energy flowed."""
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Amount:
    """Money at prices of 0 and more, money at negative ones as a positive number, and joules without a known price.

    `estimated` are joules whose price follows from an even spread over a longer time with several prices.
    """

    paid: Fraction = Fraction()
    received: Fraction = Fraction()
    unpriced: Fraction = Fraction()
    estimated: Fraction = Fraction()

    @property
    def balance(self) -> Fraction:
        """What was paid less what was received."""
        return self.paid - self.received


def amount(energy: Fraction, slots: Iterable[Slot]) -> Amount:
    """What `energy`, in joules, comes to over the time of `slots`, which follow one another."""
    spans = [(slot.price, (slot.end - slot.start) // MICROSECOND) for slot in slots]
    whole = sum(length for _, length in spans)
    if not whole or not energy:
        return Amount(unpriced=energy)
    paid = received = unpriced = Fraction()
    for price, length in spans:
        part = energy * length / whole
        if price is None:
            unpriced += part
        elif price >= 0:
            paid += part * Fraction(price) / KWH
        else:
            received -= part * Fraction(price) / KWH
    several = len({price for price, _ in spans}) > 1
    estimated = energy if several and whole * MICROSECOND > LONGEST_SURE_SPAN else Fraction()
    return Amount(paid, received, unpriced, estimated)


def span(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The time that a difference is spread over: an instant, as of two answers of one time, becomes a second."""
    return (start, end) if start < end else (end - timedelta(seconds=1), end)
