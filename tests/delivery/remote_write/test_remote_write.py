"""Remote write as a receiver sees it: samples of each minute, through outages, restarts and refusals."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sems_exporter.config.remote_write import load_remote_write
from sems_exporter.delivery.remote_write.sampler import Sampler
from sems_exporter.delivery.remote_write.target import Target
from sems_exporter.exposition import Format, SeriesFilter
from sems_exporter.telemetry.remote_write_metrics import RemoteWriteMetrics
from tests.clocks import FakeClock
from tests.delivery.remote_write.receiver import Receiver, receiving
from tests.delivery.stations import Known
from tests.homes import NOON, home
from tests.ports import unserved

PV, UP = 'sems_station_pv_power_watts{station="plant-1"}', 'sems_station_up{station="plant-1"}'


class Exporter(Known):
    """An exporter that writes to a receiver; each new one is a process that was started anew."""

    def __init__(self, receiver: Receiver, state: Path, clock: FakeClock, **more: object) -> None:
        super().__init__(clock)
        self.put(home(clock.now()))
        [settings] = load_remote_write([{"name": "r", "url": receiver.url, **more}])
        counted = self.metrics.of_remote_write([settings.name])
        assert isinstance(counted, RemoteWriteMetrics)
        labels = {"job": "sems", "instance": "pi:10736"}
        self.target = Target(settings, labels, state, counted, clock)
        self.sampler = Sampler(self._exposed, [self.target], state, lambda: True, clock)

    def _exposed(self) -> bytes:
        # Only the station: the exporter's own hundreds of series would take most of the time.
        part = SeriesFilter(station="plant-1")
        return self.exposition.body(Format.TEXT, compressed=False, part=part) or b""

    def minutes(self, count: int) -> None:
        """Let so many minutes pass, reading the station every five; both threads look each second or so."""
        for minute in range(count):
            if minute % 5 == 4:
                self.put(home(self.clock.now()))
            for _ in range(4):
                self.sampler.attend()
                while self.target.attend():
                    pass
                self.clock.advance(15)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def started(receiver: Receiver, tmp_path: Path, clock: FakeClock) -> Callable[..., Exporter]:
    return lambda **more: Exporter(receiver, tmp_path, clock, **more)


def instants(receiver: Receiver, series: str) -> list[float]:
    """The minutes since the beginning at which the series has values."""
    start = NOON.timestamp()
    return [(timestamp / 1000 - start) / 60 for value, timestamp in receiver.of(series) if value is not None]


def test_each_minute_has_its_samples_with_all_that_the_protocol_wants(
    receiver: Receiver, started: Callable[..., Exporter]
) -> None:
    started().minutes(3)

    assert instants(receiver, PV) == [0, 1, 2]
    assert {value for value, _ in receiver.of(PV)} == {5000.0}
    assert receiver.headers[0]["Content-Encoding"] == "snappy"
    assert receiver.headers[0]["Content-Type"] == "application/x-protobuf"
    assert receiver.headers[0]["X-Prometheus-Remote-Write-Version"] == "0.1.0"
    assert receiver.headers[0]["User-Agent"].startswith("sems-exporter/")
    assert "Authorization" not in receiver.headers[0]


def test_what_is_not_known_any_more_is_ended_and_not_kept_alive(
    receiver: Receiver, started: Callable[..., Exporter], clock: FakeClock
) -> None:
    """The live values go when the station was not read for a quarter of an hour, the station is down then."""
    exporter = started()
    for _ in range(16):
        exporter.minutes(1)

    assert instants(receiver, PV) == list(range(15))
    assert receiver.of(PV)[-1] == (None, int((NOON + timedelta(minutes=15)).timestamp() * 1000))
    assert [value for value, _ in receiver.of(UP)][13:] == [1.0, 1.0, 0.0]
    assert [value for value, _ in receiver.of(PV)].count(None) == 1
    assert clock.now() == NOON + timedelta(minutes=16)


def test_an_outage_of_an_hour_costs_nothing_and_invents_nothing(
    receiver: Receiver, started: Callable[..., Exporter]
) -> None:
    exporter = started()
    exporter.minutes(5)
    receiver.status = 503
    exporter.minutes(60)
    waiting = exporter.value("sems_remote_write_queue_samples", target="r")
    receiver.status = 204
    exporter.minutes(5)

    assert instants(receiver, PV) == list(range(70))
    assert {value for value, _ in receiver.of(PV)} == {5000.0}
    assert len(receiver.points) == len(set(receiver.points))
    assert waiting
    assert exporter.value("sems_remote_write_queue_samples", target="r") == 0
    sent = exporter.value("sems_remote_write_samples_total", target="r", outcome="sent")
    assert sent == len(receiver.points)
    for outcome in ("rejected", "expired", "overflow"):
        assert exporter.value("sems_remote_write_samples_total", target="r", outcome=outcome) == 0


def test_a_process_that_is_killed_in_an_outage_leaves_its_samples_to_the_next(
    receiver: Receiver, started: Callable[..., Exporter]
) -> None:
    receiver.status = 500
    started().minutes(10)
    started().minutes(10)
    receiver.status = 204
    started().minutes(2)

    assert instants(receiver, PV) == list(range(22))
    assert [value for value, _ in receiver.of(PV) if value is None] == []


@pytest.mark.parametrize("name", ["r", "series"])
def test_what_went_while_the_exporter_was_away_is_ended_when_it_is_back(
    receiver: Receiver, started: Callable[..., Exporter], name: str
) -> None:
    started(name=name).minutes(1)
    after = started(name=name)
    after.snapshots.keep_only([])
    after.put(replace(home(), pv_power=None))
    after.minutes(1)

    assert [value for value, _ in receiver.of(PV)] == [5000.0, None]
    assert instants(receiver, UP) == [0, 1]


def test_the_end_of_the_program_ends_no_series(receiver: Receiver, started: Callable[..., Exporter]) -> None:
    """It comes back in most cases, as Prometheus supposes of itself."""
    for _ in range(3):
        started().minutes(1)

    assert all(value is not None for _, value, _ in receiver.points)


@pytest.mark.parametrize("retry_after, tries", [("", [0, 1, 3, 7, 15, 31]), ("40", [0, 40])])
def test_a_receiver_in_trouble_is_tried_ever_later_and_not_before_it_wants_that(
    receiver: Receiver, started: Callable[..., Exporter], clock: FakeClock, retry_after: str, tries: list[int]
) -> None:
    exporter = started()
    receiver.status, receiver.retry_after = 429, retry_after
    exporter.sampler.attend()
    at = []
    for second in range(60):
        before = len(receiver.headers)
        exporter.target.attend()
        at += [second] if len(receiver.headers) > before else []
        clock.advance(1)

    assert at == tries
    assert exporter.value("sems_remote_write_requests_total", target="r", outcome="rate_limited") == len(tries)


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_is_rejected_is_given_up_and_told(
    receiver: Receiver, started: Callable[..., Exporter], caplog: pytest.LogCaptureFixture, status: int
) -> None:
    exporter = started()
    receiver.status, receiver.says = status, b"out of order sample"
    with caplog.at_level(logging.INFO):
        exporter.minutes(3)
    receiver.status = 204
    exporter.minutes(1)

    assert instants(receiver, PV) == [3]
    assert [record.getMessage() for record in caplog.records] == ["remote write was rejected; these samples are lost"]
    assert vars(caplog.records[0])["error"] == f"status {status}: out of order sample"
    rejected = exporter.value("sems_remote_write_samples_total", target="r", outcome="rejected")
    assert rejected == 3 * len(receiver.points)


@pytest.mark.parametrize("status, outcome", [(401, "denied"), (403, "denied"), (307, "redirected")])
def test_a_token_that_has_run_out_costs_no_samples(
    receiver: Receiver, started: Callable[..., Exporter], status: int, outcome: str
) -> None:
    exporter = started()
    receiver.status = status
    exporter.minutes(10)
    tries = exporter.value("sems_remote_write_requests_total", target="r", outcome=outcome)
    receiver.status = 204
    exporter.minutes(2)

    assert tries == 10
    assert instants(receiver, PV) == list(range(12))


def test_after_two_days_the_oldest_are_given_up(receiver: Receiver, started: Callable[..., Exporter]) -> None:
    exporter = started(queue_config={"sample_age_limit": "10m"})
    receiver.status = 500
    exporter.minutes(6)
    used = exporter.value("sems_remote_write_queue_used_ratio", target="r")
    exporter.minutes(14)
    receiver.status = 204
    exporter.minutes(2)

    assert used == pytest.approx(0.6, abs=0.1)
    assert instants(receiver, UP) == list(range(10, 22))
    assert exporter.value("sems_remote_write_samples_total", target="r", outcome="expired")


@pytest.mark.parametrize(
    "keys, expected",
    [
        ({"basic_auth": {"username": "me", "password_file": "FILE"}}, "Basic bWU6Y29ycmVjdCBob3JzZQ=="),
        ({"authorization": {"credentials_file": "FILE"}}, "Bearer correct horse"),
        ({"authorization": {"type": "Token", "credentials_file": "FILE"}}, "Token correct horse"),
    ],
)
def test_who_writes_is_told_as_prometheus_tells_it(
    receiver: Receiver, started: Callable[..., Exporter], tmp_path: Path, keys: dict[str, dict[str, str]], expected: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    filled = {
        key: {name: str(secret) if text == "FILE" else text for name, text in told.items()}
        for key, told in keys.items()
    }

    exporter = started(**filled, headers={"X-Scope-OrgID": "home"})
    exporter.minutes(1)
    secret.write_text("another horse")
    exporter.minutes(1)

    assert receiver.headers[0]["Authorization"] == expected
    assert receiver.headers[0]["X-Scope-OrgID"] == "home"
    assert receiver.headers[1]["Authorization"] != expected


def test_a_receiver_that_is_not_there_is_told_once_and_counted(
    tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    with unserved() as port, caplog.at_level(logging.INFO):
        exporter = Exporter(Receiver(port), tmp_path, clock)
        exporter.minutes(5)

    assert exporter.value("sems_remote_write_requests_total", target="r", outcome="unreachable")
    assert [record.getMessage() for record in caplog.records] == [
        "remote write fails; samples wait on disk, and this is not repeated"
    ]
    assert exporter.value("sems_remote_write_queue_oldest_timestamp_seconds", target="r") == NOON.timestamp()
