"""Raw answers made fit to show: who and where replaced, the same thing always by the same stand-in.

What is not known to be harmless is replaced. Texts stay only if they are numbers, times, or stand at a key whose texts
are the portal's own words; identifiers are replaced wherever they appear, in keys and addresses too.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from sems_exporter.portal import personal_data

IDENTIFIERS = {
    "STATION": frozenset({"id", "stationid", "powerstation_id", "powerstationid", "pwid", "stationids", "relation_id"}),
    "SN": frozenset(
        {"sn", "snlist", "devicesn", "presn", "chargesn", "serialnum", "bat1mrsn", "dataloggersn", "relationid"}
        | {f"battery{number}sn" for number in range(1, 9)}
    ),
}
_PLACE = re.compile(
    r"(?i:.*(?:latitude|longitude|coordinate|gps|geoloc).*|(?:.*_)?(?:lat|lng|lon|location|position))|.*(?:Lat|Lng|Lon)"
)
_PERSONAL = re.compile(
    r".*(?:owner|phone|mobile|mail|address|street|zip|post_?code|postal|plz|pwd|password|token|user|account|contact|remark|ssid).*"
    r"|.*check_?code.*|(?:.*_)?(?:tel|uid|city|cell|whatsapp|wechat|fax)",
    re.IGNORECASE,
)
"""Keys whose values tell who or where even if they are numbers."""
OWN_WORDS = frozenset(
    """
    code unit alias datatype devicetype type subtype status statusstr timezone zoneid currency refreshtime time
    date description msg errormsg translationcode alarmlevel warning_code error_code warningnameen warningname
    item items dimension starttime endtime createtime addtime translatecode model_type modeltype model brand api_version
    date_format date_format_ym last_refresh_time local_date powerstation_type energy_flow workstate group module
    happentime recoverytime happentimes recoverytimes key title work_mode currencycode error_type duration
    """.split()  # noqa: SIM905 - words, not a list
)
"""Keys, in lower case, whose texts are the portal's own words."""
ENUMERATIONS = frozenset(
    {"code", "unit", "datatype", "devicetype", "type", "subtype", "status", "statusstr", "dimension", "error_type"}
    | {"translationcode", "translatecode", "currency", "currencycode", "powerstation_type", "brand"}
)
"""Those among them whose texts are words of a program, which nobody chooses."""
OWN_WORDS_BY_CODE = frozenset({"modelType", "safetyVersion", "version", "dcdcVersion", "commModuleVer"})
_EMAIL = re.compile(r"[^\s@\"'<>(),;:]+@[^\s@\"'<>(),;:]+")
_NAMED_SERIAL = frozenset({"serialNum", "laCheckcode", "sn"})
_SHORTEST_NUMBER = 6
"""Digits of a number that is an identifier; shorter ones are found among measurements."""
_SHORTEST = 4
"""Shorter ones would be found by chance, in numbers too, and hardly tell anybody anything."""


class Anonymiser:
    """Replaces what tells who and where in `documents`, each of which may be cleaned afterwards."""

    def __init__(self, documents: Iterable[Any]) -> None:
        self._identifiers: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        known = list(documents)
        for document in known:
            self._learn(document)
        self._within = _longest_first(self._identifiers)
        self._told: list[tuple[str, str]] = []
        for document in known:
            self.clean(document)
        # A sentence may come before the name that it mentions.
        self._told = _longest_first(self._texts)

    def clean(self, document: Any, key: str = "", named: object = None, unit: object = None) -> Any:
        """`document` without anything personal.

        It stands at `key`, beside what is `named` as its meaning and its `unit`.
        """
        if isinstance(document, dict):
            inner, unit = document.get("code", document.get("key")), document.get("unit")
            return {
                # What stands below a place is one, whatever it is called there.
                self._key(str(name)): self.clean(value, key if _PLACE.fullmatch(key) else str(name), inner, unit)
                for name, value in document.items()
            }
        if isinstance(document, list):
            return [self.clean(item, key, named, unit) for item in document]
        if document is None or isinstance(document, bool):
            return document
        meant = named if key in ("data", "value") and isinstance(named, str) else key
        if isinstance(document, str):
            return 0.0 if _PLACE.fullmatch(meant) else self._value(document, key, meant, unit)
        return self._number(document, meant, unit)

    def _number(self, number: float, meant: str, unit: object) -> Any:
        if _PLACE.fullmatch(meant):
            return 0.0
        text = str(number)
        if text in self._identifiers:
            return self._identifiers[text]
        if _PERSONAL.fullmatch(meant) or personal_data.is_long(number, meant, unit):
            return self._stand_in(text)
        if personal_data.is_fine(number) and not personal_data.is_quantity(meant, unit):
            return float(round(number))
        return number

    def path(self, path: str) -> str:
        """An address with its identifiers replaced."""
        return re.sub(r"[^/?&=,]+", lambda part: self._part(part[0]), path)

    def _part(self, part: str) -> str:
        text = unquote_plus(part)
        cleaned = self._key(text)
        return part if cleaned == text else cleaned

    def _learn(self, document: Any, key: str = "") -> None:
        """Remember every identifier in `document`."""
        if isinstance(document, dict):
            named = document.get("code", document.get("key"))
            for name, value in document.items():
                if personal_data.IDENTIFIER.fullmatch(str(name)):
                    self._learn(str(name), "sn")
                serial = isinstance(named, str) and named in _NAMED_SERIAL and name in ("data", "value")
                self._learn(value, "sn" if serial else str(name))
        elif isinstance(document, list):
            for item in document:
                self._learn(item, key)
        elif isinstance(document, str) and len(document.strip()) >= _SHORTEST:
            kind = next((kind for kind, keys in IDENTIFIERS.items() if key.lower() in keys), None)
            if kind is not None and document not in self._identifiers:
                self._identifiers[document] = self._next(kind)
        elif isinstance(document, int) and len(str(document)) >= _SHORTEST_NUMBER:
            self._learn(str(document), key)

    def _value(self, text: str, key: str, meant: str, unit: object) -> str:
        known = self._identifiers.get(text)
        if known or not text.strip():
            return known or text
        if _PERSONAL.fullmatch(meant):
            return self._stand_in(text)
        if (
            personal_data.is_harmless(text.strip(), meant, unit)
            or personal_data.is_stamp(text, meant)
            or personal_data.is_zone(text)
        ):
            return text
        if key.lower() in OWN_WORDS or (meant != key and meant in OWN_WORDS_BY_CODE):
            if key.lower() in ENUMERATIONS and re.fullmatch(r"[\w:.()%/+-]+", text):
                return self._devices(self._own(text, self._within))
            # A plain word may be somebody's name for something and the portal's as well.
            return self._words(
                self._own(text, [*self._within, *self._told] if re.search(r"\s", text) else self._within)
            )
        return self._stand_in(text)

    def _words(self, text: str) -> str:
        """A text of the portal without what it does not say of itself."""
        for found in personal_data.foreign(text):
            text = re.sub(rf"(?<!\w){re.escape(found)}(?!\w)", self._stand_in(found), text)
        return self._devices(text)

    def _devices(self, text: str) -> str:
        return personal_data.IDENTIFIER.sub(lambda found: self._stand_in(found[0]), text)

    def _key(self, text: str) -> str:
        if text in self._identifiers:
            return self._identifiers[text]
        if personal_data.is_foreign_key(text):
            return self._stand_in(text)
        # A plain word may be a device's name and a field's as well; a field it has to stay.
        if not re.search(r"[\s@]", text):
            return self._own(text, self._within)
        return self._texts.get(text) or self._words(self._own(text, self._within))

    def _own(self, text: str, known: list[tuple[str, str]]) -> str:
        """The portal's own words, with what is `known` in them replaced."""
        for found, stand_in in known:
            if found in text:
                text = text.replace(found, stand_in)
        return _EMAIL.sub(lambda email: self._stand_in(email[0]), text)

    def _stand_in(self, text: str) -> str:
        if text not in self._texts:
            self._texts[text] = self._next("text")
        return self._texts[text]

    def _next(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}-{self._counts[kind]:04}"


def _longest_first(stand_ins: dict[str, str]) -> list[tuple[str, str]]:
    found = [pair for pair in stand_ins.items() if len(pair[0]) >= _SHORTEST]
    return sorted(found, key=lambda pair: -len(pair[0]))
