"""Raw answers made fit to show: who and where replaced, the same thing always by the same stand-in.

What is not known to be harmless is replaced. Texts stay only if they are numbers, times, or stand at a key whose texts
are the portal's own words; identifiers are replaced wherever they appear, in keys and addresses too.
"""

import re
from typing import Any
from urllib.parse import quote

IDENTIFIERS = {
    "STATION": frozenset({"id", "stationid", "powerstation_id", "powerstationid", "pwid", "stationids", "relation_id"}),
    "SN": frozenset(
        {"sn", "snlist", "devicesn", "presn", "chargesn", "serialnum", "bat1mrsn", "dataloggersn", "relationid"}
        | {f"battery{number}sn" for number in range(1, 9)}
    ),
}
PLACES = frozenset({"latitude", "longitude", "lat", "lng", "lon"})
OWN_WORDS = frozenset(
    """
    code unit alias datatype devicetype type subtype status statusstr timezone zoneid currency refreshtime time
    date description msg errormsg translationcode alarmlevel warning_code error_code warningnameen warningname
    item dimension starttime endtime createtime addtime translatecode model_type modeltype model brand api_version
    date_format date_format_ym last_refresh_time local_date powerstation_type energy_flow workstate group module
    happentime recoverytime happentimes recoverytimes key title work_mode currencycode error_type duration
    """.split()  # noqa: SIM905 - words, not a list
)
"""Keys, in lower case, whose texts are the portal's own words."""
OWN_WORDS_BY_CODE = frozenset({"modelType", "safetyVersion", "version", "dcdcVersion", "commModuleVer"})
_HARMLESS = re.compile(
    r"[-+(]?\d{0,9}(?:\.\d+)?\s*(?:\(?[a-zA-Z%°℃ΩkK/]{0,5}\)?)"
    r"|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T]\d{1,2}:\s?\d{2}(?::\s?\d{2})?)?"
    r"|true|false|null|--|-"
)
_NAMED_SERIAL = frozenset({"serialNum", "laCheckcode", "sn"})


class Anonymiser:
    """Replaces what tells who and where. `learn` every document first, then `clean` them."""

    def __init__(self) -> None:
        self._stand_ins: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def learn(self, document: Any, key: str = "") -> None:
        """Remember every identifier in `document`."""
        if isinstance(document, dict):
            named = document.get("code", document.get("key"))
            for name, value in document.items():
                of = "sn" if named in _NAMED_SERIAL and name in ("data", "value") else name
                self.learn(value, of)
        elif isinstance(document, list):
            for item in document:
                self.learn(item, key)
        elif isinstance(document, str) and document.strip():
            kind = next((kind for kind, keys in IDENTIFIERS.items() if key.lower() in keys), None)
            if kind is not None:
                self._stand_in(document, kind)

    def clean(self, document: Any, key: str = "", named: object = None) -> Any:
        """`document` without anything personal."""
        if isinstance(document, dict):
            inner = document.get("code", document.get("key"))
            return {self._text(str(name)): self.clean(value, str(name), inner) for name, value in document.items()}
        if isinstance(document, list):
            return [self.clean(item, key, named) for item in document]
        if key.lower() in PLACES and not isinstance(document, bool) and document is not None:
            return 0.0
        if not isinstance(document, str):
            return document
        return self._value(document, key, named)

    def path(self, path: str) -> str:
        """An address with its identifiers replaced."""
        for text, stand_in in self._longest_first():
            path = path.replace(quote(text, safe=""), stand_in)
        return path

    def _value(self, text: str, key: str, named: object) -> str:
        if text in self._stand_ins:
            return self._stand_ins[text]
        own = key.lower() in OWN_WORDS or (key in ("data", "value") and named in OWN_WORDS_BY_CODE)
        if own:
            return self._text(text)
        harmless = not text.strip() or _HARMLESS.fullmatch(text.strip())
        return text if harmless else self._stand_in(text, "text")

    def _text(self, text: str) -> str:
        """The portal's own words, with identifiers in them replaced."""
        for known, stand_in in self._longest_first():
            if len(known) > 3 and known in text:
                text = text.replace(known, stand_in)
        return text

    def _longest_first(self) -> list[tuple[str, str]]:
        return sorted(self._stand_ins.items(), key=lambda pair: -len(pair[0]))

    def _stand_in(self, text: str, kind: str) -> str:
        if text not in self._stand_ins:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._stand_ins[text] = f"{kind}-{self._counts[kind]:04}"
        return self._stand_ins[text]
