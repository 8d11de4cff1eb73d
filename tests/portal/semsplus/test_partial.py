"""Every call fails for two hours, in every way: what stays, what goes, and that all of it comes back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sems_exporter.pipeline.staleness import StationView
from sems_exporter.portal.http.envelope import HttpResponse
from sems_exporter.portal.http.transport import HttpRequest
from tests.fleets import Fleet, PaperPortal
from tests.portal.semsplus.homes import readings

MORNING = datetime(2026, 6, 10, 8, 0, tzinfo=UTC)


def coded(code: str, data: object = None) -> HttpResponse:
    return HttpResponse(200, json.dumps({"code": code, "data": data}).encode())


FAILURES = {
    "500": HttpResponse(500, b""),
    "rate limit": coded("GY0429"),
    "garbage": HttpResponse(200, b"<html>maintenance</html>"),
    "empty": coded("00000"),
    "permission": coded("100025"),
}
CALLS = ("info", "flow", "devices", "batteries", "telemetry", "telecounting", "information", "statistics")
LATE_CALLS = ("statistics_month", "production", "alarms", "alarm_statistics")
ORDER = ("flow", "devices", "telemetry", "telecounting", "statistics", "statistics_month", "production")
TELLS = {
    "flow": {"station.pv_power", "station.load_power"},
    "devices": set(),
    "telemetry": {"inverter.temperature", "battery.state_of_charge", "meter.grid_frequency"},
    "telecounting": set(),
    "statistics": {"station.pv_energy_today"},
    "statistics_month": {"station.pv_energy_month"},
    "production": {"station.income_today"},
}
"""What each call tells that must not outlive its age."""
TAKEN = {
    "devices": {*TELLS["telemetry"], "inverter.operating_time", "inverter.model"},
    "telecounting": {"inverter.operating_time"},
    "batteries": {"battery.state_of_charge"},
}
"""What goes besides where a call is refused."""
LASTING = {"inverter.operating_time", "inverter.model", "station.installed_power"}


@dataclass(slots=True)
class TroubledPortal(PaperPortal):
    """Answers the calls of these names, perhaps of one device only, in another way."""

    at: str = ""
    of: str = ""
    trouble: HttpResponse | None = field(default=None)

    def send(self, exchange: HttpRequest) -> HttpResponse:
        answer = PaperPortal.send(self, exchange)
        troubled = self.trouble is not None and exchange.endpoint in self.at.split() and self.of in exchange.url
        return self.trouble if troubled and self.trouble is not None else answer


@dataclass(slots=True)
class Case:
    """A home that has been well for a while."""

    fleet: Fleet
    portal: TroubledPortal

    def shown(self) -> StationView:
        [shown] = self.fleet.parts.snapshots.shown(self.fleet.clock.now())
        return shown

    def told(self) -> set[str]:
        """What is known of station and devices."""
        station = self.shown().station
        scopes = (station, *station.inverters, *station.meters, *station.batteries)
        found = {f"{type(scope).scope}.{name}" for scope in scopes for name in readings(scope)}
        return found | {f"{device.scope}.model" for device in station.inverters if device.model}


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    fleet = Fleet(1, tmp_path, start=MORNING)
    portal = TroubledPortal(1, fleet.clock)
    fleet.portal = portal
    fleet.parts.close()
    fleet.restart()
    fleet.run(0.2)
    yield Case(fleet, portal)
    fleet.parts.close()


def gone(call: str, failure: str, *, one: bool) -> set[str]:
    """What must have gone after two hours."""
    told = TELLS.get(call, set())
    if one:
        told = told & {"inverter.temperature", "inverter.operating_time"}
    if failure == "permission":
        # A right that is taken away takes with it even what would last.
        return told | TAKEN.get(call, set())
    if failure == "rate limit" and call in ORDER:
        # Nothing is sent after it, in any of the refreshes; batteries are read before other devices.
        lost = set[str]().union(told, *(TELLS[name] for name in ORDER[ORDER.index(call) + 1 :]))
        return lost | ({"meter.grid_frequency"} if call == "telemetry" and one else set())
    return told


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize(
    "call, of",
    [
        *((call, "") for call in (*CALLS, *LATE_CALLS)),
        *((call, "INVS00000") for call in ("telemetry", "telecounting", "information")),
    ],
)
def test_a_call_that_fails_for_two_hours_costs_only_what_it_tells(case: Case, call: str, of: str, failure: str) -> None:
    before = case.told()
    case.portal.at, case.portal.of, case.portal.trouble = call, of, FAILURES[failure]

    case.fleet.run(2)
    during = case.told()
    case.portal.trouble = None
    case.fleet.run(1.2)

    lost = gone(call, failure, one=bool(of))
    assert before >= LASTING | lost
    assert not during & lost
    assert during >= LASTING - lost
    if failure != "rate limit":
        assert not before - during - lost - DERIVED
    assert case.told() == before
    assert case.portal.by_endpoint["login"] == 1


DERIVED = {
    "inverter.ac_power",
    "station.ac_power",
    "station.power_residual",
    "station.full_load_time_today",
    "station.grid_export_power",
    "station.grid_import_power",
    "station.battery_charge_power",
    "station.battery_discharge_power",
    "station.battery_state_of_charge",
    "station.self_consumption_today",
    "station.self_sufficiency_today",
}
"""What comes from the same call as something above, or is worked out from it."""
