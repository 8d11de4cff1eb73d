"""The thresholds of alerts and dashboards: those of values.toml, or some of them from a file of one's own."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

DEFAULTS = Path(__file__).parent / "values.toml"
VARIABLE = "MONITORING_VALUES"
"""The environment variable that names a file of one's own: dashboards are made where no argument reaches."""
DURATION = re.compile(r"([1-9]\d*)([smhd])")
SHARE = re.compile(r"battery_(charge|health)_\w+|\w+_ratio")
"""Thresholds that are not in percent."""
SPANS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
Threshold = float | str


class WrongValue(Exception):
    """A value cannot be used; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Values:
    """What the rules and dashboards are made with; a threshold is a number or a duration such as `20m`."""

    exporter_url: str
    without: tuple[str, ...]
    thresholds: Mapping[str, Threshold]

    def number(self, name: str) -> float:
        """A threshold that is a number."""
        return float(self.thresholds[name])

    def text(self, name: str, form: str = "") -> str:
        """A value as it stands in a rule, or in words: `percent` of a ratio, `words` of a duration or of seconds."""
        value = getattr(self, name) if name == "exporter_url" else self.thresholds[name]
        if form == "percent":
            return f"{100 * float(value):g} %"
        if form == "words":
            return _in_words(value)
        return value if isinstance(value, str) else f"{value:g}"


def _in_words(value: Threshold) -> str:
    match = DURATION.fullmatch(value) if isinstance(value, str) else None
    number, unit = (int(match[1]), match[2]) if match else (round(float(value) / 60), "m")
    return f"{number} {SPANS[unit]}{'' if number == 1 else 's'}"


def loaded(own: str | Path | None = None) -> Values:
    """The values, with those in the file `own` before the defaults; raises WrongValue."""
    defaults = _document(DEFAULTS)
    found = _document(Path(own)) if own else {}
    for key in found.keys() - defaults.keys():
        raise WrongValue(f"{key}: no such value in {own}; there are {', '.join(defaults)}")
    chosen = found.get("thresholds", {})
    if not isinstance(chosen, dict):
        raise WrongValue(f"thresholds: has to be a table in {own}, headed [thresholds]")
    for name, value in chosen.items():
        _refuse_unfit(name, value, defaults["thresholds"], own)
    without = found.get("without", defaults["without"])
    if not isinstance(without, list) or not all(isinstance(one, str) for one in without):
        raise WrongValue(f'without: has to be a list of alerts in {own}, such as ["SemsPvLow"]')
    return Values(
        _address(found.get("exporter_url", defaults["exporter_url"]), own),
        tuple(without),
        defaults["thresholds"] | chosen,
    )


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise WrongValue(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongValue(f"{path} is not valid TOML: {error}") from error


def _refuse_unfit(name: str, value: object, defaults: Mapping[str, Threshold], own: object) -> None:
    if name not in defaults:
        raise WrongValue(f"{name}: no such threshold in {own}; there are {', '.join(defaults)}")
    if isinstance(defaults[name], str):
        if not isinstance(value, str) or not DURATION.fullmatch(value):
            raise WrongValue(f'{name}: has to be a duration in {own}, such as "{defaults[name]}"')
    elif isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise WrongValue(f"{name}: has to be a number in {own}, such as {defaults[name]}")
    elif SHARE.fullmatch(name) and not 0 <= value <= 1:
        raise WrongValue(f"{name}: is a share, from 0 to 1, in {own}: 8 % is 0.08")


def _address(value: object, own: object) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or re.search(r"[\s\"'{}<>]", str(value))
    ):
        raise WrongValue(f'exporter_url: has to be an address in {own}, such as "http://192.168.1.10:10736"')
    return str(value).rstrip("/")
