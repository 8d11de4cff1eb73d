"""The calls of one station: what a failed one leaves behind."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sems_exporter import errors
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.portal.client import Call
from sems_exporter.portal.semsplus import endpoints
from sems_exporter.portal.semsplus.answer_cache import AnswerCache
from sems_exporter.portal.semsplus.client import Client
from sems_exporter.portal.semsplus.station_queries import StationQueries
from tests.clocks import FakeClock
from tests.homes import NOON


class Body:
    """What a request brought: megabytes, if the portal wants."""


class UselessClient:
    """A signed-in client that gets an answer to each call, and can make nothing of it."""

    session = SimpleNamespace(is_open=True)

    def __init__(self) -> None:
        self.bodies: list[weakref.ref[Body]] = []

    @contextmanager
    def request(self, call: Call) -> Iterator[Any]:
        body = Body()
        self.bodies.append(weakref.ref(body))
        raise errors.AnswerTooLarge(call.endpoint)
        yield


@pytest.fixture
def client() -> UselessClient:
    return UselessClient()


@pytest.fixture
def questions(client: UselessClient) -> StationQueries:
    return StationQueries(cast("Client", client), AnswerCache(FakeClock(NOON)), "a station", Diagnostics())


def test_a_failed_call_is_told_but_its_answer_is_not_held(client: UselessClient, questions: StationQueries) -> None:
    for call in (endpoints.info("a station"), endpoints.flow("a station")):
        questions.ask(call, (), lambda data: data)
    gc.collect()

    assert [str(failure) for failure in questions.failures] == ["info", "flow"]
    assert [body() for body in client.bodies] == [None, None]


def test_an_answer_that_is_too_deep_to_be_looked_at_costs_only_itself(questions: StationQueries) -> None:
    class Client:
        session = SimpleNamespace(is_open=True)

        @contextmanager
        def request(self, _: Call) -> Iterator[Any]:
            yield []

    def bottomless(data: list[object]) -> object:
        return bottomless([data])

    questions.client = cast("Any", Client())

    assert questions.ask(endpoints.info("a station"), (), bottomless) is None
    assert [type(failure) for failure in questions.failures] == [errors.AnswerUnreadable]
