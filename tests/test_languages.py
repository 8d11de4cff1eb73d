"""The languages: nothing is missing, nothing that a translation must keep is lost, and all of it fits."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from babel import Locale

from grafana.build import dashboards
from grafana.build.__main__ import files
from grafana.build.calendars import NOON
from grafana.build.texts import texts
from grafana.build.widths import width
from languages import LANGUAGES, PSEUDO, page_tables
from languages.catalogues import FOLDER, Message, catalogue, missing, text_of, translator
from languages.messages import messages, page_messages
from tests.test_dashboards import with_nested

each_language = pytest.mark.parametrize("language", LANGUAGES)

KEPT = re.compile(
    r"\{\{.*?\}\}|\{\w+\}|`[^`]*`|/\w+/"
    r"|(?<![^\W_])(?:kWh/kWp|kWh|kWp|kW|W|V|Hz|mA|dBm|°C|%|MPPT|SEMS)(?![^\W_])"
)
"""Placeholders, code, addresses, units and names, which a translation has as often as the text."""
NUMBER = re.compile(r"(?<![\w{])\d+(?:[.,:  \u202f]\d+)*")
SCREEN, MARGIN, GAP, COLUMNS = 1600, 16, 8, 24
"""Pixels of a common screen, and how Grafana divides them."""
BESIDE_A_TITLE = 70
"""Pixels that Grafana keeps for the mark of the description, the menu and the edge."""
READ = {
    *("title", "description", "noValue", "legendFormat", "label", "text", "displayName", "titleFormat", "textFormat"),
}
"""Keys of a dashboard whose values people read."""
NO_TEXT = {"SEMS", "All"}
"""What is not translated: the link to all dashboards, and what Grafana itself translates."""
WORDS = re.compile(r"[A-Za-z]{2,}")


@cache
def boards(language: str) -> dict[str, dict[str, Any]]:
    return {name.removesuffix(".json"): json.loads(text) for name, text in files(language).items()}


@cache
def every_message() -> Mapping[Message, list[str]]:
    return messages()


def panels(language: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, board in boards(language).items():
        for panel in with_nested(board["panels"]):
            yield f"{language}/{name}: {panel['title']}", panel


# --- catalogues ---------------------------------------------------------------------------------------------------


@each_language
def test_no_text_is_missing(language: str) -> None:
    untold = missing(language, every_message())

    assert not untold, f"Run `make languages`, translate the empty entries of languages/{language}.po: {untold}"


@each_language
def test_catalogues_are_in_line_with_the_texts(language: str) -> None:
    """None has a text that is in use no more, all have the same order, and the page has what they say."""
    is_in_line = (FOLDER / f"{language}.po").read_text("utf-8") == text_of(language, every_message())
    table = (page_tables.FOLDER / f"{language}.json").read_text("utf-8")

    assert is_in_line, "Run `make languages`."
    assert table == page_tables.text_of(language, page_messages()), "Run `make languages`."


@each_language
def test_translations_keep_placeholders_units_and_numbers(language: str) -> None:
    group = str(Locale.parse(LANGUAGES[language]).number_symbols["latn"]["group"])
    for text, said in translations(language):
        assert not kept(text) - kept(said), (text, said)
        assert numbers(text, ",") == numbers(said, group), (text, said)


def translations(language: str) -> list[tuple[str, str]]:
    return [(str(entry.id), str(entry.string)) for entry in catalogue(language) if entry.id]


def kept(text: str) -> Counter[str]:
    return Counter(KEPT.findall(text))


def numbers(text: str, group: str) -> list[str]:
    """The numbers of a text in order of size, without their groups, a decimal comma as a point."""
    found = NUMBER.findall(re.sub(r"\{\{.*?\}\}|`[^`]*`", "", text))
    return sorted(re.sub(rf"[{re.escape(group)} ](?=\d{{3}}$)", "", one).replace(",", ".") for one in found)


@each_language
def test_translations_end_like_their_texts(language: str) -> None:
    """A sentence stays one, with a full stop, and no blank is left over."""
    for text, said in translations(language):
        assert said == said.strip()
        assert (". " in text or len(text) > 40) <= (text.endswith(".") == said.endswith(".")), (text, said)


def test_a_new_text_is_found_and_stays_english_meanwhile() -> None:
    added = {**every_message(), ("Something new", None): ["home"]}

    assert missing("de", added) == ["Something new"]
    assert 'msgid "Something new"\nmsgstr ""' in text_of("de", added)
    assert translator("de")("Something new", None) == "Something new"


# --- dashboards ---------------------------------------------------------------------------------------------------


def test_nothing_on_a_dashboard_stays_unmarked() -> None:
    """In the language that nobody speaks, every word that people read is strange."""
    plain = []
    for name, board in boards(PSEUDO).items():
        for key, text in read_by_people(board):
            bare = re.sub(r"\{\{.*?\}\}|\$\w+|`.*?`|\{\w+\}|\[.*?\]", "", text, flags=re.DOTALL)
            if WORDS.search(bare) and text not in NO_TEXT:
                plain.append((name, key, text))

    assert plain == []


def read_by_people(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, value in node.items():
            heading = key == "renameByName"
            yield from [(name, value)] if heading and isinstance(value, str) else read_by_people(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from read_by_people(value, key)
    elif isinstance(node, str) and key in READ:
        yield key, node


@pytest.mark.parametrize("language", [*LANGUAGES, PSEUDO])
def test_only_words_differ(language: str) -> None:
    """Queries, units, colours and places are those of the English dashboards."""
    for (_, english), (where, panel) in zip(panels("en"), panels(language), strict=True):
        assert english["gridPos"] == panel["gridPos"], where
        for one, other in zip(english.get("targets", []), panel.get("targets", []), strict=True):
            assert (one["expr"], one["refId"]) == (other["expr"], other["refId"]), where
        for key in ("unit", "decimals", "thresholds", "min", "max"):
            defaults = (one["fieldConfig"]["defaults"] for one in (english, panel) if "fieldConfig" in one)
            assert len({json.dumps(one.get(key)) for one in defaults}) <= 1, where


@pytest.mark.parametrize("language", ["en", *LANGUAGES, PSEUDO])
def test_parts_of_a_panel_refer_to_each_other_by_its_words(language: str) -> None:
    """Colours, sums and the order of a table go by names, which are translated as well."""
    for where, panel in panels(language):
        named = {target["legendFormat"] for target in panel.get("targets", [])}
        steps = [one["options"] for one in panel.get("transformations", [])]
        named |= {name for step in steps for name in step.get("renameByName", {}).values()}
        named |= {step["alias"] for step in steps if "alias" in step}
        refers = [
            *(one["matcher"]["options"] for one in overrides(panel) if one["matcher"]["id"] == "byName"),
            *(one["displayName"] for one in panel.get("options", {}).get("sortBy", [])),
            *(one["field"] for step in steps for one in step.get("sort", [])),
            *(name for step in steps for name in (step.get("fields") or {})),
            *(name for step in steps for name in step.get("excludeByName", {})),
            *(step["binary"][side] for step in steps if "binary" in step for side in ("left", "right")),
            *filter(None, [panel.get("options", {}).get("xField")]),
        ]

        assert set(refers) <= named | {"ok", "Time", f"{NOON}"}, where


def overrides(panel: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = panel.get("fieldConfig", {}).get("overrides", [])
    return found


@pytest.mark.parametrize("language", ["en", *LANGUAGES, PSEUDO])
def test_words_of_one_place_stay_apart(language: str) -> None:
    """Panels of a dashboard, lines of a panel and columns of a table that would have one name would become one."""
    for name, board in boards(language).items():
        titles = [panel["title"] for panel in board["panels"]]
        assert len(set(titles)) == len(titles), (language, name)
    for (_, english), (where, panel) in zip(panels("en"), panels(language), strict=True):
        for key in ("targets", "transformations"):
            assert apart(english.get(key, [])) == apart(panel.get(key, [])), where


def apart(parts: list[dict[str, Any]]) -> int:
    legends = {part["legendFormat"] for part in parts if part.get("legendFormat")}
    headings = {heading for part in parts for heading in part.get("options", {}).get("renameByName", {}).values()}
    return len(legends) + len(headings)


@pytest.mark.parametrize("language", ["en", *LANGUAGES, PSEUDO])
def test_titles_and_headings_fit(language: str) -> None:
    """No title is longer than its panel, no table that was as wide as the screen is wider."""
    column = (SCREEN - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS
    for where, panel in panels(language):
        columns = panel["gridPos"]["w"]
        room = columns * column + (columns - 1) * GAP
        assert width(panel["title"]) <= room - BESIDE_A_TITLE, where
        widths = [(one["matcher"]["options"], part) for one in overrides(panel) for part in one["properties"]]
        widths = [
            (heading, part["value"]) for heading, part in widths if part["id"] in {"custom.width", "custom.minWidth"}
        ]
        assert sum(pixels for _, pixels in widths) <= room, where
        assert language == "en" or all(width(heading) < pixels for heading, pixels in widths), where


@pytest.mark.parametrize("language", LANGUAGES)
def test_dashboards_of_a_language_lead_to_each_other(language: str) -> None:
    """They may stand beside the English ones in one Grafana."""
    found = boards(language)
    english = boards("en")

    assert {board["uid"] for board in found.values()} == {f"{board['uid']}-{language}" for board in english.values()}
    assert set(re.findall(r"/d/([\w-]+)", json.dumps(found))) <= {board["uid"] for board in found.values()}
    assert all(f"sems-{language}" in board["tags"] and "sems" not in board["tags"] for board in found.values())
    assert all(board["links"][0]["tags"] == [f"sems-{language}"] for board in found.values())


def test_marked_texts_are_as_english_as_before() -> None:
    """Marking changes nothing of the dashboards that are committed."""
    assert all(str(text) == text for board in dashboards().values() for text in texts(board))
