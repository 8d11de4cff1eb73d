"""`make quick` finds the tests of a file, and says so where there are none."""

from pathlib import Path

import pytest

from tools import quick


@pytest.mark.parametrize(
    "path, expected",
    [
        ("sems_exporter/portal/session/rate_limiter.py", ["tests/portal/session/test_rate_limiter.py"]),
        ("sems_exporter/store.py", ["tests/test_store.py"]),
        ("tools/quick.py", ["tests/tools/test_quick.py"]),
        ("tests/test_store.py", ["tests/test_store.py"]),
        ("tests/clocks.py", []),
        ("sems_exporter/version.py", []),
    ],
)
def test_a_module_has_the_tests_that_mirror_it(path: str, expected: list[str]) -> None:
    assert quick.mirrors(Path(path)) == [Path(each) for each in expected]


def test_a_module_without_a_test_of_its_name_has_those_of_its_folder() -> None:
    found = quick.mirrors(Path("sems_exporter/portal/classic/invented.py"))

    assert Path("tests/portal/classic/test_captures.py") in found
    assert {path.parent for path in found} == {Path("tests/portal/classic")}


def test_a_file_without_tests_is_checked_and_named(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick, "_run", lambda *_: 0)

    assert quick.main([str(quick.ROOT / "sems_exporter" / "version.py")]) == 0
    assert "No test mirrors sems_exporter/version.py; make test runs all of them." in capfd.readouterr().out


@pytest.mark.parametrize("name", ["no/such/file.py", "/"])
def test_a_file_that_is_not_there_is_refused_in_a_sentence(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert quick.main([name]) == 2
    assert f"There is no file {name} in this repository." in capfd.readouterr().out
