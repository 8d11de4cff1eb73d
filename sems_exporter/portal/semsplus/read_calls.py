"""The calls of SEMS+ by name, for a person who wants to see what they tell."""

from sems_exporter.model.schema import Role
from sems_exporter.portal.read_calls import ReadCall
from sems_exporter.portal.semsplus import endpoints

_STATION = ("station",)
_DEVICE = ("station", "device", "device_type")

READ_CALLS = (
    ReadCall("stations", "the stations of the account, the first 100", lambda _: endpoints.stations(1)),
    ReadCall("info", "name, time zone, size and currency of a station", lambda t: endpoints.info(t.station), _STATION),
    ReadCall("flow", "the powers of a station now", lambda t: endpoints.flow(t.station), _STATION),
    ReadCall("devices", "its devices and their states", lambda t: endpoints.devices(t.station), _STATION),
    ReadCall(
        "telemetry",
        "the live values of a device",
        lambda t: endpoints.of_device("telemetry", t.device, t.device_type, t.station),
        _DEVICE,
    ),
    ReadCall(
        "telecounting",
        "the counters of a device",
        lambda t: endpoints.of_device("telecounting", t.device, t.device_type, t.station),
        _DEVICE,
    ),
    ReadCall(
        "information",
        "model, firmware and ratings of a device",
        lambda t: endpoints.of_device("information", t.device, t.device_type, t.station),
        _DEVICE,
    ),
    ReadCall(
        "related",
        "the devices that a device is connected to",
        lambda t: endpoints.related(t.device, t.device_type, t.station),
        _DEVICE,
    ),
    ReadCall(
        "batteries",
        "the batteries behind an inverter",
        lambda t: endpoints.batteries(t.device, t.station),
        ("station", "device"),
    ),
    ReadCall(
        "statistics",
        "the energies of a day",
        lambda t: endpoints.statistics(t.station, Role.DAY, t.day),
        ("station", "day"),
    ),
    ReadCall(
        "statistics_month",
        "the energies of the month of a day",
        lambda t: endpoints.statistics(t.station, Role.MONTH, t.day),
        ("station", "day"),
    ),
    ReadCall(
        "statistics_year",
        "grid import and export of the year of a day",
        lambda t: endpoints.statistics(t.station, Role.YEAR, t.day),
        ("station", "day"),
    ),
    ReadCall(
        "production",
        "the income of a day as the portal reckons it",
        lambda t: endpoints.production(t.station, t.day),
        ("station", "day"),
    ),
    ReadCall("alarms", "the alarms of a station that are active", lambda t: endpoints.alarms(t.station), _STATION),
    ReadCall(
        "alarm_statistics",
        "how many alarms it has and had",
        lambda t: endpoints.alarm_statistics(t.station),
        _STATION,
    ),
    ReadCall("chargers", "the EV chargers of a station", lambda t: endpoints.chargers(t.station), _STATION),
    ReadCall(
        "charger",
        "an EV charger now",
        lambda t: endpoints.charger(t.device, None, t.station),
        ("station", "device"),
    ),
    ReadCall(
        "charger_model",
        "model and rating of an EV charger",
        lambda t: endpoints.charger_model(t.device),
        ("device",),
    ),
    ReadCall(
        "last_charge",
        "the charging session under way or the last one",
        lambda t: endpoints.last_charge(t.device, t.station),
        ("station", "device"),
    ),
)
