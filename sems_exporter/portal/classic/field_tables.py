"""The tables of the other blocks of a monitor detail: the plant, and what stands around `invert_full`. Pure tables.

Misspellings are the portal's.
"""

from sems_exporter.model.plant import Station
from sems_exporter.portal.classic.entries import Block, Read, Reason, Skipped, size, stands_for, to

_DUPLICATE, _DERIVED, _MEANINGLESS = Reason.DUPLICATE, Reason.DERIVED, Reason.MEANINGLESS
_UNDOCUMENTED, _IDENTITY, _PERSONAL = Reason.UNDOCUMENTED, Reason.IDENTITY, Reason.PERSONAL
_UNRELIABLE, _OTHER, _DISPLAY = Reason.UNRELIABLE, Reason.OTHER_PLANT_TYPE, Reason.DISPLAY

MONITOR: Block = {
    "info": Read("block info"),
    "kpi": Read("block kpi"),
    "inverter": Read("block inverter, one for each"),
    "powerflow": Read("block powerflow"),
    "hasPowerflow": Read("whether powerflow counts"),
    "soc": Read("block soc"),
    "homKit": Read("block homKit"),
    "energeStatisticsCharts": Read("block energeStatisticsCharts"),
    "hasEnergeStatisticsCharts": Read("whether energeStatisticsCharts counts"),
    "energeStatisticsTotals": Read("block energeStatisticsTotals"),
    "isShowBattery": Read("whether there is a battery"),
    "hasGenset": Read("whether the generator's power counts"),
    "powercontrol_status": Skipped(_UNDOCUMENTED, "0 in every capture"),
    "images": Skipped(_DISPLAY),
    "weather": Skipped(_MEANINGLESS, "a forecast"),
    "hjgx": Skipped(_DERIVED, "etotal, times constants"),
    "smuggleInfo": Skipped(_MEANINGLESS, "region lock"),
    "equipment": Skipped(_DISPLAY, "texts in the language of the account"),
    "environmental": Skipped(_OTHER, "weather station"),
    "evCharge": Skipped(_UNRELIABLE, "frozen for nine hours while it charged; null in every capture"),
    "isEvCharge": Read("whether the powers can be balanced"),
    "isTigo": Skipped(_OTHER, "optimisers"),
    "tigoIntervalTimeMinute": Skipped(_OTHER, "optimisers"),
    "hasMicroGrid": Skipped(_OTHER, "micro grid"),
    "hasMicroInverter": Skipped(_OTHER, "micro inverters"),
    "isParallelInventers": Skipped(_OTHER, "inverters in parallel"),
    "is3rdEms": Skipped(_OTHER, "foreign energy management"),
    "isSec1000EtPlant": Skipped(_OTHER, "SEC1000"),
    "hasGridLoad": Skipped(_DISPLAY),
    "hasLayout": Skipped(_DISPLAY),
    "layout_id": Skipped(_DISPLAY),
    "pre_powerstation_id": Skipped(_DISPLAY, "of old answers"),
    "nex_powerstation_id": Skipped(_DISPLAY, "of old answers"),
}

INFO: Block = {
    "powerstation_id": Read("label station"),
    "stationname": Read("sems_station_info"),
    "status": Read("sems_station_state"),
    "time": Skipped(_MEANINGLESS, "the time of the request"),
    "time_span": Read("sems_station_info, label timezone_name"),
    "capacity": to(Station, "installed_power", "kW"),
    "battery_capacity": to(Station, "battery_capacity", "kWh"),
    "is_stored": Read("whether there is a battery"),
    "only_bps": Read("whether there is a battery"),
    "only_bpu": Read("whether there is a battery"),
    "longitude": Read("the height of the sun; never published"),
    "latitude": Read("the height of the sun; never published"),
    "address": Skipped(_PERSONAL),
    "owner_name": Skipped(_PERSONAL),
    "owner_phone": Skipped(_PERSONAL),
    "owner_email": Skipped(_PERSONAL),
    "org_code": Skipped(_PERSONAL),
    "org_name": Skipped(_PERSONAL),
    "date_format": Read("which of day and month comes first"),
    "date_format_ym": Skipped(_DISPLAY),
    "turnon_time": Skipped(_MEANINGLESS, "when the plant was registered"),
    "create_time": Skipped(_MEANINGLESS, "when the plant was registered"),
    "local_date": Skipped(_DUPLICATE, "time"),
    "powerstation_type": Skipped(_DISPLAY, "a text in the language of the account"),
    "is_powerflow": Skipped(_UNRELIABLE, "false beside a powerflow (capture of 2025-06)"),
    "charts_type": Skipped(_DISPLAY),
    "has_pv": Skipped(_DISPLAY),
    "has_statistics_charts": Skipped(_DISPLAY),
    "pr_value": Skipped(_UNDOCUMENTED, "empty in every capture"),
}

KPI: Block = {
    "day_income": to(Station, "income_today", ""),
    "total_income": to(Station, "income", ""),
    "currency": Read("sems_station_info"),
    "power": Read("whether the income of today counts (energy of today, in spite of its name)"),
    "total_power": Read("whether the income counts (lifetime energy)"),
    "pac": Skipped(_DERIVED, "pac of the inverters"),
    "month_generation": Read(
        "sems_station_pv_energy_month_joules, where inverters tell none; whether theirs lack today"
    ),
    "yield_rate": Read("whether the income of today counts; never published"),
}

POWERFLOW: Block = {
    "pv": size(Station, "pv_power", "W"),
    "load": size(Station, "load_power", "W"),
    "genset": size(Station, "generator_power", "W"),
    "soc": to(Station, "battery_state_of_charge", "%"),
    "grid": Read(
        "sems_station_grid_import_power_watts or sems_station_grid_export_power_watts, where pmeter is missing"
    ),
    "bettery": Read("sems_station_battery_charge_power_watts or sems_station_battery_discharge_power_watts"),
    "microGrid": Read("whether the powers can be balanced"),
    "gridStatus": Skipped(_UNRELIABLE, "seen the same for import and for export"),
    "loadStatus": Read("whether a HomeKit may be believed that there is import while the inverters are offline"),
    "betteryStatus": Skipped(_UNDOCUMENTED, "no capture with a battery"),
    "betteryStatusStr": Skipped(_DISPLAY),
    "pvStatus": Skipped(_DISPLAY),
    "gensetStatus": Skipped(_UNRELIABLE, "1 without a generator (capture of 2025-06)"),
    "gridGensetStatus": Skipped(_UNDOCUMENTED),
    "microGridStatus": Skipped(_OTHER, "micro grid"),
    "socText": Skipped(_DUPLICATE, "soc"),
    "hasEquipment": Skipped(_DISPLAY),
    "isHomKit": Skipped(_DUPLICATE, "homKit"),
    "isBpuAndInverterNoBattery": Skipped(_UNDOCUMENTED),
    "isMoreBettery": Skipped(_UNRELIABLE, "true without a battery (capture of 2025-06)"),
}

SOC: Block = {
    "power": Read("sems_station_battery_state_of_charge_ratio, where powerflow and battery say none"),
    "status": Skipped(_UNDOCUMENTED, "0 in every capture"),
}

HOME_KIT: Block = {
    "sn": Read("label meter; whether there is a meter"),
    "homeKitLimit": Skipped(_MEANINGLESS, "a setting"),
}

_SHARED_STATISTICS: Block = {
    "contributingRate": Skipped(_DERIVED, "selfUseOfPv and consumptionOfLoad"),
    "selfUseRate": Skipped(_DERIVED, "selfUseOfPv and sum"),
    "buyPercent": Skipped(_DERIVED, "buy and consumptionOfLoad"),
    "sellPercent": Skipped(_DERIVED, "sell and sum"),
    "chartsType": Skipped(_DISPLAY),
    "hasPv": Skipped(_DISPLAY),
    "isStored": Skipped(_DISPLAY),
    "hasGenset": Skipped(_OTHER, "generator"),
    "gensetGen": Skipped(_OTHER, "generator"),
    "hasMicroGrid": Skipped(_OTHER, "micro grid"),
    "microGridGen": Skipped(_OTHER, "micro grid"),
}

CHARTS: Block = {
    "consumptionOfLoad": to(Station, "load_energy_today", "kWh"),
    "selfUseOfPv": to(Station, "self_consumption_energy_today", "kWh"),
    "sum": Read("whether the block counts: eday in the same unit"),
    "buy": to(Station, "grid_import_energy_today", "kWh"),
    "sell": to(Station, "grid_export_energy_today", "kWh"),
    "charge": to(Station, "battery_charge_energy_today", "kWh"),
    "disCharge": to(Station, "battery_discharge_energy_today", "kWh"),
    "hasCharge": Read("whether there are charge and disCharge"),
    **_SHARED_STATISTICS,
}

TOTALS: Block = {
    **dict.fromkeys(
        ("sum", "buy", "sell", "selfUseOfPv", "consumptionOfLoad", "charge", "disCharge"),
        Skipped(_UNRELIABLE, "dips every night and differs from etotal, total_buy, total_sell"),
    ),
    "hasCharge": Skipped(_DISPLAY),
    **_SHARED_STATISTICS,
}

INVERTER: Block = {
    "sn": Read("label inverter"),
    "invert_full": Read("block invert_full"),
    "d": Read("block d"),
    "dict": Read("block dict; which inputs and phases there are"),
    "points": Read("which inputs and phases there are"),
    "is_stored": Read("whether there is a battery"),
    "name": stands_for("name"),
    "type": stands_for("model_type"),
    "status": stands_for("status"),
    "capacity": stands_for("capacity"),
    "out_pac": stands_for("pac"),
    "eday": stands_for("eday"),
    "emonth": stands_for("thismonthetotle"),
    "etotal": stands_for("etotal"),
    "tempperature": stands_for("tempperature"),
    **{f"pv_input_{n}": stands_for(f"vpv{n}", f"ipv{n}") for n in range(1, 5)},
    "output_voltage": stands_for("vac1"),
    "output_current": stands_for("iac1"),
    "battery": stands_for("vbattery1", "ibattery1"),
    "soc": stands_for("soc"),
    "soh": stands_for("soh"),
    "charge_current_limit_bms": stands_for("bms_charge_i_max"),
    "discharge_current_limit_bms": stands_for("bms_discharge_i_max"),
    "backup_voltage": stands_for("vload"),
    "backup_pload_s": stands_for("backUpPload_S"),
    "backup_vload_s": stands_for("backUpVload_S"),
    "backup_iload_s": stands_for("backUpIload_S"),
    "backup_pload_t": stands_for("backUpPload_T"),
    "backup_vload_t": stands_for("backUpVload_T"),
    "backup_iload_t": stands_for("backUpIload_T"),
    "etotal_buy": stands_for("eTotalBuy"),
    "eday_buy": stands_for("eDayBuy"),
    "ebattery_charge": stands_for("eBatteryCharge"),
    "echarge_day": stands_for("eChargeDay"),
    "ebattery_discharge": stands_for("eBatteryDischarge"),
    "edischarge_day": stands_for("eDischargeDay"),
    "meter_connect_status": stands_for("meterConnectStatus"),
    "mtactivepower_r": stands_for("mtActivepowerR"),
    "mtactivepower_s": stands_for("mtActivepowerS"),
    "mtactivepower_t": stands_for("mtActivepowerT"),
    "battery_count": stands_for("battery_count"),
    "pw_id": stands_for("powerstation_id"),
    "firmware_version": Read("sems_inverter_info"),
    "last_refresh_time": Read("sems_inverter_data_timestamp_seconds, where last_time is missing"),
    "time": Skipped(_DUPLICATE, "time of info"),
    "in_pac": Skipped(_UNDOCUMENTED, "1.8 beside an out_pac of 589 (capture of 2025-09)"),
    "output_power": Skipped(_DUPLICATE, "out_pac"),
    "total_generation": Skipped(_DUPLICATE, "etotal"),
    "daily_generation": Skipped(_DUPLICATE, "eday"),
    "back_up_output": Skipped(_UNRELIABLE, "repeats pmeter on an inverter without backup (capture of 2025-06)"),
    "battery_charging": Skipped(_DUPLICATE, "battery"),
    "battery_power": Skipped(_UNDOCUMENTED, "0.0 in every capture"),
    "batt_strings": Skipped(_UNDOCUMENTED, "null or 6553.5 in every capture"),
    "warning_bms": Skipped(_DISPLAY, "bms_warning"),
    "bms_status": Skipped(_DISPLAY),
    "fault_message": Skipped(_DISPLAY, "errors"),
    "warning_code": Skipped(_UNDOCUMENTED, "null in every capture"),
    "turnon_time": Skipped(_MEANINGLESS, "when the logger was registered, in China's time"),
    "releation_id": Skipped(_IDENTITY),
    "check_code": Skipped(_PERSONAL, "pairs a logger with an account"),
    "it_change_flag": Skipped(_MEANINGLESS, "replacement of a device"),
    "next": Skipped(_DISPLAY),
    "prev": Skipped(_DISPLAY),
    "next_device": Skipped(_DISPLAY),
    "prev_device": Skipped(_DISPLAY),
    "point_index": Skipped(_DISPLAY),
    "canStartIV": Skipped(_MEANINGLESS, "whether curves can be scanned"),
    "has_tigo": Skipped(_OTHER, "optimisers"),
    "master": Skipped(_OTHER, "inverters in parallel"),
}
"""One element of `inverter`, which stands in for what `invert_full` lacks."""

_TWINS = [
    *(f"{name}{n}" for name in ("vpv", "ipv") for n in range(1, 5)),
    *(f"{name}{n}" for name in ("vac", "iac", "fac") for n in range(1, 4)),
]

DISPLAY: Block = {
    # Texts of 2021 ("41.4V/0.1A"); the numbers below them, of newer answers, are finer.
    **{f"dc_input{n}": stands_for(f"vpv{n}", f"ipv{n}") for n in range(1, 5)},
    "grid_voltage": stands_for("vac1", "vac2", "vac3"),
    "output_current": stands_for("iac1", "iac2", "iac3"),
    "battery": stands_for("vbattery1", "ibattery1"),
    "soc": stands_for("soc"),
    "soh": stands_for("soh"),
    "charge_current_limit": stands_for("bms_charge_i_max"),
    "discharge_current_limit": stands_for("bms_discharge_i_max"),
    **{key: stands_for(key) for key in _TWINS},
    **{f"istr{n}": Skipped(_DUPLICATE, f"istr{n} of invert_full") for n in range(1, 17)},
    "pac": stands_for("pac"),
    "eDay": Skipped(_UNRELIABLE, "0.0 beside an eday of 0.1 (capture of 2026-01)"),
    "eTotal": stands_for("etotal"),
    "hTotal": stands_for("hour_total"),
    "pw_id": Skipped(_IDENTITY),
    "capacity": stands_for("capacity"),
    "model": stands_for("model_type"),
    "firmware_version": Skipped(_DUPLICATE, "firmware_version of inverter"),
    "output_power": Skipped(_DUPLICATE, "pac of invert_full"),
    "backup_output": Skipped(_UNRELIABLE, "repeats pmeter on an inverter without backup (capture of 2025-06)"),
    "last_refresh_time": Read("sems_inverter_data_timestamp_seconds, where last_time is missing"),
    "creationDate": Read("sems_inverter_data_timestamp_seconds, where last_refresh_time cannot be dated"),
    "work_mode": Skipped(_UNRELIABLE, "a text: Wait Mode while feeding in"),
    "bms_status": Skipped(_DISPLAY),
    "warning": Skipped(_DISPLAY, "bms_warning"),
}
"""`d`, the same values once more for the page of the portal."""

PAGE: Block = {
    "dmDeviceType": stands_for("model_type"),
    "capacity": stands_for("capacity"),
    "InverterPowerOfPlantMonitor": stands_for("pac"),
    "acVacVol": stands_for("vac1", "vac2", "vac3"),
    "acCurrent": stands_for("iac1", "iac2", "iac3"),
    "acFrequency": stands_for("fac1", "fac2", "fac3"),
    "innerTemp": stands_for("tempperature"),
    **{f"dcVandC{n}": stands_for(f"vpv{n}", f"ipv{n}") for n in range(1, 5)},
    "lab_GFCI": stands_for("leakage_current"),
    "lab_ISO": stands_for("isoLimit"),
    "lab_pf": stands_for("pf"),
    "lab_reactiveP": stands_for("reactive_power"),
    "serialNum": Skipped(_IDENTITY),
    "laCheckcode": Skipped(_PERSONAL, "pairs a logger with an account"),
    "laConnected": Skipped(_MEANINGLESS, "when the logger was registered, in China's time"),
}
"""`dict`, the rows of the device page, by their keys."""
