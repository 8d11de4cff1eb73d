"""Exporter: how fresh and complete the data are, and whether the account comes to harm."""

from collections.abc import Mapping
from typing import Any

from . import look
from .look import Json
from .page import SHOWN, Page, framed
from .panels import REFS, bars, fixed, lines, override, stat, table
from .queries import NOT_RECORDED, RANGE, Query, age, named, pick

RATE = "[$__rate_interval]"
BUDGETED = "15m"
"""Long enough for a refresh or two, whose requests come together."""
ONLY_STATION = ("station",)
ACCOUNT = ("instance", "account")
PROTOCOL_CHANGED = "sems_portal_protocol_changed"
REJECTIONS = "sems_portal_credential_rejections"
NOT_SCRAPED = "exporter not scraped"
REFRESH = look.steps(look.GOOD, (600, look.ODD), (1800, look.BAD))
REJECTED = look.steps(look.GOOD, (1, look.ODD), (3, look.BAD))
ROUND = look.steps(look.GOOD, (28800, look.ODD), (86400, look.BAD))
"""A station waits three rounds at most, and details older than a day are not shown."""
COLOURED: Json = {"custom.cellOptions": {"type": "color-text"}}
COUNT: Json = {"decimals": 0}
ODD_COUNT = COLOURED | COUNT | {"thresholds": look.ANY_IS_ODD}
AGO = COLOURED | {"unit": "s", "decimals": 0, "thresholds": look.steps(look.GOOD, (look.DELIVERY_FAILING, look.BAD))}
BYTES: Json = {"unit": "bytes", "decimals": 1}
SHARE = COLOURED | {"unit": "percentunit", "decimals": 0, "thresholds": look.ROOM}


def dashboard() -> Json:
    """The dashboard."""
    page = Page()
    page.band(4, _up(), _protocol(), _stations(), _last(), _brake(), _state())
    page.band(8, _age_now(), _age_over_time(), widths=(8, 16))
    page.band(5, _accounts())
    page.folded("Sign-ins and pace")
    page.band(4, _next(), _rejections(), _login_wait(), _pause())
    page.band(4, _logins(), _budget(), _round())
    page.band(8, _failures(), _logins_over_time())
    page.folded("Requests")
    page.band(8, _outcomes(), _endpoints())
    page.band(8, _waiting(), _refresh())
    page.folded("What was withheld, and what is not known")
    page.band(9, _dropped(), _unknown(), widths=(15, 9))
    page.folded("Files and remote write")
    page.band(5, _delivery())
    page.band(5, _remote_write())
    page.band(8, _failed_deliveries(), _waiting_samples())
    page.folded("The program")
    page.band(4, _version(), _files_in_force())
    page.band(7, _memory(), _processor())
    text = "Age of the data, sign-ins and brakes, outcomes of requests, values dropped and fields unknown."
    return framed("exporter", "SEMS Exporter", text, page, fleet=True, scrapers=SHOWN)


def _own(how: str, metric: str) -> str:
    return f"{how} ({pick(metric)})"


def _set(how: str, metric: str) -> str:
    """The same of a timestamp, which is 0 before the first time."""
    return f"{how} ({pick(metric)} > 0)"


def _number(title: str, text: str, expr: str, *, unit: str = "none", **fields: Any) -> Json:
    shown: dict[str, Any] = {"noValue": NOT_SCRAPED, "decimals": 0} | fields
    return stat(title, text, Query(expr, title), unit=unit, **shown)


def _up() -> Json:
    text = "Whether the latest refresh reached the portal and read a station. With several accounts: whether all did."
    return _number("Portal reached", text, _own("min", "sems_up"), mappings=look.YES_NO)


def _protocol() -> Json:
    text = (
        "Whether the portal answers as this version, or your portal file, expects. If not, GoodWe has changed "
        "something: the status page says what, and docs/portal-changes.md what to do. With several accounts: whether "
        "it does for all."
    )
    return _number("Portal's protocol", text, _own("max", PROTOCOL_CHANGED), mappings=look.PROTOCOL)


def _stations() -> Json:
    text = "Stations that are read now, of those that the account shows and the settings select."
    expr = f"sum(max by (station) ({pick('sems_station_up')}))"
    return _number("Stations read", text, expr, thresholds=look.NONE_IS_BAD, noValue="none read yet")


def _last() -> Json:
    text = (
        "Time since the latest good refresh, of the account whose is longest ago. Normal is below the interval, by "
        "default 5 minutes."
    )
    expr = f"clamp_min(time() - {_set('min', 'sems_refresh_last_success_timestamp_seconds')}, 0)"
    return _number("Latest good refresh", text, expr, unit="s", thresholds=REFRESH, noValue="none yet")


def _next() -> Json:
    text = "Time until the next refresh. Long after a rate limit; negative for more than a moment, it hangs."
    expr = f"{_set('min', 'sems_refresh_next_timestamp_seconds')} - time()"
    thresholds = look.steps(look.BAD, (-120, look.GOOD))
    return _number("Next refresh", text, expr, unit="s", thresholds=thresholds, noValue="not planned")


def _brake() -> Json:
    text = (
        "After three rejections of the password the brake closes: no sign-in is sent any more, so that the account is "
        "not locked. Correct the password, or release the brake with `sems-exporter check --release-brake`."
    )
    return _number("Brake on sign-ins", text, _own("max", "sems_portal_login_blocked"), mappings=look.BRAKE)


def _rejections() -> Json:
    text = "Sign-ins in a row that the portal rejected. Normal is 0; at 3 the brake closes."
    return _number("Rejections in a row", text, _own("max", REJECTIONS), thresholds=REJECTED)


def _wait(title: str, text: str, metric: str) -> Json:
    expr = f"clamp_min({_own('max', metric)} - time(), 0)"
    return _number(title, text, expr, unit="s", thresholds=look.steps(look.GOOD, (1, look.ODD)))


def _login_wait() -> Json:
    text = (
        "How long no sign-in is sent yet. 0 is normal; a minute after each sign-in, up to a quarter hour after "
        "failures."
    )
    return _wait("Sign-in waits for", text, "sems_portal_login_allowed_timestamp_seconds")


def _pause() -> Json:
    text = "How long no request at all is sent, because the portal asked for a pause. 0 is normal."
    return _wait("Requests wait for", text, "sems_portal_paused_until_timestamp_seconds")


def _logins() -> Json:
    text = "Sign-ins in the time range. A few a day are normal; many mean that somebody else uses the same account."
    expr = f"sum(increase({pick('sems_portal_logins_total')}{RANGE}))"
    return _number("Sign-ins in this range", text, expr, thresholds=look.steps(look.GOOD, (20, look.ODD)))


def _version() -> Json:
    text = "Version of the exporter, and of the Python it runs on."
    query = Query(
        f"max by (version, python) ({pick('sems_build_info')})", "{{version}} on Python {{python}}", look.EXPORT
    )
    return stat("Version", text, query, unit="none", text="name", noValue=NOT_SCRAPED)


def _used() -> str:
    """The share of its budget that each account uses."""
    by = f"by ({', '.join(ACCOUNT)})"
    sent = f"sum {by} (rate({pick('sems_portal_requests_total')}{RATE})) * 60"
    return f"{sent} / (max {by} ({pick('sems_portal_requests_per_minute_limit')}) > 0)"


def _budget() -> Json:
    text = (
        "Requests to the portal as a share of `requests_per_minute`, of the account that uses most of it. Normal is a "
        "tenth for a home; a fleet that is read in rotation uses nearly all."
    )
    query = Query(f"max({_used()})", "Budget used", look.EXPORT, interval=BUDGETED)
    return stat("Budget used", text, query, unit="percentunit", decimals=0, noValue=NOT_SCRAPED)


def _round() -> Json:
    text = (
        "Time that reading the details of all stations once takes under the budget, of the account that needs longest. "
        "Beyond the interval they are read in rotation: a station may have to wait three rounds, and details are shown "
        "for a day at most."
    )
    expr = _own("max", "sems_details_round_seconds")
    return _number("Round of all details", text, expr, unit="s", thresholds=ROUND, noValue="none read yet")


def _state() -> Json:
    text = (
        "Whether session and brake can be kept on disk. If not, each restart signs in anew and forgets the brake: make "
        "the state directory writable. With several accounts: whether all can."
    )
    return _number("State kept on disk", text, _own("min", "sems_state_writable"), mappings=look.YES_NO)


def _files_in_force() -> Json:
    text = (
        "Whether web configuration and portal file are in force as they stand. If not, one was changed to something "
        "that cannot be used; the log says why, and what held before still holds."
    )
    expr = " or ".join(pick(f"sems_{file}_last_reload_success") for file in ("web_config", "portal_file"))
    return _number("Changed files in force", text, f"min({expr})", mappings=look.YES_NO)


def _accounts() -> Json:
    text = (
        "A line for each account of each exporter. An exporter with the single account of its plain settings names "
        "none. Elsewhere are stations that another account of the exporter reads, unmatched words of `stations` and "
        "`exclude_stations` that no station answers to; the others are those of the tiles above."
    )
    by = f"max by ({', '.join(ACCOUNT)})"
    queries = (
        Query(_own(by, "sems_up")),
        Query(_own(by, PROTOCOL_CHANGED)),
        Query(_own(by, "sems_stations")),
        Query(_own(by, "sems_stations_elsewhere")),
        Query(_own(by, "sems_stations_unmatched")),
        Query(f"clamp_min(time() - {_set(by, 'sems_refresh_last_success_timestamp_seconds')}, 0)"),
        Query(_used(), interval=BUDGETED),
        Query(_own(by, "sems_details_round_seconds")),
        Query(_own(by, "sems_state_writable")),
        Query(_own(by, "sems_portal_login_blocked")),
        Query(_own(by, REJECTIONS)),
        Query(f"clamp_min({_own(by, 'sems_portal_paused_until_timestamp_seconds')} - time(), 0)"),
    )
    headings = [
        *("Reached", "Protocol", "Stations", "Elsewhere", "Unmatched", "Refreshed", "Budget", "Round"),
        *("State kept", "Brake", "Rejections", "Pause"),
    ]
    columns = {"instance": "Exporter", "account": "Account"}
    columns |= {f"Value #{ref}": heading for ref, heading in zip(REFS, headings, strict=False)}
    return table("Accounts", text, *queries, columns=columns, looks=_account_looks(), noValue=NOT_SCRAPED)


def _account_looks() -> dict[str, Json]:
    """Narrow enough that nobody has to scroll sideways to the brake."""
    narrow: Json = {"custom.width": 92}
    coloured: Json = COLOURED | {"custom.minWidth": 88}
    return {
        "Exporter": {"custom.width": 130},
        "Reached": coloured | {"mappings": look.YES_NO},
        "Protocol": coloured | {"mappings": look.PROTOCOL},
        "Stations": narrow,
        "Elsewhere": narrow,
        "Unmatched": coloured | {"thresholds": look.ANY_IS_ODD},
        "Refreshed": coloured | {"unit": "s", "decimals": 0, "thresholds": REFRESH},
        "Budget": narrow | {"unit": "percentunit", "decimals": 0},
        "Round": coloured | {"unit": "s", "decimals": 0, "thresholds": ROUND},
        "State kept": coloured | {"mappings": look.YES_NO},
        "Brake": coloured | {"mappings": look.BRAKE},
        "Rejections": coloured | {"thresholds": REJECTED},
        "Pause": narrow | {"unit": "s", "decimals": 0},
    }


def _age_now() -> Json:
    text = (
        "Time since the portal's newest report of the ten stations, and of the five devices of each kind by serial "
        "number, that reported longest ago. After 20 minutes their live values disappear."
    )
    devices = [
        Query(f"topk(5, {age(scope, within=ONLY_STATION)})", f"{{{{{scope}}}}}")
        for scope in ("inverter", "battery", "meter")
    ]
    stations = Query(named(f"topk(10, {age('station')})", "station"), "{{title}}")
    return bars(
        "Age of the data now", text, stations, *devices, unit="s", decimals=0, thresholds=look.AGE, noValue=look.NOT_NOW
    )


def _age_over_time() -> Json:
    text = (
        "The same of the station that reported longest ago, and of the one in the middle: a saw below 10 minutes is "
        "normal, a ramp is an outage. The lines are those at which live values go, and at which an alert tells of it."
    )
    return lines(
        "Age of the data over time",
        text,
        Query(f"max({pick('job:sems_data_age:seconds_max')}) / 60", "oldest", look.IMPORT),
        Query(
            f"max by (instance) ({pick('job:sems_data_age:seconds_p50')}) / 60", "median of {{instance}}", look.EXPORT
        ),
        unit=look.MINUTES,
        limits=True,
        min=0,
        decimals=0,
        thresholds=look.AGE_IN_MINUTES,
        noValue=NOT_RECORDED,
    )


def _a_minute(by: str, metric: str) -> str:
    return f"sum by ({by}) (rate({pick(metric)}{RATE})) * 60 > 0"


def _rates(title: str, text: str, by: str, metric: str, empty: str) -> Json:
    query = Query(_a_minute(by, metric), f"{{{{{by}}}}}", interval="10m")
    ok = [override("byName", "ok", {"color": fixed(look.GOOD)})]
    return lines(
        title, text, query, unit="cpm", drawn="bars", fill=80, stacked=True, overrides=ok, min=0, noValue=empty
    )


def _outcomes() -> Json:
    text = "Requests to the portal in a minute, by what came of them. Nearly all should be ok."
    return _rates("Outcomes of requests", text, "outcome", "sems_portal_requests_total", "no requests in this range")


def _endpoints() -> Json:
    text = "Requests to the portal in a minute, by endpoint: what the budget goes to."
    return _rates("Requests by endpoint", text, "endpoint", "sems_portal_requests_total", "no requests in this range")


def _waiting() -> Json:
    text = "Mean time the portal takes to answer, by endpoint. Below 2 seconds is normal; it slows before it fails."
    seconds = f"sum by (endpoint) (rate({pick('sems_portal_request_seconds_total')}{RATE}))"
    count = f"sum by (endpoint) (rate({pick('sems_portal_requests_total')}{RATE}))"
    points: Json = {"custom.showPoints": "auto"}  # some endpoints are asked but once an hour
    query = Query(f"{seconds} / ({count} > 0)", "{{endpoint}}", look=points, interval="10m")
    return lines("Time to answer", text, query, unit="s", min=0, noValue="no requests in this range")


def _refresh() -> Json:
    text = (
        "How long a refresh of all stations takes, on average and, where that is more than a second, for 95 of 100. It "
        "has to stay well below the interval."
    )
    duration = "sems_refresh_duration_seconds"
    mean = f"sum(rate({pick(f'{duration}_sum')}{RATE})) / (sum(rate({pick(f'{duration}_count')}{RATE})) > 0)"
    most = f"histogram_quantile(0.95, sum by (le) (rate({pick(f'{duration}_bucket')}{RATE}))) > 1"
    queries = (
        Query(mean, "mean", look.EXPORT, interval="10m"),
        Query(most, "95 of 100, above 1 s", look.HOUSE, {"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}}, "10m"),
    )
    return lines("Duration of a refresh", text, *queries, unit="s", min=0, noValue="no refresh in this range")


def _failures() -> Json:
    text = "Refreshes of a station or of the list that failed, in a minute and by reason. Empty is good."
    return _rates("Failed refreshes", text, "reason", "sems_refresh_failures_total", "no failures in this range")


def _logins_over_time() -> Json:
    text = "Sign-ins in a minute, by what came of them. Single bars a day are normal."
    return _rates("Sign-ins over time", text, "outcome", "sems_portal_logins_total", "no sign-ins in this range")


def _dropped() -> Json:
    text = (
        "Values that the portal sent and the exporter withheld since its start, because they cannot be true, and why. "
        "Some at night and around midnight are normal; a number that grows all day hides a value you may miss."
    )
    query = Query(f"max by (metric, reason) ({pick('sems_values_dropped_total')}) > 0")
    columns = {"metric": "Metric", "reason": "Reason", "Value": "Values dropped"}
    return table(
        "Dropped values", text, query, columns=columns, sort=("Values dropped", True), noValue="nothing was dropped"
    )


def _unknown() -> Json:
    text = (
        "Words of the portal that this version does not know, since the exporter's start. Growing numbers mean that "
        "the portal changed: look for a newer version, or report them; the log names them once."
    )
    query = Query(f"max by (kind) ({pick('sems_portal_unknown_total')})", "{{kind}}")
    return bars("Unknown to the exporter", text, query, unit="none", decimals=0, thresholds=look.ANY_IS_ODD)


def _by_target(how: str) -> str:
    return f"{how} by (instance, target)"


def _since(metric: str) -> str:
    """Seconds since the instant in `metric`, which is 0 where there is none, by target."""
    return f"clamp_min(time() - ({_own(_by_target('max'), metric)} > 0), 0)"


def _in_range(metric: str, **labels: str) -> str:
    return f"{_by_target('sum')} (increase({pick(metric, **labels)}{RANGE}))"


def _targets(title: str, text: str, columns: Mapping[str, tuple[str, Json]], no_target: str) -> Json:
    """A line for each target; `columns` are expressions and their looks by heading."""
    headings = {"instance": "Exporter", "target": "Target"}
    headings |= {f"Value #{ref}": heading for ref, heading in zip(REFS, columns, strict=False)}
    queries = [Query(expr) for expr, _ in columns.values()]
    looks = {heading: {"custom.minWidth": 80} | seen for heading, (_, seen) in columns.items()}
    return table(title, text, *queries, columns=headings, looks=looks, noValue=no_target)


def _delivery() -> Json:
    text = (
        "Files that are written or sent after a refresh, by target: when one arrived last, and how often that was "
        "tried and failed in the time range."
    )
    columns = {
        "Arrived": (_since("sems_delivery_last_success_timestamp_seconds"), AGO),
        "Attempts": (_in_range("sems_delivery_attempts_total"), COUNT),
        "Failed": (_in_range("sems_delivery_failures_total"), ODD_COUNT),
        "Sent": (_in_range("sems_delivery_bytes_total"), BYTES),
    }
    return _targets("Files written and sent", text, columns, "nothing is written or sent, by the settings")


def _remote_write() -> Json:
    text = (
        "Receivers of remote write: when they took samples last, how many wait, the share of the room or time for "
        "that which is used, and samples of the time range that were lost. Where the queue is not on disk, a restart "
        "loses it."
    )
    start = "sems_remote_write_"
    lost = " + ".join(_in_range(f"{start}samples_total", outcome=why) for why in ("rejected", "expired", "overflow"))
    columns = {
        "Arrived": (_since(f"{start}last_success_timestamp_seconds"), AGO),
        "Waiting": (_own(_by_target("max"), f"{start}queue_samples"), COUNT),
        "Used": (_own(_by_target("max"), f"{start}queue_used_ratio"), SHARE),
        "Lost": (lost, ODD_COUNT),
        "On disk": (_own(_by_target("min"), f"{start}queue_writable"), COLOURED | {"mappings": look.YES_NO}),
    }
    return _targets("Remote write", text, columns, "no remote write, by the settings")


def _failed_deliveries() -> Json:
    text = "Files that could not be written or sent, in a minute and by reason. Empty is good."
    return _rates("Failed deliveries", text, "reason", "sems_delivery_failures_total", "no failures in this range")


def _waiting_samples() -> Json:
    text = "Samples that wait for a receiver of remote write. Near zero is normal; a ramp is a receiver that is away."
    query = Query(_own("max by (target)", "sems_remote_write_queue_samples"), "{{target}}")
    empty = "no remote write, by the settings"
    return lines("Samples that wait", text, query, unit="none", fill=10, min=0, decimals=0, noValue=empty)


def _memory() -> Json:
    text = "Memory of the exporter. It should level off after an hour."
    return lines(
        "Memory",
        text,
        Query(_own("max by (instance)", "process_resident_memory_bytes"), "{{instance}}"),
        unit="bytes",
        min=0,
        fill=10,
        noValue=NOT_SCRAPED,
    )


def _processor() -> Json:
    text = "Processor time of the exporter as a share of one core. Far below 5 % is normal."
    expr = f"max by (instance) (rate({pick('process_cpu_seconds_total')}{RATE}))"
    return lines(
        "Processor",
        text,
        Query(expr, "{{instance}}"),
        unit="percentunit",
        min=0,
        fill=10,
        noValue=NOT_SCRAPED,
    )
