"""The table of `invert_full`, the block of raw registers that the portal keeps of each inverter. A pure table.

128 keys in a capture of 2022-04, 193 in one of 2026-01. Numbers without a unit stand in the unit named here. Old
answers write null for what an inverter does not have, new ones 0.0 or a register with all bits set.
"""

from sems_exporter.model.plant import Battery, Inverter, Meter, MeterPhase, Phase, PvInput
from sems_exporter.portal.classic.entries import Block, Read, Reason, Skipped, signed, size, to

_DUPLICATE, _DERIVED, _MEANINGLESS = Reason.DUPLICATE, Reason.DERIVED, Reason.MEANINGLESS
_UNDOCUMENTED, _IDENTITY, _PERSONAL = Reason.UNDOCUMENTED, Reason.IDENTITY, Reason.PERSONAL
_UNRELIABLE, _OTHER = Reason.UNRELIABLE, Reason.OTHER_PLANT_TYPE

IDENTITIES: Block = {
    "sn": Read("label inverter"),
    "name": Read("sems_inverter_info"),
    "model_type": Read("sems_inverter_info"),
    "firmwareversion": Read("sems_inverter_info"),
    "ram": Skipped(_DUPLICATE, "the last digits of firmware_version (version of the ARM part)"),
    "bmssoftwareversion": Skipped(_UNDOCUMENTED, "null in every capture"),
    "dspSvnVersion": Skipped(_UNDOCUMENTED, "null in every capture"),
    "armSvnVersion": Skipped(_UNDOCUMENTED, "null in every capture"),
    "relation_id": Skipped(_IDENTITY),
    "powerstation_id": Read("label station, where info has none"),
    "check_code": Skipped(_PERSONAL, "pairs a logger with an account"),
    "dataloggersn": Skipped(_IDENTITY),
    "equipment_name": Skipped(_DUPLICATE, "name"),
    "battery1sn": Read("label battery"),
    **{f"battery{n}sn": Read("label battery, of the n-th of more_batterys") for n in range(2, 9)},
    "turnon_time": Skipped(_MEANINGLESS, "when the logger was registered"),
    "change_type": Skipped(_MEANINGLESS, "replacement of a device"),
    "change_time": Skipped(_MEANINGLESS, "replacement of a device"),
    "safetyConutry": Skipped(_UNDOCUMENTED, "code of the grid standard"),
    "inverter_type": Skipped(_UNDOCUMENTED, "0 in every capture"),
    "extend_properties": Skipped(_UNDOCUMENTED, "null in every capture"),
    "isESUOREMU": Skipped(_IDENTITY, "a family"),
}

STATES: Block = {
    "status": Read("sems_inverter_state"),
    "last_time": Read("sems_inverter_data_timestamp_seconds"),
    "workmode": to(Inverter, "work_mode_code", ""),
    "fault_messge": Read("sems_inverter_fault_bits"),
    "errors": Read("sems_alarm_info"),
    "deratingMode": Skipped(_UNDOCUMENTED, "null in every capture"),
    "grid_conn_status": Skipped(_UNDOCUMENTED, "empty in every capture"),
    "eP_connect_status_happen": Skipped(_UNDOCUMENTED, "null in every capture"),
    "eP_connect_status_recover": Skipped(_UNDOCUMENTED, "null in every capture"),
    "ezPro_connect_status": Skipped(_UNDOCUMENTED, "null in every capture"),
    "isConnectSTS": Skipped(_OTHER, "static transfer switch"),
    "meshNetworkingStatus": Skipped(_UNDOCUMENTED, "null in every capture"),
    "arm_function": Skipped(_UNDOCUMENTED, "null in every capture"),
    "arm_function2": Skipped(_UNDOCUMENTED, "null in every capture"),
    "escportmode": Skipped(_UNDOCUMENTED, "null in every capture"),
}

AC: Block = {
    "pac": to(Inverter, "ac_power", "W"),
    "outputpower": Skipped(_UNRELIABLE, "33.8 beside a pac of 677.8 (capture of 2022-04)"),
    "reactive_power": to(Inverter, "reactive_power", "var"),
    "pf": to(Inverter, "power_factor", ""),
    "capacity": to(Inverter, "rated_power", "kW"),
    "tempperature": to(Inverter, "temperature", "℃"),
    "hour_total": to(Inverter, "operating_time", "h"),
    "leakage_current": size(Inverter, "leakage_current", "mA"),
    "isoLimit": to(Inverter, "insulation_resistance", "kΩ"),
    "vac1": to(Phase, "voltage", "V", "L1"),
    "vac2": to(Phase, "voltage", "V", "L2"),
    "vac3": to(Phase, "voltage", "V", "L3"),
    "iac1": size(Phase, "current", "A", "L1"),
    "iac2": size(Phase, "current", "A", "L2"),
    "iac3": size(Phase, "current", "A", "L3"),
    "activePowerPhaseA": to(Phase, "power", "W", "L1"),
    "activePowerPhaseB": to(Phase, "power", "W", "L2"),
    "activePowerPhaseC": to(Phase, "power", "W", "L3"),
    "fac1": to(Inverter, "grid_frequency", "Hz"),
    "fac2": Skipped(_DUPLICATE, "fac1, of another phase"),
    "fac3": Skipped(_DUPLICATE, "fac1, of another phase"),
    "phase_sequence": Skipped(_UNDOCUMENTED, "null in every capture"),
    "phase_sequence_index": Skipped(_UNDOCUMENTED, "null in the capture of 2026-01"),
    "three_phase_switch": Skipped(_UNDOCUMENTED, "null in the capture of 2026-01"),
}

PV: Block = {
    "pv_power": to(Inverter, "pv_power", "W"),
    **{f"vpv{n}": to(PvInput, "voltage", "V", str(n)) for n in range(1, 5)},
    **{f"ipv{n}": to(PvInput, "current", "A", str(n)) for n in range(1, 5)},
    **{f"istr{n}": Skipped(_UNRELIABLE, "934.9 A at dusk (capture of 2025-06)") for n in range(1, 17)},
}

BACKUP: Block = {
    "pbackup": to(Inverter, "backup_power", "W"),
    "vload": to(Phase, "backup_voltage", "V", "L1"),
    "iload": size(Phase, "backup_current", "A", "L1"),
    "backUpPload_S": to(Phase, "backup_power", "W", "L2"),
    "backUpVload_S": to(Phase, "backup_voltage", "V", "L2"),
    "backUpIload_S": size(Phase, "backup_current", "A", "L2"),
    "backUpPload_T": to(Phase, "backup_power", "W", "L3"),
    "backUpVload_T": to(Phase, "backup_voltage", "V", "L3"),
    "backUpIload_T": size(Phase, "backup_current", "A", "L3"),
}

BATTERY: Block = {
    "vbattery1": to(Battery, "voltage", "V"),
    "ibattery1": size(Battery, "current", "A"),
    "soc": to(Battery, "state_of_charge", "%"),
    "soh": to(Battery, "state_of_health", "%"),
    "bms_charge_i_max": size(Battery, "charge_current_limit", "A"),
    "bms_discharge_i_max": size(Battery, "discharge_current_limit", "A"),
    "bms_warning": Read("sems_battery_warning_bits"),
    "bms_alarm": Read("sems_battery_alarm_bits"),
    "battary_work_mode": to(Battery, "work_mode_code", ""),
    "more_batterys": Read("scope battery, one for each"),
    "battery_count": Read("whether there is a battery"),
    "isbuettey": Read("whether there is a battery"),
    "isbuetteybps": Read("whether there is a battery"),
    "isbuetteybpu": Read("whether there is a battery"),
    "total_pbattery": Skipped(_UNDOCUMENTED, "0.0 in every capture, none of them with a battery"),
    "battery1_capacity": Skipped(_UNDOCUMENTED, "null in the capture of 2026-01"),
    "battery2_capacity": Skipped(_UNDOCUMENTED, "null in the capture of 2026-01"),
    "battStrings": Skipped(_UNDOCUMENTED, "null or 6553.5 in every capture"),
    "battery_index": Skipped(_UNDOCUMENTED, "null in every capture"),
    "battery_index2": Skipped(_UNDOCUMENTED, "null in the capture of 2026-01"),
    "batterycabinets": Skipped(_OTHER, "battery cabinets"),
    "communicateBox": Skipped(_OTHER, "battery cabinets"),
    "eBatteryCharge": to(Inverter, "battery_charge_energy", "kWh"),
    "eBatteryDischarge": to(Inverter, "battery_discharge_energy", "kWh"),
    "eChargeDay": to(Inverter, "battery_charge_energy_today", "kWh"),
    "eDischargeDay": to(Inverter, "battery_discharge_energy_today", "kWh"),
}

METER: Block = {
    "pmeter": signed(Meter, "grid_export_power", "grid_import_power", "W"),
    "meterRPhasePower": signed(MeterPhase, "grid_export_power", "grid_import_power", "W", "L1"),
    "meterSPhasePower": signed(MeterPhase, "grid_export_power", "grid_import_power", "W", "L2"),
    "meterTPhasePower": signed(MeterPhase, "grid_export_power", "grid_import_power", "W", "L3"),
    "mtActivepowerR": signed(MeterPhase, "grid_export_power", "grid_import_power", "W", "L1", last=True),
    "mtActivepowerS": signed(MeterPhase, "grid_export_power", "grid_import_power", "W", "L2", last=True),
    "mtActivepowerT": signed(MeterPhase, "grid_export_power", "grid_import_power", "W", "L3", last=True),
    "seller": to(Meter, "grid_export_energy_today", "kWh"),
    "buy": to(Meter, "grid_import_energy_today", "kWh"),
    "total_sell": to(Meter, "grid_export_energy", "kWh"),
    "total_buy": to(Meter, "grid_import_energy", "kWh"),
    "eTotalBuy": to(Inverter, "grid_import_energy", "kWh"),
    "eDayBuy": to(Inverter, "grid_import_energy_today", "kWh"),
    "hasmeter": Read("whether there is a meter"),
    "meterConnectStatus": Read("whether there is a meter"),
    "meter_type": Skipped(_UNDOCUMENTED, "null in every capture"),
    "meter_connect_type": Skipped(_UNDOCUMENTED, "null in every capture"),
    "double_meter_flag": Skipped(_OTHER, "a second meter for foreign generators"),
    "isDoubleMeterSet": Skipped(_OTHER, "a second meter for foreign generators"),
    "setAsMeter": Skipped(_UNDOCUMENTED, "null in every capture"),
    "ct_solution_type": Skipped(_UNDOCUMENTED, "0 in every capture"),
    "cts": Skipped(_UNDOCUMENTED, "null in every capture"),
    "yesterdaybuytotal": Skipped(_DERIVED, "total_buy at midnight"),
    "yesterdaysellertotal": Skipped(_DERIVED, "total_sell at midnight"),
    "yesterdayct2sellertotal": Skipped(_OTHER, "a second current transformer"),
}

ENERGIES: Block = {
    "eday": to(Inverter, "pv_energy_today", "kWh"),
    "etotal": to(Inverter, "pv_energy", "kWh"),
    "thismonthetotle": to(Inverter, "pv_energy_month", "kWh"),  # without today, which is added
    "lastmonthetotle": Skipped(_DERIVED, "etotal when the month began, not the energy of last month"),
    "yesterdayetotal": Skipped(_DERIVED, "etotal at midnight"),
    "yesterdayetotalload": Skipped(_UNDOCUMENTED, "6553.5 or null in every capture"),
    "yesterdaylastime": Skipped(_MEANINGLESS, "when the portal closed the day before"),
    "all_eday": Skipped(_DUPLICATE, "eday"),
    "output_eday": Skipped(_DUPLICATE, "eday"),
    "output_etotal": Skipped(_DUPLICATE, "etotal"),
    "output_yeasterdayTotal": Skipped(_DERIVED, "etotal at midnight"),
    "iday": Skipped(_DERIVED, "eday and the yield rate"),
    "itotal": Skipped(_DERIVED, "etotal and the yield rate"),
    "hour_stat_eday": Skipped(_DERIVED, "eday, by the hour"),
    "hour_stat_output_eday": Skipped(_DERIVED, "eday, by the hour"),
    "pre_hour_lasttotal": Skipped(_DERIVED, "etotal, by the hour"),
    "pre_hour_totaloutput": Skipped(_DERIVED, "etotal, by the hour"),
    "pre_hour_time": Skipped(_DERIVED, "etotal, by the hour"),
    "current_hour_pv": Skipped(_DERIVED, "eday, by the hour"),
    "current_hour_output": Skipped(_DERIVED, "eday, by the hour"),
    "current_hour_upload": Skipped(_DERIVED, "seller and buy, by the hour"),
    "cumulativeTime": Skipped(_UNDOCUMENTED, "null in every capture"),
}

OTHER_PLANTS: Block = {
    "master": Skipped(_OTHER, "inverters in parallel"),
    "parallel_code": Skipped(_OTHER, "inverters in parallel"),
    "parallelSnList": Skipped(_OTHER, "inverters in parallel"),
    "canBusMaster": Skipped(_OTHER, "inverters in parallel"),
    "canBusTotalSoc": Skipped(_OTHER, "inverters in parallel"),
    "canBusTotalPVPower": Skipped(_OTHER, "inverters in parallel"),
    "canBusBatteryPower": Skipped(_OTHER, "inverters in parallel"),
    "canBusMeterPower": Skipped(_OTHER, "inverters in parallel"),
    "canBusLoadPower": Skipped(_OTHER, "inverters in parallel"),
    "genset_start_mode": Skipped(_OTHER, "generator"),
    "genset_mode": Skipped(_OTHER, "generator"),
    "genset_etotal": Skipped(_OTHER, "generator"),
    "genset_yeasterdayTotal": Skipped(_OTHER, "generator"),
    "genset_power": Skipped(_OTHER, "generator"),
    "genset_eday": Skipped(_OTHER, "generator"),
    "micro_grid_flag": Skipped(_OTHER, "micro grid"),
    "isMicroGrid": Skipped(_OTHER, "micro grid"),
    "micro_grid_power": Skipped(_OTHER, "micro grid"),
    "stat_info": Skipped(_OTHER, "micro grid"),
}

INVERT_FULL: Block = {**IDENTITIES, **STATES, **AC, **PV, **BACKUP, **BATTERY, **METER, **ENERGIES, **OTHER_PLANTS}

PACK: Block = {
    "sn": Read("label battery"),
    "vbattery": to(Battery, "voltage", "V"),
    "ibattery": size(Battery, "current", "A"),
    "pbattery": Read("sems_battery_charge_power_watts or sems_battery_discharge_power_watts"),
    "soc": to(Battery, "state_of_charge", "%"),
    "soh": to(Battery, "state_of_health", "%"),
    "bms_temperature": to(Battery, "temperature", "℃"),
    "bms_charge_i_max": size(Battery, "charge_current_limit", "A"),
    "bms_discharge_i_max": size(Battery, "discharge_current_limit", "A"),
    "bms_warning": Read("sems_battery_warning_bits"),
    "bms_alarm": Read("sems_battery_alarm_bits"),
}
"""One element of `more_batterys`."""

ERROR: Block = {
    "error_code": Read("sems_alarm_info"),
    "error_id": Skipped(_UNDOCUMENTED, "0 in the capture of 2025-06"),
    "error_type": Read("sems_alarms_active, label level"),
    "show": Read("whether the portal still shows it"),
    "time": Read("sems_alarm_start_timestamp_seconds"),
    "index": Skipped(_UNDOCUMENTED, "null in the capture of 2025-06"),
}
"""One element of `errors`."""
