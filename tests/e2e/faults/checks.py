"""What must hold at every scrape, whatever the portal does."""

import math
from datetime import datetime, timedelta
from itertools import pairwise

from sems_exporter.model.plant import CHILDREN
from sems_exporter.model.schema import PERIODS, Role, family, measures
from tests.e2e.faults.world import DATA_MAX_AGE, Scrape, Series, World

ROLES = {
    family(scope, name).sample_name: measure.role for scope in CHILDREN for name, measure in measures(scope).items()
}
SMOOTH = {
    "sems_station_sun_elevation_degrees": 0.1,
    "sems_station_clear_sky_power_watts": 20.0,
    "sems_station_income_today": 0.1,
    "sems_station_full_load_time_today_seconds": 120.0,
    "sems_station_self_sufficiency_today_ratio": 0.01,
    "sems_station_self_consumption_today_ratio": 0.01,
}
"""How much these may change while a refresh is under way."""
OURS = frozenset({"sems_station_up", "sems_station_details_timestamp_seconds"})
"""What the exporter says of its own look at a station; the plants know nothing of it."""
ROUNDING = 0.2 * 3.6e6
"""Joules by which energies may differ within a refresh: the portal counts in tenths of kWh."""


def own(key: Series) -> bool:
    """Tell whether a series is about the exporter itself."""
    return "station" not in dict(key[1])


def invented(world: World, scrape: Scrape) -> list[tuple[Series, float]]:
    """The series of stations and devices that the plants never justified, with their values."""
    shown = {key: value for key, value in scrape.samples.items() if not own(key) and key[0] not in OURS}
    return [(key, value) for key, value in shown.items() if not justified(world, key, value, scrape.at)]


def justified(world: World, key: Series, value: float, at: datetime) -> bool:
    """Tell whether the plants had this value at an instant that is recent enough for it."""
    role, since = ROLES.get(key[0], Role.STATIC), None
    if role is Role.LIVE:
        since = at - timedelta(seconds=DATA_MAX_AGE + world.shape.interval)
    if role in PERIODS:
        midnight = at.astimezone(world.plants[0].zone).replace(hour=0, minute=0, second=0, microsecond=0)
        since = {Role.DAY: midnight, Role.MONTH: midnight.replace(day=1)}.get(role, midnight.replace(month=1, day=1))
    slack = ROUNDING if key[0].endswith(("_joules", "_joules_total")) else SMOOTH.get(key[0], 0.0)
    return any(
        # Voltages of batteries change a little within a refresh.
        math.isclose(value, true[key], rel_tol=0.002, abs_tol=slack)
        for true in world.truth.since(since)
        if key in true
    )


def fallen(world: World) -> list[tuple[Series, float, float]]:
    """The counters that fell from one scrape to the next."""
    return [
        (key, before, later.samples[key])
        for earlier, later in pairwise(world.scrapes)
        for key, before in earlier.samples.items()
        if earlier.run == later.run and key[0].endswith("_total") and later.samples.get(key, before) < before
    ]


def told(world: World) -> list[str]:
    """The secrets that stand anywhere in what the exporter showed or logged."""
    shown = [*(scrape.text for scrape in world.scrapes), world.log.getvalue()]
    return [secret for secret in world.secrets if any(secret in text for text in shown)]


def harm(world: World) -> list[str]:
    """What the account rules forbid and was done all the same, as the portal has seen it."""
    requests, done = [*world.remembered, *world.portal.requests], []
    sign_ins = [request for request in requests if request.endpoint in ("login", "classic_login", "web_login")]
    for earlier, later in pairwise(sign_ins):
        if (later.instant - earlier.instant).total_seconds() < 60.0:
            done.append(f"sign-ins at {earlier.instant} and {later.instant}")
    for earlier, later in pairwise(requests):
        limited = earlier.outcome in ("GY0429", "fault-http_429", "fault-http_429_retry_after")
        if limited and (later.instant - earlier.instant).total_seconds() < 300.0:
            done.append(f"a request at {later.instant}, although the portal asked for a pause at {earlier.instant}")
    return done
