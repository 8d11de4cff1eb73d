"""PromQL for the dashboards.

Every series is first reduced to the ids of what it measures, so that two exporters of one account, or an exporter that
moved to another host, count once. Names are joined to the ids at the very end, for legends only.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

KWH = "3.6e6"
SCRAPED = 'job=~"$job",instance=~"$instance"'
IDS = {
    "sems_station_": ("station",),
    "station:": ("station",),
    "inverter:": ("station", "inverter"),
    "sems_alarm": ("station",),
    "sems_inverter_input_": ("station", "inverter", "input"),
    "sems_inverter_phase_": ("station", "inverter", "phase"),
    "sems_inverter_": ("station", "inverter"),
    "sems_battery_": ("station", "battery"),
    "sems_meter_phase_": ("station", "meter", "phase"),
    "sems_meter_": ("station", "meter"),
    "sems_ev_charger_": ("station", "ev_charger"),
}
DAYLIGHT_DEGREES = 10
"""Height of the sun from which on a plant that makes nothing is remarkable, as in the rules."""
NOT_RECORDED = "no data in this range, or the rules are not loaded"
SELECTABLE = ("station", "inverter", "battery")


@dataclass(frozen=True, slots=True)
class Query:
    """An expression, how its series are called, and how they look where they differ from the rest of the panel."""

    expr: str
    legend: str = ""
    colour: str | None = None
    look: dict[str, object] = field(default_factory=dict)
    interval: str | None = None


def ids(metric: str) -> tuple[str, ...]:
    """The labels that tell series of `metric` apart."""
    return next((labels for start, labels in IDS.items() if metric.startswith(start)), ())


def pick(metric: str, *, within: Iterable[str] = SELECTABLE, **labels: str) -> str:
    """The series of `metric` that the variables select; `within` names those that the dashboard has."""
    chosen = [f'{name}=~"${name}"' for name in ids(metric) if name in SELECTABLE and name in within]
    fixed = [f'{name}="{value}"' for name, value in labels.items()]
    return f"{metric}{{{','.join([SCRAPED, *chosen, *fixed])}}}"


def each(metric: str, *, within: Iterable[str] = SELECTABLE, change: str = "{}", **labels: str) -> str:
    """`metric` by its ids; `change` wraps the selector, such as "increase({}[1d])"."""
    return f"max by ({', '.join(ids(metric))}) ({change.format(pick(metric, within=within, **labels))})"


def total(metric: str, change: str = "{}") -> str:
    """The sum of a metric over the selected stations."""
    return f"sum({each(metric, within=('station',), change=change)})"


def mean(metric: str) -> str:
    """`metric` by its ids for a chart: its mean over each step, so that a year shows more than its noons."""
    return each(metric, change="avg_over_time({}[$__rate_interval])")


def highest(metric: str) -> str:
    """The same for what its peaks matter of."""
    return each(metric, change="max_over_time({}[$__rate_interval])")


def dark() -> str:
    """0 where no selected station tells of PV power because it is night at one that reports.

    The height of the sun is a live value, so it goes with the data. Where it is not known, the load stands for them.
    """
    low = f"{each('sems_station_sun_elevation_degrees')} < {DAYLIGHT_DEGREES}"
    without_place = (
        f"{each('sems_station_load_power_watts')} unless on (station) {each('sems_station_sun_elevation_degrees')}"
    )
    return f"0 * count({low} or ({without_place})) unless {total('sems_station_pv_power_watts')}"


def named(expr: str, scope: str) -> str:
    """`expr` with a label `title`: the name of its station, or the name and serial number of its device.

    Portals name devices by their model, so that a name alone may stand for several. Where two exporters do not agree
    on a name, because one has not heard of the new one yet, one of them is shown: two would be an error of the join.
    """
    info, labels = f"sems_{scope}_info", ids(f"sems_{scope}_")
    by = ", ".join(labels)
    series = f"topk by ({by}) (1, max by ({by}, name) ({pick(info)}))"
    return f"({expr}) * on ({by}) group_left (title) {titled(series, scope)}"


def titled(series: str, scope: str) -> str:
    """Info series, by id and name, with the label `title`."""
    if scope != "station":
        return f'label_join({series}, "title", " ", "name", "{scope}")'
    return f'label_replace(label_join({series}, "title", "", "station"), "title", "$1", "name", "(.+)")'


def state(scope: str, states: Iterable[StrEnum], *, within: Iterable[str] = SELECTABLE, metric: str = "") -> str:
    """The state as a number: its place in `states`; `metric` where a rule has recorded some of them."""
    metric = metric or f"sems_{scope}_state"
    parts = [f"({pick(metric, within=within, state=one)} == 1) * {n}" for n, one in enumerate(states)]
    return f"max by ({', '.join(ids(metric))}) ({' or '.join(parts)})"


def age(scope: str, *, within: Iterable[str] = SELECTABLE) -> str:
    """Seconds since the instant that the data are from."""
    return f"clamp_min(time() - {each(f'sems_{scope}_data_timestamp_seconds', within=within)}, 0)"


def alarms(*labels: str, **fixed: str) -> str:
    """Active alarms by `labels`, of which `station` is one."""
    return f"max by ({', '.join(labels)}) ({pick('sems_alarms_active', **fixed)})"


RANGE = "[$__range]"
DAY = "[1d] offset -1d"
"""The day that begins at the step: Grafana puts the steps of a day on midnight of the viewer's time zone."""
DAY_WITHOUT_ENDS = "[22h] offset -23h"
"""From one to twenty-three o'clock, so that a change to summer time never lets a day see its neighbour's value."""


def increase(name: str, span: str) -> str:
    """What a station's energy counter gained, by station."""
    return each(f"sems_station_{name}_energy_joules_total", change=f"increase({{}}{span})")


def gained(name: str) -> str:
    """What a station's energy gained in the day that begins at the step, by station.

    On the day on which Prometheus begins to record, its counter's increase lacks the hours before. Where the counter
    was not known when the day began, the portal's own energy of the day is taken.
    """
    told = each(f"sems_station_{name}_energy_today_joules", change=f"max_over_time({{}}{DAY_WITHOUT_ENDS})")
    before = each(f"sems_station_{name}_energy_joules_total", change="last_over_time({}[6h])")
    return f"(({told} unless on (station) {before}) or {increase(name, DAY)})"


def day_energy(name: str) -> str:
    """Energy of the day that begins at the step in kWh, all selected stations together.

    SEMS+ has no counter for the load; its energy follows from the others.
    """
    if name != "load":
        return f"sum({gained(name)}) / {KWH}"
    pv = gained("pv")
    parts = [f"{pv} + {gained('grid_import')} - {gained('grid_export')}"]
    parts += [f"({gained(f'battery_{way}')} or 0 * {pv})" for way in ("discharge", "charge")]
    return f"sum({gained('load')} or clamp_min({parts[0]} + {parts[1]} - {parts[2]}, 0)) / {KWH}"
