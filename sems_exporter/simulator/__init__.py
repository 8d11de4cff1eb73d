"""A SEMS+ portal on loopback over plants that obey physics, for the demo and for tests.

It shares nothing with the rest of the package, so that a misreading of the wire on one side shows on the other.

    with SimulatedPortal() as portal:
        ...  # sign in at portal.login_url as demo@example.com with password demo
"""

from sems_exporter.simulator.clock import SimulatedClock
from sems_exporter.simulator.demo import demo_plants
from sems_exporter.simulator.faults import Answer, Mutation
from sems_exporter.simulator.plant import Plant
from sems_exporter.simulator.portal import RecordedRequest, SimulatedPortal
from sems_exporter.simulator.semsplus import ENDPOINTS
from sems_exporter.simulator.specs import BatterySpec, HouseSpec, InverterSpec, PlantSpec, PvInputSpec
from sems_exporter.simulator.state import PlantState

__all__ = [
    "ENDPOINTS",
    "Answer",
    "BatterySpec",
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
    "demo_plants",
]
