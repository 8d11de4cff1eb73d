"""Raw answers made fit to show: who and where replaced, the same thing always by the same stand-in.

What is not known to be harmless is replaced. Texts stay only if they are numbers, times, or stand at a key whose texts
are the portal's own words; identifiers are replaced wherever they appear, in keys and addresses too.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

IDENTIFIERS = {
    "STATION": frozenset({"id", "stationid", "powerstation_id", "powerstationid", "pwid", "stationids", "relation_id"}),
    "SN": frozenset(
        {"sn", "snlist", "devicesn", "presn", "chargesn", "serialnum", "bat1mrsn", "dataloggersn", "relationid"}
        | {f"battery{number}sn" for number in range(1, 9)}
    ),
}
_PLACE = re.compile(r".*(?:latitude|longitude)|lat|lng|lon", re.IGNORECASE)
_PERSONAL = re.compile(
    r".*(?:owner|phone|mobile|mail|address|street|zip|post_?code|pwd|password|token|user|account|contact|remark|ssid).*"
    r"|.*check_?code.*|(?:.*_)?(?:tel|uid|city)",
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
MESSAGES = frozenset({"description", "msg", "errormsg", "title"})
"""Those among them whose texts are sentences, which may name somebody."""
OWN_WORDS_BY_CODE = frozenset({"modelType", "safetyVersion", "version", "dcdcVersion", "commModuleVer"})
_UNIT = (
    r"(?:[kKMGm]?(?:[Ww]h?|WH|Wp|[Vv]|VA|[Aa]|[Hh][Zz]|[Vv][Aa][Rr]|Ω|[Oo]hm)"
    r"|%|℃|°[CcFf]|C|[Hh]|min|s|d|days?|dBm)"
)
# A leading zero is a telephone's or a code's, not a number's.
_QUANTITY = rf"[-+]?(?:0|[1-9]\d{{0,8}})(?:\.\d+)?\s*(?:\(?{_UNIT}\)?)?"
_HARMLESS = re.compile(
    rf"{_QUANTITY}(?:/{_QUANTITY})*|\(?{_UNIT}\)?(?:/{_UNIT})*"
    r"|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T]\d{1,2}:\s?\d{2}(?::\s?\d{2}(?:\.\d+)?)?)?"
    r"|true|false|null|--|-"
)
_EMAIL = re.compile(r"[^\s@\"'<>(),;:]+@[^\s@\"'<>(),;:]+")
_NAMED_SERIAL = frozenset({"serialNum", "laCheckcode", "sn"})
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

    def clean(self, document: Any, key: str = "", named: object = None) -> Any:
        """`document` without anything personal."""
        if isinstance(document, dict):
            inner = document.get("code", document.get("key"))
            return {self._key(str(name)): self.clean(value, str(name), inner) for name, value in document.items()}
        if isinstance(document, list):
            return [self.clean(item, key, named) for item in document]
        if document is None or isinstance(document, bool):
            return document
        meant = named if key in ("data", "value") and isinstance(named, str) else key
        if _PLACE.fullmatch(meant):
            return 0.0
        if not isinstance(document, str):
            return self._stand_in(str(document)) if _PERSONAL.fullmatch(meant) else document
        return self._value(document, key, meant)

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
                serial = isinstance(named, str) and named in _NAMED_SERIAL and name in ("data", "value")
                self._learn(value, "sn" if serial else str(name))
        elif isinstance(document, list):
            for item in document:
                self._learn(item, key)
        elif isinstance(document, str) and len(document.strip()) >= _SHORTEST:
            kind = next((kind for kind, keys in IDENTIFIERS.items() if key.lower() in keys), None)
            if kind is not None and document not in self._identifiers:
                self._identifiers[document] = self._next(kind)

    def _value(self, text: str, key: str, meant: str) -> str:
        if not text.strip():
            return text
        if text in self._identifiers:
            return self._identifiers[text]
        if _PERSONAL.fullmatch(meant):
            return self._stand_in(text)
        if key.lower() in OWN_WORDS or (meant != key and meant in OWN_WORDS_BY_CODE):
            return self._own(text, [*self._within, *self._told] if key.lower() in MESSAGES else self._within)
        return text if _HARMLESS.fullmatch(text.strip()) else self._stand_in(text)

    def _key(self, text: str) -> str:
        if text in self._identifiers:
            return self._identifiers[text]
        # A plain word may be a device's name and a field's as well; a field it has to stay.
        named = self._texts.get(text) if re.search(r"[\s@]", text) else None
        return named or self._own(text, self._within)

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
