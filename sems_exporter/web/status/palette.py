"""The colours of things: the same on the status page and on the dashboards, in light and in dark.

They differ in hue and in lightness, so that people who see red and green alike can tell them apart, and stand out 3 to
1 from a white as well as from a black background. No colour says anything that a word does not say too.
"""

PV = "#CF8200"
LOAD = "#B0579F"
BATTERY = "#009E73"
IMPORT = "#C2410C"
EXPORT = "#3D71D9"
IDLE = "#7D8590"

GOOD = EXPORT
ODD = PV
BAD = IMPORT


def style() -> str:
    """The colours as properties of a style sheet."""
    named = {"pv": PV, "load": LOAD, "battery": BATTERY, "import": IMPORT, "export": EXPORT}
    return f":root {{ {' '.join(f'--{name}: {colour};' for name, colour in named.items())} }}"
