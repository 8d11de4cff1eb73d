"""Only calls that read get through, however the others are spelt."""

from datetime import date

import pytest

from sems_exporter.portal.classic.read_calls import READ_CALLS as CLASSIC
from sems_exporter.portal.read_calls import Target, written_call
from sems_exporter.portal.semsplus.read_calls import READ_CALLS as SEMSPLUS
from sems_exporter.protocol.calls import write_word

TARGET = Target("station", "SN1", "INVERTER", date(2026, 6, 21))


@pytest.mark.parametrize("known", [*SEMSPLUS, *CLASSIC], ids=lambda known: known.name)
def test_a_known_call_reads(known: object) -> None:
    call = known.build(TARGET)  # type: ignore[attr-defined]

    assert write_word(call.path) is None
    assert written_call(call.method, call.path, call.body if call.method == "POST" else None).path == call.path


@pytest.mark.parametrize(
    "path",
    [
        "/sems-remote/api/ev-charger/startCharge",
        "/sems-remote/api/ev-charger/stopCharge",
        "/sems-remote/api/ev-charger/set-mode",
        "/sems-remote/api/ev-charger/set-config",
        "/sems-remote/api/ev-charger/set-scheduled",
        "/sems-remote/api/ev-charger/cancel-charge",
        "/address/remote/setDeviceFunctionParameters",
        "/sems-remote/api/v1/remote/set",
        "/sems-plant/api/tou/metric-config/save",
        "/sems-alarm/api/alarm/confirm",
        "/sems-alarm/api/alarm/delete",
        "/sems-alarm/api/alarm/star",
        "/PowerStation/SaveRemoteControlInverter",
        "/v2/PowerStation/SaveRemoteControlInverter",
        "/sems-plant/api/device/firmwareUpgrade",
        "/sems-plant/api/device/upgradeFirmware",
        "/sems-user/api/v1/auth/cross-login",
        "/sems-remote/api/ev-charger/STARTCHARGE",
        "/sems-remote/api/ev-charger/startcharge",
        "/sems-remote/api/ev-charger/Start_Charge",
        "/sems-remote/api/ev-charger/%73tartCharge",
        "/sems-remote/api/ev-charger/stop-charge?sn=1",
        "/sems-remote/api/ev-charger/control-item-content-list/../set-mode",
        "/sems-remote/api/ev-charger/control-item-content-list/x/set-mode",
        "/sems-remote/api/ev-charger/control-item-content-list/x%2Fset-mode",
        "/x%3F/../sems-remote/api/ev-charger/startCharge",
        "/x%3f/%2e%2e/sems-remote/api/ev-charger/startCharge",
        "/x;/set-mode",
        "/v2/powerstation/deletestation",
        "/v2/PowerStation/SETPOWER",
    ],
)
def test_a_call_that_writes_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"refused|may hold neither"):
        written_call("POST", path, {})


@pytest.mark.parametrize(
    "method, path, body, said",
    [
        ("PUT", "/sems-plant/api/stations/flow", None, "PUT is refused"),
        ("DELETE", "/sems-plant/api/stations/flow", None, "DELETE is refused"),
        ("GET", "https://evil.example/sems-plant", None, "what follows the gateway's address"),
        ("GET", "sems-plant/api/stations/flow", None, "what follows the gateway's address"),
        ("GET", "//evil.example/x", None, "what follows the gateway's address"),
        ("GET", "/sems-plant/../../other", None, "neither . nor .."),
        ("GET", "/sems-plant/%2e%2e/other", None, "neither . nor .."),
        ("GET", "/sems-plant/%2573et", None, "codes of codes"),
        ("GET", "/sems-plant/%3Fx", None, r"nor of \? #"),
        ("GET", "/sems-plant/..;/other", None, r"nor of \? #"),
        ("GET", "/sems plant", None, "characters that an address cannot have"),
        ("GET", "/a\r\nHost: x", None, "characters that an address cannot have"),
        ("GET", "/sems-plant/api/stations/flow", {"a": 1}, "a GET has no body"),
    ],
)
def test_what_is_no_call_is_refused_with_a_sentence(method: str, path: str, body: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        written_call(method, path, body)


@pytest.mark.parametrize(
    "path",
    [
        "/sems-plant/api/stations/flow?stationId=set-1",
        "/sems-plant/api/web/device/getAllDeviceType?stationId=x",
        "/sems-plant/api/v1/hems/plant/basic?plantId=x",
        "/sems-plant/api/stations/assets/settings-overview",
        "/v3/PowerStation/GetMonitorDetailByPowerstationId",
    ],
)
def test_a_path_that_only_looks_alike_gets_through(path: str) -> None:
    assert written_call("GET", path).path == path
