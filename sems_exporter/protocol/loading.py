"""The protocol put together: the package's files, and a file of the user's laid over them."""

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from sems_exporter import errors
from sems_exporter.errors import PortalError, SettingError
from sems_exporter.files import read_bounded
from sems_exporter.protocol import classic as classic_shape
from sems_exporter.protocol import semsplus as semsplus_shape
from sems_exporter.protocol.classic import Classic, classic
from sems_exporter.protocol.semsplus import SemsPlus, semsplus
from sems_exporter.protocol.shapes import Document, ProtocolError, below, build, unknown
from sems_exporter.protocol.units import Units, units

SETTING = "portal_file"
FILES = ("portal.toml", "semsplus.toml", "classic.toml")
LARGEST = 256 * 1024
"""Bytes of a user's file; all files of the package together have a fourth."""
REMOVE = "remove"
"""The key of a user's file that lists what of the package's files is left out, as dotted keys."""
ROW_KEYS = frozenset({"to", "use", "instead_of", "skipped"})
"""A table that has one of these is a row, which another replaces as a whole."""
FIXED = (errors.CredentialsRejected, errors.RateLimited)
"""Meanings that no file may give or take away: the account's safety hangs on them."""


class Hosts(NamedTuple):
    """Domains of GoodWe's own portals, and single hosts beside them that a user's file names."""

    goodwe: tuple[str, ...]
    foreign: tuple[str, ...]

    def trusts(self, host: str) -> bool:
        """Tell whether `host`, in lower case, may see account and token."""
        return host in self.foreign or host.endswith(tuple(f".{domain}" for domain in self.goodwe))


class Envelope(NamedTuple):
    """Keys around every answer."""

    code: tuple[str, ...]
    data: tuple[str, ...]
    message: tuple[str, ...]


class WrittenResults(NamedTuple):
    """Result codes and what they mean, as the file writes it."""

    success: tuple[str, ...]
    success_with_data: tuple[str, ...]
    codes: dict[str, str]
    prefixes: dict[str, str]


class Results(NamedTuple):
    """Result codes, and the failures that they and the beginnings of others stand for."""

    success: frozenset[str]
    success_with_data: frozenset[str]
    codes: Mapping[str, type[PortalError]]
    prefixes: tuple[tuple[str, type[PortalError]], ...]


class Written(NamedTuple):
    """All files together."""

    hosts: Hosts
    envelope: Envelope
    results: WrittenResults
    units: dict[str, dict[str, float]]
    semsplus: semsplus_shape.Written
    classic: classic_shape.Written


@dataclass(frozen=True, slots=True, eq=False)
class Protocol:
    """What counts: `changes` are sentences about what a user's file changes, nothing without one."""

    hosts: Hosts
    envelope: Envelope
    results: Results
    units: Units
    semsplus: SemsPlus
    classic: Classic
    changes: tuple[str, ...] = ()


@cache
def packaged() -> Protocol:
    """The protocol as this version knows it."""
    return _protocol(_packaged_written(), None)


def load(path: Path) -> Protocol:
    """The protocol with the user's file at `path` laid over it; raises SettingError that names file and key."""
    try:
        document = tomllib.loads(read_bounded(path, LARGEST).decode("utf-8-sig"))
    except OSError as error:
        raise SettingError(SETTING, f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingError(SETTING, f"{path} is not UTF-8 text") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingError(SETTING, f"{path} is not valid TOML: {error}") from None
    try:
        return laid_over(document)
    except ProtocolError as error:
        raise SettingError(SETTING, f"{path}: {error}") from None
    except RecursionError:
        raise SettingError(SETTING, f"{path} is not readable: it has tables within tables without end") from None


def laid_over(document: Document) -> Protocol:
    """The protocol with `document` laid over it; raises ProtocolError."""
    own = {key: value for key, value in document.items() if key != REMOVE}
    for key in own:
        if key not in _packaged_document():
            raise ProtocolError(key, unknown(key, {**_packaged_document(), REMOVE: None}))
    changes: list[str] = []
    whole = deepcopy(_packaged_document())
    for key in _removed(document.get(REMOVE, [])):
        _remove(whole, key)
        changes.append(f"{key}: left out")
    whole = _merged("", whole, own, changes)
    written = build(Written, "", whole)
    _refuse_unsafe(written, _packaged_written())
    return _protocol(written, _packaged_written(), tuple(changes))


@cache
def _packaged_document() -> Document:
    found: Document = {}
    for name in FILES:
        found |= tomllib.loads((files("sems_exporter.protocol") / name).read_text(encoding="utf-8"))
    return found


@cache
def _packaged_written() -> Written:
    return build(Written, "", _packaged_document())


def _protocol(written: Written, over: Written | None, changes: tuple[str, ...] = ()) -> Protocol:
    known = units(written.units)
    return Protocol(
        written.hosts,
        written.envelope,
        _results(written.results),
        known,
        semsplus(written.semsplus, None if over is None else over.semsplus, known),
        classic(written.classic, None if over is None else over.classic, known),
        changes,
    )


def _removed(keys: object) -> list[str]:
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ProtocolError(REMOVE, "has to be a list of dotted keys, such as semsplus.calls.flow.query.stationId")
    return keys


def _remove(document: Document, key: str) -> None:
    *above, last = key.split(".")
    place: object = document
    for name in above:
        place = place.get(name) if isinstance(place, dict) else None
    if not isinstance(place, dict) or last not in place:
        raise ProtocolError(REMOVE, f"{key!r} is no key of the package's files")
    del place[last]


def _merged(path: str, packaged: Document, own: Document, changes: list[str]) -> Document:
    """`packaged` with what `own` says instead, which goes into `changes`."""
    found = dict(packaged)
    for key, value in own.items():
        here, old = below(path, key), packaged.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and not ROW_KEYS & value.keys():
            found[key] = _merged(here, old, value, changes)
            continue
        found[key] = value
        if old != value:
            told = "new" if old is None else f"{_shown(old)} becomes"
            changes.append(f"{here}: {told} {_shown(value)}")
    return found


def _shown(value: object) -> str:
    """A value as the file writes it, on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_shown(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _results(written: WrittenResults) -> Results:
    return Results(
        frozenset(written.success),
        frozenset(written.success_with_data),
        {code: _failure(f"results.codes.{code}", word) for code, word in written.codes.items()},
        tuple((begin, _failure(f"results.prefixes.{begin}", word)) for begin, word in written.prefixes.items()),
    )


@cache
def _failures() -> Mapping[str, type[PortalError]]:
    """What a code may mean, by reason; what only the exporter itself can find is left out."""
    own = (errors.LoginWithheld, errors.GatewayRefused, errors.CertificateInvalid, errors.Unreachable)
    leaves = [leaf for leaf in errors.leaves(PortalError) if leaf not in own]
    return {leaf.reason: leaf for leaf in leaves if issubclass(leaf, PortalError)}


def _failure(path: str, word: str) -> type[PortalError]:
    if word not in _failures():
        raise ProtocolError(path, f"{word!r} is no failure; there are {', '.join(_failures())}")
    return _failures()[word]


def _refuse_unsafe(written: Written, known: Written) -> None:
    """Raise ProtocolError for what would send secrets elsewhere, or hide from the brake what the portal says."""
    _refuse_hosts(written, known)
    if not set(known.envelope.code) <= set(written.envelope.code):
        raise ProtocolError("envelope.code", f"keeps {', '.join(known.envelope.code)} beside what is new")
    _refuse_meanings(written.results, known.results)


def _refuse_meanings(new: WrittenResults, old: WrittenResults) -> None:
    fixed = {each.reason for each in FIXED}
    for code in old.codes | new.codes:
        if (meant := _meaning(code, old)) in fixed and new.codes.get(code) != meant:
            raise ProtocolError(f"results.codes.{code}", f"stays {meant}: the account's safety hangs on it")
    for begin, meant in old.prefixes.items():
        if meant in fixed and new.prefixes.get(begin) != meant:
            raise ProtocolError(f"results.prefixes.{begin}", f"stays {meant}: the account's safety hangs on it")
    if [each for each in new.prefixes if each in old.prefixes] != list(old.prefixes):
        raise ProtocolError("results.prefixes", "keeps the order of those that are known")
    for key, codes in (("success", new.success), ("success_with_data", new.success_with_data)):
        for code in codes:
            if (meant := _meaning(code, old)) in fixed:
                raise ProtocolError(f"results.{key}", f"{code} stays {meant}")


def _meaning(code: str, results: WrittenResults) -> str | None:
    by_prefix = (word for begin, word in results.prefixes.items() if code.startswith(begin))
    return results.codes.get(code) or next(by_prefix, None)


def _refuse_hosts(written: Written, known: Written) -> None:
    if written.hosts.goodwe != known.hosts.goodwe:
        raise ProtocolError("hosts.goodwe", "cannot be changed; name single hosts in hosts.foreign")
    for host in written.hosts.foreign:
        if not host.isascii() or host != host.lower() or urlsplit(f"//{host}").hostname != host or "." not in host:
            raise ProtocolError("hosts.foreign", f"{host!r} is no host such as portal.example.com, in small letters")
    sign_in = written.semsplus.sign_in
    addresses = {
        "semsplus.sign_in.address": sign_in.address,
        "semsplus.sign_in.regional": sign_in.regional.replace("{region}", "eu"),
        **{f"classic.hosts.{region}": address for region, address in written.classic.hosts.items()},
    }
    for key, address in addresses.items():
        _refuse_address(key, address, written.hosts)


def _refuse_address(key: str, address: str, hosts: Hosts) -> None:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ProtocolError(key, "is no address") from None
    if parts.scheme != "https" or "@" in address or not address.isascii() or " " in address or "\\" in address:
        raise ProtocolError(key, "has to begin with https:// and hold no user")
    if port not in (None, 443) or not hosts.trusts(host):
        raise ProtocolError(
            key,
            f"{host} is not GoodWe's, and would get account and password; "
            f'if that is what you want, add foreign = ["{host}"] below [hosts]',
        )
