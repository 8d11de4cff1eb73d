"""SEMS+ as one of the dialects."""

from sems_exporter import errors
from sems_exporter.portal.dialect import DialectSpec
from sems_exporter.portal.semsplus.client import Client
from sems_exporter.portal.semsplus.endpoints import ENDPOINTS
from sems_exporter.portal.semsplus.read_calls import READ_CALLS
from sems_exporter.portal.semsplus.source import SemsPlus

SEMSPLUS = DialectSpec("semsplus", Client, SemsPlus, ENDPOINTS, (errors.ProtocolChanged,), READ_CALLS)
