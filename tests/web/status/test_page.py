"""The status page as a document: overall state, many stations, safety against what the portal sends, legibility."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from grafana.build import look, tiles
from sems_exporter.model.plant import Inverter, PvInput, StationState
from sems_exporter.web.status import palette
from sems_exporter.web.status.page import CONTENT_SECURITY_POLICY, render_page
from tests.web.status.page_reader import HOME, STATUS, Reader, fleet, page

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;$content"


class TestOverall:
    """The exporter's own state, in a word and a sentence."""

    def test_trouble_is_told_in_its_sentence(self) -> None:
        """The owner learns what to do from the page."""
        reader = page(status=replace(STATUS, up=False, problem="The portal rejected account or password."))

        assert "The portal rejected account or password." in [e.text for e in reader.classed("notice")]
        assert reader.all(data_metric="sems_up", data_value="0.0")[0].text == "Trouble"

    def test_before_the_first_answer_the_page_waits(self) -> None:
        """Not up, not down, no stations yet."""
        reader = page(status=replace(STATUS, up=None, last_success=None, next_refresh=None))

        assert "No data yet" in reader.main
        assert "Waiting" in reader.all("title")[0].text
        assert not reader.all(data_metric="sems_up")

    @pytest.mark.parametrize("simulated", [True, False])
    def test_a_simulated_plant_is_called_so(self, simulated: bool) -> None:
        """Nobody takes the demo for a home."""
        texts = [e.text for e in page(HOME, status=replace(STATUS, simulated=simulated)).classed("badge")]

        assert ("simulated plant" in texts) is simulated

    def test_the_footer_links_to_what_else_is_served(self) -> None:
        """Metrics, both health routes, version and the next refresh."""
        reader = page(HOME, status=replace(STATUS, metrics_path="/solar/metrics"))

        assert [e.attributes["href"] for e in reader.all("a")] == ["/solar/metrics", "/-/healthy", "/-/ready"]
        [footer] = reader.all("footer")
        assert "version 1.2.3" in footer.text
        assert "last good refresh 2 min ago · next refresh in 3 min" in footer.text


class TestManyStations:
    """An overview first, where there are too many to scroll through."""

    def test_a_few_stations_are_all_open(self) -> None:
        """No overview for three."""
        reader = page(*fleet(3))

        assert not reader.classed("overview")
        assert [e.text for e in reader.all("h2")] == ["Home 0", "Home 1", "Home 2"]

    def test_many_stations_have_a_row_and_a_folded_block_each(self) -> None:
        """Each row leads to its block; the anchor lies inside, so that browsers unfold it."""
        reader = page(*fleet(12))

        [overview] = reader.classed("overview")
        links = [e for e in reader.all("a") if overview in e.parents]
        assert [e.text for e in links] == [f"Home {n}" for n in range(12)]
        for link in links:
            [target] = reader.all(id=link.attributes["href"].removeprefix("#"))
            assert target.parents[-1].tag == "details"
            assert link.text in target.parents[-1].text

    def test_a_row_tells_the_direction_of_the_grid_in_words(self) -> None:
        """Export, import, still, unknown."""
        homes = fleet(7)
        homes[1] = replace(homes[1], grid_export_power=0.0, grid_import_power=500.0)
        homes[2] = replace(homes[2], grid_export_power=0.0)
        homes[3] = replace(homes[3], grid_export_power=None)
        reader = page(*homes)

        cells = [e.text for e in reader.all("td") if reader.classed("overview")[0] in e.parents][2::4]
        assert cells[:4] == ["1.35 kWexport", "500 Wimport", "0 Wno flow", "– unknown"]


class TestSafety:
    """What comes from the portal is text, and the page is alone in the world."""

    def test_hostile_texts_stay_texts(self) -> None:
        """No name, id or model becomes markup or leaves its attribute."""
        inverter = Inverter(id=HOSTILE, name=HOSTILE, model="m" + HOSTILE, inputs=(PvInput(number=HOSTILE, power=1.0),))
        reader = page(replace(HOME, id=HOSTILE, name=HOSTILE, inverters=(inverter,)))

        assert len(reader.all("script")) == 1
        assert not reader.all("img")
        assert [e.text for e in reader.all("h2")] == [HOSTILE]
        assert reader.all("article", data_station=HOSTILE)
        assert reader.all("tbody", data_inverter=HOSTILE)
        assert reader.all("span", data_input=HOSTILE)

    def test_hostile_texts_of_the_exporter_stay_texts(self) -> None:
        """A problem may quote the portal."""
        reader = page(status=replace(STATUS, up=False, problem=HOSTILE, version=HOSTILE, metrics_path='/"><b>'))

        assert len(reader.all("script")) == 1
        assert reader.classed("notice")[0].text == HOSTILE
        assert reader.all("a", href='/"><b>')

    def test_half_a_surrogate_pair_does_not_break_the_page(self) -> None:
        """JSON can spell one."""
        assert "Roof?" in page(replace(HOME, name="Roof\ud83d")).main

    def test_a_name_without_end_is_cut(self) -> None:
        """So that it cannot push the figures away."""
        [title] = page(replace(HOME, name="x" * 5000)).all("h2")

        assert len(title.text) == 80

    def test_nothing_outside_is_asked_for(self) -> None:
        """Every address is of this server, of this page, or inline data."""
        document = render_page([HOME], STATUS)
        reader = Reader(document)

        places = [
            v for e in reader.elements for k, v in e.attributes.items() if k in ("href", "src", "action", "srcset")
        ]
        assert all(place.startswith(("/", "#", "data:")) and not place.startswith("//") for place in places)
        assert b"://" not in document
        assert b"@import" not in document
        assert b"url(" not in document

    def test_the_policy_admits_exactly_the_inline_style_and_script(self) -> None:
        """The hashes are those of the blocks as served, and no attribute needs more."""
        reader = page(HOME)

        for tag in ("style", "script"):
            [block] = reader.all(tag)
            digest = base64.b64encode(hashlib.sha256(block.text.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY
        assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; ")
        assert "unsafe" not in CONTENT_SECURITY_POLICY
        assert not [e for e in reader.elements for k in e.attributes if k == "style" or k.startswith("on")]


class TestDocument:
    """Sound, small, and legible in both colour schemes."""

    def test_the_document_says_what_it_is(self) -> None:
        """Language, character set, viewport, headings, and a header for every column."""
        reader = page(HOME)

        assert reader.elements[0].attributes == {"lang": "en"}
        assert reader.all("meta", charset="utf-8")
        assert reader.all("meta", name="viewport")
        assert [e.tag for e in reader.elements if re.fullmatch("h[1-6]", e.tag)][:3] == ["h1", "h2", "h3"]
        assert {e.attributes.get("scope") for e in reader.all("th")} == {"col", "row"}

    def test_identifiers_are_unique(self) -> None:
        """Of many stations as well."""
        ids = [e.attributes["id"] for e in page(*fleet(12)).elements if "id" in e.attributes]

        assert len(ids) == len(set(ids))

    def test_a_page_for_one_home_is_small(self) -> None:
        """Below 30 KB, style and script included."""
        assert len(render_page([HOME], STATUS)) < 30_000

    def test_without_script_the_page_still_renews_itself(self) -> None:
        """The script does it better, where it may run."""
        [refresh] = page(HOME).all("meta", http_equiv="refresh")

        assert refresh.parents[-1].tag == "noscript"

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("more", [False, True], ids=["", "more contrast"])
    def test_text_and_pictures_have_contrast(self, scheme: str, more: bool) -> None:
        """WCAG AA: 4.5 to 1 for text on every ground it stands on, 3 to 1 for what is drawn; AAA for who wants more."""
        colours = Colours(scheme, more=more)
        tones = [palette.GOOD, palette.ODD, palette.BAD]
        tints = [colours.mixed(".flowing", "background", tone) for tone in (palette.IMPORT, palette.EXPORT)]

        for ink in ("text", "muted"):
            for ground in (colours["card"], colours["ground"], colours["inset"], *tints):
                assert contrast(colours[ink], ground) >= (7 if more else 4.5), f"{ink} on {ground}"
        assert contrast(colours["link"], colours["card"]) >= 4.5
        for tone in tones:
            ink, ground = (colours.mixed(".good, .warn, .bad", name, tone) for name in ("color", "background"))
            assert contrast(ink, ground) >= 4.5, tone
        for tone, tint in zip((palette.IMPORT, palette.EXPORT), tints, strict=True):
            icon = colours.mixed(".flow .icon, .way .icon", "color", tone)
            assert min(contrast(icon, ground) for ground in (tint, colours["inset"])) >= 3
        for name in ("pv", "load", "battery", "import", "export"):
            assert contrast(colours[name], colours["card"]) >= 3, name

    def test_colours_are_those_of_the_dashboards(self) -> None:
        """Who knows one knows the other."""
        colours = Colours("light")
        page_has = [colours[name] for name in ("pv", "load", "battery", "import", "export")]

        assert page_has == [look.SUN, look.HOUSE, look.BATTERY, look.IMPORT, look.EXPORT]
        assert {tiles.FLOWS[flow][1] for flow in ("pv", "load", "grid_import", "grid_export")} <= set(page_has)

    def test_words_are_those_of_the_dashboards(self) -> None:
        """Behind the signs that stand for icons there."""
        named = {text.split(" ", 1)[1] for text, _ in (*tiles.FLOWS.values(), *look.STATES.values())}
        everything = replace(HOME, load_energy_today=1.0, grid_import_energy_today=1.0)
        shown = {e.text for e in page(everything).all("dt")} - {"Charge", "Discharge"}
        states = {page(replace(HOME, state=state)).classed("badge")[-3].text for state in StationState}

        assert shown <= named
        assert states <= named

    def test_forced_colours_are_the_systems(self) -> None:
        """Where the system paints all grounds, what is drawn on them is painted in its colours too."""
        [style] = page().all("style")
        forced = style.text.partition("(forced-colors: active)")[2]
        declared = dict(re.findall(r"--([\w-]+): (\w+);", forced))

        assert {"pv", "load", "battery", "import", "export", "track", "card", "text"} <= declared.keys()
        assert set(declared.values()) <= {"Canvas", "CanvasText", "LinkText", "GrayText", "Highlight"}


class Colours:
    """The colours of a scheme as a browser works them out."""

    def __init__(self, scheme: str, *, more: bool = False) -> None:
        [style] = page().all("style")
        self._style = style.text
        found = self._of(self._style.partition("@media")[0])
        if scheme == "dark":
            found |= self._of(self._style.partition("scheme: dark)")[2].partition("@media")[0])
        if more:
            found |= self._of(self._style.partition("contrast: more)")[2].partition("@media")[0])
        self._declared = found

    @staticmethod
    def _of(text: str) -> dict[str, str]:
        blocks = re.findall(r":root {([^}]*)}", text)
        return dict(re.findall(r"--([\w-]+): ([^;]+);", " ".join(blocks)))

    def __getitem__(self, name: str) -> str:
        value = self._declared[name]
        return self[value.removeprefix("var(--").removesuffix(")")] if value.startswith("var(") else value

    def mixed(self, rule: str, name: str, tone: str) -> str:
        """The colour that a rule mixes from a tone and another."""
        body = re.search("\n" + re.escape(rule) + r" {([^}]*)}", self._style)
        assert body
        found = re.search(
            rf"(?<![\w-]){name}: color-mix\(in srgb, var\(--tone\) (?:var\(--shade, )?(\d+)%\)?, var\(--(\w+)\)\)",
            body[1],
        )
        assert found
        share = int(found[1]) / 100
        if "--shade" in found[0] and "shade" in self._declared:
            share = int(self._declared["shade"].removesuffix("%")) / 100
        pairs = [
            (int(one[i : i + 2], 16), int(other[i : i + 2], 16))
            for one, other in ((tone, self[found[2]]),)
            for i in (1, 3, 5)
        ]
        return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def contrast(one: str, other: str) -> float:
    """The ratio as WCAG 2 defines it."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
