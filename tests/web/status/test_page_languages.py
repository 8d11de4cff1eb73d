"""The page in other languages: whose it is, what becomes of words and numbers, and that nothing stays English."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from languages import LANGUAGES
from languages.messages import page_messages
from languages.pseudo import pseudo
from sems_exporter.model.money import Money
from sems_exporter.model.plant import KWH, Alarm, AlarmLevel, Battery, EvCharger, Station
from sems_exporter.web.status.language import ENGLISH, OFFERED, Language, wanted
from sems_exporter.web.status.page import FOLD_ABOVE, PageStatus, Past, View, render_page
from tests.homes import home
from tests.serving import Site
from tests.web.status.page_reader import EMPTY, HOME, NOW, STATUS, Reader, fleet
from tests.web.status.test_day import STEADY
from tests.web.status.test_week import WEEK
from tests.web.test_app import ask

PAST = Past(lambda _, begin, __: [(begin.timestamp() + 150, STEADY)], lambda _, day: WEEK.get(day))
NAMES = {"SEMS exporter", "AC", "PV", "MPPT", "UTC", "EUR", "kWh", "MWh", "kW", "kWp", "Lake House", "Garage", "Home"}
NAMES |= {"BAT", "INV", "MTR", "plant"}
"""What is called the same in every language: names of things, and what the portal calls them."""


class Strange(dict[str, str]):
    """The words of a language that nobody speaks; a text that no catalogue has is an error."""

    def get(self, text: str, _: object = None) -> str:
        assert text in page_messages_once, f"{text!r} is in no catalogue: mark it, then `make languages`"
        return pseudo(text)


page_messages_once = page_messages()
STRANGE = Language("xx", ",", ".", "{day}#{month}#{year}", tuple("1234567"), Strange())
RICH = replace(
    HOME,
    alarms=(Alarm(device="INV1", code="E7", level=AlarmLevel.FAULT, name="E7", started_at=NOW - timedelta(days=3)),),
    alarms_unlisted=2,
    heat_pump_power=900.0,
    ev_chargers=(EvCharger(id="EV1", charging_power=7400.0, charging_power_limit=11000.0, session_energy=3 * KWH),),
    batteries=(*HOME.batteries, Battery(id="R1", system="BAT1", cell_temperature_max=30.5, cell_temperature_min=12.0)),
    money=Money(
        tariff="home",
        currency="EUR",
        import_price=0.3,
        export_price=0.08,
        today={"import_cost": 1.5, "savings": 1234.5},
    ),
)
SCENES: dict[str, tuple[list[Station], PageStatus, View]] = {
    "all of a home": ([RICH], STATUS, View()),
    "without a zone": ([replace(RICH, timezone=None)], STATUS, View()),
    "nothing known": ([EMPTY], replace(STATUS, simulated=True), View()),
    "old data": ([replace(HOME, data_timestamp=NOW - timedelta(days=3))], replace(STATUS, up=False), View()),
    "folded": (fleet(FOLD_ABOVE + 1), STATUS, View()),
    "a fleet": (fleet(150), STATUS, View()),
    "one of a fleet": (fleet(30), STATUS, View("plant-3")),
    "on the wall": ([RICH], STATUS, View(kiosk=True)),
    "no station": ([], STATUS, View()),
    "at the beginning": ([], replace(STATUS, up=None, last_success=None, next_refresh=None), View()),
}


def drawn(scene: str, language: Language) -> Reader:
    stations, status, view = SCENES[scene]
    return Reader(render_page(stations, status, view, PAST, language))


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_on_the_page_stays_unmarked(scene: str) -> None:
    """In the language that nobody speaks every word is strange, also what is read out only."""
    reader = drawn(scene, STRANGE)
    texts = [text for text in reader.texts if text.strip()]
    texts += [e.attributes[key] for e in reader.elements for key in ("aria-label", "title") if key in e.attributes]

    plain = [re.sub(r"\[.*?\]+", "", text) for text in texts]
    words = {word for text in plain for word in re.findall(r"[A-Za-z]{3,}", text.replace("SEMS exporter", ""))}

    assert words - {word for name in NAMES for word in name.split()} == set()
    assert "[" in "".join(texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_in_each_language(language: str) -> None:
    spoken = wanted(language.encode())
    reader = drawn("all of a home", spoken)

    assert spoken.tag.partition("-")[0] == language
    assert reader.all("html")[0].attributes["lang"] == spoken.tag
    assert spoken.texts["Import"] in {e.text for e in reader.all("h3")}
    assert "6,63" in reader.main
    assert "6.63" not in reader.main
    assert f"1{spoken.group}234,50" in reader.main
    assert not [text for text in spoken.texts.values() if set(text) & set('<>&"')]


def test_dates_are_written_as_in_the_language() -> None:
    """The alarm is of another day."""
    assert "18.6.2026 12:05" in drawn("all of a home", wanted(b"de")).main
    assert "18.06.2026 12:05" in drawn("all of a home", wanted(b"pl")).main
    assert "18/06/2026 12:05" in drawn("all of a home", wanted(b"pt")).main
    assert "2026-06-18 12:05" in drawn("all of a home", ENGLISH).main


def test_marked_values_are_the_same_in_all_languages() -> None:
    """Scripts compare them with the metrics."""
    marks = [
        [
            e.attributes["data-value"]
            for e in drawn("all of a home", wanted(language)).elements
            if "data-value" in e.attributes
        ]
        for language in (b"en", b"de", b"cs")
    ]

    assert marks[0] == marks[1] == marks[2]


def test_the_script_has_the_words_of_the_page() -> None:
    """It counts ages on, and must not fall back into English."""
    [element] = drawn("all of a home", wanted(b"de")).all(id="page")

    words = json.loads(element.attributes["data-words"])
    assert words == {
        "ago": "vor {span}",
        "just": "gerade eben",
        "in": "in {span}",
        "now": "jetzt",
        "days": "{number} Tagen",
    }


def test_what_the_exporter_reports_is_english_and_says_so() -> None:
    """Messages are those of the log."""
    status = replace(STATUS, up=False, problem="The portal is away.")
    reader = Reader(render_page([HOME], status, language=wanted(b"nl")))

    assert [e.text for e in reader.all("span", lang="en")] == ["The portal is away."]


def test_the_language_goes_by_the_header_and_caches_know() -> None:
    """Also within the second for which a rendered page serves everybody."""
    site = Site(home())

    said = {}
    for asked in ("de-AT, en;q=0.5", "nl", "en-GB", "fr"):
        status, headers, body = ask(site.application, "/", "GET", ("accept-language", asked))
        assert status == 200
        assert headers["vary"] == "Accept-Encoding, Accept-Language"
        assert f'<html lang="{headers["content-language"]}">' in body.decode()
        said[asked] = headers["content-language"]

    assert said == {"de-AT, en;q=0.5": "de", "nl": "nl", "en-GB": "en", "fr": "en"}


def test_what_is_offered_is_what_there_are_catalogues_of() -> None:
    assert set(OFFERED) == {"en", *LANGUAGES}
