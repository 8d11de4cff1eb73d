"""The state of an account on disk."""

import json
import logging
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from sems_exporter.portal.session.account_state import AccountState, Token
from sems_exporter.portal.session.login_throttle import LoginThrottle
from sems_exporter.portal.session.state_file import StateFile
from tests.portal.doors import account

TOKEN = Token(
    {"uid": "u", "token": "t", "new": [1, {"deep": None}]}, "https://eu-gateway.semsportal.com", 1_790_000_000
)
BRAKE = LoginThrottle(next_login_at=1_790_000_060, failures=2, rejections=1, paused_until=1_790_000_300, pauses=1)
STATE = AccountState(TOKEN, BRAKE)


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    StateFile(tmp_path, account()).save(STATE)

    assert StateFile(tmp_path, account()).load() == STATE


def test_the_dialect_of_the_token_survives(tmp_path: Path) -> None:
    token = Token({"uid": "u", "token": "t"}, "https://eu.semsportal.com/api", 1_790_000_000, "classic")
    StateFile(tmp_path, account()).save(AccountState(token))

    assert StateFile(tmp_path, account()).load().token == token


def test_without_a_file_there_is_no_token_and_the_brake_is_off(tmp_path: Path) -> None:
    assert StateFile(tmp_path / "new", account()).load() == AccountState()


def test_only_the_owner_may_read_the_file_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "deep" / "state", account())

    file.save(STATE)
    file.save(STATE)

    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert list(file.path.parent.iterdir()) == [file.path]


def test_neither_the_password_nor_the_account_is_in_the_file_or_its_name(tmp_path: Path) -> None:
    file = StateFile(tmp_path, account("hunter2-hunter2"))

    file.save(STATE)

    assert "hunter2" not in file.path.read_text()
    assert "example.com" not in file.path.read_text() + file.path.name


def test_a_token_is_not_printed() -> None:
    assert "'t'" not in repr(STATE)


def test_another_account_has_a_file_of_its_own(tmp_path: Path) -> None:
    StateFile(tmp_path, account()).save(STATE)

    assert StateFile(tmp_path, account(name="you@example.com")).load() == AccountState()


def test_a_new_password_forgets_rejections_and_keeps_spacing_pause_and_token(tmp_path: Path) -> None:
    StateFile(tmp_path, account("old")).save(AccountState(TOKEN, LoginThrottle(1_790_000_060, 3, 3, 1_790_000_300, 1)))

    loaded = StateFile(tmp_path, account("new")).load()

    assert loaded == AccountState(TOKEN, LoginThrottle(1_790_000_060, 0, 0, 1_790_000_300, 1))


def test_the_password_counts_as_new_only_once(tmp_path: Path) -> None:
    blocked = AccountState(None, LoginThrottle(rejections=3))
    StateFile(tmp_path, account("old")).save(AccountState())
    file = StateFile(tmp_path, account("new"))
    file.load()

    file.save(blocked)

    assert StateFile(tmp_path, account("new")).load() == blocked


def good_document(tmp_path: Path) -> dict[str, Any]:
    file = StateFile(tmp_path, account())
    file.save(STATE)
    document: dict[str, Any] = json.loads(file.path.read_text())
    return document


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        "\x00\x01",
        '{"token": null}',
        '{"token": null, "brake": {}, "salt": "", "password": "ë"}',
        '{"token": null, "brake": 7, "salt": "", "password": ""}',
    ],
)
def test_a_spoilt_file_costs_a_warning_and_no_start(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = StateFile(tmp_path, account())
    file.path.write_text(text)

    loaded = file.load()

    assert loaded.token is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize("part", ["token", "brake"])
@pytest.mark.parametrize("value", [7, "x", [1], {"x": 1}, True])
def test_a_file_with_a_part_of_the_wrong_kind_is_not_used(
    tmp_path: Path, part: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    document = good_document(tmp_path)
    StateFile(tmp_path, account()).path.write_text(json.dumps({**document, part: value}))

    assert StateFile(tmp_path, account()).load().token is None
    assert len(caplog.records) == 1


@pytest.mark.parametrize("value", [None, "soon", True, [], float("nan"), float("inf")])
def test_a_brake_whose_numbers_are_none_is_not_used(
    tmp_path: Path, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    document = good_document(tmp_path)
    document["brake"]["next_login_at"] = value
    StateFile(tmp_path, account()).path.write_text(json.dumps(document))

    assert StateFile(tmp_path, account()).load().token is None
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "key, value",
    [("failures", -5), ("failures", 0.5), ("next_login_at", 1e300), ("paused_at", -1), ("failures", 10**400)],
)
def test_a_brake_that_the_rules_cannot_have_set_is_not_used(
    tmp_path: Path, key: str, value: float, caplog: pytest.LogCaptureFixture
) -> None:
    """Two to the power of minus five minutes would be a short spacing."""
    document = good_document(tmp_path)
    document["brake"][key] = value
    StateFile(tmp_path, account()).path.write_text(json.dumps(document))

    assert StateFile(tmp_path, account()).load().token is None
    assert len(caplog.records) == 1


def test_a_file_that_cannot_be_read_costs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = StateFile(tmp_path, account())
    file.path.mkdir()

    assert file.load().token is None
    assert len(caplog.records) == 1


@pytest.mark.parametrize("text", ["", "{", '{"token": null}'])
def test_after_a_spoilt_file_the_last_sign_in_is_taken_to_be_as_late_as_the_file(tmp_path: Path, text: str) -> None:
    file = StateFile(tmp_path, account())
    file.path.write_text(text)
    os.utime(file.path, (1_790_000_000, 1_790_000_000))

    assert file.load() == AccountState(brake=LoginThrottle(next_login_at=1_790_000_900))


def test_a_file_of_another_version_keeps_what_this_one_knows(tmp_path: Path) -> None:
    """Going back to an older version must not open the brake."""
    document = good_document(tmp_path)
    del document["brake"]["unanswered"], document["brake"]["outcome"]
    document["brake"] |= {"of_the_future": [1, 2]}
    StateFile(tmp_path, account()).path.write_text(json.dumps(document))

    assert StateFile(tmp_path, account()).load() == STATE


def test_only_what_another_process_wrote_is_news(tmp_path: Path) -> None:
    mine, other = StateFile(tmp_path, account()), StateFile(tmp_path, account())
    mine.save(STATE)

    nothing = mine.news()
    other.save(AccountState())

    assert (nothing, mine.news(), mine.news()) == (None, AccountState(), None)


@pytest.mark.parametrize("text", [None, "", "{", "[]"])
def test_a_file_that_is_gone_or_spoilt_is_no_news(tmp_path: Path, text: str | None) -> None:
    file = StateFile(tmp_path, account())
    file.save(STATE)
    file.path.unlink()
    if text is not None:
        file.path.write_text(text)

    assert file.news() is None


def test_a_file_that_can_be_written_again_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("")
    file = StateFile(tmp_path / "state", account())
    file.save(STATE)
    lost = file.unsaved
    (tmp_path / "state").unlink()
    caplog.set_level(logging.INFO)

    file.save(STATE)

    assert str(tmp_path / "state") in lost
    assert file.unsaved == ""
    assert caplog.records[-1].message == "the state can be saved again"


def test_a_directory_that_cannot_be_written_costs_one_warning_and_not_one_a_poll(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    file = StateFile(tmp_path / "file", account())

    file.save(STATE)
    file.save(STATE)

    assert ["state_dir" in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize("wrong", [{"identity": ["uid", "token"]}, {"gateway": None}])
def test_a_token_of_another_shape_is_not_used(
    tmp_path: Path, wrong: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    document = good_document(tmp_path)
    document["token"] |= wrong
    StateFile(tmp_path, account()).path.write_text(json.dumps(document))

    assert StateFile(tmp_path, account()).load().token is None
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        {"salt": "\ud800"},
        {"token": {"identity": {"uid": "u", "token": "\ud800abc"}, "gateway": "https://x", "issued_at": 1.0}},
        {"token": {"identity": {"uid": "u", "token": "a\r\nb"}, "gateway": "https://x", "issued_at": 1.0}},
        {"token": {"identity": {"uid": "u", "token": "x" * 5000}, "gateway": "https://x", "issued_at": 1.0}},
    ],
)
def test_what_no_header_can_carry_or_nobody_can_encode_costs_a_warning_only(
    tmp_path: Path, spoil: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    file = StateFile(tmp_path, account())
    file.save(AccountState(TOKEN))
    file.path.write_text(json.dumps(json.loads(file.path.read_text()) | spoil))

    again = StateFile(tmp_path, account())
    state = again.load()
    again.save(state)

    assert state.token is None
    assert StateFile(tmp_path, account()).load() == state
    assert len(caplog.records) == 1
