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


def test_what_is_quick_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    with telling(lambda: "never", patience=60):
        pass

    assert capsys.readouterr().err == ""
