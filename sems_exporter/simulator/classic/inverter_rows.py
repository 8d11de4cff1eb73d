"""An inverter in the monitor detail: `invert_full` in its wrapper of display texts."""

from datetime import timedelta, timezone

from sems_exporter.simulator.classic.invert_full import STATUS, InverterView, check_code, invert_full
from sems_exporter.simulator.classic.wire import portal_time, user_time
from sems_exporter.simulator.plant.plant_state import Running
from sems_exporter.simulator.server.wire import JsonObject, decimal_text

_TWINS = {
    **{f"backup_{kind}load_{phase.lower()}": f"backUp{kind.upper()}load_{phase}" for kind in "pvi" for phase in "ST"},
    **{f"mtactivepower_{phase.lower()}": f"mtActivepower{phase}" for phase in "RST"},
    "etotal_buy": "eTotalBuy",
    "eday_buy": "eDayBuy",
    "ebattery_charge": "eBatteryCharge",
    "echarge_day": "eChargeDay",
    "ebattery_discharge": "eBatteryDischarge",
    "edischarge_day": "eDischargeDay",
    "batt_strings": "battStrings",
    "meter_connect_status": "meterConnectStatus",
}
_CHINA = timezone(timedelta(hours=8))
_WORK_MODES = {
    Running.OFFLINE: "Wait Mode",
    Running.WAITING: "Wait Mode",
    Running.RUNNING: "Normal (On-Grid)",
    Running.FAULT: "Fault Mode",
}


def inverter_row(view: InverterView) -> JsonObject:
    """One entry of `inverter`."""
    full = invert_full(view)
    texts = _texts(full)
    return {
        **_numbers(view, full),
        **texts,
        **{name: full[source] for name, source in _TWINS.items()},
        "dict": _display(view, full),
        "d": _twin(view, full, texts),
        "invert_full": full,
        "points": [],
        "next": None,
        "prev": None,
        "next_device": {"sn": None, "isStored": False},
        "prev_device": {"sn": None, "isStored": False},
        "time": portal_time(view.state.local_time),
        "last_refresh_time": portal_time(view.last_report.astimezone(view.plant.zone)),
        "turnon_time": _commissioned(view),
        "warning_bms": "--",
        "fault_message": ",".join(f"{error['error_code']}_warning" for error in full["errors"]),
        "warning_code": None,
        "point_index": "1",
        "it_change_flag": False,
        "has_tigo": False,
        "canStartIV": False,
        "master": None,
    }


def _numbers(view: InverterView, full: JsonObject) -> JsonObject:
    """What the wrapper repeats of the inside, under names of its own."""
    return {
        "sn": full["sn"],
        "name": full["name"],
        "pw_id": full["powerstation_id"],
        "releation_id": full["relation_id"],  # (sic)
        "check_code": check_code(view),
        "type": full["model_type"],
        "capacity": full["capacity"],
        "status": STATUS[view.inverter.running],
        "is_stored": bool(view.inverter.batteries),
        "in_pac": 0.0,
        "out_pac": full["pac"],
        "eday": full["eday"],
        "emonth": full["thismonthetotle"],
        "etotal": full["etotal"],
        "total_generation": f"{_number(full['etotal'])}kWh",
        "daily_generation": f"{_number(full['eday'])}kWh",
        "tempperature": full["tempperature"],
        "firmware_version": 171724.0,
        "battery_power": full["total_pbattery"],
        "battery_count": full["battery_count"],
    }


def _texts(full: JsonObject) -> JsonObject:
    """Numbers with their units glued on, as the page shows them."""
    battery = "/".join(
        f"{_number(full[key])}{unit}" for key, unit in (("vbattery1", "V"), ("ibattery1", "A"), ("total_pbattery", "W"))
    )
    inputs = {f"pv_input_{n}": f"{_number(full[f'vpv{n}'])}V/{_number(full[f'ipv{n}'])}A" for n in (1, 2)}
    return {
        **inputs,
        "battery": battery,
        "battery_charging": battery,
        "soc": f"{_number(full['soc'])}%",
        "soh": f"{_number(max(0.0, full['soh']))}%",
        "back_up_output": f"0V/{_number(full['pbackup'])}W",
        "backup_voltage": "0V",
        "output_voltage": f"{_number(full['vac1'])}V",
        "output_current": f"{_number(full['iac1'])}A",
        "output_power": f"{_number(full['pac'])}W",
        "bms_status": "",
        "charge_current_limit_bms": f"{_number(full['bms_charge_i_max'] or 0.0)}A",
        "discharge_current_limit_bms": f"{_number(full['bms_discharge_i_max'] or 0.0)}A",
    }


def _twin(view: InverterView, full: JsonObject, texts: JsonObject) -> JsonObject:
    """`d`: its refresh time is in the user's format, its creation date in China's time, its work mode unreliable."""
    plant = view.plant
    copied = [f"{name}{n}" for name in ("vpv", "ipv") for n in range(1, 5)]
    copied += [f"{name}{n}" for name in ("vac", "iac", "fac") for n in range(1, 4)]
    copied += [f"istr{n}" for n in range(1, 17)]
    return {
        "pw_id": full["powerstation_id"],
        "capacity": f"{_number(full['capacity'])}kW",
        "model": full["model_type"],
        "output_power": texts["output_power"],
        "output_current": texts["output_current"],
        "grid_voltage": texts["output_voltage"],
        "backup_output": texts["back_up_output"],
        "soc": texts["soc"],
        "soh": texts["soh"],
        "last_refresh_time": user_time(view.last_report.astimezone(plant.zone), plant.spec.date_format),
        "work_mode": _WORK_MODES[view.inverter.running],
        "dc_input1": texts["pv_input_1"],
        "dc_input2": texts["pv_input_2"],
        "battery": texts["battery"],
        "bms_status": "",
        "warning": "--",
        "charge_current_limit": texts["charge_current_limit_bms"],
        "discharge_current_limit": texts["discharge_current_limit_bms"],
        "firmware_version": 171724.0,
        "creationDate": portal_time(view.last_report.astimezone(_CHINA)),
        "eDay": full["eday"],
        "eTotal": full["etotal"],
        "pac": full["pac"],
        "hTotal": full["hour_total"],
        **{key: full[key] for key in copied},
    }


def _display(view: InverterView, full: JsonObject) -> JsonObject:
    """`dict`: the rows of the table on the page."""
    phases = range(1, view.inverter.spec.phases + 1)
    joined = {name: "/".join(_number(full[f"{name}{n}"]) for n in phases) for name in ("vac", "iac", "fac")}
    left = [
        _row("dmDeviceType", full["model_type"]),
        _row("serialNum", full["sn"]),
        _row("laCheckcode", full["check_code"]),
        _row("capacity", _number(full["capacity"]), "kW"),
        _row("laConnected", _commissioned(view)),
        _row("InverterPowerOfPlantMonitor", decimal_text(full["pac"] / 1000.0, 3), "kW"),
        _row("acVacVol", joined["vac"], "V"),
        _row("acCurrent", joined["iac"], "A"),
        _row("acFrequency", joined["fac"], "Hz"),
    ]
    inputs = range(1, len(view.inverter.inputs) + 1)
    right = [
        _row("innerTemp", _number(full["tempperature"]), "℃"),
        *(_row(f"dcVandC{n}", f"{full[f'vpv{n}']}/{full[f'ipv{n}']}", "V/A") for n in inputs),
        _row("lab_GFCI", "--", "mA"),
        _row("lab_ISO", "", "kΩ"),
    ]
    return {"left": left, "right": right}


def _row(key: str, value: str, unit: str = "") -> JsonObject:
    return {
        "isHT": False,
        "isStoreSkip": False,
        "key": key,
        "value": value,
        "unit": unit,
        "isFaultMsg": 0,
        "faultMsgCode": 0,
    }


def _commissioned(view: InverterView) -> str:
    return f"{view.plant.spec.commissioned:%m/%d/%Y} 10:00:00"


def _number(value: float) -> str:
    return decimal_text(value, 3)
