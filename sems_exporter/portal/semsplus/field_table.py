"""The table: which code of the portal carries which attribute of the model, in which unit and with which sign.

One row a code. The unit here is used only where the payload gives none. Codes with an index stand without it:
"MPPT-2:Ppv" is row "Ppv" of part "MPPT", "PHASE-A:Vac" row "Vac" of part "PHASE", "vBackupPhA" row "vBackup" of part
"PHASE". Case makes no difference: meters write "fac" where inverters write "Fac".
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from sems_exporter.model.plant import Battery, EvCharger, Inverter, Meter, MeterPhase, Phase, PvInput
from sems_exporter.model.schema import Entity, Role, measures
from sems_exporter.portal.decoding.field_mapping import FieldMapping, Sign, coded, magnitude, split
from sems_exporter.portal.semsplus.state_codes import CHARGER_STATES, DEVICE_STATES, STATION_STATES

ENERGIES = {
    "proPvStats": "pv_energy",
    "proCharStats": "battery_charge_energy",
    "proDischarStats": "battery_discharge_energy",
    "proGridStats": "grid_export_energy",
    "proPurchaseStats": "grid_import_energy",
    "proConsumStats": "load_energy",
}
_PERIODS = {"Total": "", "Today": "_today", "Month": "_month", "Year": "_year"}


def _energies(scope: type[Entity]) -> dict[str, FieldMapping]:
    rows = {
        f"{code}{suffix}": FieldMapping(f"{attribute}{tail}", "kWh")
        for code, attribute in ENERGIES.items()
        for suffix, tail in _PERIODS.items()
    }
    return {code: row for code, row in rows.items() if row.attribute in measures(scope)}


FLOW: dict[str, FieldMapping] = {
    "pSystem": FieldMapping("pv_power", "kW"),
    "pAc": FieldMapping("ac_power", "kW"),
    "pConsum": magnitude("load_power", "kW"),
    "pGrid": split("grid_export_power", "grid_import_power", "kW"),
    "pBat": split("battery_discharge_power", "battery_charge_power", "kW"),
    "soc": FieldMapping("battery_state_of_charge", "%"),
    "pEvChar": magnitude("ev_charger_power", "kW"),
    "pHeatPump": magnitude("heat_pump_power", "kW"),
    "pDiesel": magnitude("generator_power", "kW"),
    "pThird": FieldMapping("third_party_power", "kW"),
    "status": coded("state", STATION_STATES),
}
_STATISTICS = {
    "proSystemTotalStats": "pv_energy",
    "proConsumStats": "load_energy",
    "proGridStats": "grid_export_energy",
    "proPurchaseStats": "grid_import_energy",
    "proSelfConsumStats": "self_consumption_energy",
    "proCharStats": "battery_charge_energy",
    "proDischarStats": "battery_discharge_energy",
}
STATISTICS: dict[Role, dict[str, FieldMapping]] = {
    role: {item: FieldMapping(f"{attribute}_{suffix}", "kWh") for item, attribute in _STATISTICS.items()}
    for role, suffix in ((Role.DAY, "today"), (Role.MONTH, "month"))
}
YEAR: dict[str, FieldMapping] = {
    "proGridStats": FieldMapping("grid_export_energy", "kWh"),
    "proPurchaseStats": FieldMapping("grid_import_energy", "kWh"),
}
"""What a calendar year adds to the lifetime of a station whose grid nothing else counts."""
PRODUCTION: dict[str, FieldMapping] = {
    "profitProStats": FieldMapping("income_today", ""),
}
LISTED: dict[str, FieldMapping] = {
    "pvInstallP": FieldMapping("installed_power", "kW"),
    "installedPower": FieldMapping("installed_power", "kW", last=True),
    "pSystem": FieldMapping("pv_power", "kW"),
    "productionToday": FieldMapping("pv_energy_today", "kWh"),
    "status": coded("state", STATION_STATES),
}
"""The list of stations. Sizes carry no unit and are kilowatts in each capture of this list; the list of the portal's
dashboard has watts under other names, which are not read. productionTotal is left out: the unit changes (21.852 for a
3 kW plant, 2026-09)."""
ZONES = ("zoneId", "timeZone")
"""Keys of the station's own page that name its time zone."""
INFO: dict[str, FieldMapping] = {
    "pvCapacity": FieldMapping("installed_power", "kW"),
    "pvInstallP": FieldMapping("installed_power", "kW", last=True),
    "batteryCapacity": FieldMapping("battery_capacity", "kWh"),
}
RATED: dict[str, FieldMapping] = {
    "installedPower": FieldMapping("installed_power", "kW"),
}
"""The size of the inverters (5 kW below 6 kW of modules in one plant), for where nobody entered that of the modules."""

INVERTER: dict[str, FieldMapping] = {
    "pAc": FieldMapping("ac_power", "kW"),
    "qAc": FieldMapping("reactive_power", "kVar"),
    "gridPF": FieldMapping("power_factor", ""),
    "storagePF": FieldMapping("power_factor", "", last=True),
    "Fac": FieldMapping("grid_frequency", "Hz"),
    "Temperature": FieldMapping("temperature", "℃"),
    "hTotal": FieldMapping("operating_time", "H"),
    "pDc": FieldMapping("pv_power", "kW"),
    "pBackup": FieldMapping("backup_power", "kW"),
    "ISOLimit": FieldMapping("insulation_resistance", "kΩ"),
    "LeakageCurrent": magnitude("leakage_current", "A"),
    "ratedPower": FieldMapping("rated_power", "kW"),
    # One code, two scales in the field: a share, or dBm, which is always negative.
    "wirelessSignalStrength": FieldMapping("signal_strength", "dBm"),
    "wirelessSignalQuality": FieldMapping("signal_quality", "%"),
    **_energies(Inverter),
}
MPPT: dict[str, FieldMapping] = {
    "Ppv": FieldMapping("power", "kW"),
    "Vpv": FieldMapping("voltage", "V"),
    "Ipv": FieldMapping("current", "A"),
}
PHASE: dict[str, FieldMapping] = {
    "pAc": FieldMapping("power", "kW"),
    "Pac": FieldMapping("power", "kW", last=True),
    "Vac": FieldMapping("voltage", "V"),
    "voltage": FieldMapping("voltage", "V", last=True),
    "Iac": magnitude("current", "A"),
    "current": FieldMapping("current", "A", Sign.MAGNITUDE, last=True),
    "pBackup": magnitude("backup_power", "kW"),
    "vBackup": FieldMapping("backup_voltage", "V"),
    "aBackup": magnitude("backup_current", "A"),
}
BATTERY: dict[str, FieldMapping] = {
    "soc": FieldMapping("state_of_charge", "%"),
    "soh": FieldMapping("state_of_health", "%"),
    "pBat": split("discharge_power", "charge_power", "kW"),
    "pbat": split("discharge_power", "charge_power", "kW", last=True),
    "voltage": FieldMapping("voltage", "V"),
    "a": magnitude("current", "A"),
    "batSysTemp": FieldMapping("temperature", "℃"),
    "aMaxChar": magnitude("charge_current_limit", "A"),
    "aMaxDischar": magnitude("discharge_current_limit", "A"),
    "pMaxChar": magnitude("charge_power_limit", "kW"),
    "pMaxDischar": magnitude("discharge_power_limit", "kW"),
    "tempMaxCell": FieldMapping("cell_temperature_max", "℃"),
    "tempMinCell": FieldMapping("cell_temperature_min", "℃"),
    "vMaxCell": FieldMapping("cell_voltage_max", "mV"),
    "vMinCell": FieldMapping("cell_voltage_min", "mV"),
    **{
        f"{code}{suffix}": FieldMapping(f"{attribute}{tail}", "kWh")
        for code, attribute in (("proCharStats", "charge_energy"), ("proDischarStats", "discharge_energy"))
        for suffix, tail in _PERIODS.items()
    },
}
LISTED_BATTERY: dict[str, FieldMapping] = {**BATTERY, "status": coded("state", DEVICE_STATES)}
"""The list of the batteries behind an inverter."""
METER: dict[str, FieldMapping] = {
    "totalPac": split("grid_export_power", "grid_import_power", "kW"),
    "pAc": split("grid_export_power", "grid_import_power", "kW", last=True),
    "pf": FieldMapping("power_factor", ""),
    "fac": FieldMapping("grid_frequency", "Hz"),
    "Fac": FieldMapping("grid_frequency", "Hz", last=True),
    **_energies(Meter),
}
METER_PHASE: dict[str, FieldMapping] = {
    "pAc": split("grid_export_power", "grid_import_power", "kW"),
    "voltage": FieldMapping("voltage", "V"),
    "Vac": FieldMapping("voltage", "V", last=True),
    "current": magnitude("current", "A"),
    "Iac": FieldMapping("current", "A", Sign.MAGNITUDE, last=True),
}
CHARGER_DETAIL: dict[str, FieldMapping] = {
    "chargePowerSetted": FieldMapping("charging_power_limit", "kW"),
    "status": coded("state", CHARGER_STATES),
}
LAST_CHARGE: dict[str, FieldMapping] = {
    "currentChargeQuantity": FieldMapping("session_energy", "kWh"),
    "workStu": coded("state", CHARGER_STATES),
    "pevChar": magnitude("charging_power", "kW"),
    "pEvChar": FieldMapping("charging_power", "kW", Sign.MAGNITUDE, last=True),
}
LISTED_DEVICE: dict[str, FieldMapping] = {"status": coded("state", DEVICE_STATES)}
"""The lists of devices and of chargers."""


@dataclass(frozen=True, slots=True)
class Table:
    """All rows for one kind of device.

    `bare_phase` names rows, in lower case, that a single-phase device writes without a phase.
    """

    scope: type[Entity]
    rows: dict[str, FieldMapping]
    parts: dict[str, tuple[type[Entity], dict[str, FieldMapping]]]
    bare_phase: frozenset[str] = frozenset()


TABLES: dict[type[Entity], Table] = {
    Inverter: Table(
        Inverter,
        INVERTER,
        {"MPPT": (PvInput, MPPT), "PHASE": (Phase, PHASE)},
        frozenset({"vac", "iac", "vbackup", "abackup"}),
    ),
    Meter: Table(Meter, METER, {"PHASE": (MeterPhase, METER_PHASE)}, frozenset({"voltage", "current", "vac", "iac"})),
    Battery: Table(Battery, BATTERY, {}),
}

CHARGER = Table(EvCharger, {"ratedPower": FieldMapping("rated_power", "kW")}, {})
"""What the static information of an EV charger tells; its other answers are no factors."""

PASSED_OVER = re.compile(
    r"sn|pro\w+Stats(Week|Last\w+|Yesterday)|"
    # Sums of sums, and texts that `information` delivers.
    r"serCellTotal|dcdcVersion|version",
    re.IGNORECASE,
)
"""Codes left out on purpose: identity, texts, periods that are over, and weeks, whose first day is not documented."""

FLOW_PASSED_OVER = frozenset(
    {
        *("id", "name", "isGoodweInverter", "flows", "consumFlag", "refreshTime"),
        # The pushed form of the same message.
        *("time", "stationId", "traceId", "pDc", "fAc", "qAc", "pf"),
    }
)
"""Keys of the flow that carry no measure of the station."""

PHASES = {"A": "L1", "B": "L2", "C": "L3", "R": "L1", "S": "L2", "T": "L3", "1": "L1", "2": "L2", "3": "L3"}
PHASES |= {line: line for line in PHASES.values()}
_INDEXED = re.compile(r"(MPPT|PHASE)[-_]?(\d{1,3}|[A-CRST]|L[1-3]):(\w+)", re.IGNORECASE)
_SUFFIXED = re.compile(r"([a-z]Backup)Ph([A-CRST])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """A factor code taken apart: `part` and `index` are empty for the device itself."""

    part: str
    index: str
    name: str


def address(code: str, table: Table) -> Address:
    """Tell where `code` belongs: the device itself, an MPPT input or a phase."""
    return Address("PHASE", "L1", code) if code.lower() in table.bare_phase else _indexed(code)


def row_of(rows: dict[str, FieldMapping], name: str) -> FieldMapping | None:
    """The row of `name`, in whatever case; one in another case only fills what is missing."""
    if name in rows:
        return rows[name]
    other = next((row for known, row in rows.items() if known.lower() == name.lower()), None)
    return other and replace(other, last=True)


@lru_cache(maxsize=4096)
def _indexed(code: str) -> Address:
    if match := _INDEXED.fullmatch(code):
        part, index, name = match[1].upper(), match[2].upper(), match[3]
        if part == "PHASE" and name.lower() == "fac":
            # All phases have one frequency, which belongs to the device.
            return Address("", "", name)
        if part == "PHASE":
            return Address(part, PHASES.get(index, ""), name)
        return Address(part, str(int(index)) if index.isdigit() else "", name)
    if match := _SUFFIXED.fullmatch(code):
        return Address("PHASE", PHASES[match[2].upper()], match[1])
    return Address("", "", code)
