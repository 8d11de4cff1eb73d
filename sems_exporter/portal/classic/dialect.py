"""The classic portal as one of the dialects."""

from sems_exporter import errors
from sems_exporter.portal.classic.client import ClassicClient
from sems_exporter.portal.classic.read_calls import READ_CALLS
from sems_exporter.portal.classic.source import ENDPOINTS, Classic
from sems_exporter.portal.dialect import DialectSpec

OUTDATED = (errors.ProtocolChanged, errors.AgreementPending, errors.AnswerEmpty)
"""What the portal says to accounts that have moved: no route, no session, or a success without data."""

CLASSIC = DialectSpec("classic", ClassicClient, Classic, ENDPOINTS, OUTDATED, READ_CALLS)
