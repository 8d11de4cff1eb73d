"""One line an event, readable by machines, without a secret in any spelling."""

import gc
import io
import json
import logging
import re
import sys
import threading
import urllib.parse
import warnings
from collections.abc import Iterator
from contextvars import Context

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.telemetry.logs import (
    SAME_FAULT_AGAIN_SECONDS,
    ChangeLimiter,
    DuplicateFilter,
    EventFormatter,
    bind_account,
    set_up,
)
from sems_exporter.telemetry.redaction import MASK, Masks, Secret

PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^\s"]*)')
SECRETS = ["hunter2!", 'pa"ss wörd', "back\\slash", "tab\tnew\nline", "it's &=?% done", "päß☀", "1234", "a/b+c d"]


def parsed(line: str) -> dict[str, str]:
    """A logfmt line as a reader of logfmt sees it."""
    assert " ".join(f"{key}={value}" for key, value in PAIR.findall(line)) == line
    return {key: json.loads(value) if value.startswith('"') else value for key, value in PAIR.findall(line)}


def record(message: str, level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {
            "name": "sems_exporter.poller",
            "levelno": level,
            "levelname": logging.getLevelName(level),
            "msg": message,
        }
    )
    vars(made).update(extra)
    return made


def knowing(*secrets: str) -> Masks:
    masks = Masks()
    masks.learn(*secrets)
    return masks


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
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in own.items():
        logging.getLogger(name).setLevel(before)


def test_logfmt_has_time_level_source_message_and_what_the_event_carries() -> None:
    line = EventFormatter("logfmt").format(
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
    event = json.loads(EventFormatter("json").format(record("refresh works", seconds=1.5, stations=2, where=["a"])))

    assert event["level"] == "info"
    assert (event["seconds"], event["stations"], event["where"]) == (1.5, 2, "['a']")


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_an_exception_is_one_line_too(form: str) -> None:
    line = EventFormatter(form).format(failed("first\nsecond"))

    assert "\n" not in line
    event = json.loads(line) if form == "json" else parsed(line)
    assert "Traceback" in event["exception"]
    assert "first\nsecond" in event["exception"]


@given(st.text(), st.text())
@settings(deadline=None)
def test_any_text_is_one_line_that_reads_back(message: str, detail: str) -> None:
    event = record("%s", detail=detail)
    event.args = (message,)

    logfmt = EventFormatter("logfmt").format(event)
    loaded = json.loads(EventFormatter("json").format(event))

    assert "\n" not in logfmt
    assert (parsed(logfmt)["msg"], parsed(logfmt)["detail"]) == (message, detail)
    assert (loaded["msg"], loaded["detail"]) == (message, detail)


@pytest.mark.parametrize("form", ["logfmt", "json"])
@pytest.mark.parametrize("text", SECRETS)
class TestSecrets:
    """Whatever path a secret takes into a log line, it does not come out."""

    def lines(self, form: str, text: str) -> list[str]:
        formatter = EventFormatter(form, knowing(text))
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
    line = EventFormatter("json", knowing("1234")).format(record("x", pin=1234, seconds=5))

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

    @pytest.mark.parametrize("form", ["logfmt", "json"])
    def test_what_libraries_and_python_itself_say_ends_in_the_same_form(self, form: str) -> None:
        stream = io.StringIO()
        set_up("debug", form, (), stream)

        logging.getLogger("urllib3.connectionpool").warning("Retrying\n%s", "x")
        logging.getLogger("asyncio").error("Task exception was never retrieved")
        logging.getLogger("uvicorn.error").info("Started")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=False)
            logging.captureWarnings(capture=True)
            warnings.warn("old", DeprecationWarning, stacklevel=1)

        events = [json.loads(line) if form == "json" else parsed(line) for line in stream.getvalue().splitlines()]
        assert [event["logger"] for event in events] == [
            "urllib3.connectionpool",
            "asyncio",
            "uvicorn.error",
            "py.warnings",
        ]
        assert "DeprecationWarning: old" in events[-1]["msg"]

    @pytest.mark.parametrize("form", ["logfmt", "json"])
    def test_an_exception_that_ends_a_thread_is_one_line_without_secrets(self, form: str) -> None:
        stream = io.StringIO()
        set_up("error", form, (Secret("hunter2!"),), stream)

        thread = threading.Thread(target=_fail, args=("token hunter2!\nand more",), name="poller")
        thread.start()
        thread.join()

        [line] = stream.getvalue().splitlines()
        event = json.loads(line) if form == "json" else parsed(line)
        assert (event["level"], event["thread_name"]) == ("error", "poller")
        assert f"ValueError: token {MASK}\nand more" in event["exception"]

    def test_the_line_about_a_thread_that_ended_carries_its_account(self) -> None:
        stream = io.StringIO()
        set_up("error", "json", (), stream)

        def work() -> None:
            bind_account("north")
            _fail("broken")

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

        assert json.loads(stream.getvalue())["account"] == "north"

    def test_an_exception_that_ends_the_program_is_one_line_without_secrets(self) -> None:
        stream = io.StringIO()
        set_up("error", "logfmt", (Secret("hunter2!"),), stream)

        event = failed("said hunter2!")
        assert event.exc_info
        sys.excepthook(*event.exc_info)

        [line] = stream.getvalue().splitlines()
        assert "a fault of its own" in parsed(line)["msg"]
        assert "hunter2" not in line

    def test_ctrl_c_is_no_fault_of_the_program(self, capsys: pytest.CaptureFixture[str]) -> None:
        stream = io.StringIO()
        set_up("error", "logfmt", (), stream)

        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

        assert stream.getvalue() == ""
        assert "KeyboardInterrupt" in capsys.readouterr().err

    def test_an_exception_where_nobody_can_handle_it_is_one_line_without_secrets(self) -> None:
        stream = io.StringIO()
        set_up("error", "logfmt", (Secret("hunter2!"),), stream)

        class Fragile:
            def __del__(self) -> None:
                _fail("said hunter2!")

        Fragile()
        gc.collect()

        [line] = stream.getvalue().splitlines()
        assert "where nobody could handle it" in parsed(line)["msg"]
        assert "hunter2" not in line

    def test_a_stack_that_a_library_logs_is_part_of_the_line_without_secrets(self) -> None:
        stream = io.StringIO()
        set_up("error", "logfmt", (Secret("hunter2!"),), stream)
        logger = logging.getLogger("urllib3")

        # The stack shows this line, and so what stands in it.
        logger.error("odd", stack_info=bool("hunter2!"))

        [line] = stream.getvalue().splitlines()
        assert "Stack (most recent call last)" in parsed(line)["stack"]
        assert "hunter2" not in line

    def test_a_line_that_cannot_be_made_is_told_without_what_it_holds(self) -> None:
        """Python's own complaint would print the arguments."""
        stream = io.StringIO()
        set_up("info", "logfmt", (), stream)

        logging.getLogger("sems_exporter.store").info("%d stations", "correct horse")

        [line] = stream.getvalue().splitlines()
        event = parsed(line)
        assert (event["msg"], event["error"]) == ("an event could not be logged", "TypeError")
        assert event["from"].startswith("sems_exporter.store:")
        assert "horse" not in line

    def test_nothing_happens_when_standard_error_is_closed(self) -> None:
        stream = io.StringIO()
        set_up("info", "logfmt", (), stream)
        stream.close()

        logging.getLogger("sems_exporter.store").info("nobody listens")


ODD = [
    "line\nfeed",
    "carriage\rreturn",
    "\x1b[31mred\x1b[0m",
    "\x9b31m",
    "nul\x00",
    "del\x7f",
    "next\x85line",
    "para\u2029graph",
    "line\u2028separator",
    "\u202eturned",
    "b\udcffroken",
    'quo"te',
    "back\\slash",
    "a=b c=d",
    "",
]


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_no_text_can_end_a_line_or_move_a_cursor(form: str, text: str) -> None:
    line = EventFormatter(form).format(record(text, detail=text))

    event = json.loads(line) if form == "json" else parsed(line)
    assert (event["msg"], event["detail"]) == (text, text)
    assert line.isprintable()
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, 3, 2.5])
def test_json_stays_json_whatever_the_number(value: float) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    event = json.loads(EventFormatter("json").format(record("x", number=value)), parse_constant=refuse)

    assert str(event["number"]) == str(value)


class TestRepeats:
    """A fault that is there each minute does not fill the disk."""

    def told(self, repeats: DuplicateFilter, event: logging.LogRecord, at: float) -> logging.LogRecord | None:
        event.created = at
        return event if repeats.filter(event) else None

    def test_the_same_fault_is_told_once_an_hour_with_how_often_it_was_not(self) -> None:
        repeats = DuplicateFilter()

        seen = [self.told(repeats, failed(f"number {minute}"), 60.0 * minute) for minute in range(121)]

        told = [event for event in seen if event]
        assert [event.created for event in told] == [0.0, SAME_FAULT_AGAIN_SECONDS, 2 * SAME_FAULT_AGAIN_SECONDS]
        assert [getattr(event, "repeated", None) for event in told] == [None, 59, 59]

    def test_a_fault_elsewhere_is_another_one(self) -> None:
        repeats = DuplicateFilter()
        other = record("it failed", logging.ERROR)
        other.exc_info = (KeyError, KeyError(), None)

        assert [self.told(repeats, event, 0.0) for event in (failed("x"), other)].count(None) == 0

    def test_what_the_exporter_says_of_itself_is_always_told(self) -> None:
        repeats = DuplicateFilter()

        assert all(self.told(repeats, record("refresh works"), float(second)) for second in range(10))

    def test_a_clock_that_is_set_back_does_not_silence_anything(self) -> None:
        repeats = DuplicateFilter()
        self.told(repeats, failed("x"), 1e9)

        assert self.told(repeats, failed("x"), 5.0)


class TestNews:
    """When a condition is worth a line."""

    def test_a_condition_is_told_when_it_begins_changes_and_ends(self) -> None:
        news = ChangeLimiter()

        told = [news.of(what, 300.0 * at) for at, what in enumerate([None, "a", "a", "a", "b", "b", None, None])]

        assert told == [0, 0, None, None, 0, None, 0, None]

    def test_a_night_of_flickering_is_a_few_lines(self) -> None:
        news = ChangeLimiter()

        told = [news.of("ab"[number % 2], 60.0 * number) for number in range(600)]

        lines = [unsaid for unsaid in told if unsaid is not None]
        assert len(lines) <= 6 + 600 // 30 + 1
        assert sum(lines) + len(lines) > 550

    def test_after_a_flicker_the_last_word_is_how_it_is(self) -> None:
        news, said = ChangeLimiter(), None
        for number in range(100):
            what = "ab"[number % 2]
            said = what if news.of(what, float(number)) is not None else said

        for minute in range(61):
            said = "c" if news.of("c", 100 + 60.0 * minute) is not None else said

        assert said == "c"


def test_a_line_that_is_logged_for_a_named_account_carries_the_name() -> None:
    event = record("signed in")
    formatter = EventFormatter("json")

    told = {}
    for account in ("north", "", None):
        context = Context()
        if account is not None:
            context.run(bind_account, account)
        told[account] = json.loads(context.run(formatter.format, event)).get("account")

    assert told == {"north": "north", "": None, None: None}
