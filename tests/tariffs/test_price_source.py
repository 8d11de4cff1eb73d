"""A source of prices: asked when it is due, kept on disk, and failing for itself alone."""

import itertools
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.tariffs.price_source import DAY, MOST_QUESTIONS_A_DAY, Answer, Failed, PriceSource
from sems_exporter.tariffs.tariff import Source
from tests.clocks import FakeClock
from tests.tariffs.examples import Web

MORNING = datetime(2026, 6, 10, 6, tzinfo=UTC)
URL = Source("url", (("url", "https://prices.example.org/list.json?key=s3cret"),))
LIMIT = Decimal(6)


def listed(day: datetime, hours: int = 24, value: float = 0.25) -> bytes:
    """A list of hours from the midnight of `day`, UTC."""
    midnight = day.replace(hour=0)
    times = [(midnight + timedelta(hours=n)).isoformat() for n in range(hours + 1)]
    return json.dumps(
        [{"start": one, "end": other, "value": value} for one, other in itertools.pairwise(times)]
    ).encode()


class World:
    """A clock, a folder and a web."""

    def __init__(self, folder: Path, answer: Callable[[str], Any], source: Source = URL) -> None:
        self.clock = FakeClock(MORNING)
        self.web = Web(answer)
        self.folder = folder
        self._source = source

    def source(self) -> PriceSource:
        """The source, as after a start of the program."""
        return PriceSource(self._source, "tariffs.t", LIMIT, folder=self.folder, fetch=self.web, clock=self.clock)


def polled(world: World, source: PriceSource, hours: float) -> list[str]:
    """What goes wrong over so many hours, asked as often as it is due; time passes by minutes."""
    problems = []
    for _ in range(round(hours * 60)):
        if source.due <= world.clock.now():
            try:
                source.refresh()
            except Failed as failed:
                problems.append(failed.reason)
        world.clock.advance(60)
    return problems


def test_what_it_told_survives_a_restart_without_a_question(tmp_path: Path) -> None:
    world = World(tmp_path, lambda _: listed(MORNING))
    world.source().refresh()

    again = world.source()

    assert again.prices.at(int(MORNING.timestamp())) is not None
    assert (again.attempted, again.due > world.clock.now()) == (True, True)
    assert len(world.web.asked) == 1


def test_only_its_owner_can_read_what_is_kept_and_no_address_is(tmp_path: Path) -> None:
    world = World(tmp_path, lambda _: listed(MORNING))
    world.source().refresh()

    [kept] = (tmp_path / "prices").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "s3cret" not in kept.name + kept.read_text("utf-8")


def test_tomorrow_is_asked_for_until_it_is_told(tmp_path: Path) -> None:
    """From one o'clock on, twice an hour, and no more once it is there."""
    world = World(tmp_path, lambda _: listed(MORNING, 24 if world.clock.now().hour < 15 else 48))
    source = world.source()

    problems = polled(world, source, 12)

    assert problems == []
    assert len(world.web.asked) == 1 + 5
    assert source.prices.known_from(int(MORNING.timestamp())) == int(MORNING.timestamp()) + 42 * 3600


def test_a_source_that_dies_for_two_days_leaves_what_was_known(tmp_path: Path) -> None:
    """It told two days; the third is unknown until it is back. It is asked a bearable number of times meanwhile."""
    dead = [False]

    def answer(_: str) -> object:
        return errors.Unreachable("refused") if dead[0] else listed(world.clock.now(), 48)

    world = World(tmp_path, answer)
    source = world.source()
    source.refresh()
    dead[0] = True
    problems = polled(world, source, 48)

    assert set(problems) == {"unreachable"}
    assert len(problems) < 20
    assert source.prices.at(int(MORNING.timestamp()) + 40 * 3600) is not None
    assert source.prices.at(int(MORNING.timestamp()) + 43 * 3600) is None
    dead[0] = False
    assert polled(world, source, 3) == []
    assert source.problem == ""
    assert source.prices.at(int(world.clock.now().timestamp())) is not None


def test_a_crash_loop_does_not_ask_again_and_again(tmp_path: Path) -> None:
    world = World(tmp_path, lambda _: errors.TimedOut("no answer"))
    for _ in range(30):
        source = world.source()
        if source.due <= world.clock.now():
            with pytest.raises(Failed):
                source.refresh()
        world.clock.advance(60)

    assert len(world.web.asked) == 1


def test_no_source_is_asked_more_often_a_day_than_its_budget(tmp_path: Path) -> None:
    world = World(tmp_path, lambda _: listed(MORNING, 1))
    source = world.source()
    for _ in range(MOST_QUESTIONS_A_DAY):
        source.refresh()
        world.clock.advance(60)

    with pytest.raises(Failed) as failed:
        source.refresh()

    assert failed.value.reason == "budget"
    assert len(world.web.asked) == MOST_QUESTIONS_A_DAY
    world.clock.advance(DAY.total_seconds())
    source.refresh()


@pytest.mark.parametrize(
    "answer, reason",
    [
        (b"<html>Come back later</html>", "unreadable"),
        (b"", "unreadable"),
        (b"[]", "empty"),
        (b"[" * 100_000, "unreadable"),
        (listed(MORNING, value=80), "implausible"),
        (Answer(503, b"[]"), "http"),
        (Answer(302, b""), "http"),
        (Answer(429, b""), "rate_limited"),
        (errors.CertificateInvalid("expired"), "certificate"),
        (errors.TimedOut("no answer"), "timeout"),
        (errors.AnswerTooLarge("too large"), "too_large"),
        (errors.ConnectionBroken("reset"), "broken"),
    ],
)
def test_whatever_goes_wrong_has_its_word_and_takes_nothing_away(tmp_path: Path, answer: object, reason: str) -> None:
    answers: list[object] = [listed(MORNING), answer]
    world = World(tmp_path, lambda _: answers.pop(0))
    source = world.source()
    source.refresh()
    known = source.prices

    with pytest.raises(Failed) as failed:
        source.refresh()

    assert (failed.value.reason, source.prices) == (reason, known)
    assert "tariffs.t" in source.problem
    assert "s3cret" not in source.problem


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", '{"prices": [[1]], "asked": []}', '{"prices": [["a", 2, "x"]]}'),
        '{"prices": [[0, 3600, "NaN"]], "asked": []}',
        '{"prices": [], "asked": [-1e300]}',
        '{"prices": [[0, 100000000000000000000, "1"]], "asked": [1]}',
    ],
)
def test_what_is_kept_and_spoiled_is_asked_anew(tmp_path: Path, content: str) -> None:
    world = World(tmp_path, lambda _: listed(MORNING))
    world.source().refresh()
    [kept] = (tmp_path / "prices").iterdir()
    kept.write_text(content, "utf-8")

    source = world.source()
    source.refresh()

    assert source.prices.at(int(MORNING.timestamp())) is not None


def test_a_file_is_read_anew_and_what_it_does_not_say_any_more_holds_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    world = World(tmp_path, lambda _: AssertionError(), Source("file", (("path", str(path)),)))
    source = world.source()
    path.write_bytes(listed(MORNING, 48))
    source.refresh()
    path.write_bytes(listed(MORNING, 12))
    world.clock.advance(60)
    assert source.due <= world.clock.now()
    source.refresh()

    at = int(MORNING.timestamp())
    assert [source.prices.at(at + hours * 3600) is not None for hours in (-1, 0, 5, 10)] == [True, True, True, False]


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    world = World(tmp_path, lambda _: b"", Source("file", (("path", str(tmp_path / "none.json")),)))

    with pytest.raises(Failed, match=r"none\.json cannot be read: No such file") as failed:
        world.source().refresh()

    assert failed.value.reason == "file"


def test_public_sources_are_asked_at_their_own_host(tmp_path: Path) -> None:
    agile = Source("octopus_agile", (("product", "AGILE-24-10-01"), ("region", "C")), Decimal("0.01"))
    answer = {
        "results": [{"value_inc_vat": 20, "valid_from": "2026-06-10T00:00:00Z", "valid_to": "2026-06-11T00:00:00Z"}]
    }
    world = World(tmp_path, lambda _: json.dumps(answer).encode(), agile)
    world.source().refresh()

    assert world.web.asked == [
        (
            "https://api.octopus.energy/v1/products/AGILE-24-10-01/electricity-tariffs/E-1R-AGILE-24-10-01-C/"
            "standard-unit-rates/?period_from=2026-06-08T06%3A00Z&period_to=2026-06-12T06%3A00Z&page_size=1500"
        )
    ]
