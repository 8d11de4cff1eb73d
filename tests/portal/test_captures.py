"""Captured answers are read as they should be, in both dialects; CONTRIBUTING tells how one is added."""

import re

import pytest

from sems_exporter.portal.factory import DIALECTS
from tests.captures import reader
from tests.captures.table import CAPTURES

PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.\w+|\b\d{4,5}[A-Z]{3}\d{3}[A-Z]\d{4}\b")
"""An e-mail address, or a serial number as GoodWe writes them."""


def test_every_capture_has_a_row_and_every_row_a_capture() -> None:
    files = {path.name for path in reader.FOLDER.glob("*.json")}

    assert files - CAPTURES.keys() == set(), "add a row for it to CAPTURES in tests/captures/table.py"
    assert CAPTURES.keys() - files == set(), "there is no such file in tests/captures"


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_gives_these_readings_and_no_others(name: str) -> None:
    expected = CAPTURES[name]

    readings, diagnostics = reader.read(reader.load(name))

    assert readings == pytest.approx(expected.readings)
    assert diagnostics.dropped == expected.dropped
    assert tuple(detail for _, detail in diagnostics.details) == expected.unknown


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_names_no_person(name: str) -> None:
    assert PERSONAL.findall((reader.FOLDER / name).read_text(encoding="utf-8")) == []


def test_every_call_of_every_dialect_has_a_reader() -> None:
    calls = {endpoint for dialect in DIALECTS for endpoint in dialect.endpoints}

    assert calls - reader.READERS.keys() == {"login"}, "add a reader to READERS in tests/captures/reader.py"


def test_an_answer_that_nothing_reads_is_told_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"no reader for answers of 'weather': add one to READERS in .*reader\.py"):
        reader.read({"endpoint": "weather"})
