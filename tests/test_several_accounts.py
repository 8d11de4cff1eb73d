"""Several accounts in one exporter: none sees, delays or fails for another."""

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sems_exporter.app import App, application, build_app, start_polling
from sems_exporter.cli import check, dump, log_setup, once
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings, Shard
from sems_exporter.errors import SettingError
from sems_exporter.exposition import ALL_SERIES, Format, SeriesFilter
from sems_exporter.polling.poller import Poller
from sems_exporter.portal.session import rate_limiter
from sems_exporter.simulator import Answer, Plant, SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.telemetry.logs import EventFormatter, EventHandler
from sems_exporter.telemetry.redaction import Secret
from tests.serving import PATIENCE, served

Portals = dict[str, SimulatedPortal]


@pytest.fixture(scope="module")
def plants() -> list[Plant]:
    return demo_plants(3, clock=SimulatedClock())


@pytest.fixture
def portals(plants: list[Plant], monkeypatch: pytest.MonkeyPatch) -> Iterator[Portals]:
    """Two portals, each with an account: the north has two stations, the south two, one of which both see."""
    monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
    monkeypatch.setattr(log_setup, "set_up", lambda *_: None)  # pytest's own logging stays
    with (
        SimulatedPortal(plants[:2], account="north@example.com") as north,
        SimulatedPortal(plants[1:], account="south@example.com") as south,
    ):
        yield {"north": north, "south": south}


def made(portals: Portals, state: Path, **passwords: str) -> ServerSettings:
    """The settings that a list of these accounts makes."""
    accounts = tuple(
        AccountSettings(
            Account(
                f"{name}@example.com",
                Secret(passwords.get(name, "demo")),
                portal.login_url,
                (f"127.0.0.1:{portal.port}",),
            ),
            state_dir=state,
            requests_per_minute=120,
            name=name,
        )
        for name, portal in portals.items()
    )
    return ServerSettings(accounts)


class Clock(SystemClock):
    """The system's clock, on which a test may let an hour pass."""

    passed = 0.0

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return super().monotonic() + self.passed


@pytest.fixture
def parts(portals: Portals, tmp_path: Path) -> Iterator[App]:
    """An exporter of both accounts."""
    parts = build_app(made(portals, tmp_path), Clock())
    yield parts
    parts.close()


def value(parts: App, name: str, **labels: str) -> float | None:
    return parts.metrics.registry.get_sample_value(name, labels)


def test_a_shard_reads_its_accounts_and_says_which_it_is(portals: Portals, tmp_path: Path) -> None:
    settings = made(portals, tmp_path)
    parts = build_app(replace(settings, accounts=settings.accounts[:1], shard=Shard(2, 5)), Clock())

    assert refreshed(parts) == {"north": True}
    assert [portal.logins for portal in portals.values()] == [1, 0]
    shown = [value(parts, name) for name in ("sems_shard", "sems_shards", "sems_shard_accounts")]
    assert shown == [2, 5, 1]
    parts.close()


def test_a_shard_without_an_account_serves_its_own_metrics_and_is_ready() -> None:
    parts = build_app(ServerSettings((), shard=Shard(3, 5)), Clock())

    with served(application(parts, simulated=False)) as site:
        status, _, body = site.get("/metrics")
        assert (status, site.get("/-/ready")[0], site.get("/")[0]) == (200, 200, 200)
    assert b"sems_shard_accounts 0" in body
    assert b"sems_up" not in body


def refreshed(parts: App) -> dict[str, bool]:
    """Refresh one account after the other; which of them are up."""
    return {watch.name: watch.poller.refresh().up for watch in parts.runners}


def owners(parts: App) -> dict[str | None, str | None]:
    """The account of each station, by the station's name."""
    shown = parts.snapshots.shown(parts.clock.now())
    return {one.station.name: one.station.account for one in shown}


def test_each_account_signs_in_once_and_every_series_of_it_carries_its_name(parts: App, portals: Portals) -> None:
    up = refreshed(parts)

    assert up == {"north": True, "south": True}
    assert [portal.logins for portal in portals.values()] == [1, 1]
    for name in portals:
        assert value(parts, "sems_up", account=name) == 1
        assert value(parts, "sems_portal_logins_total", account=name, outcome="ok") == 1
    assert value(parts, "sems_up") is None


def test_a_station_that_two_accounts_see_is_read_by_one_of_them(parts: App, portals: Portals) -> None:
    refreshed(parts)
    before = len(portals["south"].requests)

    refreshed(parts)

    assert owners(parts) == {"Sunny Home": "north", "Seaside Roof": "north", "Two Barns": "south"}
    assert value(parts, "sems_stations_elsewhere", account="south") == 1
    assert value(parts, "sems_stations_elsewhere", account="north") == 0
    shared = next(entry.station for entry in parts.snapshots.catalogue() if entry.account == "north")
    assert all(shared not in request.path for request in portals["south"].requests[before:])


def test_a_station_that_its_account_loses_goes_to_the_other(parts: App, portals: Portals) -> None:
    refreshed(parts)

    def without_the_second(envelope: dict[str, object], _: object) -> None:
        envelope["data"] = {"dataList": envelope["data"]["dataList"][:1], "total": 1}  # type: ignore[index]

    portals["north"].mutate("stations", without_the_second)
    for seconds in (0.0, 3601.0):  # a list that lacks a station is believed after an hour
        parts.clock.passed += seconds  # type: ignore[attr-defined]
        parts.portal._switch.dialect.portal._memory.forget(("stations",))  # type: ignore[attr-defined]
        refreshed(parts)

    assert owners(parts) == {"Sunny Home": "north", "Seaside Roof": "south", "Two Barns": "south"}


def test_a_wrong_password_of_one_account_leaves_the_other_alone(portals: Portals, tmp_path: Path) -> None:
    parts = build_app(made(portals, tmp_path, north="wrong"), SystemClock())

    up = refreshed(parts)
    parts.close()

    assert up == {"north": False, "south": True}
    assert value(parts, "sems_portal_credential_rejections", account="north") == 1
    assert value(parts, "sems_portal_credential_rejections", account="south") == 0
    assert set(owners(parts).values()) == {"south"}


def test_a_rate_limit_pauses_its_account_only(parts: App, portals: Portals) -> None:
    portals["north"].script_always("stations", Answer(429))

    up = refreshed(parts)

    assert up == {"north": False, "south": True}
    assert value(parts, "sems_portal_paused_until_timestamp_seconds", account="north") != 0
    assert value(parts, "sems_portal_paused_until_timestamp_seconds", account="south") == 0


def test_an_account_whose_portal_hangs_delays_no_other(parts: App, portals: Portals) -> None:
    """Each has a thread of its own; readiness waits for both, because half of the stations are missing."""
    released, ready = threading.Event(), application(parts, simulated=False)._ready

    def hang(*_: object) -> None:
        released.wait(PATIENCE)

    portals["north"].mutate("login", hang)

    threads = start_polling(parts)
    end = time.monotonic() + PATIENCE
    while parts.runners[1].poller.health.up is None and time.monotonic() < end:
        threads[1].join(0.05)
    up, is_ready = [watch.poller.health.up for watch in parts.runners], ready()
    parts.stop.set()
    released.set()
    for thread in threads:
        thread.join(PATIENCE)

    assert up == [None, True]
    assert is_ready is False


def test_what_is_logged_while_an_account_is_polled_carries_its_name(
    parts: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger, stream = logging.getLogger("sems_exporter.polling"), io.StringIO()
    handler = EventHandler(stream)
    handler.setFormatter(EventFormatter("json"))
    logger.addHandler(handler)
    monkeypatch.setattr(Poller, "run", lambda *_: logger.warning("polled"))

    parts.stop.set()
    for thread in start_polling(parts):
        thread.join(PATIENCE)
    logger.removeHandler(handler)

    assert {json.loads(line)["account"] for line in stream.getvalue().splitlines()} == {"north", "south"}


def test_the_status_page_names_the_account_that_has_trouble(portals: Portals, tmp_path: Path) -> None:
    parts = build_app(made(portals, tmp_path, south="wrong"), SystemClock())
    with served(application(parts, simulated=False)) as web:
        before = web.get("/-/ready")[0]
        refreshed(parts)
        after = web.get("/-/ready")[0]
        page = web.get("/")[2].decode()
        body = web.get("/metrics")[2].decode()
    parts.close()

    assert (before, after) == (503, 200)
    assert "Trouble" in page
    assert "account south: " in page
    assert "Sunny Home" in page
    assert '\nsems_up{account="south"} 0.0\n' in body
    assert 'account="north"' in next(line for line in body.splitlines() if line.startswith("sems_station_info{"))


def test_the_series_of_one_account_can_be_had_alone(parts: App) -> None:
    of_south = parts.metrics.of_account("south")

    assert of_south is not None
    samples = [sample for family in of_south.collect() for sample in family.samples]
    assert {sample.labels["account"] for sample in samples} == {"south"}
    assert {"sems_up", "sems_portal_logins_total"} <= {sample.name for sample in samples}
    assert parts.metrics.of_account("west") is None


def test_discovery_tells_of_each_station_whose_it_is_and_what_it_is_called(parts: App) -> None:
    refreshed(parts)
    with served(application(parts, simulated=False)) as web:
        status, _, body = web.get("/sd")

    told = [group["labels"] for group in json.loads(body)]
    assert status == 200
    assert {(labels["__meta_sems_account"], labels["__meta_sems_station_name"]) for labels in told[:-1]} == {
        ("north", "Sunny Home"),
        ("north", "Seaside Roof"),
        ("south", "Two Barns"),
    }
    assert told[-1]["part"] == "exporter"


@pytest.mark.parametrize("by", ["account", "station"])
def test_the_parts_that_discovery_offers_are_the_whole_and_nothing_twice(parts: App, by: str) -> None:
    refreshed(parts)
    entries = parts.snapshots.catalogue()
    named = {
        "account": [SeriesFilter(account="north"), SeriesFilter(account="south"), SeriesFilter(process=True)],
        "station": [*(SeriesFilter(station=entry.station) for entry in entries), SeriesFilter(exporter=True)],
    }[by]

    found = [line for part in named for line in series(parts, part)]

    assert len(found) == len(set(found))
    assert set(found) == set(series(parts, ALL_SERIES))


def series(parts: App, part: SeriesFilter) -> list[str]:
    """The names and labels of the series of `part`."""
    body = parts.exposition.body(Format.TEXT, compressed=False, part=part)
    assert body is not None
    return [line.rsplit(" ", 1)[0] for line in body.decode().splitlines() if not line.startswith("#")]


def test_counters_of_each_account_outlive_a_restart_in_a_file_of_their_own(parts: App, tmp_path: Path) -> None:
    refreshed(parts)
    for watch in parts.runners:
        watch.poller.remember()

    assert {path.name for path in tmp_path.glob("counters*")} == {"counters-north.json", "counters-south.json"}
    assert len(list(tmp_path.glob("account-*.json"))) == 2


def test_check_speaks_of_each_account_and_fails_where_one_does(
    portals: Portals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = check.check(made(portals, tmp_path, south="wrong"), release_brake=False)

    said = capsys.readouterr().out
    north, south = said.split("Account south")
    assert code == 1
    assert north.startswith("Account north\nSession: works")
    assert "Station Sunny Home" in north
    assert "Problem (credentials_rejected)" in south
    assert "wrong" not in said


def test_once_prints_the_stations_of_all_accounts(
    portals: Portals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = once.once_printed(made(portals, tmp_path), "prometheus")

    said = capsys.readouterr().out
    assert code == 0
    assert said.count("\nsems_station_info{") == 3
    assert said.count("# TYPE sems_up gauge") == 1


def test_a_dump_is_of_one_account(portals: Portals, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"^only: a dump is of one account; .* north, south"):
        dump.dump(made(portals, tmp_path), "-")


def test_the_passwords_of_all_accounts_are_masked_in_the_log(
    portals: Portals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked: list[Secret] = []
    monkeypatch.setattr(log_setup, "set_up", lambda _level, _form, secrets: masked.extend(secrets))

    log_setup.log_as(made(portals, tmp_path, north="one", south="two"))

    assert masked == [Secret("one"), Secret("two")]
