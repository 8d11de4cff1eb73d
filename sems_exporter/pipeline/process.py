"""The one way from a station as it was decoded to one that can be shown, whatever source it came from."""

from dataclasses import replace
from datetime import datetime

from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.pipeline.derived_values import derived


def process(station: Station, guard: CounterGuard, now: datetime, findings: Diagnostics, account: str = "") -> Station:
    """Give `station` its account, leave out what cannot be trusted, sum devices up, and derive the rest.

    `guard` is what counters are remembered by; each source that rounds its energies otherwise needs one of its own.
    `now` is the instant of the answer, `account` the name of the account, "" where accounts have none.
    """
    return derived(guard.check(replace(station, account=account or None), now, findings), now)
