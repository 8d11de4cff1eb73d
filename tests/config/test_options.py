"""Settings by flag, variable and file: what is allowed, what wins, and what is said about mistakes."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.cli import commands, serve
from sems_exporter.config import options as declared
from sems_exporter.config.options import SETTINGS
from sems_exporter.config.settings import AccountSettings, ServerSettings, login_url
from sems_exporter.config.types import Duration
from sems_exporter.telemetry.redaction import Secret

PASSWORD = "correct horse battery"

Ended = tuple[int, str, ServerSettings | None]
Program = Callable[..., Ended]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Program:
    """Run the command line with these arguments and variables: exit code, what it said, and the settings it took."""
    taken: list[ServerSettings] = []
    monkeypatch.setattr(serve, "serve", taken.append)

    def run(*args: str, file: str | None = None, account: bool = True, **variables: str) -> Ended:
        if account:
            variables = {"SEMS_ACCOUNT": "me@example.com", "SEMS_PASSWORD": PASSWORD, **variables}
        if file is not None:
            path = tmp_path / "sems.yml"
            path.write_text(file, "utf-8")
            variables["SEMS_CONFIG_FILE"] = str(path)
        for name, text in variables.items():
            monkeypatch.setenv(name, text)
        with pytest.raises(SystemExit) as ended:
            commands.main(list(args))
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.out + said.err, taken[-1] if taken else None

    return run


def taken(ended: Ended) -> ServerSettings:
    code, said, found = ended
    assert (code, said) == (0, "")
    assert found is not None
    return found


def only(ended: Ended) -> AccountSettings:
    """The only account of the settings that were taken."""
    [one] = taken(ended).accounts
    return one


WRONG = [
    ("interval", "--interval", "30"),
    ("interval", "--interval", "59.9"),
    ("interval", "--interval", "2h"),
    ("interval", "--interval", "abc"),
    ("interval", "--interval", "-300"),
    ("interval", "--interval", "5 minutes"),
    ("data_max_age", "--data-max-age", "5"),
    ("snapshot_max_age", "--snapshot-max-age", "30d"),
    ("requests_per_minute", "--requests-per-minute", "0"),
    ("requests_per_minute", "--requests-per-minute", "many"),
    ("login_url", "--login-url", "http://portal.example.com/login"),
    ("login_url", "--login-url", "ftp://portal.example.com/login"),
    ("login_url", "--login-url", "portal.example.com"),
    ("login_url", "--login-url", "https://user:pw@portal.example.com/login"),
    ("login_url", "--login-url", "https://[::1/login"),
    ("web_listen_address", "--web.listen-address", "10736"),
    ("web_listen_address", "--web.listen-address", "localhost"),
    ("web_listen_address", "--web.listen-address", ":99999"),
    ("web_listen_address", "--web.listen-address", "::1:80"),
    ("web_listen_address", "--web.listen-address", "http://localhost:80"),
    ("web_telemetry_path", "--web.telemetry-path", "/"),
    ("web_telemetry_path", "--web.telemetry-path", "metrics"),
    ("web_telemetry_path", "--web.telemetry-path", "/-/healthy"),
    ("web_telemetry_path", "--web.telemetry-path", "/sd"),
    ("web_telemetry_path", "--web.telemetry-path", "/api/v1/stations"),
    ("web_telemetry_path", "--web.telemetry-path", "/icon.svg"),
    ("allowed_hosts", "--allowed-hosts", "https://data.example.com"),
    ("allowed_hosts", "--allowed-hosts", "data.example.com/web"),
    ("allowed_hosts", "--allowed-hosts", "data.example.com,*.example.com"),
    ("web_external_url", "--web.external-url", "sems.example.com"),
    ("web_external_url", "--web.external-url", "ftp://sems.example.com"),
    ("web_external_url", "--web.external-url", "https://user:pw@sems.example.com"),
    ("web_external_url", "--web.external-url", "https://sems.example.com/solar?station=1"),
    ("log_level", "--log.level", "loud"),
    ("log_format", "--log.format", "xml"),
    ("textfile", "--textfile", "/srv/sems.txt"),
]


@pytest.mark.parametrize("other", ["article_file", "portal_file", "SEMS_CONFIG_FILE"])
def test_a_file_is_not_written_over_another_one(program: Program, tmp_path: Path, other: str) -> None:
    file = tmp_path / "link" / "x.json"
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "x.json").write_text("")

    code, said, found = program(f"--json-file={tmp_path / 'real' / 'x.json'}", **{_variable(other): str(file)})

    assert (code, found) == (2, None)
    assert "would be written over" in said


def _variable(key: str) -> str:
    return key if key.isupper() else f"SEMS_{key.upper()}"


@pytest.mark.parametrize(
    "given, found",
    [
        ("https://sems.example.com", "https://sems.example.com"),
        ("http://[::1]:10736/solar/", "http://[::1]:10736/solar"),
    ],
)
def test_an_external_url_is_taken_without_its_last_slash(program: Program, given: str, found: str) -> None:
    assert taken(program(f"--web.external-url={given}")).external_url == found


@pytest.mark.parametrize("key, flag, value", WRONG)
class TestWrong:
    """Exit code 2, and a line with the key and what is allowed, wherever the mistake was made."""

    def check(self, ended: Ended, key: str) -> None:
        code, said, found = ended
        assert code == 2
        assert said.startswith(f"sems-exporter: {key}: ")
        assert f"SEMS_{key.upper()}" in said
        assert said.count("\n") == 1
        assert "Traceback" not in said
        assert PASSWORD not in said
        assert found is None

    def test_by_flag(self, program: Program, key: str, flag: str, value: str) -> None:
        self.check(program("serve", f"{flag}={value}"), key)

    def test_by_variable(self, program: Program, key: str, flag: str, value: str) -> None:
        assert flag.startswith("--")
        self.check(program(**{f"SEMS_{key.upper()}": value}), key)

    def test_in_the_file(self, program: Program, key: str, flag: str, value: str) -> None:
        assert flag.startswith("--")
        self.check(program(file=f"{key}: {value!r}\n"), key)


@pytest.mark.parametrize(
    "key, value, allowed",
    [
        ("interval", "30", "60 s and 3600 s"),
        ("interval", "abc", "5m or 1h30m"),
        ("login_url", "http://portal.example.com/x", "https://"),
        ("web_listen_address", "80", "host:port"),
        ("log_level", "loud", "debug"),
        ("log_format", "xml", "logfmt"),
        ("requests_per_minute", "0", "5<=x<=120"),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(program: Program, key: str, value: str, allowed: str) -> None:
    assert allowed in program(**{f"SEMS_{key.upper()}": value})[1]


class TestFile:
    """Mistakes that only the file can hold."""

    @pytest.mark.parametrize(
        "text, expected",
        [
            ("intervall: 300\n", "intervall: no such setting in "),
            ("1: 2\n", "1: no such setting"),
            ("interval:\n", "interval: needs a value"),
            ("interval: {seconds: 5}\n", "interval: takes one value, not a mapping"),
            ("interval: [300]\n", "interval: takes one value"),
            ("account: [me@example.com]\n", "account: takes one value"),
            ("stations: [{id: 1}]\n", "stations: "),
            ("interval: true\n", "interval: "),
            ("password: 123\n", "password: write it in quotes"),
            ("password: yes\n", "password: write it in quotes"),
            ("password:\n", "password: needs a value"),
            ("- interval\n", "config.file: "),
            ("just text\n", "config.file: "),
            ("account: me\ninterval: [1, 2\nx: 3\n", "config.file: "),
            ("a: b: c\n", "config.file: "),
            ("!!python/object:os.system {}\n", "config.file: "),
            ("a: *nowhere\n", "config.file: "),
        ],
    )
    def test_a_mistake_is_named(self, program: Program, text: str, expected: str) -> None:
        code, said, found = program(file=text)

        assert (code, found) == (2, None)
        assert said.startswith(f"sems-exporter: {expected}")
        assert said.count("\n") == 1

    def test_malformed_yaml_is_told_with_its_line(self, program: Program) -> None:
        said = program(file="account: me@example.com\ninterval: 300\nlog_level: 'info\n")[1]

        assert "sems.yml, line 4" in said or "sems.yml, line 3" in said
        assert "not valid YAML" in said

    def test_a_key_given_twice_is_named(self, program: Program) -> None:
        """The first of two lists of accounts would otherwise never be read."""
        code, said, _ = program(file="interval: 5m\nlog_level: info\ninterval: 6m\n")

        assert (code, said.startswith("sems-exporter: interval: is given twice in ")) == (2, True)

    def test_keys_can_be_merged_from_elsewhere(self, program: Program) -> None:
        file = """
accounts:
  - &first {name: a, account: a@example.com, password: "opensesame", region: eu}
  - {<<: *first, name: b, account: b@example.com}
"""
        found = taken(program(file=file, account=False))

        assert [(one.name, one.account.region) for one in found.accounts] == [("a", "eu"), ("b", "eu")]

    def test_yaml_that_is_nested_without_end_is_told(self, program: Program) -> None:
        code, said, _ = program(file="[" * 3000)

        assert (code, "is not valid YAML" in said) == (2, True)

    def test_malformed_yaml_does_not_show_what_stands_there(self, program: Program) -> None:
        """It may be the password."""
        said = program(file="password: 'hunter2\n")[1]

        assert "hunter2" not in said

    def test_a_misspelt_key_is_told_with_the_one_that_is_meant(self, program: Program) -> None:
        assert program(file="intervall: 300\n")[1].endswith("; is interval meant?\n")

    def test_an_unknown_key_is_told_with_those_there_are(self, program: Program) -> None:
        said = program(file="colour: blue\n")[1]

        assert all(setting.key in said for setting in SETTINGS)

    def test_what_only_the_file_can_hold_is_checked_too(self, program: Program) -> None:
        code, said, _ = program("serve", file="deliveries: [{url: 'ftps://web.example.com/x', send: csv}]")

        assert (code, said) == (
            2,
            "sems-exporter: deliveries[0].send: has to be one of textfile, json, article, page\n",
        )

    @pytest.mark.parametrize("make", ["nowhere", "folder", "binary"])
    def test_a_file_that_cannot_be_read_is_named(self, program: Program, tmp_path: Path, make: str) -> None:
        path = tmp_path / make
        if make == "folder":
            path.mkdir()
        if make == "binary":
            path.write_bytes(b"\xff\x00\xfe" * 10)

        code, said, _ = program("serve", f"--config.file={path}")

        assert code == 2
        assert said.startswith(f"sems-exporter: config.file: {path}")

    def test_an_empty_file_sets_nothing(self, program: Program) -> None:
        assert only(program(file="# nothing yet\n")).interval == 300.0


class TestSecrets:
    """Account and password: where they come from, and that they never show."""

    def test_without_an_account_the_way_on_is_told(self, program: Program) -> None:
        code, said, _ = program(account=False)

        assert (code, said.startswith("sems-exporter: account: missing")) == (2, True)
        assert "SEMS_ACCOUNT" in said
        assert "sems-exporter demo" in said

    def test_without_a_password_the_way_on_is_told(self, program: Program) -> None:
        code, said, _ = program(account=False, SEMS_ACCOUNT="me@example.com")

        assert (code, said.startswith("sems-exporter: password: missing")) == (2, True)
        assert "SEMS_PASSWORD_FILE" in said

    def test_a_misspelt_variable_explains_why_the_password_is_missing(self, program: Program) -> None:
        code, said, _ = program(account=False, SEMS_ACCOUNT="me@example.com", SEMS_PASWORD=PASSWORD)

        assert (code, PASSWORD in said) == (2, False)
        assert "SEMS_PASWORD is no setting; is SEMS_PASSWORD meant?" in said

    @pytest.mark.parametrize(
        "content, expected", [(None, "cannot be read"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff", "not UTF-8")]
    )
    def test_a_password_file_without_a_password_is_named(
        self, program: Program, tmp_path: Path, content: bytes | None, expected: str
    ) -> None:
        path = tmp_path / "secret"
        if content is not None:
            path.write_bytes(content)

        code, said, _ = program("serve", f"--password-file={path}")

        assert code == 2
        assert said.startswith(f"sems-exporter: password_file: {path}")
        assert expected in said

    def test_a_password_file_without_permission_is_named(
        self, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def forbidden(*_: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", forbidden)

        code, said, _ = program("serve", f"--password-file={tmp_path}")

        assert (code, said) == (2, f"sems-exporter: password_file: {tmp_path} cannot be read: Permission denied\n")

    def test_a_password_keeps_its_blanks_and_loses_the_line_end(self, program: Program, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        path.write_bytes(" päss wörd \r\n".encode())

        found = taken(program("serve", f"--password-file={path}"))

        assert found.accounts[0].account.password.reveal() == " päss wörd "

    def test_its_file_wins_over_its_variable_and_that_over_the_configuration_file(
        self, program: Program, tmp_path: Path
    ) -> None:
        path = tmp_path / "secret"
        path.write_text("from its file")
        file = "password: from the configuration\naccount: me@example.com\n"

        third = taken(program(account=False, file=file))
        second = taken(program(file=file))
        first = taken(program(file=file, SEMS_PASSWORD_FILE=str(path)))

        assert [found.accounts[0].account.password.reveal() for found in (first, second, third)] == [
            "from its file",
            PASSWORD,
            "from the configuration",
        ]

    @pytest.mark.parametrize("key", ["SEMS_PASSWORD", "SEMS_ACCOUNT"])
    def test_bytes_that_are_no_text_are_refused(self, program: Program, key: str) -> None:
        code, said, _ = program(**{key: os.fsdecode(b"caf\xe9")})

        assert (code, "is not UTF-8 text" in said) == (2, True)
        assert said.startswith(f"sems-exporter: {key.removeprefix('SEMS_').lower()}: ")

    def test_the_password_is_no_flag(self, program: Program) -> None:
        """Everybody on the machine can see flags."""
        code, _, found = program("serve", f"--password={PASSWORD}")

        assert (code, found) == (2, None)

    @pytest.mark.parametrize("flag", ["--password", "--pasword", "--passwd"])
    def test_a_password_given_as_a_flag_is_not_repeated_and_its_place_is_told(
        self, program: Program, flag: str
    ) -> None:
        """To name --password-file instead is not enough: the next try would be `--password-file PASSWORD`."""
        said = program("serve", f"{flag}={PASSWORD}")[1]

        assert PASSWORD not in said
        assert "a file" in said

    @pytest.mark.parametrize("password", [PASSWORD, "with/slash", "x" * 300])
    def test_a_password_in_the_place_of_its_file_is_not_repeated(
        self, program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, password: str
    ) -> None:
        monkeypatch.chdir(tmp_path)

        code, said, _ = program(SEMS_PASSWORD_FILE=password)

        assert code == 2
        assert said.startswith("sems-exporter: password_file: names no file; ")
        assert password not in said

    @pytest.mark.parametrize("variable", ["SEMS_LOGIN_URL", "SEMS_WEB_EXTERNAL_URL", "SEMS_ALLOWED_HOSTS"])
    def test_a_password_in_an_address_is_not_repeated(self, program: Program, variable: str) -> None:
        code, said, _ = program(**{variable: "https://me:opensesame@portal.example.com/login"})

        assert (code, "without a user and a password" in said) == (2, True)
        assert "opensesame" not in said

    @pytest.mark.parametrize("command", ["serve", "check", "once", "demo"])
    def test_help_shows_no_secret(self, program: Program, command: str) -> None:
        code, said, _ = program(command, "--help")

        assert code == 0
        assert PASSWORD not in said

    def test_settings_do_not_show_it(self, program: Program) -> None:
        found = taken(program())

        assert PASSWORD not in repr(found) + str(found) + f"{found.accounts[0].account.password}"
        assert found.accounts[0].account.password == Secret(PASSWORD)


class TestPrecedence:
    """Flag before variable before file before default."""

    def test_each_wins_over_the_next(self, program: Program) -> None:
        file = "interval: 400\n"

        by_default = taken(program())
        by_file = taken(program(file=file))
        by_variable = taken(program(file=file, SEMS_INTERVAL="500"))
        by_flag = taken(program("serve", "--interval=600", file=file, SEMS_INTERVAL="500"))

        assert [found.accounts[0].interval for found in (by_default, by_file, by_variable, by_flag)] == [
            300,
            400,
            500,
            600,
        ]

    def test_an_empty_variable_is_none(self, program: Program) -> None:
        """Compose files pass variables on that nobody has set."""
        assert only(program(file="interval: 400\n", SEMS_INTERVAL="")).interval == 400

    def test_a_flag_names_the_file_before_the_variable(self, program: Program, tmp_path: Path) -> None:
        path = tmp_path / "other.yml"
        path.write_text("interval: 700\n")

        assert only(program("serve", f"--config.file={path}", file="interval: 400\n")).interval == 700

    @pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
    def test_every_setting_has_all_three_places(self, program: Program, setting: declared.Setting) -> None:
        said = program("serve", "--help")[1]

        assert f"{setting.option} " in said
        assert setting.variable in "".join(said.split())


class TestGood:
    """What is understood, and what it becomes."""

    def test_defaults(self, program: Program) -> None:
        found = taken(program())

        assert found.accounts[0].account.login_url == login_url("global")
        assert found.accounts[0].account.allowed_hosts == ()
        assert (found.accounts[0].interval, found.data_max_age, found.snapshot_max_age) == (300.0, 1200.0, 900.0)
        assert (found.listen_address, found.telemetry_path) == (":10736", "/metrics")
        assert found.accounts[0].stations == ()
        assert found.accounts[0].state_dir.name == "sems-exporter"

    def test_a_snapshot_lasts_three_intervals(self, program: Program) -> None:
        assert taken(program(SEMS_INTERVAL="10m")).snapshot_max_age == 1800.0
        assert taken(program(SEMS_INTERVAL="10m", SEMS_SNAPSHOT_MAX_AGE="15m")).snapshot_max_age == 900.0

    @pytest.mark.parametrize(
        "text, seconds",
        [("300", 300), ("300s", 300), ("5m", 300), ("1h", 3600), ("1m30s", 90), ("0h2m", 120), ("90.5", 90.5)],
    )
    def test_durations_are_written_as_prometheus_writes_them(self, program: Program, text: str, seconds: float) -> None:
        assert only(program(SEMS_INTERVAL=text)).interval == seconds

    @given(st.integers(0, 9), st.integers(0, 50), st.integers(0, 90), st.integers(0, 90))
    def test_any_combination_of_units_adds_up(self, days: int, hours: int, minutes: int, seconds: int) -> None:
        text = f"{days}d{hours}h{minutes}m{seconds}s"

        assert Duration(0, 1e9).convert(text, None, None) == days * 86400 + hours * 3600 + minutes * 60 + seconds

    @given(st.text())
    def test_no_text_breaks_a_duration(self, text: str) -> None:
        seconds = 60.0
        with suppress(click.BadParameter):
            seconds = Duration(60, 3600).convert(text, None, None)

        assert 60 <= seconds <= 3600

    @pytest.mark.parametrize("text", ["a,b", " a , b ,, ", "a,b,a"])
    def test_lists_are_separated_by_commas(self, program: Program, text: str) -> None:
        assert only(program(SEMS_STATIONS=text)).stations == ("a", "b")

    def test_lists_in_the_file_are_yaml_lists_or_texts(self, program: Program) -> None:
        assert only(program(file="stations: [a, 7]\n")).stations == ("a", "7")
        assert only(program(file="stations: a, b\n")).stations == ("a", "b")

    @pytest.mark.parametrize(
        "address", [":10736", "127.0.0.1:80", "localhost:0", "[::1]:9100", "[::]:9100", "solar.example.com:8080"]
    )
    def test_addresses_to_listen_on(self, program: Program, address: str) -> None:
        assert taken(program(SEMS_WEB_LISTEN_ADDRESS=address)).listen_address == address

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
    def test_plain_http_is_for_this_machine(self, program: Program, host: str) -> None:
        """A simulated portal, or a proxy of one's own."""
        found = taken(program(SEMS_LOGIN_URL=f"http://{host}:8080/login"))

        assert found.accounts[0].account.login_url == f"http://{host}:8080/login"

    def test_a_portal_of_ones_own_is_trusted_with_the_data_too(self, program: Program) -> None:
        found = taken(program(SEMS_LOGIN_URL="https://Portal.Example.com/login", SEMS_ALLOWED_HOSTS="a.example:8443"))

        assert found.accounts[0].account.allowed_hosts == ("a.example:8443", "portal.example.com")

    def test_state_lives_where_systemd_says_unless_told_otherwise(self, program: Program) -> None:
        assert only(program(STATE_DIRECTORY="/var/lib/sems:/other")).state_dir == Path("/var/lib/sems")
        assert only(program(STATE_DIRECTORY="/var/lib/sems", SEMS_STATE_DIR="/mine")).state_dir == Path("/mine")


class TestAccounts:
    """The list of accounts goes the same way as all else in the file."""

    FILE = """
region: eu
accounts:
  - {name: north, account: north@example.com, password: secret north}
  - {name: south, account: south@example.com, password: secret south, exclude_stations: ["*test*"]}
"""

    def test_a_tilde_is_the_home_directory_wherever_it_comes_from(
        self, program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """A shell replaces it, but neither systemd nor YAML does."""
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / "secret").write_text(PASSWORD)
        (tmp_path / "home.yml").write_text("password_file: ~/secret\nstate_dir: ~/state\n")

        found = taken(program("--config.file=~/home.yml", SEMS_WEB_CONFIG_FILE="~/web.yml"))

        assert found.accounts[0].account.password.source == tmp_path / "secret"
        assert (found.accounts[0].state_dir, found.web_config_file) == (tmp_path / "state", tmp_path / "web.yml")

    def test_a_tilde_without_a_home_is_told(self, program: Program) -> None:
        code, said, _ = program("--state-dir=~nobody-of-this-name/state")

        assert (code, said.startswith("sems-exporter: state_dir: ")) == (2, True)
        assert "home directory is not known" in said

    def test_a_list_in_the_file_makes_several_accounts(self, program: Program) -> None:
        found = taken(program(file=self.FILE, account=False))

        assert [(one.name, one.account.name, one.account.region) for one in found.accounts] == [
            ("north", "north@example.com", "eu"),
            ("south", "south@example.com", "eu"),
        ]
        assert found.accounts[1].exclude_stations == ("*test*",)

    def test_a_flag_or_variable_reaches_every_account(self, program: Program) -> None:
        found = taken(program("serve", "--interval=600", file=self.FILE, account=False, SEMS_REQUESTS_PER_MINUTE="10"))

        assert [(one.interval, one.requests_per_minute) for one in found.accounts] == [(600, 10)] * 2

    def test_a_single_account_in_the_environment_beside_the_list_is_refused(self, program: Program) -> None:
        code, said, found = program(file=self.FILE)

        assert (code, found) == (2, None)
        assert said.startswith("sems-exporter: accounts: there is a list of accounts and also account, password")
        assert "secret" not in said

    def test_a_mistake_in_an_entry_is_one_line_with_its_place(self, program: Program) -> None:
        code, said, _ = program(file=self.FILE.replace("exclude_stations", "exclude"), account=False)

        assert code == 2
        assert said.startswith("sems-exporter: accounts[1].exclude: no such setting of an account")
        assert said.count("\n") == 1

    def test_a_command_for_one_account_names_it(self, program: Program) -> None:
        code, said, _ = program("check", "--only=west", file=self.FILE, account=False)

        assert code == 2
        assert said == "sems-exporter: only: no account is called 'west'; there are north, south\n"
