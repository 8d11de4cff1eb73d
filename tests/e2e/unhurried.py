"""The program with more patience for portal and clients than any test: what it waits for at its end keeps it running.

Run as `python -m tests.e2e.unhurried` with the arguments of the program.
"""

from functools import partial

from sems_exporter.cli import commands
from sems_exporter.portal import factory
from sems_exporter.portal.http.bounded_sockets import Patience
from sems_exporter.portal.http.transport import Transport
from sems_exporter.web.http import protocol

HOUR = 3600.0

if __name__ == "__main__":
    vars(factory)["Transport"] = partial(Transport, Patience(HOUR, HOUR, HOUR))
    vars(protocol).update(HEADER_DEADLINE=HOUR, ANSWER_DEADLINE=HOUR, LAST_WORDS=HOUR)
    commands.main()
