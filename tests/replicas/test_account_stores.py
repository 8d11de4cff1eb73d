"""What is kept of an account in the store: its holder alone writes, and that is there before anything is sent."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sems_exporter.config.state_url import StateUrl
from sems_exporter.errors import LoginWithheld, SettingError
from sems_exporter.portal.session.account_state import AccountState, Token
from sems_exporter.portal.session.login_throttle import LoginThrottle
from sems_exporter.replicas.account_stores import Place, SharedLedger, SharedState, SharedText
from sems_exporter.replicas.lease import HELD_SECONDS, Lease, Moment
from sems_exporter.replicas.money import SharedMoney
from sems_exporter.replicas.replica import prove
from sems_exporter.replicas.scripts import WRITE
from sems_exporter.replicas.seal import Seal, SealBroken
from sems_exporter.replicas.shared_store import Keys, SharedStore, StoreAway
from sems_exporter.tariffs.ledger import Ledger
from sems_exporter.telemetry.redaction import Secret
from tests.clocks import FakeClock
from tests.replicas.conftest import key_file
from tests.replicas.server import Server

pytestmark = pytest.mark.needs("redis-server")

START = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
KEYS = Keys("account")
TOKEN = Token({"uid": "u", "token": "a token that nobody else may see"}, "https://example.com", START.timestamp())
PASSWORD = Secret("demo")


class Account:
    """An account in the store, with a clock and whatever holders a test wants."""

    def __init__(self, store: SharedStore, server: Server, seal: Seal) -> None:
        self.store = store
        self.client = server.client
        self.seal = seal
        self.clock = FakeClock(START)

    def lease(self, holder: str, epoch: int) -> Lease:
        """The lease, taken by this holder."""
        self.client.hset(KEYS.of("lease"), mapping={"holder": holder, "epoch": epoch, "beats": 0, "write": 0})
        return Lease(self.store, KEYS, holder, epoch, clock=self.clock, sent=Moment(self.clock))

    def place(self, lease: Lease | None, clock: FakeClock | None = None) -> Place:
        return Place(self.store, KEYS, self.seal, clock or self.clock, lease, holder="replica a", remembered={})

    def state(self, lease: Lease | None, clock: FakeClock | None = None) -> SharedState:
        return SharedState(self.place(lease, clock), PASSWORD)


@pytest.fixture
def account(store: SharedStore, server: Server, seal: Seal) -> Account:
    return Account(store, server, seal)


@pytest.mark.parametrize("field", ["at", "released"])
def test_what_no_replica_has_written_is_as_if_the_store_were_away(account: Account, field: str) -> None:
    state = account.state(None)
    account.client.hset(KEYS.of("state"), field, b"\xffabc")

    assert state.news() is None
    if field == "at":
        with pytest.raises(StoreAway, match="no replica has written"):
            state.check()


def at_once(_: Sequence[float], __: float) -> float:
    return 0.0


def test_the_next_holder_goes_on_with_session_and_brake(account: Account) -> None:
    state = AccountState(TOKEN, LoginThrottle(next_login_at=START.timestamp() + 60, failures=2))
    first = account.state(account.lease("a", 1))
    first.load()
    first.save(state)

    found = account.state(account.lease("b", 2)).load()

    assert first.unsaved == ""
    assert found.token == TOKEN
    assert found.brake.failures == 2
    assert found.brake.next_login_at == pytest.approx(START.timestamp() + 60, abs=1)


def test_a_session_cannot_be_read_in_the_store(account: Account) -> None:
    state = account.state(account.lease("a", 1))
    state.save(AccountState(TOKEN))

    kept = account.client.hgetall(KEYS.of("state"))
    assert kept[b"token"]
    assert b"nobody else may see" not in b"".join(kept.values())


def test_a_brake_holds_as_long_where_the_clock_is_ahead(account: Account) -> None:
    """A replica whose clock is an hour ahead must not take the wait for over."""
    account.state(account.lease("a", 1)).save(AccountState(None, LoginThrottle(next_login_at=START.timestamp() + 600)))
    ahead = FakeClock(START)
    ahead.jump(3600)

    found = account.state(account.lease("b", 2), ahead).load()

    assert found.brake.login_wait(ahead.now().timestamp()) == pytest.approx(600, abs=2)


def test_who_lost_the_lease_writes_nothing_and_sends_nothing(account: Account) -> None:
    lease = account.lease("a", 1)
    old, ledger = account.state(lease), SharedLedger(account.place(lease), account.state(lease))
    old.load()
    account.state(account.lease("b", 2)).save(AccountState(TOKEN))

    old.save(AccountState(None))

    assert "another replica" in old.unsaved
    assert account.state(None).load().token == TOKEN
    with pytest.raises(LoginWithheld):
        ledger.turn(at_once)


def test_a_write_that_arrives_late_does_not_undo_a_later_one(account: Account) -> None:
    lease = account.lease("a", 1)
    late = [KEYS.of("lease"), KEYS.of("texts")], ["a", 1, 1, "counters", b"old"]
    text = SharedText(account.place(lease), "counters")
    text.save("first")
    text.save("second")

    assert account.store.run(WRITE, *late) == 0
    assert text.load() == "second"


def test_nothing_is_sent_after_two_thirds_of_the_lease(account: Account) -> None:
    lease = account.lease("a", 1)
    ledger = SharedLedger(account.place(lease), account.state(lease))
    account.clock.advance(HELD_SECONDS - 0.1)
    assert ledger.turn(at_once) == 0.0
    lease.require()

    account.clock.advance(0.2)

    with pytest.raises(LoginWithheld, match="has not been reached"):
        ledger.turn(at_once)
    with pytest.raises(LoginWithheld):
        lease.require()


def test_a_machine_that_slept_has_lost_its_lease(account: Account) -> None:
    """Its steady clock stood still."""
    lease = account.lease("a", 1)
    account.clock.jump(HELD_SECONDS + 1)

    assert lease.over


def test_no_sign_in_is_sent_whose_attempt_is_not_in_the_store(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = account.lease("a", 1)
    state = account.state(lease)
    state.load()
    ledger = SharedLedger(state._place, state)
    attempt = AccountState(None, LoginThrottle(failures=1, unanswered=1))

    def away(*_: object) -> int:
        raise StoreAway("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(lease, "write", away)
        state.save(attempt)
        assert ledger.turn(at_once) > 0
    assert ledger.turn(at_once) == 0.0

    assert account.state(None).load().brake.unanswered == 1


def test_what_could_not_be_read_is_not_written_over(account: Account) -> None:
    account.state(account.lease("a", 1)).save(AccountState(TOKEN))
    kept = account.client.hget(KEYS.of("state"), "document")
    account.client.hset(KEYS.of("state"), "document", b"{")
    lease = account.lease("b", 2)
    state = account.state(lease)

    state.load()
    state.save(AccountState(None))

    assert state.unsaved
    assert lease.over
    account.client.hset(KEYS.of("state"), "document", kept)
    assert account.state(None).load().token == TOKEN


def test_requests_and_pauses_are_the_accounts_whoever_sends(account: Account) -> None:
    first, second = (
        SharedLedger(account.place(lease), account.state(lease)) for lease in (account.lease("a", 1), None)
    )
    first.turn(at_once)
    second.turn(at_once)

    first.keep_pause(300.0, 0.0, 2)

    assert second.turn(lambda sent, _: len(sent)) == 2
    left, _, pauses = second.pause()
    assert (round(left), pauses) == (300, 2)


def test_a_person_beside_releases_the_brake_and_writes_nothing_else(account: Account) -> None:
    holder = account.state(account.lease("a", 1))
    holder.load()
    holder.save(AccountState(TOKEN, LoginThrottle(rejections=3)))

    beside = account.state(None)
    beside.save(replace(beside.load(), token=None, brake=LoginThrottle()))

    news = holder.news()
    assert news is not None
    assert news.brake.is_released
    assert holder.news() is None
    assert account.state(account.lease("b", 2)).load().token == TOKEN


def test_a_release_outlives_the_holder_that_did_not_see_it(account: Account) -> None:
    holder = account.state(account.lease("a", 1))
    holder.load()
    holder.save(AccountState(TOKEN, LoginThrottle(rejections=3)))
    account.state(None).save(AccountState())

    assert account.state(account.lease("b", 2)).load().brake.rejections == 0


def test_a_store_that_lost_everything_is_filled_by_whoever_remembers(account: Account) -> None:
    lease = account.lease("a", 1)
    place = account.place(lease)
    state, text = SharedState(place, PASSWORD), SharedText(place, "counters")
    state.load()
    state.save(AccountState(TOKEN))
    text.save("counters")
    account.client.flushall()

    again = replace(place, lease=account.lease("a", 2))

    assert SharedState(again, PASSWORD).load().token == TOKEN
    assert SharedText(again, "counters").load() == "counters"


def test_the_first_sign_in_waits_a_minute_where_nobody_knows_anything(account: Account) -> None:
    state = account.state(account.lease("a", 1)).load()

    assert state.token is None
    assert state.brake.login_wait(START.timestamp()) == 60


def test_money_is_kept_under_the_lease(account: Account) -> None:
    lease = account.lease("a", 1)
    money = SharedMoney(lambda _: account.place(lease))
    money.save("station", "north", Ledger("EUR", money={"import_cost": 5}))
    account.lease("b", 2)

    assert money.load("station", "north") == Ledger("EUR", money={"import_cost": 5})
    with pytest.raises(OSError, match="another replica"):
        money.save("station", "north", Ledger("EUR"))


def test_another_key_is_told_before_anything_is_done(account: Account, tmp_path: Path) -> None:
    account.state(account.lease("a", 1)).save(AccountState(TOKEN))
    prove(account.store, account.seal)
    (tmp_path / "other").mkdir()
    other = Seal(key_file(tmp_path / "other", "another key of thirty-two letters or more"))

    with pytest.raises(SettingError, match="state_key_file"):
        prove(account.store, other)
    account.seal = other
    with pytest.raises(SealBroken):
        account.state(account.lease("b", 2)).check()


def test_a_new_key_opens_what_the_old_one_sealed_while_both_are_in_the_file(account: Account, tmp_path: Path) -> None:
    account.state(account.lease("a", 1)).save(AccountState(TOKEN))
    old, new = "a-key-of-thirty-two-letters-or-more", "b-key-of-thirty-two-letters-or-more"
    (tmp_path / "both").mkdir()

    account.seal = Seal(key_file(tmp_path / "both", f"{new}\n{old}"))

    assert account.state(account.lease("b", 2)).load().token == TOKEN


@pytest.mark.parametrize("text", ["", "short", "é" * 40])
def test_a_key_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingError, match="openssl rand"):
        Seal(key_file(tmp_path, text))


def test_a_store_that_is_not_there_is_away_at_once(server: Server) -> None:
    absent = SharedStore(StateUrl().convert(server.url.replace(str(server.port), "1"), None, None))

    with pytest.raises(StoreAway):
        absent.run("return 1", [])


def test_a_document_in_the_store_names_neither_account_nor_password(account: Account) -> None:
    account.state(account.lease("a", 1)).save(AccountState(TOKEN))

    document = json.loads(account.client.hget(KEYS.of("state"), "document"))
    assert set(document) == {"version", "salt", "password", "brake", "clock"}
    assert PASSWORD.reveal() not in json.dumps(document)
