"""One account against the simulated portal: how often it signs in, and what each failure costs."""

import errno
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.cli.account_status import standing
from sems_exporter.model.diagnostics import Diagnostics, Unknown
from sems_exporter.portal.semsplus import endpoints
from sems_exporter.portal.session.rate_limiter import RateLimiter
from sems_exporter.simulator import Answer, demo_plants
from tests.portal.http.wire_server import WireServer, head
from tests.portal.semsplus.conftest import Builder
from tests.portal.semsplus.homes import JUNE_NOON, Home, SharedClock

HOUR = 3600
HTML = Answer(body="<html>maintenance</html>", headers={"Content-Type": "text/html"})


def refused(home: Home) -> errors.PortalError:
    with pytest.raises(errors.PortalError) as raised:
        home.read()
    assert "demo@example.com" not in str(raised.value)
    return raised.value


def test_a_day_of_refreshes_costs_one_sign_in(home: Home) -> None:
    for _ in range(24):
        home.read()
        home.clock.advance(HOUR)

    assert home.portal.login_attempts == 1
    assert home.logins() == {"ok": 1}


def test_a_restart_goes_on_with_the_session_it_finds(home: Home) -> None:
    for _ in range(10):
        home.read()
        home.restart()

    assert home.portal.login_attempts == 1


def test_a_session_that_expires_in_the_middle_of_a_refresh_costs_one_sign_in_and_no_value(home: Home) -> None:
    whole = home.read()
    home.clock.advance(HOUR)
    expired: list[bool] = []

    def expire(*_: Any) -> None:
        if not expired:
            expired.append(True)
            home.portal.expire_session()

    home.portal.mutate("devices", expire)

    station = home.read()

    assert home.portal.logins == 2
    assert station.pv_power is not None
    assert [inverter.ac_power is not None for inverter in station.inverters] == [True]
    assert len(station.batteries) == len(whole.batteries) == 1


def test_a_stolen_session_is_not_stolen_back_within_a_minute(home: Home) -> None:
    home.read()
    home.portal.steal_session()

    failures = [type(refused(home)) for _ in range(3)]

    assert failures == [errors.LoginWithheld] * 3
    assert home.portal.login_attempts == 1
    home.clock.advance(120)
    assert home.read().pv_power is not None
    assert home.portal.login_attempts == 2


def test_what_is_rejected_while_the_session_works_is_denied_and_costs_no_sign_in(home: Home) -> None:
    """Stations of some types answer every call so, with a session that works for all others."""
    home.read()
    home.clock.advance(HOUR)
    home.portal.script_always("telemetry.INVERTER", Answer(body={"code": "C0602", "description": "账号登录异常"}))

    station = home.read()
    home.clock.advance(300)
    home.read()

    assert home.portal.login_attempts == 1
    assert station.inverters[0].temperature is None
    assert station.inverters[0].pv_energy is not None
    assert station.batteries[0].state_of_charge is not None
    assert home.outcomes("telemetry")["session_rejected"] == 2


@pytest.mark.parametrize("code", ["100001", "100002", "C0602", "C0607", "Z0100", "100005", "C0501"])
def test_every_code_for_a_dead_session_leads_to_one_sign_in(home: Home, code: str) -> None:
    home.read()
    home.clock.advance(HOUR)
    home.portal.script("flow", Answer(body={"code": code}))
    home.portal.script("stations", Answer(body={"code": code}))

    assert home.read().pv_power is not None
    assert home.portal.login_attempts == 2


@pytest.mark.parametrize("code", ["100002", "C0602"])
def test_one_rejection_of_a_session_that_works_costs_neither_a_sign_in_nor_a_value(home: Home, code: str) -> None:
    home.read()
    home.clock.advance(HOUR)
    home.portal.script("flow", Answer(body={"code": code}))

    assert home.read().pv_power is not None
    assert home.portal.login_attempts == 1


def test_a_session_that_is_refused_from_the_start_is_tried_again_before_the_next_sign_in(home: Home) -> None:
    """After several sign-ins the gateway refuses even fresh sessions for a while."""
    home.portal.script_always("stations", Answer(body={"code": "C0602"}))
    first, second = refused(home), refused(home)
    sent = len(home.portal.requests)
    home.portal.clear()
    home.clock.advance(121)

    station = home.read()

    assert "it is tried again at" in str(first)
    assert (type(first), str(second)) == (errors.LoginWithheld, str(first))
    # The sign-in, and the one list; nothing while it waits.
    assert sent == 2
    assert station.pv_power is not None
    assert home.portal.login_attempts == 1


def test_a_request_that_waits_for_its_turn_when_a_pause_begins_is_not_sent(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its token already, and another one has just met the portal's patience."""
    home.read()
    sent = len(home.portal.requests)

    def turn(_: RateLimiter) -> None:
        session = home.account._session  # type: ignore[attr-defined]
        if session.state.brake.paused_until == 0:
            session.pause(errors.RateLimited("too many"))

    monkeypatch.setattr(RateLimiter, "acquire", turn)

    assert type(refused(home)) is errors.RateLimited
    assert len(home.portal.requests) == sent


@pytest.mark.parametrize("status, code", [(429, ""), (200, "GY0429"), (429, "100000")])
def test_too_many_requests_stops_everything_for_five_minutes(home: Home, status: int, code: str) -> None:
    home.read()
    home.portal.script("flow", Answer(status, {"code": code}))

    limited = refused(home)

    sent = len(home.portal.requests)
    home.clock.advance(200)
    again = refused(home)
    home.restart()
    refused(home)
    assert isinstance(limited, errors.RateLimited)
    assert isinstance(again, errors.RateLimited)
    assert again.until is not None
    assert timedelta(seconds=300) <= again.until - JUNE_NOON <= timedelta(seconds=320)
    assert len(home.portal.requests) == sent
    home.clock.advance(101)
    assert home.read().pv_power is not None
    assert home.portal.login_attempts == 1


def test_the_portals_own_retry_after_is_kept_up_to_an_hour(home: Home) -> None:
    home.read()
    home.portal.script("flow", Answer(429, b"", {"Retry-After": "86400"}))

    refused(home)

    home.clock.advance(HOUR - 1)
    assert isinstance(refused(home), errors.RateLimited)
    home.clock.advance(1)
    assert home.read().pv_power is not None


@pytest.mark.parametrize(
    "answer, failure",
    [
        (Answer(body={"code": "100005", "msg": "Email or password error."}), errors.CredentialsRejected),
        (Answer(body={"code": "C0501"}), errors.CredentialsRejected),
        (Answer(body={"code": "C0602"}), errors.LoginRefused),
        (Answer(body={"code": "100002"}), errors.LoginRefused),
        (Answer(body={"code": "100004", "description": "parameter error."}), errors.ProtocolChanged),
        (Answer(404, {"error_msg": "404 Route Not Found"}), errors.ProtocolChanged),
        (Answer(401, b""), errors.LoginRefused),
        (Answer(403, b""), errors.LoginRefused),
        (Answer(500, b""), errors.ServerFault),
        (Answer(body={"code": "100000"}), errors.ServerFault),
        (Answer(429, b""), errors.RateLimited),
        (Answer(204), errors.AnswerEmpty),
        (HTML, errors.AnswerUnreadable),
        (Answer(302, b"", {"Location": "https://evil.invalid/"}), errors.AnswerUnreadable),
        (Answer(body={"code": "00000", "data": {"agreement": True, "api": "x"}}), errors.AgreementPending),
        (Answer(body={"code": "00000"}), errors.AgreementPending),
        (Answer(body={"code": "00000", "data": {"mfaRequired": True}}), errors.MfaRequired),
        (
            Answer(body={"code": "0", "data": {"uid": "u", "token": "t", "api": "https://evil.invalid/web/sems"}}),
            errors.GatewayRefused,
        ),
        (Answer(body={"code": "00000", "data": {"uid": "u", "token": "t"}}), errors.GatewayRefused),
    ],
)
def test_each_answer_to_a_sign_in_has_its_name_and_is_not_repeated_at_once(
    home: Home, answer: Answer, failure: type[errors.PortalError]
) -> None:
    home.portal.script_always("login", answer)

    error = refused(home)
    refused(home)

    assert type(error) is failure
    assert home.portal.login_attempts == 1
    assert home.logins() == {failure.reason: 1}
    assert home.account.account_state().token is None


def test_a_wrong_password_is_tried_three_times_in_a_week_and_a_right_one_at_once(build: Builder) -> None:
    home = build(password="wrong")
    for _ in range(7 * 24):
        refused(home)
        home.clock.advance(HOUR)

    home.restart("demo")

    assert home.portal.login_attempts == 3
    assert home.read().pv_power is not None


def test_a_release_allows_another_sign_in(build: Builder) -> None:
    home = build(password="wrong")
    for _ in range(5):
        refused(home)
        home.clock.advance(HOUR)

    home.account.release_brake()
    refused(home)

    assert home.portal.login_attempts == 4


def test_a_full_disk_is_named_where_the_sign_in_is_awaited(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """In what the page shows, and in what `check` says."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    home.read()
    monkeypatch.setattr(os, "fsync", full)
    home.portal.steal_session()
    home.clock.advance(10)

    failure = refused(home)

    assert type(failure) is errors.LoginWithheld
    assert "the state cannot be saved in " in str(failure)
    assert "No space left on device; the next sign-in is allowed at" in str(failure)
    [told] = [line for line in standing(home.account.account_state(), home.clock.now()) if line.startswith("State: ")]
    assert "No space left on device" in told
    assert "or room on its disk" in told


def test_all_stations_of_a_large_account_are_found_page_by_page(home: Home) -> None:
    def page(envelope: dict[str, Any], parameters: Any) -> None:
        current, size = parameters["current"], parameters["size"]
        rows = [{"id": f"S{number}"} for number in range(250)][(current - 1) * size : current * size]
        envelope["data"] = {"dataList": rows, "current": current, "size": size, "total": "250"}

    home.portal.mutate("stations", page)

    refs = home.account.stations(Diagnostics())

    assert [ref.id for ref in refs] == [f"S{number}" for number in range(250)]
    assert home.asked("stations") == 3


@pytest.mark.parametrize("known", [True, False])
def test_a_later_page_that_fails_removes_no_station_and_is_asked_again(home: Home, known: bool) -> None:
    """What was known of the rest stays; at the first time there are those of the pages before."""
    working = known

    def page(envelope: dict[str, Any], parameters: Any) -> dict[str, Any] | None:
        current, size = parameters["current"], parameters["size"]
        if current == 2 and not working:
            return {"code": "S0500", "data": None}
        rows = [{"id": f"S{number}"} for number in range(250)][(current - 1) * size : current * size]
        envelope["data"] = {"dataList": rows, "current": current, "size": size, "total": "250"}
        return None

    home.portal.mutate("stations", page)
    if known:
        home.account.stations(Diagnostics())
        home.clock.advance(2 * HOUR)
        working = False

    found = {ref.id for ref in home.account.stations(Diagnostics())}

    assert found == {f"S{number}" for number in range(250 if known else 100)}

    working = True
    home.clock.advance(300)

    assert {ref.id for ref in home.account.stations(Diagnostics())} == {f"S{number}" for number in range(250)}


def test_paging_ends_where_a_page_brings_nothing_new_although_more_are_promised(home: Home) -> None:
    home.portal.mutate("stations", lambda envelope, _: envelope["data"].update(total=1000))

    refs = home.account.stations(Diagnostics())

    assert len(refs) == 1
    assert home.asked("stations") == 2


def test_paging_ends_although_each_page_brings_something_new(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_PAGES", 3)

    def endless(envelope: dict[str, Any], parameters: Any) -> None:
        envelope["data"] = {"dataList": [{"id": f"S{parameters['current']}"}], "total": 1000}

    home.portal.mutate("stations", endless)

    refs = home.account.stations(Diagnostics())

    assert [ref.id for ref in refs] == ["S1", "S2", "S3"]


@pytest.mark.parametrize("data", [{}, [], "", None])
def test_an_empty_station_list_is_a_failure_and_no_account_without_stations(home: Home, data: object) -> None:
    home.portal.script("stations", Answer(body={"code": "00000", "data": data}))

    assert type(refused(home)) is errors.AnswerEmpty
    assert home.read().pv_power is not None


def test_a_station_list_that_cannot_be_read_any_more_is_the_one_of_before(home: Home) -> None:
    home.read()
    home.clock.advance(2 * HOUR)
    home.portal.script_always("stations", Answer(500, b""))

    station = home.read()

    assert station.name == "Sunny Home"
    assert station.fetched_at > JUNE_NOON + timedelta(hours=2)


def test_a_portal_that_is_gone_is_not_asked_call_by_call(home: Home) -> None:
    home.read()
    home.portal.close()

    error = refused(home)

    # Two failures on the way, the second of which ends the refresh.
    assert type(error) is errors.Unreachable
    assert home.outcomes("flow").get("unreachable", 0) + home.outcomes("devices").get("unreachable", 0) == 2
    assert home.account.account_state().token is not None


def test_a_code_that_nobody_has_described_is_counted_and_costs_one_answer_only(home: Home) -> None:
    home.read()
    home.portal.script_always("telecounting.SMART_METER", Answer(body={"code": "Q4711", "msg": "?"}))

    station = home.read()

    assert home.findings.unknown == {Unknown.RESULT_CODE: 1}
    assert any("Q4711" in detail for _, detail in home.findings.details)
    assert station.meters[0].grid_import_power is not None


def test_a_sign_in_that_fails_in_the_middle_of_a_station_ends_it(home: Home) -> None:
    """Nothing else could be asked either."""
    home.read()
    home.clock.advance(HOUR)
    home.portal.expire_session()
    home.portal.script_always("login", Answer(500))

    failure = refused(home)

    assert type(failure) is errors.ServerFault
    assert home.portal.login_attempts == 2


class TestOverview:
    """The list as it is now, for accounts of more stations than the budget allows."""

    @pytest.fixture
    def fleet(self, build: Builder) -> Home:
        clock = SharedClock(JUNE_NOON)
        home: Home = build(plants=demo_plants(3, clock=clock))
        return home

    def test_each_station_comes_with_state_power_and_energy_of_today(self, fleet: Home) -> None:
        refs = fleet.account.overview(Diagnostics(), anew=True)
        details = {ref.id: fleet.account.read(ref, Diagnostics()) for ref in refs}

        assert len(refs) == 3
        for ref in refs:
            assert ref.seen_at is not None
            assert timedelta(0) <= ref.seen_at - JUNE_NOON < timedelta(seconds=5)
            assert ref.state is details[ref.id].state
            assert ref.pv_energy_today == pytest.approx(details[ref.id].pv_energy_today, rel=0.01)
            assert ref.pv_power is not None
        assert refs[0].pv_power == pytest.approx(details[refs[0].id].pv_power, abs=10)

    def test_it_is_asked_when_it_is_wanted_anew_and_kept_otherwise(self, fleet: Home) -> None:
        for anew in (True, False, False, True):
            fleet.account.overview(Diagnostics(), anew=anew)
            fleet.clock.advance(300)

        assert fleet.asked("stations") == 2
        assert fleet.asked("alarms") == 2

    def test_one_call_brings_the_alarms_of_all_stations_and_says_nothing_of_the_others(self, build: Builder) -> None:
        clock = SharedClock(JUNE_NOON)
        plants = demo_plants(3, clock=clock)
        plants[2].fail_inverter(JUNE_NOON - timedelta(hours=1), JUNE_NOON + timedelta(hours=1), "E-1")
        fleet = build(plants=plants)

        refs = fleet.account.overview(Diagnostics(), anew=True)

        assert fleet.asked("alarms") == 1
        assert [ref.alarms is None for ref in refs] == [True, True, False]
        assert refs[2].alarms is not None
        assert [alarm.code for alarm in refs[2].alarms] == ["E-1"]

    def test_alarms_that_cannot_be_read_together_cost_nothing_but_themselves(self, fleet: Home) -> None:
        fleet.portal.script_always("alarms", Answer(body={"code": "100025"}))

        for _ in range(3):
            refs = fleet.account.overview(Diagnostics(), anew=True)

        assert [ref.alarms for ref in refs] == [None, None, None]
        assert all(ref.pv_power is not None for ref in refs)
        assert fleet.asked("alarms") == 1

    def test_alarms_are_read_page_by_page_and_no_more_than_five(self, fleet: Home) -> None:
        def endless(envelope: dict[str, Any], parameters: Mapping[str, Any]) -> None:
            [first, *_] = parameters["stationIds"]
            rows = [{"stationId": first, "warning_code": f"E-{parameters['pageIndex']}", "status": 0}]
            envelope["data"] = {"dataList": rows, "total": 10_000}

        fleet.portal.mutate("alarms", endless)

        [ref, *_] = fleet.account.overview(Diagnostics(), anew=True)

        assert ref.alarms is not None
        assert [alarm.code for alarm in ref.alarms] == ["E-1", "E-2", "E-3", "E-4", "E-5"]

    def test_a_pause_that_begins_with_the_alarms_keeps_the_list_that_came_before(self, fleet: Home) -> None:
        fleet.portal.script("alarms", Answer(429))

        refs = fleet.account.overview(Diagnostics(), anew=True)

        assert [ref.pv_power is not None for ref in refs] == [True] * 3
        with pytest.raises(errors.RateLimited):
            fleet.account.read(refs[0], Diagnostics())

    def test_a_list_refused_by_an_unknown_code_is_the_one_of_before_and_the_code_is_counted(self, fleet: Home) -> None:
        before = fleet.account.overview(Diagnostics(), anew=True)
        fleet.portal.script_always("stations", Answer(body={"code": "Q4711", "msg": "?"}))
        findings = Diagnostics()

        refs = fleet.account.overview(findings, anew=True)

        assert [ref.id for ref in refs] == [ref.id for ref in before]
        assert findings.unknown == {Unknown.RESULT_CODE: 1}

    def test_a_list_that_cannot_be_read_anew_keeps_the_instant_it_is_from(self, fleet: Home) -> None:
        before = fleet.account.overview(Diagnostics(), anew=True)
        fleet.clock.advance(300)
        fleet.portal.script_always("stations", Answer(500))

        refs = fleet.account.overview(Diagnostics(), anew=True)

        assert [ref.seen_at for ref in refs] == [ref.seen_at for ref in before]


def test_a_data_host_that_changes_between_sign_ins_never_sees_the_token_of_the_other(home: Home) -> None:
    expired = b'{"code": "100002"}'
    answer = head(Content_Length=len(expired), Connection="close") + expired
    with WireServer(answer) as first, WireServer(answer) as second:
        hosts, tokens = iter((first, second)), list[bytes]()

        def elsewhere(envelope: dict[str, Any], _: Mapping[str, Any]) -> None:
            envelope["data"]["api"] = next(hosts).url
            tokens.append(envelope["data"]["token"].encode())

        home.portal.mutate("login", elsewhere)
        home.restart(allowed_hosts=("127.0.0.1",))
        for _ in range(2):
            refused(home)
            home.clock.advance(HOUR)

    assert first.requests
    assert all(tokens[0] in request and tokens[1] not in request for request in first.requests)
    assert second.requests
    assert all(tokens[1] in request and tokens[0] not in request for request in second.requests)


@pytest.mark.parametrize("token", ["\ud800abc", "a\r\nb", "x" * 5000])
def test_a_sign_in_that_gives_a_session_that_no_header_can_carry_has_failed(home: Home, token: str) -> None:
    home.portal.script(
        "login", Answer(body={"code": "00000", "data": {"uid": "u", "token": token, "api": home.portal.login_url}})
    )

    failure = refused(home)

    assert type(failure) is errors.LoginRefused
    assert home.portal.login_attempts == 1
