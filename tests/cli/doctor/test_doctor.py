"""`doctor` against a Prometheus and an Alertmanager that answer as the test says: each finding, and its way out."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from sems_exporter.cli import commands
from sems_exporter.cli.doctor import examination, shared_files
from sems_exporter.cli.doctor.http_api import Api
from tests.clocks import FakeClock
from tests.homes import NOON

TARGET = {
    "labels": {"job": "sems", "instance": "solar:10736"},
    "scrapeUrl": "http://solar:10736/metrics",
    "health": "up",
    "lastError": "",
    "scrapeInterval": "1m",
}
BUILD = {"job": "sems", "instance": "solar:10736", "version": "1.0.0"}
RECEIVERS = "route: {receiver: owner, routes: [{receiver: quiet}]}\nreceivers: [{name: owner%s}, {name: quiet}]\n"
MAIL = ", email_configs: [{to: me@example.com}]"


class Answers:
    """What the two programs answer; a healthy installation, until a test changes something."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.address = ""
        self.queries: dict[str, list[tuple[dict[str, str], float]]] = {"sems_build_info": [(BUILD, 1.0)]}
        self.failing_queries: dict[str, str] = {}
        self.data: dict[str, object] = {
            "/api/v1/status/buildinfo": {"version": "3.5.1"},
            "/api/v1/targets": {"activeTargets": [TARGET]},
            "/api/v1/labels": ["__name__", "endpoint", "instance", "job", "station"],
            "/api/v1/status/runtimeinfo": {"storageRetention": "5y"},
            "/api/v1/rules": {"groups": [group()]},
            "/api/v1/alertmanagers": {"activeAlertmanagers": [{"url": "http://alerts:9093/api/v2/alerts"}]},
        }
        self.bodies: dict[str, bytes] = {}
        self.receivers(MAIL)
        self.bodies["/metrics"] = b'alertmanager_notifications_total{integration="email"} 3\n'

    def receivers(self, ways: str) -> None:
        status = {"versionInfo": {"version": "0.28.1"}, "config": {"original": RECEIVERS % ways}}
        self.bodies["/api/v2/status"] = json.dumps(status).encode()

    def answer(self, path: str, query: str) -> tuple[int, bytes]:
        """Status and body."""
        if path in self.bodies:
            return 200, self.bodies[path]
        if query in self.failing_queries:
            return 422, json.dumps({"status": "error", "error": self.failing_queries[query]}).encode()
        if path == "/api/v1/query":
            return 200, self._result(query)
        if path == "/api/v1/format_query":
            return 200, json.dumps({"data": " ".join(query.split())}).encode()
        if path in self.data:
            return 200, json.dumps({"status": "success", "data": self.data[path]}).encode()
        return 404, b"404 page not found"

    def _result(self, query: str) -> bytes:
        if query == "time()":
            [(_, told)] = self.queries.get(query, [({}, NOON.timestamp())])
            return json.dumps({"data": {"resultType": "scalar", "result": [told, str(told)]}}).encode()
        rows = self.queries.get(query, [])
        result = [{"metric": found, "value": [NOON.timestamp(), str(value)]} for found, value in rows]
        return json.dumps({"data": {"resultType": "vector", "result": result}}).encode()


def group(**changes: object) -> dict[str, object]:
    rules = [
        {"name": name, "query": expr, "health": "ok", "lastError": ""}
        for name, expressions in shared_files.rules().items()
        for expr in expressions
    ]
    return {"name": "sems-alerts", "interval": 60, "rules": rules} | changes


@pytest.fixture
def answers() -> Iterator[Answers]:
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            answers.asked.append((parts.path, self.headers["Authorization"]))
            status, body = answers.answer(parts.path, parse_qs(parts.query).get("query", [""])[0])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        answers.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join()


class Report:
    """What a round told, with its lines put together again."""

    def __init__(self, code: int, said: str) -> None:
        self.code = code
        self.said = " ".join(said.split())

    @property
    def problems(self) -> int:
        return self.said.count("PROBLEM ")


def examined(answers: Answers, capsys: pytest.CaptureFixture[str]) -> Report:
    api = Api(answers.address)
    code = examination.examine(api, api, FakeClock(NOON))
    return Report(code, capsys.readouterr().out)


def test_where_all_is_well_it_says_so(answers: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    for query in [query.expr for queries in shared_files.dashboards().values() for query in queries]:
        answers.queries[query] = [({}, 1.0)]

    report = examined(answers, capsys)

    assert (report.code, report.problems) == (0, 0)
    assert 'scraped as job="sems", instance="solar:10736", every 1m' in report.said
    assert "Prometheus remembers 5y" in report.said
    number = sum(len(expressions) for expressions in shared_files.rules().values())
    assert f"all {number} rules of this version are loaded" in report.said
    assert "Prometheus hands alerts to http://alerts:9093" in report.said
    assert 'the receiver "owner" tells by email' in report.said
    assert "sent messages since its start by email" in report.said
    assert "dashboards without any data" not in report.said
    assert report.said.endswith("all is well")


@pytest.mark.parametrize(
    "path, data, text",
    [
        ("/api/v1/targets", {"activeTargets": []}, "none of the 0 targets -> job_name: sems"),
        (
            "/api/v1/targets",
            {"activeTargets": [TARGET | {"health": "down", "lastError": "connection refused"}]},
            "fails: connection refused -> http://solar:10736/metrics answers",
        ),
        (
            "/api/v1/targets",
            {"activeTargets": [TARGET | {"labels": {"job": "sems", "instance": "other:80"}}]},
            "answers, but not as a sems-exporter -> correct the target",
        ),
        (
            "/api/v1/targets",
            {"activeTargets": [TARGET | {"labels": {"job": "solar", "instance": "solar:10736"}}]},
            'the job is called "solar" -> job_name: sems',
        ),
        (
            "/api/v1/targets",
            {"activeTargets": [TARGET | {"scrapeInterval": "5m"}]},
            "scraped every 300 s -> scrape_interval: 60s",
        ),
        ("/api/v1/labels", ["exported_station"], "renamed -> remove station from the labels"),
        ("/api/v1/status/runtimeinfo", {"storageRetention": "15d or 1GiB"}, "forgets after 15d -> retention.time=5y"),
        ("/api/v1/rules", {"groups": []}, "none of the -> rule_files"),
        ("/api/v1/rules", {"groups": [group(interval=300)]}, "less than every four minutes -> evaluation_interval: 1m"),
        ("/api/v1/alertmanagers", {"activeAlertmanagers": []}, "knows no Alertmanager -> alertmanagers:"),
        ("/api/v1/targets", None, "none of the 0 targets -> job_name: sems"),
        ("/api/v1/rules", "nonsense", "none of the -> rule_files"),
    ],
)
def test_each_problem_comes_with_a_way_out(
    answers: Answers, capsys: pytest.CaptureFixture[str], path: str, data: object, text: str
) -> None:
    answers.data[path] = data

    report = examined(answers, capsys)

    assert report.code == 1
    finding, _, way_out = text.partition(" -> ")
    assert finding in report.said
    assert way_out in report.said[report.said.index(finding) :]
    assert report.problems >= 1


@pytest.mark.parametrize(
    "query, rows, text",
    [
        ("sems_up == 0", [(BUILD, 0.0)], "solar:10736 could read nothing"),
        ("count by (station) (sems_station_up) > 1", [({"station": "a"}, 2.0)], "1 stations come by more than one"),
        ("time()", [({}, NOON.timestamp() + 90)], "90 s ahead of this machine's"),
        ("time()", [({}, NOON.timestamp() - 90)], "90 s behind this machine's"),
        ("abs(sems_portal_clock_difference_seconds) > 30", [(BUILD, 120.0)], "differs from the portal's by 120 s"),
        ("increase(prometheus_notifications_errors_total[1h]) > 0", [({}, 4.0)], "4 alerts could not be handed"),
    ],
)
def test_what_the_series_say_is_told(
    answers: Answers,
    capsys: pytest.CaptureFixture[str],
    query: str,
    rows: list[tuple[dict[str, str], float]],
    text: str,
) -> None:
    answers.queries[query] = rows

    report = examined(answers, capsys)

    assert (report.code, report.problems) == (1, 1)
    assert text in report.said


def test_rules_that_are_missing_failing_or_old_are_named(answers: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    loaded = [rule for rule in rules_of(group()) if rule["name"] != "SemsBatteryHot"]
    for rule in loaded:
        if rule["name"] == "SemsGridOutage":
            rule |= {"health": "err", "lastError": "found duplicate series"}
        if rule["name"] == "SemsPvLow":
            rule["query"] = "vector(1)"
        if rule["name"] == "SemsBatteryLow":
            rule["alerts"] = [{"labels": {"alertname": "SemsBatteryLow"}, "state": "firing"}]
        if rule["name"] == "SemsWatchdog":
            rule["alerts"] = [{"labels": {"alertname": "SemsWatchdog"}, "state": "firing"}]
    answers.data["/api/v1/rules"] = {"groups": [group(rules=loaded)]}

    report = examined(answers, capsys)

    assert report.problems == 2
    assert "rules are not loaded: SemsBatteryHot ->" in report.said
    assert "the rule SemsGridOutage fails: found duplicate series" in report.said
    assert "1 rules are not those of this version: SemsPvLow" in report.said
    assert "alerts that fire now: SemsBatteryLow ->" in report.said


def rules_of(group: dict[str, object]) -> list[dict[str, object]]:
    found = group["rules"]
    assert isinstance(found, list)
    return found


def test_a_query_of_a_dashboard_that_fails_is_named_by_its_panel(
    answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    (title, [query, *_]) = next(iter(shared_files.dashboards().items()))
    answers.failing_queries[query.expr] = "query processing would load too many samples"

    report = examined(answers, capsys)

    assert f"dashboard {title}, panel {query.panel}: query processing would load too many samples" in report.said
    assert report.code == 1


def test_a_receiver_that_tells_nobody_and_messages_that_fail_are_problems(
    answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    answers.receivers("")
    answers.bodies["/metrics"] = b'alertmanager_notifications_failed_total{integration="email",reason="other"} 2\n'

    report = examined(answers, capsys)

    assert report.problems == 2
    assert 'goes to the receiver "owner", which tells nobody -> put one of prometheus/alertmanager' in report.said
    assert "messages by email have failed" in report.said
    assert "amtool alert add" in report.said


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"data": 7}', b"\xff", b"[" * 100_000])
def test_answers_of_another_program_are_no_traceback(
    answers: Answers, capsys: pytest.CaptureFixture[str], body: bytes
) -> None:
    answers.bodies = dict.fromkeys([*answers.data, *answers.bodies, "/api/v1/query"], body)

    assert examined(answers, capsys).code == 1


def test_who_does_not_answer_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    code = examination.examine(Api("http://127.0.0.1:1"), None, FakeClock(NOON))

    report = Report(code, capsys.readouterr().out)
    assert (report.code, report.problems) == (1, 1)
    assert "Prometheus at http://127.0.0.1:1 does not tell: no connection" in report.said


def test_credentials_come_from_a_file_and_are_not_shown(
    answers: Answers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "who").write_text("me:s3cret:with-colon\n")

    with pytest.raises(SystemExit):
        commands.main(["doctor", "--prometheus", answers.address, "--credentials-file", str(tmp_path / "who")])

    said = capsys.readouterr()
    assert {who for _, who in answers.asked} == {"Basic bWU6czNjcmV0OndpdGgtY29sb24="}
    assert "s3cret" not in said.out + said.err


@pytest.mark.parametrize(
    "args, key",
    [
        ((), "--prometheus"),
        (("--prometheus", "localhost:9090"), "localhost:9090"),
        (("--prometheus", "http://me:secret@localhost:9090"), "without a user and a password"),
    ],
)
def test_an_address_has_to_be_whole_and_without_a_password(
    capsys: pytest.CaptureFixture[str], args: tuple[str, ...], key: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["doctor", *args])

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert key in said
    assert "secret@" not in said
