"""How wide a text is on a dashboard, by the letters of Inter at medium weight, which Grafana has for headings."""

import unicodedata

PIXELS = 14
"""The size of titles and of the headings of columns."""
_OF_AN_EM = {
    250: "ijlł",
    275: " I",
    300: "!,.:¡",
    325: "';`",
    350: "t|",
    375: "()/[\\]fr",
    425: "1",
    450: "-{}°²",
    475: "^_",
    500: '"–',
    525: "*?¿",
    550: "ksxz",
    575: "7JLacevy",
    600: "5EFhnouŁø",
    625: "23689bdgpqđß",
    650: "#$&04BPRSTZ",
    675: "+<=>~−",
    700: "AKVXY",
    725: "CD",
    750: "GHNU",
    775: "OQ",
    825: "w",
    900: "m",
    925: "Mæ",
    975: "@",
    1000: "%W",
}
"""Thousandths of an em, by width the letters that have it; accents add nothing."""
_WIDTH = {letter: width for width, letters in _OF_AN_EM.items() for letter in letters}
_OTHER = 1000
"""Symbols and whatever is not listed, which is wider than most."""
_SPACING = 10.7
"""Between letters, in thousandths of an em."""


def width(text: str, pixels: float = PIXELS) -> float:
    """The width in pixels at a size."""
    plain = [letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter)]
    return sum(_WIDTH.get(letter, _OTHER) + _SPACING for letter in plain) * pixels / 1000
