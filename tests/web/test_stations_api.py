"""The stations as JSON: the same as `once` prints, told anew only when something has changed."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from sems_exporter.exposition import json_form
from sems_exporter.exposition.json_form import as_json
from sems_exporter.pipeline.staleness import StationView
from sems_exporter.web import stations_api
from tests.homes import NOON, home
from tests.serving import Site
from tests.web.test_app import Answer, ask

PATH = "/api/v1/stations"


def tagged(site: Site, *headers: tuple[str, str]) -> Answer:
    return ask(site.application, PATH, "GET", *headers)


def test_it_is_what_once_prints() -> None:
    site = Site(home(), home(key="plant-2", name="Roof\ud83d"))
    status, headers, body = tagged(site)
    shown = site.snapshots.shown(NOON)

    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == json.loads(json_form.written(as_json(shown, NOON)))


def test_before_the_first_refresh_there_are_none() -> None:
    assert json.loads(tagged(Site())[2]) == {"taken_at": "2026-06-10T10:00:00+00:00", "stations": []}


def test_it_is_compressed_for_those_who_welcome_it() -> None:
    site = Site(home())
    _, headers, body = tagged(site, ("accept-encoding", "gzip"))

    assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(body) == tagged(site)[2]


def test_who_has_it_is_told_so() -> None:
    """With nothing that describes a body, because there is none."""
    site = Site(home())
    _, headers, _ = tagged(site)
    tag = headers["etag"]

    for named in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        status, again, body = tagged(site, ("if-none-match", named))
        assert (status, body, again["etag"]) == (304, b"", tag)
        assert not again.keys() & {"content-length", "content-type", "content-encoding"}
        assert again["cache-control"] == "private, no-cache"
    assert tagged(site, ("if-none-match", '"other"'))[0] == 200


def changed(site: Site) -> None:
    site.snapshots.put(replace(home(), pv_power=1.0))


def aged(site: Site) -> None:
    """The values are too old by now, although nobody has read anything."""
    site.clock.advance(1200.0)


def gone(site: Site) -> None:
    site.snapshots.keep_only([])


@pytest.mark.parametrize("change", [changed, aged, gone])
def test_whatever_changes_is_told_at_once(change: Callable[[Site], None]) -> None:
    site = Site(home())
    tag = tagged(site)[1]["etag"]
    change(site)
    status, headers, body = tagged(site, ("if-none-match", tag))

    assert (status, headers["etag"] != tag) == (200, True)
    assert json.loads(body) == as_json(site.snapshots.shown(site.clock.now()), site.clock.now())


def test_the_same_values_read_again_are_the_same_answer() -> None:
    site = Site(home())
    tag = tagged(site)[1]["etag"]
    site.snapshots.put(home())

    assert tagged(site, ("if-none-match", tag))[0] == 304


def test_a_clock_set_back_keeps_nothing_from_the_future() -> None:
    site = Site(home())
    site.clock.jump(3600)
    tagged(site)
    site.clock.jump(-3600)

    assert json.loads(tagged(site)[2])["taken_at"] == "2026-06-10T10:00:00+00:00"


def test_only_what_has_changed_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand stations are not written for each who asks."""
    written: list[str] = []

    def counting(shown: StationView) -> json_form.Json:
        written.append(shown.station.id)
        return json_form.of_station(shown)

    monkeypatch.setattr(stations_api, "of_station", counting)
    site = Site(*(home(key=str(number)) for number in range(5)))
    for _ in range(3):
        tagged(site)
    site.snapshots.put(replace(home(key="3"), pv_power=1.0))
    tagged(site)

    assert written == ["0", "1", "2", "3", "4", "3"]


def test_a_parameter_is_refused_rather_than_passed_over() -> None:
    """Nobody takes all stations for the one that was asked for."""
    assert ask(Site(home()).application, f"{PATH}?station=plant-1")[0] == 400


def test_a_password_is_asked_for_here_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("web") / "web.yml"
    file.write_text("basic_auth_users:\n  me: $2y$04$2iBKxYzZ4tRPnVXJK2w0r.0cq1K7bq0r4mC3l0kqjz0rFMB5vQF3e\n")

    assert ask(Site(home(), web_config=file).application, PATH)[0] == 401
