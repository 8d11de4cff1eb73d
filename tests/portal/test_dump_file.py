"""A dump: nothing personal in it, everything else as it was, and the simulator serves it again."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.cli import check, log_setup
from sems_exporter.cli.dump import dump as dump_command
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import CHILDREN, Station
from sems_exporter.model.schema import Entity, measures
from sems_exporter.portal import connect, dump_file
from sems_exporter.portal.anonymizer import Anonymiser
from sems_exporter.portal.dump_file import Recorder, dump
from sems_exporter.portal.http.envelope import HttpResponse as Heard
from sems_exporter.portal.http.transport import HttpRequest
from sems_exporter.portal.session import rate_limiter
from sems_exporter.portal.session.file_stores import file_stores
from sems_exporter.simulator import Answer, SimulatedPortal, demo_plants
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.telemetry.redaction import MASK, Masks, Secret
from tests.portal.semsplus.homes import SharedClock

OWNER = "demo@example.com"
PASSWORD = "horse battery"
SERIALS = ("SIM5K0001", "SIMBAT0001", "SIMMETER0001", "SIMDONGLE0001")
PLACE = re.compile(r"(?<![\d.])(?:52\.1|5\.1)(?![\d.])")
PERSONAL = {
    "ownerName": "Erika Mustermann",
    "firstName": "Erika",
    "phone": "+49 170 1234567",
    "phoneNumber": 491701234567,
    "mobile": "0170123",
    "remark": "key under the mat",
    "email": "erika@example.org",
    "street": "Lindenallee 7",
    "zipCode": 10115,
    "somethingNew": "Hinterhof links",
    "nested": {"deep": [{"label": "Haus Erika"}]},
}
NEVER = (
    *("Erika", "Mustermann", "1234567", "491701234567", "0170123", "under the mat", "example.org"),
    *("Lindenallee", "10115", "Hinterhof"),
)

Dump = dict[str, Any]


class House:
    """The demo's home on one dialect, and the exporter's account there."""

    def __init__(self, state: Path, dialect: str) -> None:
        self.dialect = dialect
        self.clock = SharedClock()
        self.plant = demo_plants(1, clock=self.clock)[0]
        self.state = state
        self.station: Station | None = None
        self.portal = SimulatedPortal(
            [self.plant],
            clock=self.clock,
            account=OWNER,
            password=PASSWORD,
            dialects=("semsplus",) if dialect == "semsplus" else ("classic",),
        ).start()

    def settings(self) -> AccountSettings:
        account = Account(OWNER, Secret(PASSWORD), self.portal.login_url, ("127.0.0.1",))
        return AccountSettings(account, portal=self.dialect, state_dir=self.state, requests_per_minute=10_000)

    def dumped(self) -> Dump:
        """The dump of one refresh, whose station is kept in `station`."""
        recorder = Recorder()
        self.station, self.token = read(self.settings(), self.clock, recorder)
        return dump(recorder.exchanges, self.dialect, self.clock.now())


def read(
    settings: AccountSettings, clock: SharedClock, recorder: Recorder | None = None
) -> tuple[Station, Mapping[str, Any]]:
    """The only station of an account, and the identity of its session."""
    portal = connect(
        settings, file_stores(settings, clock), clock, SelfMetrics(), threading.Event(), transport=recorder
    )
    try:
        station = portal.read(portal.stations(Diagnostics())[0], Diagnostics())
        token = portal.account_state().token
    finally:
        portal.close()
    return station, token.identity if token else {}


def replayed(content: Dump | Path, dialect: str, state: Path) -> Station:
    """The station as the exporter reads it from a dump."""
    clock = SharedClock()
    with SimulatedPortal.replaying(content, clock=clock) as portal:
        account = Account("anybody@example.org", Secret("any"), portal.login_url, ("127.0.0.1",))
        settings = AccountSettings(account, portal=dialect, state_dir=state, requests_per_minute=10_000)
        return read(settings, clock)[0]


def readings(scope: Entity) -> list[tuple[str, dict[str, object]]]:
    """All that was measured on `scope` and its parts, in order, without their names."""
    kind = type(scope)
    own = {name: getattr(scope, name) for name in (*measures(kind), "state", "data_timestamp") if hasattr(scope, name)}
    found = [(kind.scope, own)]
    for attribute, _ in CHILDREN[kind]:
        for part in getattr(scope, attribute):
            found += readings(part)
    return found


def secrets(house: House) -> set[str]:
    """Every text of the house's account and devices that must not be shown."""
    tokens = {str(house.token[key]) for key in ("token", "uid") if house.token.get(key)}
    return {OWNER, PASSWORD, house.plant.spec.station_id, "Sunny Home", "Example Street", *SERIALS, *tokens}


def written(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False)


def answers(content: Dump, endpoint: str) -> list[Any]:
    """The data of all answers of `endpoint`."""
    return [entry["answer"]["data"] for entry in content["answers"] if entry["endpoint"] == endpoint]


@pytest.fixture(params=["semsplus", "classic"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "state", request.param)
    yield made
    made.portal.close()


@pytest.fixture
def new_house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "state", "semsplus")
    yield made
    made.portal.close()


class TestNothingPersonal:
    """What must not be found in a dump."""

    def test_neither_names_nor_numbers_of_devices_nor_secrets(self, house: House) -> None:
        content = written(house.dumped())

        assert len(secrets(house)) > 7
        assert not [secret for secret in secrets(house) if secret.lower() in content.lower()]

    def test_no_coordinates(self, house: House) -> None:
        content = house.dumped()

        assert not PLACE.search(written([answers(content, name) for name in ("info", "classic_stations", "monitor")]))

    def test_no_sign_in(self, house: House) -> None:
        assert not [entry for entry in house.dumped()["answers"] if "login" in entry["endpoint"].lower()]

    def test_no_address_of_the_gateway(self, house: House) -> None:
        assert "127.0.0.1" not in written(house.dumped())

    @pytest.mark.parametrize("endpoint", ["stations", "info", "flow", "devices"])
    def test_whatever_the_portal_may_add_about_somebody(self, new_house: House, endpoint: str) -> None:
        new_house.portal.mutate(endpoint, lambda envelope, _: envelope["data"].update(PERSONAL))

        content = written(new_house.dumped())

        assert "somethingNew" in content
        assert not [word for word in NEVER if word in content]

    def test_a_sentence_that_names_somebody(self, new_house: House) -> None:
        """Even before the answer that tells the name."""
        sentence = f"Sunny Home ({OWNER}): {SERIALS[0]} is offline"
        new_house.portal.mutate("stations", lambda envelope, _: envelope.update(description=sentence))

        description = str(new_house.dumped()["answers"][0]["answer"]["description"])

        assert not [word for word in ("Sunny", "@", "SIM5K") if word in description]
        assert description.endswith(" is offline")

    @pytest.mark.parametrize("code", ["523241", 523241, "007864"])
    def test_the_code_that_pairs_a_logger_with_an_account(self, code: object) -> None:
        """Most look like a number."""
        document = {"check_code": code, "dict": {"left": [{"key": "laCheckcode", "value": code, "unit": ""}]}}

        assert str(code) not in str(Anonymiser([document]).clean(document))

    def test_an_answer_that_is_no_json_leaves_only_its_size(self, new_house: House) -> None:
        new_house.portal.script_always("alarms", Answer(200, "<p>Erika Mustermann</p>"))

        content = new_house.dumped()

        assert "Erika" not in written(content)
        assert {"unreadable_bytes": 23} in [entry["answer"] for entry in content["answers"]]


COORDINATES = ("48.13743", "11.57549", "48.137", "48.13", "48.1374", "11.58")


class TestByLook:
    """What tells who and where goes by what it looks like, whatever it is called."""

    @pytest.mark.parametrize(
        "document",
        [
            {"position": [48.13743, 11.57549]},
            {"x": 48.13743, "y": 11.57549},
            {"deep": [[{"anything": [48.13743]}]]},
            {"gps": "48.13743"},
            {"anything": "48.13743/11.57549"},
            {"anything": "48.13743"},
            {"plantLat": 48.137, "latitudeDeg": 48.13, "gcj_lat": 48.1374, "bd_lng": 11.58},
            {"location": {"a": 48.13, "b": {"c": [11.58]}}},
            {"msg": "the plant at 48.13743, 11.57549 is offline"},
            {"48.13743": {"11.57549": 1}, "48.13743,11.57549": 2},
        ],
    )
    def test_coordinates(self, document: object) -> None:
        content = written(Anonymiser([document]).clean(document))

        assert not [number for number in COORDINATES if number in content]

    @pytest.mark.parametrize(
        "value",
        [
            "+49 170 1234567",
            "0170 1234567",
            "(089) 123-4567",
            "8912345",
            "138123456",
            8912345,
            138123456.0,
            13812345678,
            491701234567,
        ],
    )
    @pytest.mark.parametrize("key", ["cell", "whatsapp", "fax", "anything", "code1", "msg"])
    def test_telephone_numbers(self, key: str, value: object) -> None:
        document = {key: value, "map": {str(value): 1}}

        assert str(value) not in written(Anonymiser([document]).clean(document))

    @pytest.mark.parametrize(
        "document",
        [
            {"anything": 50101234567},
            {"sn": 5010123},
            {"detailMap": {"5010KETU22W12345": {}}},
            {"alias": "5010KETU22W12345"},
            {"10:b4:1d:00:11:22": 1},
            {"msg": "inverter 5010KETU22W12345 is offline"},
            {"deviceType": "af33b98a-1d8d-4726-a6f3-59a4a1ccb028"},
        ],
    )
    def test_serial_numbers_ids_and_addresses_of_devices(self, document: object) -> None:
        content = written(Anonymiser([document]).clean(document))

        assert not re.search(r"501012|5010KETU|10:b4|af33b98a", content)

    @pytest.mark.parametrize(
        "key",
        [
            "title",
            "group",
            "items",
            "item",
            "alias",
            "model",
            "module",
            "key",
            "work_mode",
            "zoneId",
            "warningName",
            "msg",
        ],
    )
    @pytest.mark.parametrize("text", ["Jane Doe", "Jane", "Hello Jane Doe of Hauptstr. 5", "Zolder van Jane"])
    def test_names(self, key: str, text: str) -> None:
        document = {key: text, "map": {text: 1} if " " in text else {}}

        content = written(Anonymiser([document]).clean(document))

        assert not [word for word in ("Jane", "Doe", "Hauptstr", "Zolder", "Hello") if word in content]

    def test_a_number_is_the_same_one_wherever_it_stands(self) -> None:
        documents = [{"sn": 5010123456}, {"number": 5010123456, "text": "5010123456"}]
        anonymiser = Anonymiser(documents)

        one, other = (anonymiser.clean(document) for document in documents)

        assert one["sn"] == other["number"] == other["text"] == "SN-0001"

    @pytest.mark.parametrize(
        "document",
        [
            {"pBat": -2.29011, "selfRate": 0.71294, "co2": 12.34567},
            {
                "factors": [
                    {"code": "pAc", "unit": "kW", "data": "0.79608"},
                    {"code": "x", "unit": "kWh", "data": 0.79608},
                ]
            },
            {"item": "proPvStatsTotal", "unit": "kWh", "data": "12345678"},
            {"timestamp": 1790842259127, "createTime": "1790842259127", "lastUpdateTime": 1790842259127},
            {"msg": "No access, please login.", "description": "Statistical dimension parameters are incorrect"},
            {"work_mode": "Battery Mode", "warningNameEn": "Grid Waveform Abnormal", "timeZone": "Europe/Amsterdam"},
            {"model": "GW8500-MS-30", "code": "MPPT-1:Ppv", "alias": "grid_energy_1", "warning_code": "E-G3-0-12"},
            {"date_format": "MM.dd.yyyy", "duration": "1m 6s", "key": "InverterPowerOfPlantMonitor"},
        ],
    )
    def test_what_is_measured_and_what_the_portal_says_of_itself_stays(self, document: object) -> None:
        assert Anonymiser([document]).clean(document) == document


class TestStandIns:
    """The same thing has the same stand-in."""

    def test_a_device_in_paths_keys_and_values(self, new_house: House) -> None:
        content = new_house.dumped()

        paths = [entry["path"] for entry in content["answers"] if entry["endpoint"] == "information"]
        in_paths = {path.split("/")[4] for path in paths}
        groups = [
            group for kind in answers(content, "devices")[0]["deviceDetailList"] for group in kind["statusDetailList"]
        ]
        in_keys = {serial for group in groups for serial in group["detailMap"]}
        in_values = {detail["sn"] for group in groups for detail in group["detailMap"].values()}
        assert in_paths <= in_keys == in_values == {serial for group in groups for serial in group["snList"]}
        assert len(in_keys) == 3

    def test_a_station_in_paths_bodies_and_answers(self, new_house: House) -> None:
        content = new_house.dumped()

        stand_in = answers(content, "stations")[0]["dataList"][0]["id"]
        [info] = [entry for entry in content["answers"] if entry["endpoint"] == "info"]
        [alarms] = [entry for entry in content["answers"] if entry["endpoint"] == "alarms"]
        assert info["path"].endswith(f"?stationId={stand_in}")
        assert alarms["body"]["stationIds"] == [stand_in]
        assert answers(content, "flow")[0]["id"] == stand_in

    def test_a_name_in_two_answers(self, new_house: House) -> None:
        content = new_house.dumped()

        names = {answers(content, "info")[0]["name"], answers(content, "stations")[0]["dataList"][0]["name"]}
        assert len(names) == 1

    def test_two_things_have_two(self) -> None:
        documents = [{"sn": "5010ABC"}, {"sn": "5010ABD", "name": "5010ABC"}]
        anonymiser = Anonymiser(documents)

        one, other = (anonymiser.clean(document) for document in documents)

        assert one["sn"] == other["name"] != other["sn"]

    def test_one_that_needs_escaping_in_an_address(self) -> None:
        anonymiser = Anonymiser([{"sn": "50 10/A&B"}])
        stand_in = anonymiser.clean("50 10/A&B")

        assert anonymiser.path("/equipments/50%2010%2FA%26B/telemetry?sn=50+10%2FA%26B&pwId=x") == (
            f"/equipments/{stand_in}/telemetry?sn={stand_in}&pwId=x"
        )


class TestKept:
    """What a bug report needs."""

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "0",
                "-2.290",
                "1.064",
                "2337(W)",
                "45%",
                "372.5V/4A",
                "331.9V/-6.9A/-2304.7W",
                "229.7/229.8/232.1",
                "26℃",
            ),
            *(
                "2026-06-10",
                "2026-06-10 12:30:00",
                "2026-06-10T12:30:00",
                "06/10/2026 12:30:20",
                "",
                "--",
                "6kW",
                "kWh",
            ),
        ],
    )
    def test_numbers_units_and_times(self, text: str) -> None:
        document = {"anything": text}

        assert Anonymiser([document]).clean(document) == document

    @pytest.mark.parametrize(
        "text", ["Erika", "Ulm", "12b", "01701234567", "049229", "1012 AB", "a@b", "192.168.1.20", "10:b4:1d:00:11:22"]
    )
    def test_other_texts_are_not(self, text: str) -> None:
        """Short ones are names too, and what begins with 0 is no number."""
        document = {"anything": text}

        assert text not in str(Anonymiser([document]).clean(document))

    @pytest.mark.parametrize("value", [None, True, False, 0, -5, 1.5, 987654, 4294967.295, 1.125])
    def test_whatever_is_no_text(self, value: object) -> None:
        document = {"anything": value, "phone": None, "latitude": None}

        assert Anonymiser([document]).clean(document) == document

    def test_states_zones_codes_and_what_the_portal_calls_things(self, new_house: House) -> None:
        content = new_house.dumped()

        info, flow = answers(content, "info")[0], answers(content, "flow")[0]
        assert (info["zoneId"], info["status"], info["installedPower"]) == ("Europe/Amsterdam", "1", 6.0)
        assert flow["refreshTime"] == "2026-06-10T12:30:00"
        assert {"pSystem", "pBat", "pGrid", "pConsum", "soc"} <= flow.keys()
        assert {row["item"] for row in answers(content, "statistics")[0]["dataList"]} > {"proGridStats", "proCharStats"}
        factors = [factor for data in answers(content, "telemetry") for group in data for factor in group["factors"]]
        assert {"code": "PHASE-A:pAc", "unit": "kW"}.items() <= next(
            factor.items() for factor in factors if factor["code"] == "PHASE-A:pAc"
        )

    @pytest.mark.parametrize("name", ["INVERTER", "kW", "proGridStats", "Europe/Amsterdam", "pConsum", "stations", "1"])
    def test_a_station_that_is_named_like_the_portals_own_words(
        self, new_house: House, tmp_path: Path, name: str
    ) -> None:
        """The words stay where they are the portal's."""
        for endpoint in ("info", "flow"):
            new_house.portal.mutate(endpoint, lambda envelope, _: envelope["data"].update(name=name))

        again = replayed(new_house.dumped(), "semsplus", tmp_path / "again")

        assert new_house.station is not None
        assert readings(again) == readings(new_house.station)


class TestReplay:
    """The simulator serves what was dumped."""

    def test_it_reads_as_the_original_did(self, house: House, tmp_path: Path) -> None:
        content = json.loads(written(house.dumped()))

        again = replayed(content, house.dialect, tmp_path / "again")

        assert house.station is not None
        assert len(readings(house.station)) >= 7
        assert readings(again) == readings(house.station)
        assert again.timezone_name == house.station.timezone_name
        assert [inverter.model for inverter in again.inverters] == [i.model for i in house.station.inverters]
        assert again.name != house.station.name

    def test_an_answer_that_failed_fails_again(self, new_house: House, tmp_path: Path) -> None:
        new_house.portal.mutate("flow", lambda envelope, _: envelope | {"code": "100025", "data": None})

        again = replayed(new_house.dumped(), "semsplus", tmp_path / "again")

        assert new_house.station is not None
        assert new_house.station.pv_power is None
        assert readings(again) == readings(new_house.station)


class TestCommand:
    """What `sems-exporter dump` does."""

    @pytest.fixture(autouse=True)
    def _quick_and_quiet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
        monkeypatch.setattr(log_setup, "set_up", lambda *_: None)  # pytest's own logging stays

    @pytest.fixture
    def live(self, tmp_path: Path) -> Iterator[tuple[SimulatedPortal, ServerSettings]]:
        """A portal on the machine's clock, as the command has it."""
        with SimulatedPortal() as portal:
            account = Account(OWNER, Secret("demo"), portal.login_url, ("127.0.0.1",))
            one = AccountSettings(account, portal="semsplus", state_dir=tmp_path, requests_per_minute=10_000)
            yield portal, ServerSettings((one,))

    def test_it_writes_a_file_that_can_be_replayed(
        self, live: tuple[SimulatedPortal, ServerSettings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, settings = live
        path = tmp_path / "dump.json"

        code = dump_command(settings, str(path))

        said = capsys.readouterr().out
        assert code == 0
        assert re.fullmatch(rf"\d\d answers are written to {re.escape(str(path))}; look through it .*\n", said)
        assert "Sunny Home" not in path.read_text("utf-8")
        with SimulatedPortal.replaying(path) as portal:
            account = Account("any@example.org", Secret("any"), portal.login_url, ("127.0.0.1",))
            again = AccountSettings(
                account, portal="semsplus", state_dir=tmp_path / "again", requests_per_minute=10_000
            )
            assert check.check(ServerSettings((again,)), release_brake=False) == 0
        assert "  inverter SN-0" in capsys.readouterr().out

    def test_account_and_password_are_in_no_text_of_it(self) -> None:
        """Should the portal repeat them, in whatever spelling."""
        masks = Masks()
        masks.learn("13812345678")
        masks.learn_password("correct-horse")
        told = {"deviceType": "correct-horse", "status": "esroh-tcerroc", "count": 13812345678, "correct-horse": 1}
        exchanges = [(HttpRequest("info", "GET", "https://x/sems-plant/api"), Heard(200, json.dumps(told).encode()))]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dump_file, "MASKS", masks)
            content = written(dump(exchanges, "semsplus", SharedClock().now()))

        assert not [word for word in ("13812345678", "correct-horse", "esroh-tcerroc") if word in content]
        assert MASK in content

    def test_the_file_is_its_owners_alone_and_a_link_is_not_written_through(
        self, live: tuple[SimulatedPortal, ServerSettings], tmp_path: Path
    ) -> None:
        theirs, path = tmp_path / "theirs", tmp_path / "dump.json"
        theirs.write_text("theirs")
        path.symlink_to(theirs)

        assert dump_command(live[1], str(path)) == 0

        assert (theirs.read_text(), path.is_symlink()) == ("theirs", False)
        assert path.stat().st_mode & 0o777 == 0o600
        assert [found.name for found in tmp_path.iterdir() if found.suffix == ".new"] == []

    @pytest.mark.parametrize("output", ["missing/dump.json", ".", ""])
    def test_nothing_is_asked_where_nothing_can_be_written(
        self, live: tuple[SimulatedPortal, ServerSettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
    ) -> None:
        portal, settings = live
        monkeypatch.chdir(tmp_path)

        with pytest.raises(errors.StartError, match=r"^output: .*cannot be written: "):
            dump_command(settings, output)

        assert len(portal.requests) == 0

    def test_a_dash_is_standard_output(
        self, live: tuple[SimulatedPortal, ServerSettings], capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = dump_command(live[1], "-")

        content = json.loads(capsys.readouterr().out)
        assert code == 0
        assert (content["format"], content["dialect"]) == ("sems-exporter-dump", "semsplus")

    def test_nothing_is_written_where_nothing_was_answered(
        self, live: tuple[SimulatedPortal, ServerSettings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        portal, settings = live
        portal.mutate("login", lambda envelope, _: envelope | {"code": "100005", "data": None})

        code = dump_command(settings, str(tmp_path / "dump.json"))

        said = capsys.readouterr()
        assert code == 1
        assert said.err.startswith("nothing to write: ")
        assert "100005" in said.err
        assert said.out == ""
        assert not (tmp_path / "dump.json").exists()

    def test_a_place_that_cannot_be_written_is_named(
        self, live: tuple[SimulatedPortal, ServerSettings], tmp_path: Path
    ) -> None:
        with pytest.raises(errors.StartError, match=r"output: .*missing.* cannot be written: No such file"):
            dump_command(live[1], str(tmp_path / "missing" / "dump.json"))
