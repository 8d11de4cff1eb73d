"""What a row of the table of faults says."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.e2e.faults.world import Shape, World

HOUR = 3600.0
LASTING = 1500.0
"""Seconds that a fault lasts: live values have grown too old by then."""
COUNTERS = {
    "requests": ("sems_portal_requests_total", "outcome"),
    "refresh": ("sems_refresh_failures_total", "reason"),
    "dropped": ("sems_values_dropped_total", "reason"),
    "unknown": ("sems_portal_unknown_total", "kind"),
    "logins": ("sems_portal_logins_total", "outcome"),
}
"""The counters that tell of trouble, and the label that says which; by the word that rows use."""

USUAL = Shape()
NEVER_SENT = "No sign-in has reached the portal, so their distance does not grow."

Play = Callable[[World], object]


def healed(world: World) -> None:
    """All is well again."""
    world.portal.heal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault.

    `happens` and `then` are for the reader. `moves` names every counter that moves while the fault lasts, and no other
    may: "requests:timeout refresh:timeout" (see COUNTERS; what goes well is not named). `logins` are the sign-ins that
    the portal sees meanwhile, `logins_after` those of the recovery.

    At the end of the fault, `live` says whether live values are there: all, none, or only some (None). `absent` and
    `present` are beginnings of names that no, or some, series must have then; `up` is what sems_up says, and `says`
    stands in the log. A `cold` row begins with the very first request of the exporter. Afterwards all has to be there
    again within `back_within` seconds.
    """

    name: str
    happens: str
    then: str
    play: Play
    moves: str = ""
    logins: int = 0
    logins_after: int = 0
    live: bool | None = True
    up: bool = True
    absent: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    says: str = ""
    cold: bool = False
    lasts: float = LASTING
    back_within: float = HOUR
    shape: Shape = USUAL
    heal: Play = healed


def plays(fault: str, *endpoints: str, seconds: float | None = None) -> Play:
    """Play a fault of the simulated portal: where it usually strikes, or on these endpoints."""

    def play(world: World) -> None:
        for endpoint in endpoints or ("*",):
            world.portal.play(fault, endpoint, seconds=seconds)

    return play


def also_cold(row: Row, moves: str, logins: int, logins_after: int = 1, back_within: float = HOUR) -> tuple[Row, Row]:
    """The row, and the same fault from the very first request on, when there is neither session nor value."""
    sign_ins = "Sign-ins at growing distances: 1, 2, 4, 8, then 15 minutes." if logins else NEVER_SENT
    cold = replace(
        row,
        then=f"There is neither a session nor a value. {sign_ins}",
        name=f"{row.name}, from the start",
        moves=moves,
        logins=logins,
        logins_after=logins_after,
        back_within=back_within,
        cold=True,
        live=False,
        up=False,
    )
    return row, cold
