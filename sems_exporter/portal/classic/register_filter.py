"""Which numbers of `invert_full` are no readings although they look like ones.

An inverter's registers are all sent, also those of parts it does not have. Captures show a charge of 45 % without a
battery, a backup output that repeats the meter, and counters of the day that stand at 0.0 while the real ones run.
"""

from dataclasses import dataclass

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import Battery
from sems_exporter.model.schema import family
from sems_exporter.portal.classic.display_texts import Document, flag, number, some
from sems_exporter.portal.classic.power_flow import NOTICEABLE, PowerFlow
from sems_exporter.portal.decoding.json_shapes import code_of, objects, text

BATTERY_FLAGS = ("isbuettey", "isbuetteybps", "isbuetteybpu")
PV_COUNTERS = ("etotal", "eday", "thismonthetotle", "lastmonthetotle")
METER_COUNTERS = ("seller", "buy", "total_sell", "total_buy")
METER_PHASES = (
    ("meterRPhasePower", "meterSPhasePower", "meterTPhasePower"),
    ("mtActivepowerR", "mtActivepowerS", "mtActivepowerT"),
)
SIGNS_OF_LIFE = (
    *("etotal", "eday", "hour_total", "pac", "tempperature", "total_sell", "total_buy", "pmeter", "vbattery1"),
    *(f"{name}{n}" for name in ("vac", "vpv") for n in range(1, 5)),
)
TWINS = {"eDayBuy": "eTotalBuy", "eChargeDay": "eBatteryCharge", "eDischargeDay": "eBatteryDischarge"}
BESIDE_POWER = (("pf",), ("activePowerPhaseA", "activePowerPhaseB", "activePowerPhaseC"))
NOT_ZERO = ("fac1", "pv_power", "capacity", "soh")
"""0 Hz, a battery with 0 % health, ... : 0 stands there for "unknown"."""


@dataclass(frozen=True, slots=True)
class Plant:
    """What the whole answer says that decides how to read one inverter.

    `alone`: it is the plant's only one. `month_includes_today`: whether the month of its inverters does, if that shows.
    """

    flow: PowerFlow
    storage: bool
    power_flow_shown: bool
    home_kit: str | None
    alone: bool
    month_includes_today: bool | None = None


def never_reported(registers: Document) -> bool:
    """Tell whether nothing was ever counted or felt: what the portal shows of such an inverter is its own invention."""
    running = code_of(registers.get("status")) not in (None, "-1", "0")
    return not running and not any(some(registers.get(key)) for key in SIGNS_OF_LIFE)


def described(registers: Document) -> Document:
    """Describe an inverter that never reported; where the portal has it wait, it is not there."""
    known = {
        key: raw
        for key, raw in registers.items()
        if key in protocol.classic().registers["identities"] or key == "capacity"
    }
    return known if code_of(registers.get("status")) is None else {**known, "status": -1}


def says_battery(registers: Document, stored: object, plant: Plant) -> bool:
    """Tell whether the portal says that this inverter has a battery."""
    return (
        flag(stored)
        or any(flag(registers.get(key)) for key in BATTERY_FLAGS)
        or text(registers.get("battery1sn")) is not None
        or (plant.alone and plant.storage)
    )


def claims_battery(registers: Document, stored: object, plant: Plant) -> bool:
    """Tell whether anything hints at a battery of this inverter; a hybrid with an empty bay counts one too."""
    return (
        says_battery(registers, stored, plant)
        or some(registers.get("battery_count"))
        or bool(objects(registers.get("more_batterys")))
    )


def alive(pack: Document, suffix: str = "", *, stored: bool = True) -> bool:
    """Tell whether a battery can be felt at its port: voltage, current or power. An empty bay has none of them.

    Where no voltage is told, health or charge will do on a plant that says it has a battery (`stored`).
    """
    if any(some(pack.get(key)) for key in (f"vbattery{suffix}", f"ibattery{suffix}", "pbattery")):
        return True
    untold = number(pack.get(f"vbattery{suffix}")) is None
    return stored and untold and any(0 < (number(pack.get(key)) or 0) <= 100 for key in ("soh", "soc"))


def has_meter(registers: Document, plant: Plant) -> bool:
    """Tell whether anything shows a meter at the grid: without one, pmeter is 0 for want of a reading, or is pac."""
    if mirrors(registers):
        return plant.home_kit is not None and plant.alone
    shown = plant.power_flow_shown or plant.home_kit is not None
    return _own_meter(registers) or (shown and (plant.alone or some(registers.get("pmeter"))))


def mirrors(registers: Document) -> bool:
    """Tell whether pmeter repeats pac for want of a meter (381 beside 381 in a capture)."""
    power = number(registers.get("pac"))
    return bool(power) and power == number(registers.get("pmeter")) and not _own_meter(registers)


def _own_meter(registers: Document) -> bool:
    """Tell whether the inverter itself shows that it reads a meter."""
    return (
        flag(registers.get("hasmeter"))
        or some(registers.get("meterConnectStatus"))
        or any(some(registers.get(key)) for key in METER_COUNTERS)
    )


def readings(registers: Document, plant: Plant, *, battery: bool, meter: bool, findings: Diagnostics) -> Document:
    """`registers` without those that are no readings."""
    mute = {key for key in NOT_ZERO if number(registers.get(key)) == 0}
    mute |= {day for day, lifetime in TWINS.items() if number(registers.get(lifetime)) is None}
    mute |= _unfilled(registers) | _idle(registers, PV_COUNTERS) | _idle(registers, METER_COUNTERS)
    mute |= set() if meter and _measures(registers, plant) else {"pmeter"}
    if not meter:
        mute.update(METER_COUNTERS)
    for names in METER_PHASES:
        mute |= set() if meter and _agree(registers, names) else set(names)
    mute |= _mute_battery(registers, findings, battery=battery) | _mute_backup(registers, battery=battery)
    return {key: raw for key, raw in registers.items() if key not in mute}


def _unfilled(registers: Document) -> set[str]:
    """Registers that all stand at 0 although the inverter gives or takes power."""
    if abs(number(registers.get("pac")) or 0.0) < NOTICEABLE:
        return set()
    return {key for keys in BESIDE_POWER if not any(some(registers.get(key)) for key in keys) for key in keys}


def _idle(registers: Document, counters: tuple[str, ...]) -> set[str]:
    """Counters that all stand at 0 are not kept: seen at 678 W after 658 hours (capture of 2022-04)."""
    return set() if any(some(registers.get(key)) for key in counters) else set(counters)


def _measures(registers: Document, plant: Plant) -> bool:
    """Tell whether pmeter is a reading. A 0 is none where another meter shows power, or only HomeKit may measure."""
    if some(registers.get("pmeter")):
        return not mirrors(registers)
    if plant.flow.grid is not None:
        return plant.flow.grid < NOTICEABLE
    return flag(registers.get("hasmeter")) or (plant.home_kit is None and _own_meter(registers))


def _agree(registers: Document, names: tuple[str, ...]) -> bool:
    """Tell whether the phases add up to pmeter; only then are they readings, with the same sign."""
    total, phases = number(registers.get("pmeter")), [number(registers.get(name)) for name in names]
    known = [phase for phase in phases if phase is not None]
    if total is None or not any(known):
        return False
    return abs(sum(known) - total) <= max(NOTICEABLE, 0.1 * abs(total))


def _mute_battery(registers: Document, findings: Diagnostics, *, battery: bool) -> set[str]:
    if not battery:
        if some(registers.get("soc")):
            findings.drop(family(Battery, "state_of_charge").sample_name, DropReason.NO_BATTERY)
        return set(protocol.classic().registers["battery"])
    gone = {"vbattery1", "ibattery1", "soc", "soh"} if not alive(registers, "1") else set()
    return gone | mute_limits(registers)


def mute_limits(registers: Document) -> set[str]:
    """The current limits where both are 0, as while charging in a capture of 2022-04: no management answers there."""
    limits = {"bms_charge_i_max", "bms_discharge_i_max"}
    return set() if any(some(registers.get(key)) for key in limits) else limits


def _mute_backup(registers: Document, *, battery: bool) -> set[str]:
    """Only storage inverters have a backup output. `pbackup` is their one phase, or of three phases nobody knows."""
    backup = protocol.classic().registers["backup"]
    felt = any(some(registers.get(key)) for key in backup if key != "pbackup")
    power = number(registers.get("pbackup"))
    mirrored = bool(power) and power == number(registers.get("pmeter"))
    if not battery or not (felt or (power and not mirrored)):
        return set(backup)
    three = any(some(registers.get(key)) for key in backup if key.endswith(("_S", "_T")))
    others = set() if three else {key for key in backup if key.endswith(("_S", "_T"))}
    return others | ({"pbackup"} if mirrored or three else set())
