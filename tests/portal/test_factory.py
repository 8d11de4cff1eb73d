"""Which dialect is spoken: SEMS+ by choice, the classic one when the portal says that its protocol has changed."""

import json
import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sems_exporter import errors
from sems_exporter.config.settings import PORTALS, Account, AccountSettings
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import KWH, Station
from sems_exporter.portal import Portal, connect
from sems_exporter.portal.factory import DIALECTS
from sems_exporter.portal.session.file_stores import file_stores
from sems_exporter.simulator import Answer, SimulatedPortal, demo_plants
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.telemetry.redaction import Secret
from tests.portal.semsplus.homes import SharedClock

ROOT = Path(__file__).parents[2]
HOUR = 3600.0
POLL = 300.0


@dataclass(slots=True)
class Home:
    """An exporter's account on a portal that speaks what the test wants."""

    portal: SimulatedPortal
    clock: SharedClock
    state_dir: Path
    dialect: str = "auto"
    password: str = "demo"
    accounts: list[Portal] = field(default_factory=list)

    def restart(self) -> None:
        """Start the exporter anew on the same state directory."""
        account = Account("demo@example.com", Secret(self.password), self.portal.login_url, ("127.0.0.1",))
        settings = AccountSettings(account, portal=self.dialect, state_dir=self.state_dir, requests_per_minute=10_000)
        for ended in self.accounts:
            ended.close()
        stores = file_stores(settings, self.clock)
        self.accounts.append(connect(settings, stores, self.clock, SelfMetrics(), threading.Event()))

    def read(self) -> Station:
        """Refresh the first station."""
        account, findings = self.accounts[-1], Diagnostics()
        return account.read(account.stations(findings)[0], findings)

    def read_within(self, polls: int) -> Station:
        """Refresh at the usual interval until it works, as the poller does."""
        for _ in range(polls - 1):
            try:
                return self.read()
            except errors.PortalError:
                self.clock.advance(POLL)
        return self.read()

    def asked(self, *endpoints: str) -> int:
        """How many requests the portal had for these endpoints."""
        return sum(request.endpoint in endpoints for request in self.portal.requests)


Builder = Callable[..., Home]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Builder]:
    """Makes homes on portals that speak the given dialects at first."""
    homes: list[Home] = []

    def built(*dialects: str, **options: str) -> Home:
        clock = SharedClock()
        portal = SimulatedPortal(demo_plants(1, clock=clock), clock=clock, dialects=dialects)  # type: ignore[arg-type]
        homes.append(Home(portal.start(), clock, tmp_path / "state", **options))  # type: ignore[arg-type]
        homes[-1].restart()
        return homes[-1]

    yield built
    for home in homes:
        for account in home.accounts:
            account.close()
        home.portal.close()


def test_semsplus_is_spoken_where_both_are(build: Builder) -> None:
    home = build("semsplus", "classic")

    station = home.read()

    assert station.pv_power is not None
    assert home.asked("flow") == 1
    assert home.asked("classic_login", "monitor") == 0


def test_a_portal_that_speaks_only_the_classic_dialect_is_read_in_it(build: Builder) -> None:
    home = build("classic")

    station = home.read_within(3)

    assert station.pv_power is not None
    assert home.asked("monitor") >= 1


def test_the_change_waits_for_the_brake(build: Builder) -> None:
    home = build("classic")

    with pytest.raises(errors.LoginWithheld):
        home.read()

    assert home.portal.login_attempts == 1


def test_a_portal_that_changes_its_mind_is_followed_both_ways(build: Builder) -> None:
    home = build("semsplus")
    home.read()
    home.portal.speak("classic")
    home.clock.advance(HOUR)

    classic = home.read_within(4)
    home.portal.speak("semsplus")
    home.clock.advance(HOUR)
    again = home.read_within(4)

    assert classic.pv_power is not None
    assert again.pv_power is not None
    assert home.asked("flow") == 2


def test_the_other_dialect_is_tried_at_most_once_an_hour(build: Builder) -> None:
    home = build()

    for _ in range(11):
        with pytest.raises(errors.PortalError):
            home.read()
        home.clock.advance(POLL)

    assert home.asked("login") == 1
    assert home.asked("classic_login") > 1


def test_a_wrong_password_never_leads_to_the_other_dialect(build: Builder) -> None:
    home = build("semsplus", "classic", password="wrong")

    for _ in range(6):
        with pytest.raises(errors.LoginFailed):
            home.read()
        home.clock.advance(HOUR)

    assert home.asked("login") == 3
    assert home.asked("classic_login", "web_login") == 0


def test_an_account_that_the_other_dialect_does_not_know_is_not_locked_out_of_both(build: Builder) -> None:
    """SEMS+ alone can know it. One rejection is enough there, and SEMS+ is asked again when the brake allows."""
    home = build("semsplus", "classic")
    home.portal.script("login", *[Answer(body={"code": "100004", "description": "parameter error."})] * 2)
    home.portal.script("classic_login", *[Answer(body={"code": 100005, "msg": "Email or password error."})] * 9)

    station = home.read_within(16)

    assert station.pv_power is not None
    assert (home.asked("login"), home.asked("classic_login")) == (3, 1)
    assert home.accounts[-1].account_state().brake.rejections == 0


def test_the_dialect_in_use_outlives_a_restart_without_a_sign_in(build: Builder) -> None:
    home = build("classic")
    home.read_within(3)
    before = home.portal.login_attempts

    home.restart()
    station = home.read()

    assert station.pv_power is not None
    assert home.portal.login_attempts == before


def test_a_session_whose_data_host_is_not_trusted_any_more_is_given_up(build: Builder) -> None:
    """The settings may have changed since, or somebody has written into the file."""
    home = build("semsplus")
    home.read()
    [path] = home.state_dir.glob("account-*.json")
    document = json.loads(path.read_text())
    document["token"]["gateway"] = "https://gateway.example.com/web/sems"
    path.write_text(json.dumps(document))
    home.clock.advance(HOUR)

    home.restart()

    assert home.read().pv_power is not None
    assert home.portal.login_attempts == 2


def test_a_dialect_that_the_user_names_is_the_only_one(build: Builder) -> None:
    home = build("classic", dialect="semsplus")

    with pytest.raises(errors.ProtocolChanged):
        home.read()

    home.clock.advance(HOUR)
    with pytest.raises(errors.ProtocolChanged):
        home.read()
    assert home.asked("classic_login") == 0


def test_both_dialects_say_the_same_of_one_plant(build: Builder, tmp_path: Path) -> None:
    home = build("semsplus", "classic")
    other = Home(home.portal, home.clock, tmp_path / "other", dialect="classic")
    other.restart()

    new, old = home.read(), other.read()
    other.accounts[-1].close()

    # The old dialect rounds powers to watts and each part of a total to 0.1 kWh.
    for name in ("pv_power", "load_power", "grid_import_power", "grid_export_power", "battery_charge_power"):
        assert getattr(old, name) == pytest.approx(getattr(new, name), abs=60), name
    assert old.inverters[0].pv_energy == pytest.approx(new.inverters[0].pv_energy, abs=0.3 * KWH)
    assert old.batteries[0].state_of_charge == new.batteries[0].state_of_charge


def test_closed_ways_to_sign_in_take_turns(build: Builder) -> None:
    home = build("classic", dialect="classic")
    home.portal.classic.versions = frozenset({1})

    station = home.read_within(4)

    assert station.pv_power is not None
    paths = [request.path for request in home.portal.requests if request.endpoint == "classic_login"]
    assert [path[:7] for path in paths] == ["/api/v3", "/api/v2", "/api/v1"]


def test_the_form_of_the_web_page_is_the_last_way(build: Builder) -> None:
    home = build("classic", dialect="classic")
    home.portal.classic.versions = frozenset()

    station = home.read_within(6)

    assert station.pv_power is not None
    assert home.asked("web_login") == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_classic_sign_in_that_is_not_let_in_is_a_refused_one(status: int, build: Builder) -> None:
    home = build("classic", dialect="classic")
    home.portal.script("classic_login", Answer(status, {}))

    with pytest.raises(errors.LoginRefused):
        home.read()
    assert home.read_within(4).pv_power is not None


def test_a_success_without_data_is_the_empty_failure_of_an_account_that_has_moved(build: Builder) -> None:
    home = build("classic", dialect="classic")
    home.read()
    home.portal.classic.when_off = "empty"
    home.portal.speak("semsplus")

    with pytest.raises(errors.AnswerEmpty):
        home.read()


def test_the_classic_list_keeps_a_fleet_alive_by_its_states(build: Builder) -> None:
    home = build("classic", dialect="classic")
    home.read()
    home.clock.advance(POLL)
    before = home.asked("classic_ids", "classic_stations")

    [ref] = home.accounts[-1].overview(Diagnostics(), anew=True)
    [same] = home.accounts[-1].overview(Diagnostics(), anew=False)

    assert home.asked("classic_ids", "classic_stations") > before
    assert same == ref
    assert ref.seen_at is not None
    assert (home.clock.now() - ref.seen_at).total_seconds() < 60
    assert ref.pv_power is None


def test_an_owner_without_the_right_to_the_classic_list_is_read_by_the_ids_of_the_stations(build: Builder) -> None:
    home = build("classic")
    home.portal.script_always("classic_stations", Answer(body={"code": "100025", "msg": "no right"}))

    station = home.read_within(3)

    assert station.pv_power is not None
    assert home.asked("classic_ids") == 1


@pytest.mark.parametrize("data", [{"record": 0, "list": []}, {"record": 0, "list": None}])
def test_an_owner_whose_classic_list_is_empty_is_read_by_the_ids_of_the_stations(
    data: dict[str, object], build: Builder
) -> None:
    home = build("classic", dialect="classic")
    home.portal.script_always("classic_stations", Answer(body={"code": "0", "msg": "success", "data": data}))

    station = home.read()

    assert station.pv_power is not None


def test_an_account_without_any_classic_station_has_none(build: Builder) -> None:
    home = build("classic", dialect="classic")
    nothing: dict[str, object] = {"code": "0", "msg": "success", "data": {"record": 0, "list": []}}
    home.portal.script_always("classic_stations", Answer(body=nothing))
    home.portal.script_always("classic_ids", Answer(body={"code": "0", "msg": "success", "data": []}))

    assert home.accounts[-1].stations(Diagnostics()) == ()


def test_a_classic_detail_that_does_not_name_its_station_is_that_of_the_one_asked_for(build: Builder) -> None:
    home = build("classic", dialect="classic")
    detail = {"info": {"stationname": "Sunny Home", "status": 1}, "inverter": []}
    home.portal.script_always("monitor", Answer(body={"code": "0", "msg": "success", "data": detail}))

    station = home.read()

    assert (station.id, station.name) == (home.accounts[-1].stations(Diagnostics())[0].id, "Sunny Home")


def test_a_classic_portal_that_answers_in_no_version_has_changed(build: Builder) -> None:
    home = build("classic", dialect="classic")
    home.portal.script_always("monitor", Answer(404, {"error_msg": "404 Route Not Found"}))

    with pytest.raises(errors.ProtocolChanged, match="no version"):
        home.read()


def test_each_dialect_can_be_chosen_by_name() -> None:
    assert ("auto", *(dialect.name for dialect in DIALECTS)) == PORTALS


def test_every_dialect_has_a_name_to_choose_and_is_known_inside_the_portal_only() -> None:
    names = {spec.name for spec in DIALECTS}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    [inside] = [contract for contract in contracts if contract["id"] == "dialects-inside"]

    assert names == set(PORTALS) - {"auto"}
    assert set(inside["protected_modules"]) == {f"sems_exporter.portal.{name}" for name in names}
