"""What the codes of SEMS+ for the state of a station or a device mean."""

from sems_exporter.model.plant import DeviceState, StationState
from sems_exporter.portal.semsplus.documents import OTHER

STATION_STATES = {
    "0": StationState.OFFLINE,
    "1": StationState.RUNNING,
    "2": StationState.FAULT,
    "3": StationState.WAITING,
    "11": StationState.CONSTRUCTING,
    OTHER: StationState.UNKNOWN,
}
DEVICE_STATES = {
    "0": DeviceState.OFFLINE,
    "1": DeviceState.ONLINE,
    "2": DeviceState.FAULT,
    "3": DeviceState.WAITING,
    "4": DeviceState.SHUTDOWN,
    "5": DeviceState.RUNNING,
    "6": DeviceState.CHARGING,
    "7": DeviceState.DISCHARGING,
    "8": DeviceState.AVAILABLE,
    "9": DeviceState.MAINTENANCE,
    # EV chargers have two codes for being available.
    "10": DeviceState.AVAILABLE,
    OTHER: DeviceState.UNKNOWN,
}
CHARGER_STATES = DEVICE_STATES | {
    "available": DeviceState.AVAILABLE,
    "charging": DeviceState.CHARGING,
    "waiting": DeviceState.WAITING,
    "offline": DeviceState.OFFLINE,
    "fault": DeviceState.FAULT,
    "maintenance": DeviceState.MAINTENANCE,
}
"""The detail of a charger writes words where the lists have codes."""
