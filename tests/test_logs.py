"""One line an event, readable by machines, without a secret in any spelling."""

import io
import json
import logging
import re
import urllib.parse
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.config import Secret
from sems_exporter.logs import MASK, EventFormatter, set_up

PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^\s"]*)')
SECRETS = ["hunter2!", 'pa"ss wörd', "back\\slash", "tab\tnew\nline", "it's &=?% done", "päß☀", "1234", "a/b+c d"]


def parsed(line: str) -> dict[str, str]:
    """A logfmt line as a reader of logfmt sees it."""
    assert " ".join(f"{key}={value}" for key, value in PAIR.findall(line)) == line
    return {key: json.loads(value) if value.startswith('"') else value for key, value in PAIR.findall(line)}


def record(message: str, level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"name": "sems_exporter.poller", "levelno": level, "levelname": logging.getLevelName(level), "msg": message}
    )
    vars(made).update(extra)
    return made


def failed(text: str) -> logging.LogRecord:
    """A record of an exception whose message is `text`."""
    made = record("it failed", logging.ERROR)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - it is our own, whatever its text
        _fail(text)
    made.exc_info = caught.type, caught.value, caught.tb
    return made


def _fail(text: str) -> None:
    raise ValueError(text)


@pytest.fixture
def _logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    own = {name: logging.getLogger(name).level for name in ("sems_exporter", "uvicorn")}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in own.items():
        logging.getLogger(name).setLevel(before)


def test_logfmt_has_time_level_source_message_and_what_the_event_carries() -> None:
    line = EventFormatter("logfmt", ()).format(
        record("refresh failed", logging.WARNING, reason="timeout", seconds=1.5, error="it took too long", nothing=None)
    )

    event = parsed(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event.pop("ts"))
    assert event == {
        "level": "warn",
        "logger": "poller",
        "msg": "refresh failed",
        "reason": "timeout",
        "seconds": "1.5",
        "error": "it took too long",
    }


def test_json_carries_the_same_with_numbers_as_numbers() -> None:
    event = json.loads(EventFormatter("json", ()).format(record("refresh works", seconds=1.5, stations=2, where=["a"])))

    assert event["level"] == "info"
    assert (event["seconds"], event["stations"], event["where"]) == (1.5, 2, "['a']")


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_an_exception_is_one_line_too(form: str) -> None:
    line = EventFormatter(form, ()).format(failed("first\nsecond"))

    assert "\n" not in line
    event = json.loads(line) if form == "json" else parsed(line)
    assert "Traceback" in event["exception"]
    assert "first\nsecond" in event["exception"]


@given(st.text(), st.text())
@settings(deadline=None)
def test_any_text_is_one_line_that_reads_back(message: str, detail: str) -> None:
    event = record("%s", detail=detail)
    event.args = (message,)

    logfmt = EventFormatter("logfmt", ()).format(event)
    loaded = json.loads(EventFormatter("json", ()).format(event))

    assert "\n" not in logfmt
    assert (parsed(logfmt)["msg"], parsed(logfmt)["detail"]) == (message, detail)
    assert (loaded["msg"], loaded["detail"]) == (message, detail)


@pytest.mark.parametrize("form", ["logfmt", "json"])
@pytest.mark.parametrize("text", SECRETS)
class TestSecrets:
    """Whatever path a secret takes into a log line, it does not come out."""

    def lines(self, form: str, text: str) -> list[str]:
        formatter = EventFormatter(form, (Secret(text),))
        spelled = [
            text,
            f"x{text}y",
            repr(text),
            json.dumps({"pwd": text}),
            json.dumps({"pwd": text}, ensure_ascii=False),
            urllib.parse.quote(text),
            urllib.parse.quote(text, safe=""),
            urllib.parse.urlencode({"pwd": text}),
            str({"pwd": text}),
        ]
        events = [*(record(f"said {said}") for said in spelled), *(record("said", detail=said) for said in spelled)]
        return [formatter.format(event) for event in [*events, *(failed(said) for said in spelled)]]

    def test_it_is_masked_in_every_spelling(self, form: str, text: str) -> None:
        spellings = {
            text,
            repr(text)[1:-1],
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
            json.dumps(json.dumps(text))[3:-3],
            urllib.parse.quote(text),
            urllib.parse.quote_plus(text),
        }

        for line in self.lines(form, text):
            assert MASK in line
            assert not [spelling for spelling in spellings if spelling in line.partition("level")[2]]

    def test_what_is_left_still_reads_back(self, form: str, text: str) -> None:
        for line in self.lines(form, text):
            event = json.loads(line) if form == "json" else parsed(line)

            assert event["logger"] == "poller"


def test_numbers_that_hold_a_secret_do_not_break_the_line() -> None:
    line = EventFormatter("json", (Secret("1234"),)).format(record("x", pin=1234, seconds=5))

    event = json.loads(line)
    assert (event["pin"], event["seconds"]) == (MASK, 5)


@pytest.mark.usefixtures("_logging_restored")
class TestSetUp:
    """The whole of Python's logging, as the settings want it."""

    @pytest.mark.parametrize(
        "level, seen",
        [
            ("debug", ["debug", "info", "warn", "error"]),
            ("info", ["info", "warn", "error"]),
            ("warn", ["warn", "error"]),
            ("error", ["error"]),
        ],
    )
    def test_less_important_lines_are_left_out(self, level: str, seen: list[str]) -> None:
        stream = io.StringIO()
        set_up(level, "logfmt", (), stream)
        log = logging.getLogger("sems_exporter.test")

        for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            log.log(number, "something")

        assert [parsed(line)["level"] for line in stream.getvalue().splitlines()] == seen

    def test_libraries_speak_up_only_when_something_is_wrong(self) -> None:
        stream = io.StringIO()
        set_up("debug", "logfmt", (), stream)

        logging.getLogger("urllib3").info("chatter")
        logging.getLogger("urllib3").warning("trouble")

        assert [parsed(line)["msg"] for line in stream.getvalue().splitlines()] == ["trouble"]

    def test_what_strangers_send_to_the_port_is_no_event(self) -> None:
        stream = io.StringIO()
        set_up("info", "logfmt", (), stream)

        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")

        assert stream.getvalue() == ""

    def test_secrets_of_libraries_are_masked_as_well(self) -> None:
        stream = io.StringIO()
        set_up("info", "json", (Secret("hunter2!"),), stream)

        logging.getLogger("urllib3").warning("retry of /login?pwd=hunter2%21")

        assert "hunter2" not in stream.getvalue()


def test_a_line_from_the_thread_of_a_named_account_carries_the_name() -> None:
    record = logging.makeLogRecord({"name": "sems_exporter.portal.session", "msg": "signed in"})
    formatter = EventFormatter("json", ())

    told = {}
    for thread in ("poller north", "poller", "MainThread"):
        record.threadName = thread
        told[thread] = json.loads(formatter.format(record)).get("account")

    assert told == {"poller north": "north", "poller": None, "MainThread": None}
