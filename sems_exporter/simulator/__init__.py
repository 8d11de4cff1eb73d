"""A SEMS+ portal on loopback over plants that obey physics, for the demo and for tests.

It shares nothing with the rest of the package, so that a misreading of the wire on one side shows on the other.

    with SimulatedPortal() as portal:
        ...  # sign in at portal.login_url as demo@example.com with password demo
"""

from sems_exporter.simulator.alarms import Alarm, AlarmLevel
from sems_exporter.simulator.classicwire import ClassicManners
from sems_exporter.simulator.clock import SimulatedClock
from sems_exporter.simulator.demo import demo_plants
from sems_exporter.simulator.desk import Dialect
from sems_exporter.simulator.dumps import Dump
from sems_exporter.simulator.faults import Answer, Mutation
from sems_exporter.simulator.mischief import Fault
from sems_exporter.simulator.plant import Plant
from sems_exporter.simulator.portal import SimulatedPortal
from sems_exporter.simulator.reception import ENDPOINTS
from sems_exporter.simulator.record import RecordedRequest
from sems_exporter.simulator.signin import WebManners
from sems_exporter.simulator.specs import BatterySpec, EvChargerSpec, HouseSpec, InverterSpec, PlantSpec, PvInputSpec
from sems_exporter.simulator.state import PlantState

__all__ = [
    "ENDPOINTS",
    "Alarm",
    "AlarmLevel",
    "Answer",
    "BatterySpec",
    "ClassicManners",
    "Dialect",
    "Dump",
    "EvChargerSpec",
    "Fault",
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
    "WebManners",
    "demo_plants",
]
