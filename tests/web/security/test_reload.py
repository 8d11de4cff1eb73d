"""The web configuration file while the exporter runs."""

import asyncio
import logging
import os
import threading
from pathlib import Path

import pytest

from sems_exporter.errors import SettingError
from sems_exporter.web.security import reload
from sems_exporter.web.security.reload import WebConfigFile
from sems_exporter.web.security.web_config import WebConfig, load
from tests.homes import home
from tests.serving import PATIENCE, Site, served
from tests.web.certificates import HASH, Certificates
from tests.web.security.test_auth import ALICE

SECURED = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
USERS = f"basic_auth_users:\n  alice: {HASH}\n"


class Told:
    """What the metrics are told."""

    def __init__(self) -> None:
        self.good: list[bool] = []

    def __call__(self, *, good: bool) -> None:
        self.good.append(good)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.fixture
def told() -> Told:
    return Told()


def test_without_a_file_everybody_may_ask_in_the_clear(told: Told) -> None:
    config = WebConfigFile(None, told)

    assert (config.current.tls, config.current.basic_auth.asks, config.renew()) == (None, False, False)


def test_a_bad_file_ends_the_start(certificates: Certificates, told: Told) -> None:
    with pytest.raises(SettingError, match="tls_server_config"):
        WebConfigFile(certificates.config("tls_server_config: 1"), told)


def test_what_has_not_changed_is_not_read(certificates: Certificates, told: Told) -> None:
    config = WebConfigFile(certificates.config(USERS), told)
    before = config.current

    assert not config.renew()
    assert config.current is before


def test_a_change_counts_at_once(certificates: Certificates, told: Told) -> None:
    config = WebConfigFile(certificates.config(""), told)
    certificates.config(USERS)

    assert config.renew()
    assert config.current.basic_auth.asks
    assert (told.good, config.renew()) == ([True], False)


def test_a_change_that_comes_while_the_file_is_read_is_not_missed(
    certificates: Certificates, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = WebConfigFile(certificates.config(""), told)
    certificates.config("# a remark\n")

    def load_late(path: Path) -> WebConfig:
        found = load(path)
        certificates.config(USERS)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(reload, "load", load_late)
        config.renew()

    assert config.renew()
    assert config.current.basic_auth.asks


def test_a_new_certificate_is_a_change(certificates: Certificates, told: Told) -> None:
    config = WebConfigFile(certificates.config(SECURED), told)
    before = config.current.tls
    certificates.renew(certificates.authority.issue_cert("localhost"))

    assert config.renew()
    assert config.current.tls is not before


@pytest.mark.parametrize(
    "text, named",
    [
        ("basic_auth_users: {alice: secretsecret}", "basic_auth_users.alice"),
        ("", "tls_server_config: TLS is switched on and off only by a restart"),
        (SECURED.replace("server.pem", "absent.pem"), "tls_server_config.cert_file"),
        (SECURED.replace("server.pem", '"server.pem\\0"'), "web.yml: is not valid YAML, line 1, column 32"),
        ("basic_auth_users: {alice: !!bool maybe}", "web.yml: is not valid YAML, line 1, column 27"),
        ("x" * 300_000, "web.yml: cannot be read: it has more than 262144 bytes"),
        (SECURED, "basic_auth_users: nobody would be asked any more"),
        (SECURED + "basic_auth_users: {}", "basic_auth_users: nobody would be asked any more"),
    ],
)
def test_a_broken_change_leaves_all_as_it_was(
    certificates: Certificates, told: Told, caplog: pytest.LogCaptureFixture, text: str, named: str
) -> None:
    """It is told once, and no secret with it."""
    config = WebConfigFile(certificates.config(SECURED + USERS), told)
    before = config.current
    certificates.config(text)

    renewed = [config.renew() for _ in range(3)]

    assert (renewed, config.current is before, told.good) == ([False] * 3, True, [False])
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert named in vars(record)["reason"]
    assert "secretsecret" not in vars(record)["reason"]


def test_what_was_missing_is_taken_over_when_it_comes(certificates: Certificates, told: Told) -> None:
    """A file that names a certificate which is written a moment later."""
    config = WebConfigFile(certificates.config(SECURED), told)
    certificates.config(SECURED.replace("server.pem", "new.pem"))
    before = config.renew()

    (certificates.folder / "server.pem").rename(certificates.folder / "new.pem")
    after = config.renew()

    assert (before, after, told.good) == (False, True, [False, True])


def test_a_file_that_goes_away_changes_nothing(certificates: Certificates, told: Told) -> None:
    config = WebConfigFile(certificates.config(USERS), told)
    (certificates.folder / "web.yml").unlink()

    assert not config.renew()
    assert config.current.basic_auth.asks


@pytest.mark.usefixtures("parser")
def test_the_server_asks_for_a_password_from_the_moment_the_file_does(certificates: Certificates) -> None:
    """Also on connections that are open, and for requests that it knows by heart."""
    site = Site(home(), web_config=certificates.config(""))
    with served(site.application) as web:
        before = [web.get("/metrics")[0] for _ in range(3)]
        certificates.config(USERS)
        statuses = {200}
        for _ in range(round(PATIENCE * 1000)):
            if 401 in statuses:
                break
            statuses.add(web.get("/metrics")[0])
        allowed = web.get("/metrics", Authorization=ALICE)
        certificates.config("broken: [")
        for _ in range(round(PATIENCE * 1000)):
            if site.metrics.registry.get_sample_value("sems_web_config_last_reload_success") == 0.0:
                break
            assert web.get("/-/healthy")[0] == 200
        still = web.get("/metrics", Authorization=ALICE)[0]

    assert (before, statuses, allowed[0], still) == ([200] * 3, {200, 401}, 200, 200)
    assert b"\nsems_web_config_last_reload_success 1.0\n" in allowed[2]
    assert site.metrics.registry.get_sample_value("sems_web_config_reload_failures_total") == 1.0


def test_a_renewed_certificate_costs_nobody_a_new_check(certificates: Certificates, told: Told) -> None:
    """Else a flood of guesses would lock everybody out at each renewal."""
    config = WebConfigFile(certificates.config(SECURED + USERS), told)
    asyncio.run(config.current.basic_auth.admits(ALICE.encode(), "here"))
    certificates.renew(certificates.authority.issue_cert("localhost"))

    assert config.renew()
    assert config.current.basic_auth.known(ALICE.encode()) is True


def test_who_had_to_show_a_certificate_has_to_until_a_restart(certificates: Certificates, told: Told) -> None:
    """A file that is written in place is cut off somewhere for a moment, and on a full disk for longer."""
    whole = (
        "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"
        "  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n"
    )
    config = WebConfigFile(certificates.config(whole), told)
    certificates.config(whole.partition("  client_ca_file")[0])

    assert (config.renew(), told.good) == (False, [False])


@pytest.mark.parametrize("text", ["", "{}", "basic_auth_users: {}", "# nothing\n"])
def test_an_emptied_file_lets_nobody_in(
    certificates: Certificates, told: Told, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    config = WebConfigFile(certificates.config(USERS), told)
    certificates.config(text)

    renewed = [config.renew() for _ in range(3)]

    assert (renewed, told.good, config.current.basic_auth.asks) == ([False] * 3, [False], True)
    assert [vars(record).get("reason", "").split(": ")[1] for record in caplog.records] == ["basic_auth_users"]


@pytest.mark.parametrize("text, warned", [("", True), ("{}", True), ("basic_auth_users: {}", True), (USERS, False)])
def test_a_file_that_configures_nothing_is_told_at_the_start(
    certificates: Certificates, told: Told, caplog: pytest.LogCaptureFixture, text: str, warned: bool
) -> None:
    WebConfigFile(certificates.config(text), told)

    assert ["configures nothing" in record.getMessage() for record in caplog.records] == [True] * warned


def test_what_nobody_has_thought_of_changes_nothing_either(
    certificates: Certificates, told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = WebConfigFile(certificates.config(USERS), told)
    before = config.current
    certificates.config("# a remark\n" + USERS)

    def faulty(_: Path) -> WebConfig:
        raise KeyError("maybe")

    monkeypatch.setattr(reload, "load", faulty)

    assert (config.renew(), config.renew(), told.good, config.current is before) == (False, False, [False], True)
    assert [record.levelname for record in caplog.records].count("ERROR") >= 1


def test_a_file_that_has_not_changed_is_read_for_whoever_asks(certificates: Certificates, told: Told) -> None:
    config = WebConfigFile(certificates.config(USERS), told)

    assert (config.renew(), config.renew(anyway=True), told.good) == (False, True, [True])


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("make", ["fifo", "folder", "large"])
def test_the_server_lives_whatever_stands_in_the_place_of_the_file(certificates: Certificates, make: str) -> None:
    site = Site(home(), web_config=certificates.config(USERS))
    thing = certificates.folder / make
    if make == "fifo":
        os.mkfifo(thing)
    elif make == "folder":
        thing.mkdir()
    else:
        thing.write_text("a: b\n" * 100_000)
    with served(site.application) as web:
        # At once, so that no look finds nothing in between.
        (certificates.folder / "link").symlink_to(thing)
        (certificates.folder / "link").replace(certificates.folder / "web.yml")
        failures = "sems_web_config_reload_failures_total"
        for _ in range(round(PATIENCE * 1000)):
            healthy = web.get("/-/healthy")[0]
            if site.metrics.registry.get_sample_value(failures) == 1.0:
                break
        anonymous = web.get("/metrics")[0]

    assert (healthy, anonymous) == (200, 401)
    assert site.metrics.registry.get_sample_value(failures) == 1.0


@pytest.mark.usefixtures("parser")
def test_the_server_does_not_wait_for_a_drive_that_does_not_answer(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answer = threading.Event(), threading.Event()

    def hanging(_: object) -> None:
        asked.set()
        assert answer.wait(PATIENCE)

    site = Site(home(), web_config=certificates.config(USERS))
    with served(site.application) as web:
        monkeypatch.setattr(reload, "file_version", hanging)
        assert asked.wait(PATIENCE)
        scraped = [web.get("/metrics", Authorization=ALICE)[0] for _ in range(3)]
    answer.set()

    assert scraped == [200] * 3
