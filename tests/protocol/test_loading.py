"""The package's files, and a file of the user's laid over them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sems_exporter import errors, protocol
from sems_exporter.errors import SettingError
from sems_exporter.model.plant import Inverter
from sems_exporter.portal.http import result_codes
from sems_exporter.portal.http.envelope import HttpResponse, parse_envelope
from sems_exporter.portal.session.trusted_hosts import trusted


def loaded(text: str, tmp_path: Path) -> protocol.Protocol:
    file = tmp_path / "portal.toml"
    file.write_text(text, encoding="utf-8")
    return protocol.load(file)


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    found = loaded("", tmp_path)

    assert found.changes == ()
    assert found.semsplus.written == protocol.packaged().semsplus.written
    assert found.classic.written == protocol.packaged().classic.written


def test_a_file_tells_what_it_changes_adds_and_leaves_out(tmp_path: Path) -> None:
    found = loaded(
        'remove = ["semsplus.headers.X-Signature"]\n'
        '[semsplus.client]\nname = "other"\nlanguage = "en"\n'
        '[semsplus.factors.inverter]\nactivePower = { to = "ac_power", unit = "kW" }\n',
        tmp_path,
    )

    assert found.changes == (
        "semsplus.headers.X-Signature: left out",
        'semsplus.client.name: "semsPlusWeb" becomes "other"',
        'semsplus.factors.inverter.activePower: new { to = "ac_power", unit = "kW" }',
    )
    assert "X-Signature" not in found.semsplus.written.headers
    assert found.semsplus.written.client.version == ""


def test_a_row_may_name_the_metric_in_place_of_the_attribute(tmp_path: Path) -> None:
    found = loaded(
        '[semsplus.factors.inverter]\nactivePower = { to = "sems_inverter_ac_power_watts", unit = "kW" }\n',
        tmp_path,
    )

    row = found.semsplus.tables[Inverter].rows["activePower"]
    assert (row.attribute, row.unit) == ("ac_power", "kW")


def test_a_row_takes_the_place_of_another_as_a_whole(tmp_path: Path) -> None:
    found = loaded('[semsplus.flow]\npGrid = { to = "grid_import_power", unit = "W" }\n', tmp_path)

    assert found.semsplus.flow["pGrid"].opposite == ""


def test_a_new_code_of_a_known_failure_counts(tmp_path: Path) -> None:
    protocol.use(loaded('[results.codes]\nX777 = "rate_limited"\n', tmp_path))
    try:
        assert result_codes.failure("X777") is errors.RateLimited
    finally:
        protocol.use(None)
    assert result_codes.failure("X777") is errors.UnknownCode


def test_a_host_that_is_not_goodwes_is_trusted_only_where_the_file_says_so(tmp_path: Path) -> None:
    address = "https://portal.example.com/web/sems"
    with pytest.raises(errors.GatewayRefused):
        trusted(address, ())
    protocol.use(loaded('[hosts]\nforeign = ["portal.example.com"]\n', tmp_path))
    try:
        assert trusted(address, ()) == address
        with pytest.raises(errors.GatewayRefused):
            trusted("https://other.example.com/web/sems", ())
        with pytest.raises(errors.GatewayRefused):
            trusted("http://portal.example.com/web/sems", ())
    finally:
        protocol.use(None)


def test_what_the_accounts_safety_hangs_on_is_heard_behind_a_new_key(tmp_path: Path) -> None:
    protocol.use(loaded('[envelope]\ncode = ["status", "code"]\n', tmp_path))
    try:
        with pytest.raises(errors.CredentialsRejected):
            parse_envelope(HttpResponse(200, b'{"status": "0", "code": "100005", "data": {}}'), datetime.now(UTC))
        assert parse_envelope(HttpResponse(200, b'{"status": "0", "code": "7"}'), datetime.now(UTC)).code == "0"
    finally:
        protocol.use(None)


ROW = '[semsplus.factors.inverter]\nx = { to = "ac_power", unit = "kW" }\n'
REFUSED = {
    "no TOML": ("[semsplus", "is not valid TOML"),
    "an unknown heading": ("[semplus]\n", "semplus: no such key; is semsplus meant?"),
    "an unknown key": ('[semsplus.client]\nnaem = "x"\n', "semsplus.client.naem: no such key; is name meant?"),
    "a number for a text": ("[semsplus.client]\nname = 5\n", "semsplus.client.name: has to be a text"),
    "a text for a list": ('[results]\nsuccess = "0"\n', "results.success: has to be a list"),
    "a call that nobody makes": ('[semsplus.calls.foo]\npath = "/x"\n', "semsplus.calls.foo: no such key"),
    "a call that writes": (
        '[semsplus.calls.flow]\npath = "/sems-remote/api/ev-charger/startCharge"\n',
        "semsplus.calls.flow.path: is refused, because “start” may change something",
    ),
    "a call that writes, disguised": (
        '[semsplus.calls.flow]\npath = "/sems-remote/api/%73et-mode"\n',
        "semsplus.calls.flow.path: is refused",
    ),
    "another method": ('[semsplus.calls.flow]\nmethod = "PUT"\n', "semsplus.calls.flow.method: has to be GET or POST"),
    "a path elsewhere": ('[semsplus.calls.flow]\npath = "//evil.example.com/x"\n', "semsplus.calls.flow.path: has to"),
    "a path upwards": ('[semsplus.calls.flow]\npath = "/a/../b"\n', "semsplus.calls.flow.path: has to be what follows"),
    "a path upwards, disguised": (
        '[semsplus.calls.flow]\npath = "/x%3f/%2e%2e/sems-remote/api/ev-charger/startCharge"\n',
        "semsplus.calls.flow.path: has to be what follows",
    ),
    "a call that writes, put together": (
        '[semsplus.client]\nname = "rt"\n[semsplus.calls.flow]\npath = "/ev-charger/sta{client}Charge"\n',
        "semsplus.calls.flow.path: has to be what follows",
    ),
    "a call that writes, by another name": (
        '[semsplus.client]\nname = "startCharge"\n[semsplus.calls.flow]\npath = "/ev-charger/{client}"\n',
        "semsplus.calls.flow.path: {client} belongs into query",
    ),
    "a call that writes, as a version": (
        '[classic.versions]\nmonitor = ["SaveRemoteControlInverter"]\n',
        "classic.versions.monitor: has to name versions",
    ),
    "no version": ("[classic.versions]\nmonitor = []\n", "classic.versions.monitor: has to name versions"),
    "a call that is left out": ('remove = ["semsplus.calls.flow"]\n', "semsplus.calls.flow: cannot be left out"),
    "a sign-in upwards": (
        '[classic.sign_in]\npaths = ["/../x"]\n',
        "classic.sign_in.paths: has to be paths such as",
    ),
    "a factor that is no number": ("[units]\nwatts = { W = nan }\n", "units.watts.W: has to be a factor above 0"),
    "a factor without end": ("[units]\nwatts = { W = inf }\n", "units.watts.W: has to be a factor above 0"),
    "a language of two lines": (
        '[semsplus.client]\nlanguage = "e\\nn"\n',
        "semsplus.client.language: has to be one line",
    ),
    "a signature of two lines": (
        '[semsplus.signature]\nresult = "a\\nb"\n',
        "semsplus.signature.result: has to be one line",
    ),
    "tables without end": ("[semsplus.calls.flow.body" + ".x" * 3000 + "]\n", "is not readable: it has tables"),
    "a call about nothing": (
        'remove = ["semsplus.calls.flow.query.stationId"]\n',
        "semsplus.calls.flow: has to name {station}",
    ),
    "a name that is not known": (
        '[semsplus.calls.flow.query]\nx = "{password}"\n',
        "semsplus.calls.flow: {password} is not known here",
    ),
    "a name that only the other dialect knows": (
        '[classic.calls.stations]\npath = "/{version}/x"\nmethod = "POST"\n',
        "classic.calls.stations: {version} is not known here",
    ),
    "a curve of what the flow has not": (
        '[semsplus.curve]\nitems = ["pMoon"]\n',
        "semsplus.curve.items: 'pMoon' is no key of semsplus.flow",
    ),
    "the password in a header": ('[semsplus.headers]\nX-P = "{password}"\n', "semsplus.headers.X-P: {password} is not"),
    "a header of the transport": ('[semsplus.headers]\nHost = "x"\n', "semsplus.headers.Host: is no header that"),
    "a header of two lines": ('[semsplus.headers]\nX-A = "a\\nB: c"\n', "semsplus.headers.X-A: has to be one line"),
    "a hash that is none": ('[semsplus.signature]\nhash = "rot13"\n', "semsplus.signature.hash: has to be one of"),
    "a foreign sign-in": (
        '[semsplus.sign_in]\naddress = "https://evil.example.com/x"\n',
        "semsplus.sign_in.address: evil.example.com is not GoodWe's",
    ),
    "a sign-in in the clear": (
        '[semsplus.sign_in]\naddress = "http://semsplus.goodwe.com/x"\n',
        "semsplus.sign_in.address: has to begin with https://",
    ),
    "a host within another": (
        '[classic.hosts]\neu = "https://goodwe.com.evil.example.com"\n',
        "classic.hosts.eu: goodwe.com.evil.example.com is not GoodWe's",
    ),
    "further domains": ('[hosts]\ngoodwe = ["example.com"]\n', "hosts.goodwe: cannot be changed"),
    "no host": ('[hosts]\nforeign = ["https://x.example.com"]\n', "hosts.foreign: 'https://x.example.com' is no host"),
    "rejected credentials as something else": (
        '[results.codes]\n100005 = "server_fault"\n',
        "results.codes.100005: stays credentials_rejected",
    ),
    "rejected credentials as a success": (
        '[results]\nsuccess = ["0", "00000", "100005"]\n',
        "results.success: 100005 stays credentials_rejected",
    ),
    "rejected credentials of the same beginning as something else": (
        '[results.codes]\nA0201 = "server_fault"\n',
        "results.codes.A0201: stays credentials_rejected",
    ),
    "rejected credentials of the same beginning as a success": (
        '[results]\nsuccess = ["0", "00000", "A0201"]\n',
        "results.success: A0201 stays credentials_rejected",
    ),
    "codes that are not looked for": ('[envelope]\ncode = ["x"]\n', "envelope.code: keeps code beside what is new"),
    "a pause that is left out": ('remove = ["results.codes.GY0429"]\n', "results.codes.GY0429: stays rate_limited"),
    "a failure that is none": ('[results.codes]\nX = "bad"\n', "results.codes.X: 'bad' is no failure"),
    "an attribute that is none": (
        '[semsplus.factors.inverter]\nx = { to = "ac_powr", unit = "kW" }\n',
        "semsplus.factors.inverter.x.to: 'ac_powr' is nothing that is measured of a inverter: no such key; is ac_power",
    ),
    "a unit of something else": (
        '[semsplus.factors.inverter]\nx = { to = "ac_power", unit = "V" }\n',
        "semsplus.factors.inverter.x.unit: 'V' is no unit of watts",
    ),
    "a state that is none": ('[semsplus.states.device]\n12 = "asleep"\n', "semsplus.states.device.12: 'asleep' is no"),
    "no regular expression": (
        '[semsplus.passed_over]\nfactors = "("\n',
        "semsplus.passed_over.factors: is no regular expression",
    ),
    "a further measurement of a known code": (
        '[semsplus.extra.inverter]\npAc = { name = "x", help = "X." }\n',
        "semsplus.extra.inverter.pAc: has a metric already",
    ),
    "a further measurement of nothing": (
        '[semsplus.extra.roof]\nx = { name = "x", help = "X." }\n',
        "semsplus.extra.roof: nothing is measured of it",
    ),
    "a further measurement with an ending": (
        '[semsplus.extra.inverter]\nx = { name = "x_total", help = "X." }\n',
        "semsplus.extra.inverter.x.name: has to be words",
    ),
    "a further measurement twice": (
        '[semsplus.extra.inverter]\nx = { name = "x", help = "X." }\ny = { name = "x", help = "X." }\n',
        "semsplus.extra.inverter.y.name: 'x' is given twice",
    ),
    "a further measurement in a strange unit": (
        '[semsplus.extra.inverter]\nx = { name = "x", unit = "furlong", help = "X." }\n',
        "semsplus.extra.inverter.x.unit: 'furlong' is no known unit",
    ),
    "a further measurement without words": (
        '[semsplus.extra.inverter]\nx = { name = "x", unit = "V" }\n',
        "semsplus.extra.inverter.x.help: is missing",
    ),
    "something removed that is not there": ('remove = ["semsplus.foo"]\n', "remove: 'semsplus.foo' is no key"),
}


@pytest.mark.parametrize("text, told", REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_refused_names_its_key(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        loaded(text, tmp_path)

    assert caught.value.key == "portal_file"
    assert f"portal.toml{'' if told.startswith('is not') else ':'} {told}" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"portal_file: .*portal\.toml cannot be read: No such file"):
        protocol.load(tmp_path / "portal.toml")
