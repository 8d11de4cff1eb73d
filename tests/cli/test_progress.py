"""A person who waits is told how far it is."""

import threading

import pytest

from sems_exporter.cli.progress import telling


def test_what_takes_long_is_told_on_standard_error_again_and_again(capsys: pytest.CaptureFixture[str]) -> None:
    told, twice = list[str](), threading.Event()

    def progress() -> str:
        told.append("x")
        if len(told) == 2:
            twice.set()
        return f"{len(told)} of 3 stations"

    with telling(progress, patience=0.001, again=0.001):
        assert twice.wait(20)

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("1 of 3 stations\n2 of 3 stations\n")


def test_what_holds_all_the_time_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    told, thrice = list[str](), threading.Event()

    def progress() -> str:
        told.append("x")
        if len(told) == 3:
            thrice.set()
        return f"station {len(told)} of 3"

    with telling(progress, "at most 30 requests in a minute", patience=0.001, again=0.001):
        assert thrice.wait(20)

    err = capsys.readouterr().err
    assert err.startswith("station 1 of 3; at most 30 requests in a minute\nstation 2 of 3\n")
    assert err.count("at most 30") == 1


def test_what_is_quick_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    with telling(lambda: "never", patience=60):
        pass

    assert capsys.readouterr().err == ""
