"""Stations and their money: what is shown, what is kept, and that no restart changes an amount."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from sems_exporter import errors
from sems_exporter.exposition import Format, Renderer
from sems_exporter.model.money import Money
from sems_exporter.model.plant import KWH, Station
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.store import StationStore
from sems_exporter.tariffs.accountant import Accountant
from sems_exporter.telemetry.metrics import SelfMetrics
from tests.clocks import FakeClock
from tests.homes import home
from tests.tariffs.examples import AGILE, FIXED, Web, importing
from tests.tariffs.examples import settings as of_text

NOON = datetime(2026, 6, 10, 10, tzinfo=UTC)
"""Twelve o'clock in Amsterdam, where the home is."""


class House:
    """An exporter of one home: readings go in at the time of `clock`, and what is shown comes out."""

    def __init__(self, folder: Path, text: str, start: datetime = NOON, *, may_write: bool = True) -> None:
        self.clock = FakeClock(start)
        self.folder = folder
        self.web = Web(lambda _: b"[]")
        self.text = text
        self.may_write = may_write
        self.start()

    def start(self) -> None:
        """Begin anew, as after the end of the program."""
        self.metrics = SelfMetrics()
        self.accountant = Accountant(
            of_text(self.text),
            self.folder,
            clock=self.clock,
            fetch=self.web,
            metrics=self.metrics,
            may_write=lambda _: self.may_write,
        )
        self.store = StationStore(self.clock, Limits(1200, 900), self.accountant)
        self.renderer = Renderer(self.store, self.metrics.registry, self.clock, lambda: self.clock.now().timestamp())

    def read(self, **kwh: float) -> None:
        """Put a reading with these lifetime energies."""
        energies = {f"grid_{way}_energy": energy * KWH for way, energy in kwh.items()}
        self.store.put(self.station(**energies))

    def station(self, **values: object) -> Station:
        """The home as it is read now."""
        now = self.clock.now()
        values = {"details_timestamp": now.timestamp(), "data_timestamp": now, **values}
        return replace(home(now), **values)  # type: ignore[arg-type]

    def shown(self, name: str, **labels: str) -> float | None:
        """The value of a series of the home; None where it is absent."""
        text = (self.renderer.body(Format.TEXT, compressed=False) or b"").decode()
        wanted = {"station": "plant-1", **labels} if name.startswith("station") else labels
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        found = (sample for sample in samples if sample.name == f"sems_{name}")
        values = [sample.value for sample in found if wanted.items() <= sample.labels.items()]
        return values[0] if values else None

    def money(self) -> Money:
        """What the home has of it."""
        shown = self.store.look("plant-1", self.clock.now())
        assert shown is not None
        assert shown.station.money is not None
        return shown.station.money

    def cost(self) -> float | None:
        """The cost of energy from the grid so far."""
        found = self.shown("station_grid_import_cost_total")
        return None if found is None else round(found, 9)


def test_a_station_with_a_tariff_has_money_and_prices(tmp_path: Path) -> None:
    house = House(tmp_path, FIXED)
    house.read(**{"import": 100, "export": 200})
    house.clock.advance(300)
    house.read(**{"import": 101, "export": 202})

    assert house.cost() == 0.294
    assert house.shown("station_grid_export_revenue_total") == pytest.approx(0.164)
    assert house.shown("station_standing_charge_total") == pytest.approx(0.36)
    assert house.shown("station_grid_import_price_per_joule") == pytest.approx(0.294 / 3.6e6)
    assert house.shown("station_grid_export_price_per_joule") == pytest.approx(0.082 / 3.6e6)
    assert house.shown("station_tariff_info", tariff="home", currency="EUR") == 1
    assert house.shown("station_unpriced_energy_joules_total", direction="import") == 0


def test_a_station_without_a_tariff_has_none_of_it(tmp_path: Path) -> None:
    house = House(tmp_path, FIXED.replace('"*"', '"Other*"'))
    house.read(**{"import": 100, "export": 200})

    text = (house.renderer.body(Format.TEXT, compressed=False) or b"").decode()
    assert not [line for line in text.splitlines() if "_cost" in line or "_price" in line or "tariff_info" in line]
    assert not (tmp_path / "money").exists()


def test_a_direction_without_a_lifetime_counter_has_no_amount(tmp_path: Path) -> None:
    house = House(tmp_path, FIXED)
    house.read(**{"import": 100})

    assert house.cost() == 0
    assert house.shown("station_grid_export_revenue_total") is None


def test_a_direction_without_prices_has_no_amount(tmp_path: Path) -> None:
    house = House(tmp_path, importing("{from: 2026-01-01, price: 0.3}"))
    house.read(**{"import": 100, "export": 200})

    assert house.shown("station_grid_export_revenue_total") is None
    assert house.shown("station_unpriced_energy_joules_total", direction="export") is None


def test_the_tariff_of_an_id_wins_over_patterns_and_the_last_pattern_over_others(tmp_path: Path) -> None:
    tariffs = "\n".join(
        f"  {name}: {{currency: EUR, import: [{{from: 2026-01-01, price: 0.{number}}}]}}"
        for number, name in enumerate(("one", "two", "three"), 1)
    )
    text = f"tariffs:\n{tariffs}\nstation_tariffs: {{plant-1: one, '*': two, 'Sunny*': three}}"
    accountant = House(tmp_path, text).accountant

    names = [
        accountant.tariff_of(home(NOON, name, key)) for name, key in (("Sunny", "plant-1"), ("Sunny", "b"), ("x", "c"))
    ]

    assert [one.name for one in names if one] == ["one", "three", "two"]


def test_the_price_changes_without_a_reading(tmp_path: Path) -> None:
    """At 17:00 at the station; the portal was read four minutes before."""
    text = importing("{from: 2026-01-01, price: 0.3, zones: [{hours: '17-20', price: 0.5}]}")
    house = House(tmp_path, text, NOON.replace(hour=14, minute=56))
    house.read(**{"import": 100})
    before = house.shown("station_grid_import_price_per_joule")
    house.clock.advance(240)

    assert before == pytest.approx(0.3 / 3.6e6)
    assert house.shown("station_grid_import_price_per_joule") == pytest.approx(0.5 / 3.6e6)


def test_a_price_that_is_not_known_is_absent(tmp_path: Path) -> None:
    house = House(tmp_path, importing("{from: 2027-01-01, price: 0.3}"))
    house.read(**{"import": 100})

    assert house.shown("station_grid_import_price_per_joule") is None


def test_what_came_today_is_gone_with_the_day(tmp_path: Path) -> None:
    """At midnight at the station, though nothing was read since."""
    house = House(tmp_path, FIXED, datetime(2026, 6, 10, 21, 50, tzinfo=UTC))
    house.read(**{"import": 100})
    house.clock.advance(300)
    house.read(**{"import": 101})
    assert house.money().today["import_cost"] == pytest.approx(0.294)
    house.clock.advance(301)

    assert house.money().today == {}
    house.read(**{"import": 101})
    assert house.money().today["import_cost"] == 0


def test_amounts_go_on_after_a_restart_over_a_change_of_price(tmp_path: Path) -> None:
    """Read two minutes before midnight, ended, started anew, read three minutes after it."""
    house = House(tmp_path, FIXED, datetime(2026, 6, 30, 21, 58, tzinfo=UTC))
    house.read(**{"import": 100})
    house.clock.advance(240)
    house.start()
    house.clock.advance(60)
    house.read(**{"import": 101})

    assert house.cost() == round(0.4 * 0.294 + 0.6 * 0.262, 9)


moves = st.lists(st.tuples(st.integers(1, 90), st.integers(0, 3000), st.booleans()), min_size=1, max_size=25)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30)
@given(moves, st.integers())
def test_kill_and_restart_at_any_moment_changes_no_amount(
    tmp_path: Path, moves: list[tuple[int, int, bool]], run: int
) -> None:
    """The same readings, once in one go, and once with ends of the program in between."""
    start = datetime(2026, 6, 30, 12, tzinfo=UTC)
    whole, broken = (House(tmp_path / f"{run}{name}", FIXED, start) for name in "ab")
    for house in (whole, broken):
        total, last = 100.0, 0.0
        for minutes, watt_hours, ends in moves:
            house.clock.advance(60 * minutes)
            total += watt_hours / 1000
            house.read(**{"import": total, "export": 2 * total})
            cost = house.money().import_cost
            assert cost is not None
            assert cost >= last
            last = cost
            if house is broken and ends:
                house.start()
        house.read(**{"import": total, "export": 2 * total})

    assert whole.money() == broken.money()


def test_an_amount_is_on_disk_before_it_is_shown(tmp_path: Path) -> None:
    house = House(tmp_path, FIXED)
    house.read(**{"import": 100})
    house.clock.advance(300)
    seen: list[dict[str, object]] = []
    [path] = (tmp_path / "money").iterdir()
    house.store.subscribe(lambda _: seen.append(json.loads(path.read_text("utf-8"))))
    house.read(**{"import": 101})

    [ledger] = seen
    assert ledger["money"]["import_cost"] == 294_000_000_000  # type: ignore[index]
    assert ledger["marks"]["import"]["energy"] == 101 * KWH  # type: ignore[index]


def test_a_full_disk_costs_no_reading_and_no_amount(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """While it is full the file keeps the state of before: after a restart the same energy is counted once."""
    house = House(tmp_path, FIXED)
    house.read(**{"import": 100})
    folder = tmp_path / "money"
    [path] = folder.iterdir()
    before = path.read_bytes()
    path.unlink()
    folder.rmdir()
    folder.write_text("in the way", "utf-8")
    house.clock.advance(300)
    house.read(**{"import": 101})
    assert house.cost() == 0.294
    assert "cannot be kept on disk" in caplog.text
    folder.unlink()
    folder.mkdir()
    path.write_bytes(before)
    house.start()
    house.read(**{"import": 101})

    assert house.cost() == 0.294


def test_beside_a_running_exporter_nothing_is_written(tmp_path: Path) -> None:
    """`check` and `once` show what they read and leave the file to the one that serves."""
    serving = House(tmp_path, FIXED)
    serving.read(**{"import": 100})
    [path] = (tmp_path / "money").iterdir()
    before = path.read_bytes()
    asking = House(tmp_path, FIXED, may_write=False)
    asking.clock.advance(300)
    asking.read(**{"import": 101})

    assert asking.cost() == 0.294
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "null", '{"currency": 5}'),
        '{"currency": "EUR", "money": {"a": -1}}',
        '{"currency": "EUR", "charged_to": "x"}',
    ],
)
def test_a_spoiled_file_is_put_aside_and_counting_begins_anew(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path, FIXED)
    house.read(**{"import": 100})
    [path] = (tmp_path / "money").iterdir()
    path.write_text(content, "utf-8")
    house.start()
    house.read(**{"import": 101})

    assert house.cost() == 0
    assert "counting begins anew" in caplog.text
    assert (tmp_path / "money" / f"{path.name}.unreadable").read_text("utf-8") == content


def test_a_file_that_cannot_be_read_now_is_not_written_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House(tmp_path, FIXED)
    house.read(**{"import": 100})
    [path] = (tmp_path / "money").iterdir()
    path.unlink()
    path.mkdir()
    house.start()
    house.read(**{"import": 101})

    assert house.cost() is None
    assert path.is_dir()
    assert "cannot be read" in caplog.text


def test_another_currency_begins_anew_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House(tmp_path, FIXED)
    house.read(**{"import": 100})
    house.clock.advance(300)
    house.read(**{"import": 101})
    house.text = FIXED.replace("EUR", "CHF")
    house.start()
    house.clock.advance(300)
    house.read(**{"import": 103})

    assert house.cost() == 2 * 0.294
    assert house.shown("station_tariff_info", currency="CHF") == 1
    assert "currency has changed" in caplog.text


def test_another_tariff_counts_on(tmp_path: Path) -> None:
    house = House(tmp_path, FIXED)
    house.read(**{"import": 100})
    house.clock.advance(300)
    house.read(**{"import": 101})
    house.accountant.use(of_text(FIXED.replace("home", "new").replace("0.294", "0.3")))
    house.clock.advance(300)
    house.read(**{"import": 102})

    assert house.cost() == 0.294 + 0.3


def test_a_station_id_names_no_file_elsewhere(tmp_path: Path) -> None:
    house = House(tmp_path, FIXED)
    house.store.put(house.station(id="../../etc/passwd", grid_import_energy=5.0))

    assert [path.name for path in (tmp_path / "money").iterdir()] == ["station-..%2F..%2Fetc%2Fpasswd.json"]


def test_a_row_of_the_list_is_not_counted(tmp_path: Path) -> None:
    """It rounds otherwise than the station's own answer."""
    house = House(tmp_path, FIXED)
    house.read(**{"import": 100})
    house.clock.advance(300)
    house.store.put(house.station(details_timestamp=None, grid_import_energy=150 * KWH))

    assert house.cost() == 0


def test_without_a_time_zone_nothing_is_counted(tmp_path: Path) -> None:
    house = House(tmp_path, FIXED)
    house.store.put(house.station(timezone=None, grid_import_energy=5.0))

    assert house.cost() is None


def test_counting_waits_for_the_first_answer_of_a_source(tmp_path: Path) -> None:
    """After a start the prices of the time before are asked for first."""
    house = House(tmp_path, AGILE)
    house.web.answer = lambda _: json.dumps(
        {"results": [{"value_inc_vat": 20, "valid_from": "2026-06-10T00:00:00Z", "valid_to": "2026-06-11T00:00:00Z"}]}
    ).encode()
    house.read(**{"import": 100})
    assert house.cost() is None
    house.accountant.refresh()
    house.read(**{"import": 100})
    house.clock.advance(300)
    house.read(**{"import": 101})

    assert house.cost() == 0.2
    assert house.shown("station_unpriced_energy_joules_total", direction="import") == 0


def test_without_prices_energy_is_counted_as_unpriced_and_the_source_as_failing(tmp_path: Path) -> None:
    house = House(tmp_path, AGILE)
    house.accountant.refresh()
    house.read(**{"import": 100})
    house.clock.advance(300)
    house.read(**{"import": 101})

    assert house.cost() == 0
    assert house.shown("station_unpriced_energy_joules_total", direction="import") == KWH
    labels = {"tariff": "agile", "direction": "import"}
    assert house.shown("tariff_refresh_failures_total", **labels, reason="unreadable") == 1
    assert house.shown("tariff_refresh_failures_total", **labels, reason="timeout") == 0


def test_the_end_of_known_prices_is_shown(tmp_path: Path) -> None:
    house = House(tmp_path, AGILE)
    house.web.answer = lambda _: json.dumps(
        {"results": [{"value_inc_vat": 20, "valid_from": "2026-06-10T00:00:00Z", "valid_to": "2026-06-10T22:00:00Z"}]}
    ).encode()
    house.accountant.refresh()

    end = datetime(2026, 6, 10, 22, tzinfo=UTC)
    for direction in ("import", "export"):
        shown = house.shown("tariff_known_until_timestamp_seconds", tariff="agile", direction=direction)
        assert shown == end.timestamp()


def test_new_prices_are_shown_at_once(tmp_path: Path) -> None:
    house = House(tmp_path, AGILE)
    house.accountant.refresh()
    house.read(**{"import": 100})
    assert house.shown("station_grid_import_price_per_joule") is None
    house.web.answer = lambda _: json.dumps(
        {"results": [{"value_inc_vat": 20, "valid_from": "2026-06-10T00:00:00Z", "valid_to": "2026-06-11T00:00:00Z"}]}
    ).encode()
    house.clock.advance(timedelta(hours=1).total_seconds())
    house.accountant.refresh()
    house.store.look_again()

    assert house.shown("station_grid_import_price_per_joule") == pytest.approx(0.2 / 3.6e6)


def test_a_fault_of_money_takes_no_reading_along(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path, FIXED)
    monkeypatch.setattr(house.accountant, "_advanced", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR):
        house.read(**{"import": 100})

    assert house.shown("station_up") == 1
    assert house.cost() is None
    assert "fault of the exporter" in caplog.text


def test_a_source_that_dies_for_two_days_leaves_its_hole_and_no_more(tmp_path: Path) -> None:
    """A kilowatt hour each hour for six days; the source tells each day when it begins, and two days are missing."""
    house = House(tmp_path, AGILE, datetime(2026, 6, 10, 0, tzinfo=UTC))
    begin = house.clock.now()

    def answer(_: str) -> object:
        passed = house.clock.now() - begin
        if timedelta(hours=24) <= passed < timedelta(hours=72):
            return errors.Unreachable("refused")
        first = house.clock.now().replace(hour=0, minute=0)
        prices = [
            {"value_inc_vat": 20, "valid_from": _iso(first, hour), "valid_to": _iso(first, hour + 1)}
            for hour in range(24)
        ]
        return json.dumps({"results": prices}).encode()

    house.web.answer = answer
    costs = []
    for hour in range(6 * 24 + 1):
        house.accountant.refresh()
        house.read(**{"import": 100 + hour})
        costs.append(house.money().import_cost or 0.0)
        house.clock.advance(3600)

    unpriced = house.money().unpriced["import"] / KWH
    assert costs == sorted(costs)
    assert 47 <= unpriced <= 50
    assert costs[-1] == pytest.approx((6 * 24 - unpriced) * 0.2)


def _iso(first: datetime, hours: int) -> str:
    return (first + timedelta(hours=hours)).isoformat()
