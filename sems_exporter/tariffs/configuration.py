"""Tariffs as the YAML file has them, into `Tariff`; what is wrong ends the start, with the key's place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sems_exporter.errors import SettingError
from sems_exporter.tariffs import public_holidays
from sems_exporter.tariffs.adapters import ADAPTERS, LISTS
from sems_exporter.tariffs.currencies import CODES, doubted_from
from sems_exporter.tariffs.schedule import DAY_MINUTES, MONTHS, WEEKDAYS, Schedule, Zone
from sems_exporter.tariffs.tariff import Source, Standing, Tariff, TariffSettings, Validity

TARIFFS, STATION_TARIFFS = "tariffs", "station_tariffs"
KEYS = (TARIFFS, STATION_TARIFFS)
"""What the configuration file holds of it."""
OF_TARIFF = ("currency", "timezone", "holidays", "import", "export")
OF_VALIDITY = (
    "from",
    "price",
    "zones",
    "prices",
    "charges",
    "charges_zones",
    "factor",
    "tax",
    "floor",
    "standing",
)
OF_ZONE = ("name", "months", "days", "hours", "price")
SPANS = ("day", "month", "year")
STATION = "station"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"(\d{1,2})(?::([0-5]\d))?-(\d{1,2})(?::([0-5]\d))?")
MOST_ZONES = 200
EARLIEST = date(1970, 1, 2)


def of_file(document: Mapping[str, Any]) -> TariffSettings:
    """The tariffs, and which station has which, of what the configuration file holds; raises SettingError."""
    tariffs, stations = document.get(TARIFFS), document.get(STATION_TARIFFS)
    if tariffs is None and stations is None:
        return TariffSettings()
    said = _Remarks()
    found = tuple(_tariff(f"{TARIFFS}.{name}", name, told, said) for name, told in _mapping(TARIFFS, tariffs).items())
    named = _stations(stations, {tariff.name for tariff in found})
    return TariffSettings(found, named, tuple(said.remarks), tuple(said.notes))


@dataclass(frozen=True, slots=True)
class _Remarks:
    """Sentences about prices in `currency` that are allowed: hardly meant, or meant and perhaps surprising."""

    currency: str = ""
    remarks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def price(self, place: str, told: object) -> Decimal:
        """The price, doubted aloud where it is far beyond what is usual."""
        price = _number(place, told)
        if abs(price) >= doubted_from(self.currency):
            self.remarks.append(
                f"{place}: {price} {self.currency} for a kilowatt hour is far beyond what is usual; "
                f"is it meant in cents, or for a megawatt hour? The exporter counts with {price}"
            )
        return price


def _stations(told: object, names: set[str]) -> tuple[tuple[str, str], ...]:
    if told is None:
        raise SettingError(STATION_TARIFFS, 'is missing; name the stations of each tariff, all of them by "*": NAME')
    found = []
    for station, name in _mapping(STATION_TARIFFS, told).items():
        if not isinstance(name, str) or name not in names:
            there = f"there are {', '.join(sorted(names))}" if names else "there is none"
            raise SettingError(f"{STATION_TARIFFS}.{station}", f"no tariff is called {name!r}; {there}")
        found.append((str(station), str(name)))
    return tuple(found)


def _tariff(place: str, name: object, told: object, said: _Remarks) -> Tariff:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise SettingError(place, "a tariff is called by letters, digits and . _ - and begins with a letter or digit")
    entry = _known(place, told, OF_TARIFF)
    currency = entry.get("currency")
    if not isinstance(currency, str) or currency not in CODES:
        raise SettingError(
            f"{place}.currency", f"{_shown(currency)} is no currency; write its ISO 4217 code, such as EUR"
        )
    if not entry.get("import") and not entry.get("export"):
        raise SettingError(place, "has neither import nor export, a list of prices each")
    said = replace(said, currency=currency)
    both = {key: _validities(f"{place}.{key}", entry.get(key), said) for key in ("import", "export")}
    return Tariff(name, currency, both["import"], both["export"], _timezone(place, entry), _holidays(place, entry))


def _timezone(place: str, entry: Mapping[str, Any]) -> ZoneInfo | None:
    name = entry.get("timezone", STATION)
    if name == STATION:
        return None
    try:
        return ZoneInfo(name)
    except (TypeError, ValueError, OSError, LookupError):
        raise SettingError(f"{place}.timezone", f"{_shown(name)} is no time zone such as Europe/Berlin") from None


def _holidays(place: str, entry: Mapping[str, Any]) -> str:
    name = entry.get("holidays", "")
    if not isinstance(name, str):
        raise SettingError(f"{place}.holidays", f'{_shown(name)} is no text; write "NO" in quotes for Norway')
    if name:
        try:
            public_holidays.of(name)
        except public_holidays.Missing as error:
            raise SettingError(f"{place}.holidays", str(error)) from None
    return name


def _validities(place: str, told: object, said: _Remarks) -> tuple[Validity, ...]:
    if told is None:
        return ()
    if not isinstance(told, list):
        raise SettingError(place, "has to be a list, with an entry for each date from which other prices hold")
    found = tuple(_validity(f"{place}[{number}]", entry, said) for number, entry in enumerate(told))
    for number, (one, other) in enumerate(pairwise(found), 1):
        if other.start <= one.start:
            raise SettingError(
                f"{place}[{number}].from",
                f"{other.start} does not come after {one.start}, from which the entry before holds",
            )
    return found


def _validity(place: str, told: object, said: _Remarks) -> Validity:
    entry = _known(place, told, OF_VALIDITY)
    if "from" not in entry:
        raise SettingError(f"{place}.from", "is missing; the day from which the price holds, such as 2026-01-01")
    dynamic = "prices" in entry
    if dynamic and ("price" in entry or "zones" in entry):
        raise SettingError(f"{place}.prices", "stands beside price or zones; an entry has either of them")
    if not dynamic and "price" not in entry and "zones" not in entry:
        raise SettingError(place, "has no price; write price, zones or prices")
    schedule = None if dynamic else _schedule(place, entry, "price", "zones", said)
    charges = _schedule(place, {"charges": 0, **entry}, "charges", "charges_zones", said)
    return Validity(
        start=_date(f"{place}.from", entry["from"]),
        schedule=schedule,
        source=_source(f"{place}.prices", entry["prices"], said.currency) if dynamic else None,
        charges=charges,
        factor=_number(f"{place}.factor", entry.get("factor", 1), 0, 1000),
        tax=_number(f"{place}.tax", entry.get("tax", 0), 0, 2, "a share, such as 0.19 for 19 %"),
        floor=_number(f"{place}.floor", entry["floor"]) if "floor" in entry else None,
        standing=_standing(f"{place}.standing", entry["standing"]) if "standing" in entry else None,
    )


def _schedule(place: str, entry: Mapping[str, Any], base_key: str, zones_key: str, said: _Remarks) -> Schedule:
    base = said.price(f"{place}.{base_key}", entry[base_key]) if base_key in entry else None
    told = entry.get(zones_key, [])
    if not isinstance(told, list) or len(told) > MOST_ZONES:
        raise SettingError(f"{place}.{zones_key}", f"has to be a list of at most {MOST_ZONES} zones")
    schedule = Schedule(base, tuple(_zone(f"{place}.{zones_key}[{n}]", zone, said) for n, zone in enumerate(told)))
    if (gap := schedule.gap()) is not None:
        text = f"add {base_key} for the time outside the zones, or the zone that is missing"
        raise SettingError(f"{place}.{zones_key}", f"no price holds on {_when(gap)}; {text}")
    for number in schedule.idle():
        text = "never holds, because zones after it overlap all of its time, and the last wins"
        raise SettingError(f"{place}.{zones_key}[{number}]", text)
    for one, other, when in schedule.overlaps():
        said.notes.append(f"{place}.{zones_key}[{other}] overlaps [{one}], as on {_when(when)}; the last wins")
    return schedule


def _when(cell: tuple[int, int, int]) -> str:
    month, day, minute = cell
    return f"{DAY_NAMES[day]} in {MONTH_NAMES[month - 1]} at {minute // 60:02}:{minute % 60:02}"


def _zone(place: str, told: object, said: _Remarks) -> Zone:
    entry = _known(place, told, OF_ZONE)
    if "price" not in entry:
        raise SettingError(f"{place}.price", "is missing")
    name = entry.get("name", "")
    if not isinstance(name, str) or len(name) > 60:
        raise SettingError(f"{place}.name", f"{_shown(name)} is not a short text")
    months = _choice(f"{place}.months", entry.get("months"), MONTH_NAMES, 1)
    days = _choice(f"{place}.days", entry.get("days"), DAY_NAMES, None)
    return Zone(
        price=said.price(f"{place}.price", entry["price"]),
        months=frozenset(month + 1 for month in months) or frozenset(MONTHS),
        days=days or frozenset(WEEKDAYS),
        hours=_hours(f"{place}.hours", entry.get("hours")),
        name=name or place.rpartition(".")[2],
    )


def _choice(place: str, told: object, names: tuple[str, ...], first: int | None) -> frozenset[int]:
    """The places in `names` that a text such as "mon-fri, sun" means; nothing where it is left out."""
    if told is None:
        return frozenset()
    found: set[int] = set()
    parts = told if isinstance(told, list) else str(told).split(",")
    for part in parts:
        start, dash, end = str(part).strip().partition("-")
        span = [_place(place, text, names, first) for text in ([start, end] if dash else [start])]
        length = (span[-1] - span[0]) % len(names)
        found.update((span[0] + step) % len(names) for step in range(length + 1))
    if not found:
        raise SettingError(place, f"is empty; write something like {names[0]}-{names[2]}, or leave it out for all")
    return frozenset(found)


def _place(place: str, text: str, names: tuple[str, ...], first: int | None) -> int:
    word = text.strip().casefold()
    if first is not None and word.isdecimal() and first <= int(word) < first + len(names):
        return int(word) - first
    if len(word) >= 3 and word[:3] in names:
        return names.index(word[:3])
    raise SettingError(
        place, f"{_shown(text)} is none of {', '.join(names)}; write something like {names[0]}-{names[2]}"
    )


def _hours(place: str, told: object) -> tuple[tuple[int, int], ...]:
    if told is None:
        return ((0, DAY_MINUTES),)
    found: list[tuple[int, int]] = []
    for part in told if isinstance(told, list) else str(told).split(","):
        match = _HOURS.fullmatch("".join(str(part).split()))
        start, end = (_minute(match, 1), _minute(match, 3)) if match else (0, 0)
        if match is None or start == end or not (0 <= start < DAY_MINUTES and 0 <= end <= DAY_MINUTES):
            raise SettingError(place, f"{_shown(part)} are no hours such as 17:00-20:00; a day ends at 24:00")
        found += [(start, end)] if start < end else [(start, DAY_MINUTES), (0, end)] if end else [(start, DAY_MINUTES)]
    if not found:
        raise SettingError(place, "is empty; write something like 17:00-20:00, or leave it out for the whole day")
    return tuple(found)


def _minute(match: re.Match[str], group: int) -> int:
    return int(match[group]) * 60 + int(match[group + 1] or 0)


def _source(place: str, told: object, currency: str) -> Source:
    if not isinstance(told, dict) or told.get("source") not in (*ADAPTERS, *LISTS):
        raise SettingError(f"{place}.source", f"has to be one of {', '.join((*ADAPTERS, *LISTS))}")
    kind = told["source"]
    if kind in LISTS:
        return _list(place, kind, told)
    adapter = ADAPTERS[kind]
    if currency != adapter.currency:
        raise SettingError(
            f"{place}.source", f"{kind} tells prices in {adapter.currency}, and the tariff is in {currency}"
        )
    entry = _known(place, told, ("source", *adapter.options))
    options = []
    for name, pattern in adapter.options.items():
        value = entry.get(name, adapter.defaults.get(name))
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise SettingError(f"{place}.{name}", f"{_shown(value)} is not what {kind} calls a {name} ({pattern})")
        options.append((name, value))
    return Source(kind, tuple(options), adapter.scale)


def _list(place: str, kind: str, told: Mapping[str, Any]) -> Source:
    key = "path" if kind == "file" else "url"
    entry = _known(place, told, ("source", key, "scale"))
    scale = _number(f"{place}.scale", entry.get("scale", 1), 0, 1000)
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise SettingError(f"{place}.{key}", "is missing: where the list of prices is")
    return Source(
        kind, ((key, str(Path(value).expanduser()) if kind == "file" else _url(f"{place}.url", value)),), scale
    )


def _url(place: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if "@" in value:
        raise SettingError(place, "has to be an address without a user and a password")
    loopback = host in ("localhost", "127.0.0.1", "::1")
    if (
        not host
        or port == 0
        or not value.isascii()
        or not (parts.scheme == "https" or (parts.scheme == "http" and loopback))
    ):
        raise SettingError(
            place, "has to be a full address that begins with https://; plain http is for this machine only"
        )
    return value


def _standing(place: str, told: object) -> Standing:
    entry = _known(place, told, tuple(f"per_{span}" for span in SPANS))
    if len(entry) != 1:
        raise SettingError(place, "needs one of per_day, per_month and per_year")
    [(key, value)] = entry.items()
    return Standing(_number(f"{place}.{key}", value, 0, 10**9), key.removeprefix("per_"))


def _date(place: str, told: object) -> date:
    if isinstance(told, str):
        try:
            told = date.fromisoformat(told.strip())
        except ValueError:
            raise SettingError(place, f"{_shown(told)} is no day such as 2026-01-01") from None
    if not isinstance(told, date) or isinstance(told, datetime):
        raise SettingError(place, f"{_shown(told)} is no day such as 2026-01-01; prices change at midnight")
    if told < EARLIEST:
        raise SettingError(place, f"{told} is before {EARLIEST}")
    return told


def _number(
    place: str, told: object, low: float | None = None, high: float | None = None, meant: str = "a number such as 0.294"
) -> Decimal:
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise SettingError(
            place, f"{_shown(told)} is not {meant}; decimals have a point, and no currency stands beside them"
        )
    value = Decimal(str(told))
    if (
        not value.is_finite()
        or abs(value) > 10**9
        or (low is not None and value < low)
        or (high is not None and value > high)
    ):
        raise SettingError(
            place,
            f"{_shown(told)} is not within {low} and {high}" if low is not None else f"{_shown(told)} is no price",
        )
    return value


def _known(place: str, told: object, allowed: Iterable[str]) -> dict[str, Any]:
    """The entry at `place`, a mapping with no other keys than these."""
    keys = tuple(allowed)
    for key, value in (entry := _mapping(place, told)).items():
        if key not in keys:
            raise SettingError(f"{place}.{key}", f"no such key; there are {', '.join(keys)}")
        if value is None:
            raise SettingError(f"{place}.{key}", "needs a value")
    return entry


def _mapping(place: str, told: object) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise SettingError(place, "has to be a mapping of keys to values")
    if not told:
        raise SettingError(place, "is empty; docs/tariffs.md has examples")
    return told


def _shown(told: object) -> str:
    return repr(told)[:60] if not isinstance(told, date) else str(told)
