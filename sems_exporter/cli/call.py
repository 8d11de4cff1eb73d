"""One read-only call of a person's choice, and what the portal answers to it, as it came."""

import json
import sys
from dataclasses import dataclass, replace
from datetime import date

import click

from sems_exporter.app import build_app
from sems_exporter.cli.log_setup import log_failures_as
from sems_exporter.cli.terminal import legible
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import ServerSettings
from sems_exporter.errors import PortalError, SettingError
from sems_exporter.exposition.json_form import written
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.portal.client import Call
from sems_exporter.portal.dump_file import Recorder, anonymous
from sems_exporter.portal.factory import DIALECTS
from sems_exporter.portal.http.envelope import HttpResponse
from sems_exporter.portal.http.transport import HttpRequest
from sems_exporter.portal.interface import AskablePortal
from sems_exporter.portal.read_calls import ReadCall, Target, written_call
from sems_exporter.protocol.calls import METHODS
from sems_exporter.telemetry.redaction import MASKS

ASKED_WITH = {"station": "--station ID", "device": "--device SN", "device_type": "--type TYPE", "day": "--day DATE"}


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wrote behind `call`: a name, or a method and a path; the flags; and how to print the answer."""

    words: tuple[str, ...]
    target: Target
    body: str | None = None
    anonymous: bool = False


def call(settings: ServerSettings, order: Order) -> int:
    """Make the call and print the answer; 1 where the portal answered with a failure."""
    settings.only_account("a call is made for one account")
    log_failures_as(settings)
    # What is no call to be made is refused before the account is touched.
    raw = _raw(order)
    recorder = Recorder()
    app = build_app(settings, SystemClock(), transport=recorder)
    try:
        return _asked(app.portal, recorder, raw or _known(app.portal, order), order)
    finally:
        app.close()


def _raw(order: Order) -> Call | None:
    """The call that a method and a path describe; None where a known one is named."""
    words = order.words
    if len(words) == 1 and words[0].upper() not in METHODS and not words[0].startswith("/"):
        if order.body is not None:
            raise SettingError("--body", "belongs to a call by path: call POST /path --body JSON")
        return None
    if len(words) != 2:
        raise SettingError("call", f"takes the name of a call, or {' or '.join(METHODS)} and a path")
    try:
        body = json.loads(order.body) if order.body is not None else {} if words[0].upper() == "POST" else None
    except (ValueError, RecursionError) as error:
        raise SettingError("--body", f"is not JSON ({error})") from error
    try:
        return written_call(words[0].upper(), words[1], body)
    except ValueError as error:
        raise SettingError("call", str(error)) from error


def listed(portal: str) -> str:
    """The calls there are, where the setting `portal` says this."""
    calls = next(spec.calls for spec in DIALECTS if portal in ("auto", spec.name))
    width = max(len(each.name) for each in calls)
    lines = [f"  {each.name:<{width}}  {each.tells}{_needs(each)}" for each in calls]
    return "\n".join(
        [
            "sems-exporter call NAME asks the portal:",
            *lines,
            "Or by path: call GET /path, call POST /path --body JSON",
        ]
    )


def _needs(known: ReadCall) -> str:
    return "".join(f" [{ASKED_WITH[name]}]" for name in known.needs)


def _known(portal: AskablePortal, order: Order) -> Call:
    name = order.words[0]
    known = next((each for each in portal.known_calls() if each.name == name), None)
    if known is None:
        names = ", ".join(each.name for each in portal.known_calls())
        raise SettingError("call", f"{name} is not known; there are {names}")
    target = order.target
    if "device" in known.needs and "station" not in known.needs and not target.device:
        raise SettingError("--device", f"{name} is about a device; name its serial number")
    if "station" in known.needs and not target.station:
        target = replace(target, station=_only_station(portal))
    if "device" in known.needs and not (target.device and (target.device_type or "device_type" not in known.needs)):
        target = replace(target, device_type=_type_of(portal, target))
    if "day" in known.needs and target.day == date.min:
        target = replace(target, day=SystemClock().now().date())
    return known.build(target)


def _only_station(portal: AskablePortal) -> str:
    refs = portal.stations(Diagnostics())
    if len(refs) == 1:
        return refs[0].id
    shown = ", ".join(f"{ref.id} ({ref.name})" if ref.name else ref.id for ref in refs[:10])
    raise SettingError("--station", f"name the station by its id; there are {legible(shown) or 'none'}")


def _type_of(portal: AskablePortal, target: Target) -> str:
    devices = _devices(portal, target.station)
    if target.device in devices:
        return devices[target.device]
    shown = ", ".join(f"{serial} ({kind})" for serial, kind in devices.items())
    raise SettingError("--device", f"name a device by its serial number; there are {legible(shown) or 'none'}")


def _devices(portal: AskablePortal, station: str) -> dict[str, str]:
    """The type of each device by serial number, as the portal's own list of devices has them."""
    devices = next(each for each in portal.known_calls() if each.name == "devices")
    groups = _objects(portal.call(devices.build(Target(station))), "deviceType")
    return {
        str(serial): str(group["deviceType"])
        for group in groups
        for listed in _objects(group, "snList")
        if isinstance(listed["snList"], list)
        for serial in listed["snList"]
    }


def _objects(document: object, key: str) -> list[dict[str, object]]:
    """All objects in `document` that have `key`."""
    if isinstance(document, dict):
        own = [document] if key in document else []
        return own + [found for value in document.values() for found in _objects(value, key)]
    if isinstance(document, list):
        return [found for item in document for found in _objects(item, key)]
    return []


def _asked(portal: AskablePortal, recorder: Recorder, call: Call, order: Order) -> int:
    recorder.exchanges.clear()
    failure: PortalError | None = None
    try:
        portal.call(call)
    except PortalError as error:
        failure = error
    exchanges = [pair for pair in recorder.exchanges if pair[0].endpoint == call.endpoint]
    if exchanges:
        click.echo(_printed(*exchanges[-1], order))
    if failure is not None:
        click.echo(f"sems-exporter: {MASKS.masked(f'{failure} ({failure.reason})')}", err=True)
    return 0 if failure is None else 1


def _printed(request: HttpRequest, response: HttpResponse, order: Order) -> str:
    if order.anonymous:
        document = anonymous(request, response)
    else:
        try:
            document = json.loads(response.body)
        except (ValueError, RecursionError):
            return MASKS.masked(legible(response.body.decode("utf-8", "replace")))
    text = MASKS.masked(written(document, indent=2))
    return "\n".join(map(legible, text.split("\n"))) if sys.stdout.isatty() else text
