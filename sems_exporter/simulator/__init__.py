"""A SEMS+ portal on loopback over plants that obey physics, for the demo and for tests.

It shares nothing with the rest of the package, so that a misreading of the wire on one side shows on the other.

    with SimulatedPortal() as portal:
        ...  # sign in at portal.login_url as demo@example.com with password demo
"""

from sems_exporter.simulator.classic.wire import ClassicQuirks
from sems_exporter.simulator.plant.alarms import Alarm, AlarmLevel
from sems_exporter.simulator.plant.clock import SimulatedClock
from sems_exporter.simulator.plant.demo_plants import demo_plants
from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.plant.plant_state import PlantState
from sems_exporter.simulator.plant.specs import (
    BatterySpec,
    EvChargerSpec,
    HouseSpec,
    InverterSpec,
    PlantSpec,
    PvInputSpec,
)
from sems_exporter.simulator.semsplus.signin import WebQuirks
from sems_exporter.simulator.server.answers import Answer, Mutation
from sems_exporter.simulator.server.breaks import BREAKS
from sems_exporter.simulator.server.dialect_interface import Dialect
from sems_exporter.simulator.server.dispatcher import ENDPOINTS
from sems_exporter.simulator.server.portal import SimulatedPortal
from sems_exporter.simulator.server.replay import Dump
from sems_exporter.simulator.server.request_log import RecordedRequest

__all__ = [
    "BREAKS",
    "ENDPOINTS",
    "Alarm",
    "AlarmLevel",
    "Answer",
    "BatterySpec",
    "ClassicQuirks",
    "Dialect",
    "Dump",
    "EvChargerSpec",
    "HouseSpec",
    "InverterSpec",
    "Mutation",
    "Plant",
    "PlantSpec",
    "PlantState",
    "PvInputSpec",
    "RecordedRequest",
    "SimulatedClock",
    "SimulatedPortal",
    "WebQuirks",
    "demo_plants",
]
