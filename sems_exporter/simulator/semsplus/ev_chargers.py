"""What the portal says about a car charger: how it is set, what it can do, and the sessions it had.

Shapes as in captures of 2026-06 and a list of 72 sessions of 2026.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from math import ceil, floor
from typing import NamedTuple

from sems_exporter.simulator.plant.house import ev_session
from sems_exporter.simulator.plant.plant import Plant, days_between
from sems_exporter.simulator.plant.specs import EvChargerSpec
from sems_exporter.simulator.server.wire import Call, JsonObject, Refusal, kilo

_AVAILABLE, _CHARGING = 8, 6
_KILOMETRES_PER_KILOWATT_HOUR = 5.0
_LATEST_WITHIN = 60  # days
_STAMPED_BEFORE = timedelta(seconds=8)
_MOST_ROWS = 100
# 0xAA: neither yes nor no.
_UNSET = 170
_NEWER: JsonObject = {
    "chargedNow": _UNSET,
    "ensureMinimumChargingPower": 0,
    "finishTime": "0",
    "lockChargingPlug": 0,
    "maxEnergy": 0,
    "minEnergy": 0,
    "phaseSwitch": _UNSET,
    "soc": 0,
    "scheduleChargeMaxPower": 0,
    "scheduleMaxEnergy": 100,
    "scheduleMinEnergy": 100,
    "scheduleSOC": 99,
    "chargeFromGrid": 0,
}


class Session(NamedTuple):
    """One charge, from `begin` to `end` in local time; `end` is now while it lasts."""

    begin: datetime
    end: datetime
    lasts: bool

    @property
    def hours(self) -> float:
        """How long it took so far."""
        return (self.end.timestamp() - self.begin.timestamp()) / 3600.0


def detail(plant: Plant, now: datetime, call: Call) -> JsonObject:
    """How the charger is set, in kW, and whether a car charges; what it draws is in the station's flow."""
    spec = _spec(plant)
    if spec.needs_model and call.text("productModel") != spec.model:
        raise Refusal("R0219")
    charging = _charges(plant, now)
    rated = kilo(spec.rated_watts, 2)
    answer: JsonObject = {
        "currentLimit": 0,
        "dynamicLoad": 0,
        "chargeMode": 0,
        "chargePower": rated,
        "scheduleChargeMode": 0,
        "scheduleMode": 0,
        "scheduleTotalMinute": 480,
        "status": "charging" if charging else "available",
        "workState": "charging" if charging else "available_gun_no_insered",
        "chargePowerSetted": rated,
        "startStatus": charging,
        "unit": 0,
        "mileage": _KILOMETRES_PER_KILOWATT_HOUR,
    }
    return answer | ({"chargeMaxPower": rated, **_NEWER} if spec.needs_model else {})


def control_items(plant: Plant) -> JsonObject:
    """What the charger is and can do; names its model, which `detail` may ask for."""
    spec = _spec(plant)
    return {
        "productModel": spec.model,
        "ratedPower": kilo(spec.rated_watts, 2),
        "pileThreeCodes": "SIM",
        "pileGeneration": "2",
        "dashboardFunctions": ["startCharging", "chargingModeSelection"],
        "moreDeviceControls": ["Output_Power_Setting", "Dynamic_Load_Control"],
    }


def last_charge(plant: Plant, now: datetime) -> JsonObject:
    """The running session, with the power now, or the last one that ended, without any."""
    spec, today = _spec(plant), now.astimezone(plant.zone).date()
    sessions = list(_sessions(plant, today - timedelta(days=_LATEST_WITHIN), today, now))
    log: JsonObject = {"chargePileSN": spec.serial}
    if sessions:
        latest = sessions[-1]
        energy = _kilowatt_hours(spec, latest)
        log |= {
            "currentChargeQuantity": energy,
            "chargeTimeLength": ceil(latest.hours * 60.0),
            "mileage": round(energy * _KILOMETRES_PER_KILOWATT_HOUR, 2),
            "unit": "km",
            "chargeCardNumber": spec.serial,
            "charGun": 1,
            "averCharP": spec.rated_watts / 1000.0,
            "maxCharP": spec.rated_watts / 1000.0,
        }
    charging = _charges(plant, now)
    log |= {"status": 0, "overViewStatus": 1, "chartUnit": "kWh", "workStu": _CHARGING if charging else _AVAILABLE}
    if charging:
        log["pevChar"] = kilo(spec.rated_watts, 3)
    return {"chargeLog": log, "curveList": []}


def sessions_page(plant: Plant, now: datetime, call: Call) -> JsonObject:
    """One page of the sessions that ended and began within a range of local dates, the latest first."""
    spec = _spec(plant)
    first, last = call.date("startTime"), call.date("endTime")
    ended = [session for session in _sessions(plant, first, last, now) if not session.lasts][::-1]
    current, size = call.number("pageNum", 1), min(_MOST_ROWS, call.number("pageSize", 20))
    rows = [_row(spec, session) for session in ended[(current - 1) * size : current * size]]
    return {"dataList": rows, "size": size, "current": current, "total": len(ended), "extras": {}}


def _spec(plant: Plant) -> EvChargerSpec:
    if plant.spec.ev_charger is None:
        raise Refusal("100025")
    return plant.spec.ev_charger


def _charges(plant: Plant, now: datetime) -> bool:
    charger = plant.state(now).ev_charger
    return charger is not None and charger.watts > 0.0


def _sessions(plant: Plant, first: date, last: date, now: datetime) -> Iterator[Session]:
    local = now.astimezone(plant.zone)
    for day in days_between(max(first, plant.spec.commissioned), min(last, local.date())):
        begin, end = (
            datetime.combine(day, time(0), plant.zone) + timedelta(seconds=seconds)
            for seconds in ev_session(_spec(plant), plant.spec.seed, day.toordinal())
        )
        if begin < end and begin <= local:
            yield Session(begin, min(end, local), lasts=local < end)


def _kilowatt_hours(spec: EvChargerSpec, session: Session) -> float:
    return round(spec.rated_watts / 1000.0 * session.hours, 2)


def _row(spec: EvChargerSpec, session: Session) -> JsonObject:
    energy = _kilowatt_hours(spec, session)
    return {
        "chargeSerialNumber": f"{spec.serial}{session.begin - _STAMPED_BEFORE:%Y%m%d%H%M%S}",
        "chargePileSN": spec.serial,
        "chargeStartTime": f"{session.begin:%Y-%m-%d %H:%M:%S}",
        "chargeEndTime": f"{session.end:%Y-%m-%d %H:%M:%S}",
        "chargeTimeLength": ceil(session.hours * 60.0),
        "currentChargeQuantity": energy,
        "mileage": round(energy * _KILOMETRES_PER_KILOWATT_HOUR, 2),
        "greenElec": floor(energy * 10.0) / 10.0,
        "purElec": 0,
        "chargeEndCause": "abnormal_stop",
    }
