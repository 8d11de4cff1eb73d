"""The dashboards keep the rules of Grafana's own linter and of this project, and every query finds the demo's data."""

import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from grafana.build import dashboards, look
from grafana.build.__main__ import text_of
from grafana.simulated.days import as_history, exposed
from grafana.simulated.prometheus import Prometheus, holding
from sems_exporter.exposition.families import all_families
from sems_exporter.simulator import Alarm, SimulatedClock, demo_plants
from sems_exporter.telemetry.metrics import complete

FOLDER = Path(__file__).parents[1] / "grafana"
NAMES = (
    *("home", "home-without-battery", "home-without-meter", "phone", "energy", "money", "battery", "inverter"),
    *("devices", "alarms", "exporter", "fleet"),
)
OF_A_FLEET = {"alarms", "exporter", "fleet"}
"""Dashboards about all stations; the others are about the first one until another is chosen."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
"""Units of @grafana/data, valueFormats/categories, of which only these are used."""
UNITS = {
    "watt",
    "suffix:kWh",
    "percent",
    "percentunit",
    "celsius",
    "volt",
    "amp",
    "hertz",
    "voltampreact",
    "degree",
    "s",
    "suffix: min",
    "cpm",
    "bytes",
    "ohm",
    "dBm",
}
UNITS |= {"dateTimeAsLocal", "none"}
"""Ids from valueFormats/categories of @grafana/data 13, those that are used here."""
CORE_PANELS = {"row", "stat", "gauge", "bargauge", "timeseries", "state-timeline", "barchart", "heatmap", "table"}
OF_THE_MOMENT = {"stat", "gauge", "bargauge", "table"}
BUILT_IN = {"__range", "__rate_interval"}
SUMS_OF_DAYS = {"energy: Income in this range", "energy: In this range", "energy: Best days"}
COUNTERS_AS_THEY_STAND = {
    "Saved so far",
    "Paid back",
    "Years until paid back",
    "Full cycles so far",
    "Since commissioning",
    "Dropped values",
    "Unknown to the exporter",
}
"""Panels that show a counter's height on purpose: what happened since commissioning, or since the exporter's start."""
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}")


@dataclass(frozen=True)
class Shown:
    """One panel of a dashboard."""

    dashboard: str
    json: dict[str, Any]

    @property
    def expressions(self) -> list[str]:
        return [target["expr"] for target in self.json.get("targets", [])]

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.json['title']}"


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "dashboards" / f"{name}.json").read_text("utf-8"))
    return found


def with_nested(panels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in panels:
        yield panel
        yield from with_nested(panel.get("panels", []))


EVERY = [Shown(name, panel) for name in NAMES for panel in with_nested(loaded(name)["panels"])]
DRAWN = [shown for shown in EVERY if shown.json["type"] != "row"]
QUERIES = [(shown, expr) for shown in DRAWN for expr in shown.expressions]

each_dashboard = pytest.mark.parametrize("name", NAMES)
each_panel = pytest.mark.parametrize("shown", DRAWN, ids=str)


# --- dashboards ---------------------------------------------------------------------------------------------------


def test_the_files_are_what_their_source_makes() -> None:
    """A change is made in grafana/build, and `python -m grafana.build` writes the files."""
    files = {path.stem: path.read_text("utf-8") for path in (FOLDER / "dashboards").glob("*.json")}

    assert files == {name: text_of(made) for name, made in dashboards().items()}
    assert set(files) == set(NAMES)


@each_dashboard
def test_can_be_provisioned_unchanged(name: str) -> None:
    """Classic JSON without an id, inputs or needs of an import dialogue."""
    found = loaded(name)

    assert (found["uid"], found["id"]) == (f"sems-{name}", None)
    assert (found["schemaVersion"], found["editable"]) == (42, False)
    assert (found["timezone"], found["time"]["to"]) == ("browser", "now")
    assert not {"__inputs", "__requires", "__elements"} & set(found)
    assert found["title"]
    assert found["description"]


@each_dashboard
def test_refreshes_no_faster_than_a_minute(name: str) -> None:
    """The portal has news every five minutes at best."""
    found = loaded(name)

    assert found["refresh"] == ("15m" if name == "energy" else "1m")
    assert not [step for step in found["timepicker"]["refresh_intervals"] if step.endswith("s")]


def test_dashboards_lead_to_each_other() -> None:
    """Every dashboard links to all that carry the tag, and all carry it."""
    found = [loaded(name) for name in NAMES]

    assert all(one["links"][0]["tags"] == ["sems"] for one in found)
    assert all(link["includeVars"] for one in found for link in one["links"])
    assert all(one["links"] and "sems" in one["tags"] for one in found)
    assert len({one["title"] for one in found}) == len({one["uid"] for one in found}) == len(NAMES)
    linked = re.findall(r"/d/([\w-]+)", json.dumps(found))
    assert {"sems-home", "sems-alarms", "sems-battery", "sems-exporter"} <= set(linked)
    assert set(linked) <= {one["uid"] for one in found}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OF_A_FLEET])
def test_spans_are_a_click_away(name: str) -> None:
    """Today, yesterday and so on, of the same dashboard with the same station."""
    found = [link for link in loaded(name)["links"] if link["type"] == "link"]

    assert [link["title"] for link in found] == ["Today", "Yesterday", "Week", "Month", "Year"]
    assert all(link["url"].startswith(f"/d/sems-{name}?from=now") for link in found)


def test_homes_begin_with_whether_all_is_well() -> None:
    """Without scrolling: the strip is the first line of each."""
    for name in ("home", "home-without-battery", "home-without-meter", "phone"):
        first = next(shown.json for shown in EVERY if shown.dashboard == name)
        assert (first["title"], first["gridPos"]["y"]) == ("All well?", 0)


@pytest.mark.parametrize(
    "name, lacks", [("home-without-battery", "battery"), ("home-without-meter", "grid|battery|load")]
)
def test_a_home_for_less_asks_for_nothing_that_is_not_there(name: str, lacks: str) -> None:
    asked = " ".join(expr for shown, expr in QUERIES if shown.dashboard == name)

    assert re.findall(rf"sems_station_(?:{lacks})\w*", asked.replace("sems_station_load_power_watts", "")) == []


@each_dashboard
def test_variables(name: str) -> None:
    """Data source, job and instance as Grafana's linter wants them, and all asked anew with the time range."""
    variables = {variable["name"]: variable for variable in loaded(name)["templating"]["list"]}

    assert list(variables)[:3] == ["datasource", "job", "instance"]
    assert (variables["datasource"]["label"], variables["datasource"]["query"]) == ("Data source", "prometheus")
    for variable in list(variables.values())[1:]:
        if variable["type"] == "textbox":
            continue  # a number that a person types in
        assert (variable["type"], variable["refresh"]) == ("query", 2)
        one_first = variable["name"] == "station" and name not in OF_A_FLEET
        assert (variable["multi"], variable["includeAll"]) == (True, not one_first)
        assert variable["allValue"] == ("" if one_first else ".+")
        assert variable["datasource"] == SOURCE
        assert variable["query"]["query"] == variable["definition"]


@pytest.mark.parametrize(
    "answer, text",
    [
        ('{name="Sunny Home",station="0a1b",title="Sunny Home"} 1 1782000000000', "Sunny Home"),
        ('{title="Sunny Home",station="0a1b"} 1 1782000000000', "Sunny Home"),
        ('{station="0a1b",title="0a1b"} 1 1782000000000', "0a1b"),
    ],
)
def test_variables_show_names_and_hold_ids(answer: str, text: str) -> None:
    """What Grafana makes of an answer of Prometheus, whatever the order of its labels."""
    station = next(one for one in loaded("home")["templating"]["list"] if one["name"] == "station")
    pattern = station["regex"].removeprefix("/").removesuffix("/g").replace("(?<", "(?P<")

    found = {key: value for match in re.finditer(pattern, answer) for key, value in match.groupdict().items() if value}

    assert found == {"value": "0a1b", "text": text}


@each_dashboard
def test_panels_fill_the_grid_without_overlap(name: str) -> None:
    """Every line of the grid is covered exactly once, from edge to edge; of a folded row those below it."""
    board = loaded(name)
    folded = [(panel["panels"], panel["gridPos"]["y"] + 1) for panel in board["panels"] if panel.get("panels")]
    for panels, top in [(board["panels"], 0), *folded]:
        cells = [
            (x, y)
            for place in (panel["gridPos"] for panel in panels)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(cells) == len(set(cells))
        assert set(cells) == set(itertools.product(range(24), range(top, max(y for _, y in cells) + 1)))


@each_dashboard
def test_ids_and_titles_of_panels_are_unique(name: str) -> None:
    panels = [shown.json for shown in EVERY if shown.dashboard == name]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)


def test_the_exporter_answers_before_its_details() -> None:
    """Whether it works is seen without scrolling; all else is a click away."""
    folded = [panel for panel in loaded("exporter")["panels"] if panel["type"] == "row"]
    tiles = [shown.json for shown in EVERY if shown.dashboard == "exporter" and shown.json["type"] == "stat"]
    shown = [panel["title"] for panel in loaded("exporter")["panels"] if panel["type"] == "stat"]

    assert shown[:2] == ["Portal reached", "Portal's protocol"]
    assert len(shown) == 6
    assert all(row["collapsed"] and row["panels"] for row in folded)
    assert len(tiles) == len(shown) + sum(panel["type"] == "stat" for row in folded for panel in row["panels"])


def test_the_phone_has_eight_tiles_as_wide_as_the_screen() -> None:
    places = [shown.json["gridPos"] for shown in EVERY if shown.dashboard == "phone"]

    assert [place["w"] for place in places] == [24] * 8


# --- panels -------------------------------------------------------------------------------------------------------


@each_panel
def test_says_what_it_shows(shown: Shown) -> None:
    """Title, description, targets, a text for the time without data; no plugin needed."""
    panel = shown.json

    assert panel["type"] in CORE_PANELS
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["targets"]
    assert panel["fieldConfig"]["defaults"]["noValue"]
    assert all(source == SOURCE for source in (panel["datasource"], *(one["datasource"] for one in panel["targets"])))
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@each_panel
def test_has_units_that_grafana_knows(shown: Shown) -> None:
    config = shown.json["fieldConfig"]
    overrides = [
        one["value"] for override in config["overrides"] for one in override["properties"] if one["id"] == "unit"
    ]

    assert {config["defaults"]["unit"], *overrides} <= UNITS


@each_panel
def test_values_of_the_moment_are_asked_for_the_moment(shown: Shown) -> None:
    """A range query would keep the last value on the screen when the exporter no longer stands by it."""
    of_the_moment = shown.json["type"] in OF_THE_MOMENT and str(shown) not in SUMS_OF_DAYS

    assert {(target["instant"], target["range"]) for target in shown.json["targets"]} == {
        (of_the_moment, not of_the_moment)
    }
    if of_the_moment and shown.json["type"] != "table":
        assert shown.json["options"]["reduceOptions"]["calcs"] == ["last"]
    assert shown.json["fieldConfig"]["defaults"].get("custom", {}).get("spanNulls", False) is False


@pytest.mark.parametrize("shown", [shown for shown in DRAWN if re.search("[Cc]harge$|emperature", str(shown))], ids=str)
def test_charge_and_temperature_have_thresholds(shown: Shown) -> None:
    thresholds = shown.json["fieldConfig"]["defaults"]["thresholds"]["steps"]

    assert thresholds[0]["value"] is None
    assert len(thresholds) >= 3


# --- queries ------------------------------------------------------------------------------------------------------


RECORDED = set(re.findall(r"- record: (\S+)", (FOLDER.parent / "prometheus/rules/recording.yml").read_text("utf-8")))


def known_metrics() -> set[str]:
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    own = {
        family.name + ending for family in complete().registry.collect() for ending in endings.get(family.type, ("",))
    }
    of_prometheus = {"ALERTS", *RECORDED}
    return own | of_prometheus | {family.sample_name for family in all_families()}


KNOWN = known_metrics()


@each_panel
def test_asks_for_metrics_that_exist_and_selects_job_and_instance(shown: Shown) -> None:
    for expr in shown.expressions:
        selectors = SELECTOR.findall(expr)
        assert {metric for metric, _ in selectors} <= KNOWN
        assert all('job=~"$job"' in labels and 'instance=~"$instance"' in labels for _, labels in selectors)
        assert not re.findall(r"(?<!:)\b(?:sems|process)_\w+\b(?!\{)", expr), "a metric without a selector"


@pytest.mark.parametrize("shown", [one for one in DRAWN if one.dashboard in OF_A_FLEET], ids=str)
def test_charts_of_a_fleet_ask_for_no_series_of_each_station(shown: Shown) -> None:
    """A thousand of them over a day take ten seconds; rules have recorded what all of them come to."""
    over_time = [target["expr"] for target in shown.json["targets"] if not target["instant"]]
    asked = {metric for expr in over_time for metric, _ in SELECTOR.findall(expr)}

    assert {metric for metric in asked if metric.startswith("sems_station_")} == set()


@each_panel
def test_uses_only_variables_that_the_dashboard_has(shown: Shown) -> None:
    declared = {variable["name"] for variable in loaded(shown.dashboard)["templating"]["list"]}

    used = set(re.findall(r"\$\{?([a-z_]\w*)", json.dumps([shown.json["targets"], shown.json["title"]])))

    assert used <= declared | BUILT_IN


@each_panel
def test_counters_are_rated_over_the_rate_interval_or_increased(shown: Shown) -> None:
    for expr in shown.expressions:
        spans = re.findall(r"\bi?rate\([\w:]+\{[^}]*\}\[([^\]]*)\]\)", expr)
        assert set(spans) <= {"$__rate_interval"}
        assert len(spans) == len(re.findall(r"\bi?rate\(", expr))
        if shown.json["title"] not in COUNTERS_AS_THEY_STAND:
            assert not re.findall(r"(?<!rate\()(?<!increase\()(?<!last_over_time\()\b\w+_total\{", expr)


@pytest.mark.parametrize("name", ["home", "home-without-battery", "home-without-meter", "battery", "inverter"])
def test_alarms_are_marked_in_the_charts(name: str) -> None:
    (marks,) = loaded(name)["annotations"]["list"]

    assert marks["datasource"] == SOURCE
    assert {metric for metric, _ in SELECTOR.findall(marks["expr"])} <= KNOWN


def queries_of_variables() -> list[str]:
    found = [one.get("definition", "") for name in NAMES for one in loaded(name)["templating"]["list"]]
    return [match[1] for text in found if (match := re.fullmatch(r"query_result\((.*)\)", text))]


def queries_of_marks() -> list[str]:
    return [mark["expr"] for name in NAMES for mark in loaded(name)["annotations"]["list"]]


def filled(expr: str) -> str:
    """The expression with values for its variables, as Grafana sends it."""
    for name, value in {"__rate_interval": "2h", "__range": "20h", "investment": "10000"}.items():
        expr = expr.replace(f"${name}", value)
    return re.sub(r"\$[a-z]+", ".+", expr)


@pytest.mark.needs("promtool")
def test_every_expression_parses(tmp_path: Path) -> None:
    everything = [*(expr for _, expr in QUERIES), *queries_of_marks(), *queries_of_variables()]
    rules = [{"record": f"query:{number}", "expr": filled(expr)} for number, expr in enumerate(everything)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboards", "rules": rules}]}))

    found = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stderr
    assert f"{len(everything)} rules found" in found.stdout


# --- against a day of the demo, in a real Prometheus --------------------------------------------------------------

END = datetime(2026, 6, 21, 13, 0, tzinfo=UTC)
STEP = 1800
"""Seconds between two refreshes; queries ask at these very instants, so Prometheus' own clock plays no part."""
REFRESHES = 49
NOT_IN_THE_DEMO = {
    "sems_refresh_next_timestamp_seconds",  # here the test refreshes, and no poller plans
    "sems_battery_cell_temperature_max_celsius",
    "sems_battery_cell_temperature_min_celsius",
    "sems_tariff_known_until_timestamp_seconds",  # the demo's prices are fixed
    "sems_ev_charger_charging_power_watts",  # no car at noon
    "sems_inverter_insulation_resistance_ohms",
    "sems_inverter_leakage_current_amperes",
    "sems_station_generator_power_watts",
    "sems_station_heat_pump_power_watts",
    "sems_station_third_party_power_watts",
    # The demo writes and sends nothing.
    "sems_delivery_attempts_total",
    "sems_delivery_bytes_total",
    "sems_delivery_failures_total",
    "sems_delivery_last_success_timestamp_seconds",
    "sems_remote_write_last_success_timestamp_seconds",
    "sems_remote_write_queue_samples",
    "sems_remote_write_queue_used_ratio",
    "sems_remote_write_queue_writable",
    "sems_remote_write_samples_total",
}
NOT_YET = re.compile(r"^0 \* count\(|offset 36[34]d|^sum\(max by \(station\) \(sems_station_load_energy_joules_total")
"""What is asked about nights and the year before, and a counter that SEMS+ has not."""
OF_AN_ACCOUNT = re.compile(
    r"^(sems_(?:up|stations\w*|state_\w+|portal_\w+|refresh_\w+|details_\w+|station_info)\{)(.*)$", re.MULTILINE
)
IN_TWO_ACCOUNTS = '\\1account="north",\\2\n\\1account="south",\\2'
"""What an exporter with several accounts adds to its own metrics; here two show the same."""
FIRING = """\
ALERTS{{job="sems",instance="demo",alertstate="firing",alertname="SemsPvLow",severity="info",station="{home}"}} 1 {end}
ALERTS{{job="sems",instance="demo",alertstate="firing",alertname="SemsRefreshFailing",severity="warning"}} 1 {end}
# EOF"""
"""What Prometheus writes itself: an alert about a station, and one about the exporter."""
EMPTY_IS_GOOD = {
    "Bits that are set",
    "Failed refreshes",
    "Round-trip efficiency",
}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("", False), marks=pytest.mark.needs("promtool", "prometheus"), id="Prometheus 2"),
        pytest.param(("", True), marks=pytest.mark.needs("promtool", "prometheus"), id="two accounts"),
        pytest.param(("3", False), marks=pytest.mark.needs("promtool3", "prometheus3"), id="Prometheus 3"),
    ],
)
def prometheus(
    request: pytest.FixtureRequest, history: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A Prometheus over a day of the demo, written into its storage beforehand."""
    major, accounts = request.param
    told = OF_AN_ACCOUNT.sub(IN_TWO_ACCOUNTS, history) if accounts else history
    with holding(told, tmp_path_factory.mktemp("prometheus"), major=major) as found:
        yield found


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A day of four plants, a refresh every half hour, with an alarm at the first of them."""
    begin = END - timedelta(seconds=(REFRESHES - 1) * STEP)
    clock = SimulatedClock(begin, speed=0)
    plants = demo_plants(4, clock=clock)
    plants[0].alarms.append(Alarm("E-G3-0-12", "alarm", "SIM5K0001", begin))
    instants = [begin + timedelta(seconds=number * STEP) for number in range(REFRESHES)]
    shown = as_history(exposed(plants, clock, instants, tmp_path_factory.mktemp("state")))
    return shown.replace("# EOF", FIRING.format(home=plants[0].spec.station_id, end=END.timestamp()))


@cache  # many panels share an expression, and what a Prometheus holds here stays as it is
def at_noon(prometheus: Prometheus, expr: str) -> list[dict[str, Any]]:
    return prometheus.at(END, filled(expr))


@cache
def over_the_day(prometheus: Prometheus, expr: str, step: int) -> list[dict[str, Any]]:
    return prometheus.between(END.timestamp() - 86400, END.timestamp(), step, filled(expr))


def test_every_query_finds_data(prometheus: Prometheus) -> None:
    """Of everything that the demo has values for, at noon and over the day."""
    empty = []
    for shown in DRAWN:
        for target in shown.json["targets"]:
            step = 86400 if target.get("interval") == "1d" else STEP
            asked = target["expr"].removesuffix(" > 1")  # s: the demo is quicker
            found = at_noon(prometheus, asked) if target["instant"] else over_the_day(prometheus, asked, step)
            absent = {metric for metric, _ in SELECTOR.findall(target["expr"])} & (NOT_IN_THE_DEMO | RECORDED)
            excused = absent or NOT_YET.search(target["expr"]) or shown.json["title"] in EMPTY_IS_GOOD
            if not found and not excused:
                empty.append(f"{shown}: {target['expr']}")

    assert empty == []


def test_legends_name_what_they_show(prometheus: Prometheus) -> None:
    """Every label that a legend names is there, and is not empty."""
    nameless = []
    for shown, target in [(panel, target) for panel in DRAWN for target in panel.json["targets"]]:
        wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) - {"name"}
        found = at_noon(prometheus, target["expr"]) if wanted else []
        nameless += [
            f"{shown}: {one['metric']}" for one in found if not all(one["metric"].get(label) for label in wanted)
        ]

    assert nameless == []


def test_alerts_are_listed_with_the_names_of_their_stations(prometheus: Prometheus) -> None:
    """And those about the exporter without one."""
    [expr] = next(shown.expressions for shown in DRAWN if shown.json["title"] == "Alerts that fire")

    found = {one["metric"]["alertname"]: one["metric"].get("title") for one in at_noon(prometheus, expr)}

    assert found == {"SemsPvLow": "Sunny Home", "SemsRefreshFailing": None}


def test_variables_and_marks_find_data(prometheus: Prometheus) -> None:
    titles = [{one["metric"]["title"] for one in at_noon(prometheus, expr)} for expr in queries_of_variables()]

    assert {"Sunny Home", "Seaside Roof"} < titles[NAMES.index("home")]
    assert all(titles)
    assert all(at_noon(prometheus, expr) for expr in queries_of_marks())


# --- two exporters, and another longitude -------------------------------------------------------------------------

NAMED = re.compile(r'^(sems_\w+_info\{job="sems",instance=)"demo"(.*,name=)"([^"]+".*)$', re.MULTILINE)
IN_OTHER_WORDS = '\\g<0>\n\\1"other"\\2"New \\3'
"""Two exporters of one account, of which one has heard of new names and the other has not yet."""


@pytest.mark.needs("promtool", "prometheus")
def test_names_that_two_exporters_do_not_agree_on_break_no_panel(history: str, tmp_path: Path) -> None:
    """One of the names is shown, where two would be an error of every join and a second row of the same station."""
    with holding(NAMED.sub(IN_OTHER_WORDS, history), tmp_path) as prometheus:
        found = [at_noon(prometheus, expr) for _, expr in QUERIES]
        stations = at_noon(prometheus, queries_of_variables()[NAMES.index("home")])

    assert any(found)
    assert len(stations) == len({one["metric"]["station"] for one in stations}) == 4


@pytest.mark.needs("promtool", "prometheus")
def test_income_of_a_range_is_the_sum_of_its_days_far_from_greenwich(tmp_path: Path) -> None:
    """A day that begins at midnight in Greenwich would in Honolulu be the better of two afternoons."""
    panel = next(shown.json for shown in DRAWN if shown.json["title"] == "Income in this range")
    midnight = datetime(2026, 6, 1, 10, tzinfo=UTC)
    incomes = [1.0, 9.0, 1.0, 9.0, 1.0]

    with holding(days_of_home(midnight, incomes), tmp_path) as prometheus:
        last = midnight + timedelta(days=4)
        [found] = prometheus.between(midnight.timestamp(), last.timestamp(), 86400, filled(panel["targets"][0]["expr"]))

    assert [float(value) for _, value in found["values"]] == incomes
    assert panel["targets"][0]["interval"] == "1d"
    assert panel["options"]["reduceOptions"]["calcs"] == ["sum"]


@pytest.mark.needs("promtool", "prometheus")
def test_shares_of_a_day_are_those_of_its_evening_on_the_other_side_of_the_earth(tmp_path: Path) -> None:
    """The viewer's late evening is the morning of a station in Melbourne, which has covered nothing yet."""
    panel = next(shown.json for shown in DRAWN if shown.json["title"] == "Self-sufficiency and self-consumption")
    midnight = datetime(2026, 6, 1, 14, tzinfo=UTC)
    in_amsterdam = midnight + timedelta(hours=8)

    with holding(days_of_home(midnight, [0.2, 0.6, 0.4, 0.0]), tmp_path) as prometheus:
        found = [
            prometheus.between(
                in_amsterdam.timestamp(), (in_amsterdam + timedelta(days=2)).timestamp(), 86400, filled(target["expr"])
            )
            for target in panel["targets"]
        ]

    assert [[float(value) for _, value in one["values"]] for [one] in found] == [[0.2, 0.6, 0.4]] * 2


@pytest.mark.needs("promtool", "prometheus")
def test_shares_of_more_than_two_months_are_left_to_the_bars_by_month(tmp_path: Path) -> None:
    panels = {shown.json["title"]: shown.json for shown in DRAWN if shown.dashboard == "energy"}
    midnight = datetime(2026, 6, 1, 14, tzinfo=UTC)
    last = midnight + timedelta(days=3)

    with holding(days_of_home(midnight, [0.2, 0.6, 0.4, 0.0]), tmp_path) as prometheus:
        asked = panels["Self-sufficiency and self-consumption"]["targets"][0]["expr"]
        days = {
            span: prometheus.between(
                midnight.timestamp(), last.timestamp(), 86400, filled(asked.replace("$__range", span))
            )
            for span in ("20h", "30d", "60d", "90d", "365d")
        }
    by_month = panels["Self-sufficiency and self-consumption by month"]
    divided = [one["options"] for one in by_month["transformations"] if one["id"] == "calculateField"][1:]

    assert [span for span, found in days.items() if found] == ["20h", "30d", "60d"]
    assert [(one["alias"], one["binary"]["left"], one["binary"]["right"]) for one in divided] == [
        ("Self-sufficiency", "Covered", "Load"),
        ("Self-consumption", "Used on the spot", "PV"),
    ]


@pytest.mark.needs("promtool", "prometheus")
def test_a_standing_charge_at_midnight_is_paid_on_its_day(tmp_path: Path) -> None:
    """It comes between the last scrape of a day and the first of the next, where no increase sees it."""
    midnight = datetime(2026, 6, 1, 22, tzinfo=UTC)
    home = 'job="sems",instance="demo",station="home"'
    lines: dict[str, list[str]] = {"standing_charge counter": [], "tariff_info gauge": []}
    for minutes in range(-60, 2 * 1440 + 720, 10):
        at = (midnight + timedelta(minutes=minutes + 5)).timestamp()
        height = 5 + 0.4 * (minutes // 1440 + 1)
        lines["standing_charge counter"].append(f"sems_station_standing_charge_total{{{home}}} {height} {at}")
        lines["tariff_info gauge"].append(f'sems_station_tariff_info{{{home},currency="EUR"}} 1 {at}')
    history = [line for kind, found in lines.items() for line in (f"# TYPE sems_station_{kind}", *found)]
    panels = {shown.json["title"]: shown.json for shown in DRAWN if shown.dashboard == "money"}
    by_day = next(one for one in panels["Money by day"]["targets"] if one["legendFormat"] == "Paid")["expr"]
    today = panels["Today"]["targets"][0]["expr"].replace("$__range", "12h")

    with holding("\n".join([*history, "# EOF"]), tmp_path, lookback="14m") as prometheus:
        begin = midnight.timestamp()
        [days] = prometheus.between(begin, begin + 2 * 86400, 86400, filled(by_day))
        [now] = prometheus.at(midnight + timedelta(days=2, hours=12), filled(today))

    assert [float(value) for _, value in days["values"]] == pytest.approx([-0.4] * 3)
    assert float(now["value"][1]) == pytest.approx(0.4)


@pytest.mark.needs("promtool", "prometheus")
def test_charge_heat_map_leaves_out_the_racks_of_a_system(tmp_path: Path) -> None:
    """A system with two racks would count three times beside a system without."""
    panel = next(shown.json for shown in DRAWN if shown.json["title"] == "Charge heat map")
    now = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
    home = 'job="sems",instance="demo",station="home"'
    lines = []
    for battery, system in (("SYSTEM", ""), ("RACK1", "SYSTEM"), ("RACK2", "unknown")):
        labels = f'{home},battery="{battery}"'
        lines.append(f'sems_battery_info{{{labels},system="{system}"}} 1 {now}')
        lines.append(f"sems_battery_state_of_charge_ratio{{{labels}}} 0.5 {now}")

    with holding("\n".join([*sorted(lines), "# EOF"]), tmp_path) as prometheus:
        found = prometheus.between(now, now, 900, filled(panel["targets"][0]["expr"]))

    assert [one["metric"]["battery"] for one in found] == ["SYSTEM"]


@pytest.mark.needs("promtool", "prometheus")
def test_what_the_demo_lacks_is_drawn_where_a_plant_has_it(tmp_path: Path) -> None:
    """A heat pump, a generator, a car that charges, insulation and leakage, temperatures of cells, and what is sent."""
    now = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
    of_device = {"inverter": "INV1", "battery": "BAT1", "ev_charger": "EV1"}
    kinds = "station|inverter|battery|ev_charger|delivery|remote_write"
    lacking = sorted(one for one in NOT_IN_THE_DEMO if re.match(f"sems_({kinds})_", one))
    lines = []
    for metric in [*lacking, "sems_station_info", *(f"sems_{scope}_info" for scope in of_device)]:
        scope = next((scope for scope in of_device if metric.startswith(f"sems_{scope}_")), "")
        labels = f',{scope}="{of_device[scope]}"' if scope else ""
        labels += ',name="Some"' if metric.endswith("_info") else ""
        outcomes = ["rejected", "expired", "overflow"] if metric.endswith("_samples_total") else [""]
        for outcome in outcomes:
            series = f'{metric}{{job="sems",instance="demo",station="home",target="t",outcome="{outcome}"{labels}}}'
            lines += [f"{series} {5 + late} {now - 300 + 300 * late}" for late in (0, 1)]
    asked = [
        (shown, expr) for shown, expr in QUERIES if {metric for metric, _ in SELECTOR.findall(expr)} & set(lacking)
    ]

    with holding("\n".join([*lines, "# EOF"]), tmp_path) as prometheus:
        empty = [str(shown) for shown, expr in asked if not prometheus.between(now, now, 900, filled(expr))]

    assert len({str(shown) for shown, _ in asked}) > 5
    assert empty == []


@pytest.mark.needs("promtool", "prometheus")
def test_charge_heat_map_puts_each_charge_into_its_tenth(tmp_path: Path) -> None:
    """Full belongs to the uppermost, which is all that Grafana draws of it."""
    tenths = {0.0: 0, 0.1: 1, 0.3: 3, 0.57: 5, 0.6: 6, 0.7: 7, 1.0: 9}
    now = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
    panel = next(shown.json for shown in DRAWN if shown.json["title"] == "Charge heat map")
    tall = float(panel["options"]["calculation"]["yBuckets"]["value"])
    series = 'sems_battery_state_of_charge_ratio{job="sems",instance="demo",station="home",battery='

    with holding("\n".join([*(f'{series}"{one}"}} {one} {now}' for one in tenths), "# EOF"]), tmp_path) as prometheus:
        found = prometheus.between(now, now, 900, filled(panel["targets"][0]["expr"]))

    assert {float(one["metric"]["battery"]): float(one["values"][0][1]) // tall for one in found} == tenths
    assert (max(tenths.values()) + 1) * tall <= panel["options"]["yAxis"]["max"]


@pytest.mark.needs("promtool", "prometheus")
def test_the_day_on_which_prometheus_began_is_shown_whole(tmp_path: Path) -> None:
    """The counter's increase lacks the morning; the portal's own energy of the day has it."""
    midnight = datetime(2026, 6, 1, 22, tzinfo=UTC)
    lines: dict[str, list[str]] = {"today_joules gauge": [], "joules counter": []}
    for minutes in range(12 * 60, 48 * 60, 5):
        of_day = min(minutes % 1440, 1200) / 120  # kWh: ten by eight in the evening
        at = (midnight + timedelta(minutes=minutes)).timestamp()
        home = '{job="sems",instance="demo",station="home"}'
        lines["today_joules gauge"].append(f"sems_station_pv_energy_today_joules{home} {of_day * 3.6e6} {at}")
        total = 5000 + 10 * (minutes // 1440) + of_day
        lines["joules counter"].append(f"sems_station_pv_energy_joules_total{home} {total * 3.6e6} {at}")
    history = [line for kind, found in lines.items() for line in (f"# TYPE sems_station_pv_energy_{kind}", *found)]
    panels = [
        shown.json
        for shown in DRAWN
        if shown.dashboard == "energy" and shown.json["title"] in {"Days", "In this range"}
    ]

    with holding("\n".join([*history, "# EOF"]), tmp_path) as prometheus:
        days = [
            prometheus.between(
                midnight.timestamp(), midnight.timestamp() + 86400, 86400, filled(panel["targets"][0]["expr"])
            )
            for panel in panels
        ]

    assert len(days) == 2
    for [found] in days:
        assert [float(value) for _, value in found["values"]] == pytest.approx([10, 10], rel=0.02)


@pytest.mark.needs("promtool", "prometheus")
@pytest.mark.parametrize("known_since, shown", [(0, True), (1, False)])
def test_round_trip_efficiency_needs_the_charge_at_both_ends(tmp_path: Path, known_since: int, shown: bool) -> None:
    """Without it a battery that went from full to empty would have given more than it took."""
    panel = next(one.json for one in DRAWN if one.json["title"] == "Round-trip efficiency")
    end = datetime(2026, 6, 8, tzinfo=UTC)
    begin = end - timedelta(days=7)
    home = '{job="sems",instance="demo",station="home"}'
    lines: dict[str, list[str]] = {
        "battery_charge_energy_joules counter": [],
        "battery_discharge_energy_joules counter": [],
        "battery_state_of_charge_ratio gauge": [],
        "battery_capacity_joules gauge": [],
        "info gauge": [],
    }
    for number in range(7 * 288 + 1):
        at = (begin + timedelta(minutes=5 * number)).timestamp()
        into = number * 20e3
        for kind, value in zip(
            lines, (into, into * 0.9 + 10e6 * number / 2016, 1 - number / 2016, 10e6, 1), strict=True
        ):
            name, _, of = kind.partition(" ")
            if name != "battery_state_of_charge_ratio" or number >= known_since:
                lines[kind].append(f"sems_station_{name}{'_total' if of == 'counter' else ''}{home} {value} {at}")
    history = [line for kind, found in lines.items() for line in (f"# TYPE sems_station_{kind}", *found)]

    with holding("\n".join([*history, "# EOF"]), tmp_path) as prometheus:
        found = prometheus.at(end, filled(panel["targets"][0]["expr"].replace("$__range", "7d")))

    assert bool(found) is shown
    assert [float(one["value"][1]) for one in found] == pytest.approx([0.9] if shown else [], rel=0.02)


def days_of_home(midnight: datetime, afternoons: list[float]) -> str:
    """Days from `midnight` on: energy from the morning on, income and shares of today only in the afternoon."""
    home = 'job="sems",instance="demo",station="home"'
    lines = []
    for name, labels, morning, afternoon in (
        ("info", ',name="Home",currency="USD"', 1.0, 1.0),
        ("income_today", "", 0.0, None),
        ("self_sufficiency_today_ratio", "", 0.0, None),
        ("self_consumption_today_ratio", "", 0.0, None),
        ("load_energy_today_joules", "", 3.6e6, 36e6),
        ("pv_energy_today_joules", "", 3.6e6, 36e6),
    ):
        for number in range(288 * len(afternoons)):
            day, five_minutes = divmod(number, 288)
            late = afternoons[day] if afternoon is None else afternoon
            value, at = late if five_minutes >= 144 else morning, midnight + timedelta(minutes=5 * number)
            lines.append(f"sems_station_{name}{{{home}{labels}}} {value} {at.timestamp()}")
    return "\n".join([*lines, "# EOF"])


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Australia/Lord_Howe", "America/Santiago"])
@pytest.mark.parametrize("now", [datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)])
@pytest.mark.parametrize("title", ["Days", "Months", "Years", "Income by day"])
def test_bars_are_called_by_their_day_on_both_sides_of_summer_time(title: str, zone: str, now: datetime) -> None:
    """Grafana steps by 24 hours from the viewer's present midnight, on the other side an hour beside it."""
    panel = next(shown.json for shown in DRAWN if shown.json["title"] == title)
    options = {one["id"]: one["options"] for one in panel["transformations"]}
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0).astimezone(UTC)

    assert options["formatTime"]["timeField"] == options["calculateField"]["alias"] == panel["options"]["xField"]
    later = timedelta(milliseconds=float(options["calculateField"]["binary"]["right"]))
    days = [(midnight - timedelta(days=ago) + later).astimezone(ZoneInfo(zone)).date() for ago in range(360)]

    assert days == [days[0] - timedelta(days=ago) for ago in range(360)]
    assert days[0] == midnight.astimezone(ZoneInfo(zone)).date()


# --- provisioning -------------------------------------------------------------------------------------------------


def test_provisioning_finds_dashboards_and_prometheus() -> None:
    (provider,) = yaml.safe_load((FOLDER / "provisioning/dashboards/sems.yml").read_text())["providers"]
    (source,) = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yml").read_text())["datasources"]

    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
    assert provider["options"]["path"].startswith("/")
    assert (source["type"], source["access"], source["isDefault"]) == ("prometheus", "proxy", True)


# --- colours ------------------------------------------------------------------------------------------------------

SIGHTS = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "without red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "without green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "without blue": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
"""How colours look to people who lack a kind of cone, in linear RGB (Machado, Oliveira and Fernandes, 2009)."""
FLOWS = (look.SUN, look.HOUSE, look.BATTERY, look.IMPORT, look.EXPORT)
BACKGROUNDS = {"dark": "#181b1f", "light": "#ffffff"}


def linear(colour: str) -> tuple[float, ...]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def luminance(colour: str) -> float:
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def seen(colour: str, sight: str) -> tuple[float, float, float]:
    """The colour in CIE Lab as somebody with this sight sees it."""
    rgb = [sum(a * b for a, b in zip(line, linear(colour), strict=True)) for line in SIGHTS[sight]]
    red, green, blue = (min(1.0, max(0.0, part)) for part in rgb)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("colour", [*FLOWS, look.IDLE])
def test_colours_stand_out_in_both_themes(colour: str, background: str) -> None:
    """At least 3 to 1, as WCAG asks of graphics."""
    darker, lighter = sorted((luminance(colour), luminance(BACKGROUNDS[background])))

    assert (lighter + 0.05) / (darker + 0.05) >= 3


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_of_the_flows_stay_apart_for_every_sight(sight: str) -> None:
    """A distance of 10 in Lab is seen at a glance."""
    for one, other in itertools.combinations(FLOWS, 2):
        apart = sum((a - b) ** 2 for a, b in zip(seen(one, sight), seen(other, sight), strict=True)) ** 0.5
        assert apart >= 15, (one, other)
