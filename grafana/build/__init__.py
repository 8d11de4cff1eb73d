"""The source of the Grafana dashboards: `python -m grafana.build` writes grafana/dashboards anew.

The dashboards are files, ready to use; this package is where to change them. A test compares the two.
"""

from . import alarms, battery, devices, energy, exporter, fleet, home, inverter, money, phone
from .look import Json


def dashboards() -> dict[str, Json]:
    """All dashboards by the name of their file."""
    modules = (home, phone, energy, money, battery, inverter, devices, alarms, exporter, fleet)
    made = {module.__name__.rpartition(".")[2]: module.dashboard() for module in modules}
    return made | {"home-without-battery": home.without_battery(), "home-without-meter": home.without_meter()}
