"""Icons, and states as icon plus word, so that no meaning rests on colour alone."""

from sems_exporter.model.plant import Device, DeviceState, Station, StationState

# Shape, tone and word of each state. The shapes are the symbols that page.html defines; the words are the dashboards'.
_STATION = {
    StationState.RUNNING: ("ok", "good", "running"),
    StationState.WAITING: ("wait", "calm", "waiting"),
    StationState.CONSTRUCTING: ("wait", "calm", "under construction"),
    StationState.OFFLINE: ("off", "warn", "offline"),
    StationState.FAULT: ("alert", "bad", "fault"),
}
_DEVICE = {
    DeviceState.ONLINE: ("ok", "good", "online"),
    DeviceState.RUNNING: ("ok", "good", "running"),
    DeviceState.AVAILABLE: ("ok", "good", "available"),
    DeviceState.CHARGING: ("up", "good", "charging"),
    DeviceState.DISCHARGING: ("down", "good", "discharging"),
    DeviceState.WAITING: ("wait", "calm", "waiting"),
    DeviceState.MAINTENANCE: ("wait", "calm", "maintenance"),
    DeviceState.SHUTDOWN: ("off", "calm", "shut down"),
    DeviceState.OFFLINE: ("off", "warn", "offline"),
    DeviceState.FAULT: ("alert", "bad", "fault"),
}
_UNKNOWN = ("what", "calm", "unknown")


def icon(shape: str) -> str:
    """A drawing that only repeats what the words beside it say."""
    return f'<svg class="icon" aria-hidden="true"><use href="#i-{shape}"/></svg>'


def badge(shape: str, tone: str, text: str, extra: str = "") -> str:
    """Icon and word in a tone: good, calm, warn or bad."""
    return f'<span class="badge {tone}"{extra}>{icon(shape)}{text}</span>'


def state_badge(thing: Station | Device) -> str:
    """The state of a station or device; a state nobody knows is said to be unknown."""
    state = thing.state
    if state is None:
        return badge(*_UNKNOWN)
    shape, tone, word = (_STATION.get(state) if isinstance(state, StationState) else _DEVICE.get(state)) or _UNKNOWN
    extra = f' data-metric="sems_{thing.scope}_state" data-state="{state}" data-value="1"'
    return badge(shape, tone, word, extra)
