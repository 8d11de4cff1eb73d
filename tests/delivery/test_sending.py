"""Sending: what arrives at a real FTP server and at a WebDAV server, under which names, and what is made of trouble."""

import itertools
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sems_exporter.config.deliveries import DeliverySettings, load_deliveries
from sems_exporter.delivery.contents import Kind
from sems_exporter.delivery.failures import DeliveryFailed
from sems_exporter.delivery.schedule import Schedule
from sems_exporter.delivery.sending import Sender, way_to
from sems_exporter.telemetry.delivery_metrics import Reason
from tests.delivery.servers import PASSWORD, USER, DavServer, FtpServer, dav_server, ftp_server
from tests.delivery.stations import Known, known
from tests.homes import home
from tests.ports import unserved
from tests.web.certificates import Certificates

FILES = {"data.json": b"{}", "index.html": b"<p>Sunny Home</p>" * 1000}


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD)
    return path


@pytest.fixture
def web_space(tmp_path: Path) -> Path:
    folder = tmp_path / "space" / "htdocs"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def ftp(web_space: Path) -> Iterator[FtpServer]:
    with ftp_server(web_space.parent) as server:
        yield server


@pytest.fixture
def dav() -> Iterator[DavServer]:
    with dav_server() as server:
        yield server


def target(url: str, password: Path, send: str = "page", **more: object) -> DeliverySettings:
    [found] = load_deliveries(
        [{"url": url, "send": send, "username": USER, "password_file": str(password), **more}],
    )
    return found


def failure(settings: DeliverySettings) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        way_to(settings)(FILES)
    return failed.value


@contextmanager
def saying(pieces: Iterable[bytes]) -> Iterator[int]:
    """A server that greets with these bytes until nobody listens any more."""

    def greet() -> None:
        with suppress(OSError), server.accept()[0] as connection:
            for piece in pieces:
                connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=greet)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


class TestFtp:
    """A real server."""

    @pytest.fixture
    def url(self, ftp: FtpServer) -> str:
        return f"ftp://127.0.0.1:{ftp.port}/htdocs/"

    def test_files_arrive_whole_under_another_name_first(
        self, ftp: FtpServer, url: str, web_space: Path, password: Path
    ) -> None:
        size = way_to(target(url, password))(FILES)

        assert {path.name: path.read_bytes() for path in web_space.iterdir()} == FILES
        assert size == sum(map(len, FILES.values()))
        order = [line.partition(str(web_space))[0] for line in ftp.commands if line[:4] in ("STOR", "RNFR", "RNTO")]
        assert len(order) == 6
        stored = [line for line in ftp.commands if line.startswith("STOR")]
        assert all(line.endswith(".part") for line in stored)

    def test_what_is_there_is_replaced(self, url: str, web_space: Path, password: Path) -> None:
        (web_space / "index.html").write_text("old")

        for _ in range(2):
            way_to(target(url, password))(FILES)

        assert {path.name for path in web_space.iterdir()} == FILES.keys()
        assert (web_space / "index.html").read_bytes() == FILES["index.html"]

    def test_a_server_that_puts_nothing_in_the_place_of_a_file_is_got_along_with(
        self, ftp: FtpServer, url: str, web_space: Path, password: Path
    ) -> None:
        (web_space / "index.html").write_text("old")
        ftp.refuse_once("RNTO", "553 File exists.")

        way_to(target(url, password))(FILES)

        assert (web_space / "index.html").read_bytes() == FILES["index.html"]

    def test_what_is_there_stays_where_renaming_is_not_allowed(
        self, ftp: FtpServer, url: str, web_space: Path, password: Path
    ) -> None:
        (web_space / "data.json").write_text("old")
        ftp.refusals["RNTO"] = "550 Permission denied."

        failed = failure(target(url, password))

        assert failed.reason is Reason.DENIED
        assert (web_space / "data.json").read_text() == "old"

    def test_in_place_renames_nothing(self, ftp: FtpServer, url: str, web_space: Path, password: Path) -> None:
        way_to(target(url, password, in_place=True))(FILES)

        assert {path.name for path in web_space.iterdir()} == FILES.keys()
        assert not any(line.startswith("RN") for line in ftp.commands)

    @pytest.mark.parametrize(
        "command, answer, reason",
        [
            ("PASS", "530 Login incorrect.", Reason.LOGIN),
            ("CWD", "550 No such directory.", Reason.MISSING),
            ("STOR", "552 Quota exceeded.", Reason.FULL),
            ("STOR", "452 Insufficient storage.", Reason.FULL),
            ("STOR", "553 Not allowed.", Reason.DENIED),
            ("STOR", "421 Too many users.", Reason.REFUSED),
        ],
    )
    def test_a_refusal_has_its_reason_and_harms_no_file(
        self, *, ftp: FtpServer, url: str, web_space: Path, password: Path, command: str, answer: str, reason: Reason
    ) -> None:
        (web_space / "index.html").write_text("old")
        ftp.refusals[command] = answer

        failed = failure(target(url, password))

        assert failed.reason is reason
        assert answer in str(failed)
        assert (web_space / "index.html").read_text() == "old"

    def test_half_a_file_never_takes_the_place_of_a_whole_one(
        self, ftp: FtpServer, url: str, web_space: Path, password: Path
    ) -> None:
        """In plain FTP a connection that breaks off is how a file ends."""
        (web_space / "index.html").write_text("old")
        ftp.keeps = 100

        failed = failure(target(url, password))

        assert (failed.reason, str(failed)) == (Reason.BROKEN, "100 of 17000 bytes of index.html arrived")
        assert (web_space / "index.html").read_text() == "old"

    def test_a_wrong_password_is_not_repeated(self, url: str, tmp_path: Path) -> None:
        wrong = tmp_path / "wrong"
        wrong.write_text("incorrect horse")

        failed = failure(target(url, wrong))

        assert failed.reason is Reason.LOGIN
        assert "horse" not in str(failed)

    def test_a_password_that_was_changed_needs_no_restart(self, url: str, tmp_path: Path) -> None:
        path = tmp_path / "changing"
        path.write_text("old password")
        send = way_to(target(url, path))

        path.write_text(PASSWORD)

        assert send(FILES) > 0

    def test_a_server_that_makes_no_sense_is_broken_and_no_fault_of_ours(
        self, ftp: FtpServer, url: str, password: Path
    ) -> None:
        ftp.refusals["SIZE"] = "213 lots"

        assert failure(target(url, password)).reason is Reason.BROKEN

    def test_a_server_may_speak_any_language(self, password: Path) -> None:
        with saying([b"530 geschlossen f\xfcr heute\r\n"]) as port:
            failed = failure(target(f"ftp://127.0.0.1:{port}/htdocs/", password))

        assert failed.reason is Reason.LOGIN
        assert "geschlossen" in str(failed)

    def test_a_server_that_never_comes_to_the_point_is_left_when_the_time_is_over(
        self, password: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seconds = itertools.count()
        monkeypatch.setattr("sems_exporter.delivery.ftp.time.monotonic", lambda: next(seconds))

        with saying(itertools.repeat(b"220-" + b"x" * 4092)) as port:
            failed = failure(target(f"ftp://127.0.0.1:{port}/htdocs/", password, timeout="5s"))

        assert failed.reason is Reason.TIMEOUT

    def test_nobody_is_there(self, password: Path) -> None:
        with unserved() as port:
            assert failure(target(f"ftp://127.0.0.1:{port}/htdocs/", password)).reason is Reason.UNREACHABLE

    def test_a_server_without_tls_gets_no_password(self, ftp: FtpServer, password: Path) -> None:
        failed = failure(target(f"ftps://127.0.0.1:{ftp.port}/htdocs/", password))

        assert failed.reason is Reason.CERTIFICATE
        assert not any(line.startswith(("USER", "PASS")) for line in ftp.commands)


class TestWithTls:
    """With a certificate of an authority of the test's own."""

    @pytest.fixture(scope="class")
    @classmethod
    def certificates(cls, tmp_path_factory: pytest.TempPathFactory) -> Certificates:
        folder = tmp_path_factory.mktemp("certificates")
        certificates = Certificates(folder)
        (folder / "both.pem").write_bytes((folder / "server.key").read_bytes() + (folder / "server.pem").read_bytes())
        return certificates

    @pytest.fixture
    def secure(self, certificates: Certificates, web_space: Path) -> Iterator[FtpServer]:
        with ftp_server(web_space.parent, certificates.folder / "both.pem") as server:
            yield server

    def test_control_and_data_are_encrypted(
        self, secure: FtpServer, certificates: Certificates, web_space: Path, password: Path
    ) -> None:
        trusted = {"ca_file": str(certificates.folder / "ca.pem")}

        way_to(target(f"ftps://localhost:{secure.port}/htdocs/", password, tls_config=trusted))(FILES)

        assert {path.name: path.read_bytes() for path in web_space.iterdir()} == FILES
        assert secure.commands.index("AUTH TLS") < secure.commands.index("PASS")
        assert "PROT P" in secure.commands

    def test_a_certificate_that_nobody_vouches_for_gets_no_password(self, secure: FtpServer, password: Path) -> None:
        failed = failure(target(f"ftps://localhost:{secure.port}/htdocs/", password))

        assert failed.reason is Reason.CERTIFICATE
        assert "PASS" not in secure.commands

    @pytest.mark.parametrize("trusted", [True, False])
    def test_http_is_told_the_password_only_behind_a_certificate_that_is_vouched_for(
        self, certificates: Certificates, password: Path, *, trusted: bool
    ) -> None:
        authorities = {"ca_file": str(certificates.folder / "ca.pem")} if trusted else {}
        with dav_server(certificates.folder / "both.pem") as server:
            settings = target(f"https://localhost:{server.port}/solar/", password, tls_config=authorities)
            outcome = way_to(settings)(FILES) if trusted else failure(settings).reason

        assert outcome == (sum(map(len, FILES.values())) if trusted else Reason.CERTIFICATE)
        assert bool(server.requests) is trusted


class TestWebDav:
    """PUT and MOVE."""

    @pytest.fixture
    def url(self, dav: DavServer) -> str:
        return f"http://127.0.0.1:{dav.port}/solar/"

    def test_files_arrive_under_another_name_first(self, dav: DavServer, url: str, password: Path) -> None:
        way_to(target(url, password))(FILES)

        assert dav.files == {f"/solar/{name}": content for name, content in FILES.items()}
        assert [(method, path) for method, path, _ in dav.requests] == [
            ("PUT", "/solar/data.json.part"),
            ("MOVE", "/solar/data.json.part"),
            ("PUT", "/solar/index.html.part"),
            ("MOVE", "/solar/index.html.part"),
        ]
        assert {headers["Authorization"] for _, _, headers in dav.requests} == {
            "Basic c29sYXI6Y29ycmVjdCBob3JzZSBiYXR0ZXJ5"
        }
        assert dav.requests[-1][2]["Overwrite"] == "T"

    @pytest.mark.parametrize(
        "method, status, reason",
        [
            ("PUT", 401, Reason.LOGIN),
            ("PUT", 403, Reason.DENIED),
            ("PUT", 409, Reason.MISSING),
            ("PUT", 507, Reason.FULL),
            ("PUT", 302, Reason.REFUSED),
            ("MOVE", 405, Reason.REFUSED),
        ],
    )
    def test_a_refusal_has_its_reason_and_harms_no_file(
        self, *, dav: DavServer, url: str, password: Path, method: str, status: int, reason: Reason
    ) -> None:
        dav.files["/solar/data.json"] = b"old"
        dav.answers[method] = status

        failed = failure(target(url, password))

        assert failed.reason is reason
        assert f"{method} was answered with status {status}" in str(failed)
        assert dav.files["/solar/data.json"] == b"old"


class TestPatience:
    """When it is tried, and what is said of it."""

    @pytest.fixture
    def exporter(self) -> Known:
        return known(home())

    @pytest.fixture
    def sender(self, exporter: Known, dav: DavServer, password: Path) -> Callable[[], int]:
        """Look once whether it is time; returns how many requests there were by then."""
        settings = target(f"http://127.0.0.1:{dav.port}/sems.json", password, send="json", in_place=True, name="web")
        counted = exporter.metrics.of_deliveries(["web"])
        schedule = Schedule(lambda: exporter.clock.now().timestamp() // 300, lambda: None, exporter.clock)
        one = Sender(settings, exporter.contents(), counted, schedule, exporter.clock)

        def attend() -> int:
            one.attend()
            return len(dav.requests)

        return attend

    def test_after_each_refresh_it_sends_what_is_known_then(
        self, exporter: Known, dav: DavServer, sender: Callable[[], int]
    ) -> None:
        counts = []
        for _ in range(4):
            counts.append(sender())
            exporter.clock.advance(150)

        assert counts == [1, 1, 2, 2]
        assert dav.files["/sems.json"] == exporter.contents().of(Kind.JSON)[""].replace(b"T10:10:00", b"T10:05:00")

    def test_a_server_in_trouble_is_tried_ever_later_told_once_and_then_gets_the_newest(
        self, exporter: Known, dav: DavServer, sender: Callable[[], int], caplog: pytest.LogCaptureFixture
    ) -> None:
        dav.answers["PUT"] = 507
        at = []
        with caplog.at_level(logging.INFO):
            for second in range(0, 3600, 10):
                before = len(dav.requests)
                at += [second] if sender() > before else []
                exporter.clock.advance(10)
            dav.answers.clear()
            exporter.clock.advance(900)
            sender()

        assert at == [0, 30, 90, 210, 450, 930, 1830, 2730]
        assert [record.getMessage() for record in caplog.records] == [
            "a delivery fails; it is tried again, and this is not repeated",
            "a delivery works again",
        ]
        assert exporter.value("sems_delivery_failures_total", target="web", reason="full") == 8
        assert exporter.value("sems_delivery_attempts_total", target="web") == 9
        newest = exporter.clock.now()
        assert newest.isoformat(timespec="seconds").encode() in dav.files["/sems.json"]
        assert exporter.value("sems_delivery_last_success_timestamp_seconds", target="web") == newest.timestamp()
