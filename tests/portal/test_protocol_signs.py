"""What counts as a sign that the portal speaks another protocol, and what does not."""

import pytest

from sems_exporter import errors
from sems_exporter.portal.protocol_signs import ProtocolSigns

GONE, CHANGED, STRANGE = (
    errors.RouteUnknown("HTTP 404"),
    errors.ProtocolChanged("code 100004"),
    errors.UnknownCode("X9"),
)


@pytest.fixture
def signs() -> ProtocolSigns:
    return ProtocolSigns()


@pytest.mark.parametrize(
    "endpoint, error, told",
    [
        ("production", CHANGED, True),
        ("flow", GONE, True),
        ("login", STRANGE, True),
        ("production", GONE, False),
        ("flow", errors.ServerFault("HTTP 502"), False),
        ("flow", errors.SessionRejected("C0602"), False),
        ("call", CHANGED, False),
    ],
)
def test_which_failures_are_signs_from_the_start(
    endpoint: str, error: errors.PortalError, told: bool, signs: ProtocolSigns
) -> None:
    signs.failed(endpoint, error)

    assert bool(signs.told()) == told


def test_a_call_that_has_worked_before_is_a_sign_until_it_works_again(signs: ProtocolSigns) -> None:
    signs.answered("production")
    signs.told()

    signs.failed("production", GONE)

    assert signs.told() == signs.told() == ("HTTP 404 to production",)
    signs.answered("production")
    assert signs.told() == ()


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_a_call_that_is_refused_for_one_device_only_is_none(order: tuple[bool, ...], signs: ProtocolSigns) -> None:
    signs.answered("telecounting")
    signs.told()

    for works in order:
        if works:
            signs.answered("telecounting")
        else:
            signs.failed("telecounting", GONE)

    assert signs.told() == signs.told() == ()


def test_the_same_answer_to_many_calls_is_one_sentence(signs: ProtocolSigns) -> None:
    for endpoint in ("flow", "devices", "telemetry"):
        signs.failed(endpoint, CHANGED)

    assert signs.told() == ("code 100004 to devices, flow, telemetry",)


def codes(*names: str) -> frozenset[str]:
    return frozenset(names)


Said = tuple[frozenset[str], frozenset[str]]
"""The codes of an answer, and those that nobody knows."""


@pytest.mark.parametrize(
    "before, now, told",
    [
        (
            (codes("pAc", "Fac"), codes()),
            (codes("power", "Fac"), codes("power")),
            ("pAc of x is gone, and power is new",),
        ),
        (
            (codes("pAc", "Fac"), codes()),
            (codes("power", "frequency"), codes("power", "frequency")),
            ("Fac, pAc of x are gone, and frequency, power are new",),
        ),
        ((codes("pAc", "Fac"), codes()), (codes("Fac"), codes()), ()),
        ((codes("pAc", "Fac"), codes()), (codes("pAc", "Fac", "power"), codes("power")), ()),
        ((codes("pAc", "odd"), codes("odd")), (codes("pAc", "even"), codes("even")), ()),
    ],
    ids=["renamed", "two renamed", "gone", "new", "never known"],
)
def test_which_codes_are_signs(before: Said, now: Said, told: tuple[str, ...], signs: ProtocolSigns) -> None:
    signs.spoken("x", ("1",), *before)

    for _ in range(2):
        signs.spoken("x", ("1",), *now)
        assert signs.told() == told
