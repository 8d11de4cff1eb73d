"""Icons, and states as icon plus word, so that no meaning rests on colour alone."""

from sems_exporter.model.plant import Device, DeviceState, Station, StationState

# Shape and tone of each state. The shapes are the symbols that page.html defines.
_STATION = {
    StationState.RUNNING: ("ok", "good"),
    StationState.WAITING: ("wait", "calm"),
    StationState.CONSTRUCTING: ("wait", "calm"),
    StationState.OFFLINE: ("off", "warn"),
    StationState.FAULT: ("alert", "bad"),
}
_DEVICE = {
    DeviceState.ONLINE: ("ok", "good"),
    DeviceState.RUNNING: ("ok", "good"),
    DeviceState.AVAILABLE: ("ok", "good"),
    DeviceState.CHARGING: ("up", "good"),
    DeviceState.DISCHARGING: ("down", "good"),
    DeviceState.WAITING: ("wait", "calm"),
    DeviceState.MAINTENANCE: ("wait", "calm"),
    DeviceState.SHUTDOWN: ("off", "calm"),
    DeviceState.OFFLINE: ("off", "warn"),
    DeviceState.FAULT: ("alert", "bad"),
}


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
        return badge("what", "calm", "unknown")
    shape, tone = (_STATION.get(state) if isinstance(state, StationState) else _DEVICE.get(state)) or ("what", "calm")
    extra = f' data-metric="sems_{thing.scope}_state" data-state="{state}" data-value="1"'
    return badge(shape, tone, state, extra)
