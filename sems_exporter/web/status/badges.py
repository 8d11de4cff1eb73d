"""Icons, and states as icon plus word, so that no meaning rests on colour alone."""

from sems_exporter.model.plant import Device, DeviceState, Station, StationState
from sems_exporter.web.status.language import marked, tr

# Shape, tone and word of each state. The shapes are the symbols that page.html defines; the words are the dashboards'.
_STATION = {
    StationState.RUNNING: ("ok", "good", marked("running")),
    StationState.WAITING: ("wait", "calm", marked("waiting")),
    StationState.CONSTRUCTING: ("wait", "calm", marked("under construction")),
    StationState.OFFLINE: ("off", "warn", marked("offline")),
    StationState.FAULT: ("alert", "bad", marked("fault")),
}
_DEVICE = {
    DeviceState.ONLINE: ("ok", "good", marked("online")),
    DeviceState.RUNNING: ("ok", "good", marked("running")),
    DeviceState.AVAILABLE: ("ok", "good", marked("available")),
    DeviceState.CHARGING: ("up", "good", marked("charging")),
    DeviceState.DISCHARGING: ("down", "good", marked("discharging")),
    DeviceState.WAITING: ("wait", "calm", marked("waiting")),
    DeviceState.MAINTENANCE: ("wait", "calm", marked("maintenance")),
    DeviceState.SHUTDOWN: ("off", "calm", marked("shut down")),
    DeviceState.OFFLINE: ("off", "warn", marked("offline")),
    DeviceState.FAULT: ("alert", "bad", marked("fault")),
}
_UNKNOWN = ("what", "calm", marked("unknown"))


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
        return badge(*_UNKNOWN[:2], tr(_UNKNOWN[2]))
    shape, tone, word = (_STATION.get(state) if isinstance(state, StationState) else _DEVICE.get(state)) or _UNKNOWN
    extra = f' data-metric="sems_{thing.scope}_state" data-state="{state}" data-value="1"'
    return badge(shape, tone, tr(word), extra)
