"""Whether Prometheus scrapes the exporter, by which labels, how often, and whether clocks and memory are fit for it."""

import math
from collections.abc import Iterator

from sems_exporter.cli.doctor.findings import Finding, few, good, note, problem
from sems_exporter.cli.doctor.http_api import Api, NoAnswer, labels, mapping, objects, text
from sems_exporter.clock import Clock
from sems_exporter.history.store import duration_seconds

PORT = ":10736/"
JOB = "sems"
"""The job that the rules ask for by name."""
SCRAPE = (
    "add to scrape_configs of prometheus.yml: {job_name: sems, scrape_interval: 60s, "
    'static_configs: [{targets: ["HOST:10736"]}]}, then reload Prometheus'
)
LONGEST_INTERVAL = 120.0
"""Seconds between two scrapes; Prometheus shows a value for five minutes, and one scrape may fail."""
LOOK_BACK = 30 * 86400.0
"""Seconds that the rules look back."""
YEAR = 365 * 86400.0
MOST_CLOCK_DIFFERENCE = 30.0
PASSING_LABELS = ("pod", "container", "pod_ip")


def examined(prometheus: Api, clock: Clock) -> Iterator[Finding]:
    """All that concerns scraping; raises NoAnswer where Prometheus does not answer."""
    version = text(mapping(prometheus.data("/api/v1/status/buildinfo")).get("version"))
    yield good(f"Prometheus {version or 'of unknown version'} answers at {prometheus.address}")
    exporters = [found for found, _ in prometheus.series("sems_build_info")]
    yield from _targets(prometheus, exporters)
    yield from _exporters(prometheus, exporters)
    yield from _label_names(prometheus)
    yield from _retention(prometheus)
    yield from _clocks(prometheus, clock)


def _targets(prometheus: Api, exporters: list[dict[str, str]]) -> Iterator[Finding]:
    targets = objects(mapping(prometheus.data("/api/v1/targets", {"state": "active"})).get("activeTargets"))
    known = {_place(one) for one in exporters}
    ours = [one for one in targets if _is_ours(one, known)]
    if not ours:
        yield problem(f"none of the {len(targets)} targets of Prometheus is a sems-exporter", SCRAPE)
    for target in ours:
        yield from _target(target, known)


def _place(found: dict[str, str]) -> tuple[str, str]:
    return found.get("job", ""), found.get("instance", "")


def _is_ours(target: dict[str, object], known: set[tuple[str, str]]) -> bool:
    found = labels(target.get("labels"))
    return _place(found) in known or found.get("job") == JOB or PORT in text(target.get("scrapeUrl"))


def _target(target: dict[str, object], known: set[tuple[str, str]]) -> Iterator[Finding]:
    job, instance = _place(labels(target.get("labels")))
    named = f'job="{job}", instance="{instance}"'
    if target.get("health") == "down":
        failure = text(target.get("lastError")) or "no reason given"
        yield problem(
            f"the scrape of {named} fails: {failure}",
            f"see from the machine of Prometheus whether {text(target.get('scrapeUrl'))} answers, "
            "and whether the exporter listens there (--web.listen-address)",
        )
        return
    if target.get("health") != "up":
        yield note(f"{named} was not scraped yet", "ask again in a minute")
    elif (job, instance) not in known:
        yield problem(f"{named} answers, but not as a sems-exporter", "correct the target of this job")
    else:
        yield good(f"the exporter is scraped as {named}, every {text(target.get('scrapeInterval')) or '?'}")
    if job != JOB:
        yield problem(
            f'the job is called "{job}", and the alert SemsExporterDown asks for the job "{JOB}"',
            f"set job_name: {JOB}, or change the name in rules/alerts.yml",
        )
    every = duration_seconds(text(target.get("scrapeInterval")))
    if every and every > LONGEST_INTERVAL:
        yield problem(
            f"{named} is scraped every {every:g} s; Prometheus takes a value for gone after five minutes, "
            "so that one missed scrape leaves a hole and alerts start anew",
            "set scrape_interval: 60s; a scrape never reaches the portal",
        )


def _exporters(prometheus: Api, exporters: list[dict[str, str]]) -> Iterator[Finding]:
    if not exporters:
        return
    if blind := [found.get("instance", "") for found, _ in prometheus.series("sems_up == 0")]:
        yield problem(
            f"the exporter {few(blind)} could read nothing at its last refresh",
            "its status page says why; docs/troubleshooting.md says what to do",
        )
    if twice := prometheus.series("count by (station) (sems_station_up) > 1"):
        yield problem(
            f"{len(twice)} stations come by more than one target or exporter, so that sums count them twice",
            "let one exporter read each station, and one job scrape it",
        )
    versions = {found.get("version", "") for found in exporters}
    if len(versions) > 1:
        yield note(f"exporters of several versions are scraped: {few(versions)}")


def _label_names(prometheus: Api) -> Iterator[Finding]:
    names = prometheus.data("/api/v1/labels", {"match[]": '{__name__=~"sems_.+"}'})
    found = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    if renamed := [name for name in found if name.startswith("exported_")]:
        yield problem(
            f"labels of the exporter were renamed, because the target has ones of the same name: {few(renamed)}",
            f"remove {few(name.removeprefix('exported_') for name in renamed)} from the labels of the job",
        )
    if passing := [name for name in found if name in PASSING_LABELS]:
        yield note(
            f"series carry labels that change with each start ({few(passing)}), so that each start begins them anew",
            "drop them as deploy/kubernetes does in its ServiceMonitor",
        )


def _retention(prometheus: Api) -> Iterator[Finding]:
    try:
        kept = text(mapping(prometheus.data("/api/v1/status/runtimeinfo")).get("storageRetention"))
    except NoAnswer:
        kept = ""
    times = [found for part in kept.split(" or ") if (found := duration_seconds(part)) is not None]
    longer = "start Prometheus with --storage.tsdb.retention.time=5y; a home takes a few megabytes a month"
    if not times:
        yield note(f"how long Prometheus remembers is not told in time ({kept or 'no answer'})")
    elif times[0] <= LOOK_BACK:
        yield problem(f"Prometheus forgets after {kept}, and rules look back 30 days", longer)
    elif times[0] < YEAR:
        yield note(f"Prometheus forgets after {kept}, so that no year can be set against the one before", longer)
    else:
        yield good(f"Prometheus remembers {kept}")


def _clocks(prometheus: Api, clock: Clock) -> Iterator[Finding]:
    before = clock.now().timestamp()
    told = next((value for _, value in prometheus.series("time()")), float("nan"))
    after = clock.now().timestamp()
    ahead = told - after if told > after else min(0.0, told - before)
    if math.isnan(told):
        yield note("the clock of Prometheus is not told")
    elif abs(ahead) > MOST_CLOCK_DIFFERENCE:
        yield problem(
            f"the clock of Prometheus is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's",
            "let both set their clocks by NTP (timedatectl set-ntp true)",
        )
    else:
        yield good("the clock of Prometheus agrees with this machine's")
    limit = f"{MOST_CLOCK_DIFFERENCE:g}"
    for found, difference in prometheus.series(f"abs(sems_portal_clock_difference_seconds) > {limit}"):
        yield problem(
            f"the clock of {found.get('instance', 'the exporter')} differs from the portal's by {difference:.0f} s",
            "let the exporter's machine set its clock by NTP (timedatectl set-ntp true)",
        )
