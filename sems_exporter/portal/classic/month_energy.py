"""The energy of the month, which the portal tells with or without today."""

from collections.abc import Sequence

from sems_exporter.portal.classic.display_texts import Document, number
from sems_exporter.portal.classic.field_reader import Moment

CLOSE = 0.2
"""kWh by which two sums of one answer may differ: each number is rounded to 0.1."""


def includes_today(kpi: Document, inverters: Sequence[Document]) -> bool | None:
    """Tell whether `thismonthetotle` has today in it, by the month of the plant; None where that differs.

    564.5 + 30.3 make the portal's 594.8 kWh in a capture of 2025-06; other plants count today at once.
    """
    plant = number(kpi.get("month_generation"))
    months = [number(registers.get("thismonthetotle")) for registers in inverters]
    todays = [number(registers.get("eday")) for registers in inverters]
    if plant is None or not months or None in months or None in todays:
        return None
    without, today = sum(filter(None, months)), sum(filter(None, todays))
    if abs(without + today - plant) <= CLOSE:
        return False
    return True if abs(without - plant) <= CLOSE else None


def month(registers: Document, moment: Moment, *, included: bool | None, raw: bool) -> float | None:
    """The kWh of this month with today, or None where they cannot be known.

    `included` is what `includes_today` says, `raw` whether the number is a register of `invert_full`: that one lacks
    today, where its `emonth` twin may have it. What the counters say outweighs both: those of the end of last month, of
    this one and of today make the lifetime. A month of 0 is told of plants that do not count it, too.
    """
    kept, today = number(registers.get("thismonthetotle")), number(registers.get("eday"))
    if kept is None or today is None:
        return None
    before, lifetime = number(registers.get("lastmonthetotle")), number(registers.get("etotal"))
    if before and lifetime is not None:
        if abs(before + kept + today - lifetime) <= CLOSE:
            return kept + today
        if abs(before + kept - lifetime) <= CLOSE:
            return kept
    if included is not None:
        whole = kept if included else kept + today
        # Where plant and inverters tell a month that has less than its last day, neither counts it.
        return whole if whole + CLOSE >= today else None
    if not kept:
        return today if _first_day(moment) else None
    return kept + today if raw else None


def _first_day(moment: Moment) -> bool:
    return moment.zone is not None and moment.now.astimezone(moment.zone).day == 1
