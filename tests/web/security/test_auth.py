"""Who is let in: passwords, what a check costs, and who cannot be kept waiting by it."""

import asyncio
import base64
import threading
from pathlib import Path

import pytest

from sems_exporter.web.security import auth
from sems_exporter.web.security.auth import BasicAuth, TooBusy
from tests.homes import home
from tests.serving import PATIENCE, Served, Site, served
from tests.web.certificates import HASH, PASSWORD

USERS = {b"alice": HASH.encode()}


def basic(user: str, password: str) -> str:
    """The header of name and password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


ALICE = basic("alice", PASSWORD)


class Bench:
    """A check that takes as long as the test wants, and remembers what was checked."""

    def __init__(self) -> None:
        self.checked: list[tuple[bytes, bytes]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.go.set()

    def __call__(self, password: bytes, hashed: bytes) -> bool:
        self.checked.append((password, hashed))
        self.begun.set()
        assert self.go.wait(PATIENCE)
        return password == PASSWORD.encode()


def join_checks() -> None:
    """Wait for checks that are under way."""
    for thread in threading.enumerate():
        if thread.name == "password":
            thread.join(PATIENCE)


class TestGatekeeper:
    """The verdicts."""

    @pytest.mark.parametrize(
        "header, admitted",
        [
            (ALICE, True),
            (ALICE.replace("Basic", "bAsIc  "), True),
            (basic("alice", PASSWORD + "x"), False),
            (basic("alice", ""), False),
            (basic("bob", PASSWORD), False),
            (basic("", ""), False),
            (ALICE.replace("Basic", "Bearer"), False),
            (f"{ALICE},{ALICE}", False),
            ("Basic", False),
            ("Basic !!!", False),
            ("Basic " + base64.b64encode(b"alice").decode(), False),
            ("", False),
        ],
    )
    def test_only_name_and_password_together_open(self, header: str, admitted: bool) -> None:
        keeper = BasicAuth(USERS)

        first = asyncio.run(keeper.admits(header.encode(), "here"))
        second = asyncio.run(keeper.admits(header.encode(), "here"))

        assert (first, second, keeper.known(header.encode())) == (admitted, admitted, admitted)

    def test_a_long_password_counts_as_far_as_bcrypt_looks(self) -> None:
        """As with every other tool that makes such hashes."""
        bench = Bench()

        asyncio.run(BasicAuth(USERS, bench).admits(basic("alice", "x" * 100).encode(), "here"))

        assert bench.checked == [(b"x" * 72, HASH.encode())]

    def test_who_does_not_exist_takes_as_long_as_who_does(self) -> None:
        bench = Bench()
        dear = HASH.replace("$04$", "$12$").encode()
        keeper = BasicAuth(USERS | {b"bob": dear}, bench)

        asyncio.run(keeper.admits(basic("nobody", PASSWORD).encode(), "here"))

        assert bench.checked == [(PASSWORD.encode(), dear)]

    def test_each_password_is_checked_once(self) -> None:
        bench = Bench()
        keeper = BasicAuth(USERS, bench)

        async def ask() -> list[bool]:
            wrong = basic("alice", "wrong")
            return [await keeper.admits(header.encode(), "here") for header in (ALICE, wrong) * 3]

        assert asyncio.run(ask()) == [True, False] * 3
        assert len(bench.checked) == 2

    def test_who_comes_at_once_with_the_same_words_waits_for_one_check(self) -> None:
        bench = Bench()
        keeper = BasicAuth(USERS, bench)

        async def ask() -> list[bool]:
            return await asyncio.gather(*(keeper.admits(ALICE.encode(), "here") for _ in range(40)))

        assert asyncio.run(ask()) == [True] * 40
        assert len(bench.checked) == 1

    def test_wrong_passwords_push_no_right_one_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(auth, "MOST_REMEMBERED", 3)
        bench = Bench()
        keeper = BasicAuth(USERS, bench)

        async def ask() -> bool:
            await keeper.admits(ALICE.encode(), "here")
            for number in range(10):
                await keeper.admits(basic("alice", str(number)).encode(), "here")
            return await keeper.admits(ALICE.encode(), "here")

        assert asyncio.run(ask())
        assert len(bench.checked) == 11
        assert keeper.known(basic("alice", "0").encode()) is None

    def test_only_so_many_wait_for_a_check(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """And no single address takes all places."""
        monkeypatch.setattr(auth, "MOST_WAITING", 6)
        bench = Bench()
        keeper = BasicAuth(USERS, bench)

        async def ask() -> list[object]:
            bench.go.clear()
            guesses = [
                asyncio.create_task(keeper.admits(basic(f"{client}{number}", "guess").encode(), client))
                for client in ("one", "two")
                for number in range(5)
            ]
            await asyncio.sleep(0)
            late = asyncio.create_task(keeper.admits(basic("late", "guess").encode(), "three"))
            await asyncio.sleep(0)
            bench.go.set()
            return await asyncio.gather(*guesses, late, return_exceptions=True)

        outcomes = asyncio.run(ask())
        again = asyncio.run(keeper.admits(ALICE.encode(), "three"))

        kinds = ["busy" if isinstance(outcome, TooBusy) else outcome for outcome in outcomes]
        assert kinds == [False] * 4 + ["busy"] + [False] * 2 + ["busy"] * 3 + ["busy"]
        assert again

    def test_guesses_at_names_keep_no_user_out_not_even_from_the_same_address(self) -> None:
        """Behind a proxy everybody has one address."""
        bench = Bench()
        keeper = BasicAuth(USERS, bench)

        async def ask() -> bool:
            bench.go.clear()
            crowd = [
                asyncio.create_task(keeper.admits(basic(f"guess{number}", "x").encode(), f"192.0.2.{number // 4}"))
                for number in range(100)
            ]
            await asyncio.sleep(0)
            alice = asyncio.create_task(keeper.admits(ALICE.encode(), "192.0.2.0"))
            await asyncio.sleep(0)
            bench.go.set()
            admitted = await alice
            await asyncio.gather(*crowd, return_exceptions=True)
            return admitted

        assert asyncio.run(ask())
        # One was being checked, and one was up next.
        assert [hashed for _, hashed in bench.checked[:3]].count(HASH.encode()) == 3
        assert PASSWORD.encode() in [password for password, _ in bench.checked[:3]]

    @pytest.mark.parametrize("client", ["192.0.2.9", "192.0.2.1"])
    def test_guesses_at_the_password_of_a_user_let_the_user_in_all_the_same(self, client: str) -> None:
        """From another address at the next turn, from the same one after those that came before."""
        bench = Bench()
        keeper = BasicAuth(USERS, bench)

        async def ask() -> bool:
            bench.go.clear()
            crowd = [
                asyncio.create_task(keeper.admits(basic("alice", str(number)).encode(), "192.0.2.1"))
                for number in range(auth.MOST_OF_A_USER_AND_CLIENT - 1)
            ]
            await asyncio.sleep(0)
            alice = asyncio.create_task(keeper.admits(ALICE.encode(), client))
            await asyncio.sleep(0)
            bench.go.set()
            return [await alice, *await asyncio.gather(*crowd)][0]

        assert asyncio.run(ask())
        place = [password for password, _ in bench.checked].index(PASSWORD.encode())
        assert place <= (2 if client != "192.0.2.1" else auth.MOST_OF_A_USER_AND_CLIENT)

    @pytest.mark.parametrize("clients, guesses", [(28, 4), (1, 100)])
    def test_many_guesses_at_the_password_of_a_user_turn_nobody_away(self, clients: int, guesses: int) -> None:
        """As many as come from a hundred connections, from other addresses or, behind a proxy, from the user's own."""
        bench = Bench()
        keeper = BasicAuth(USERS, bench)

        async def ask() -> bool:
            bench.go.clear()
            crowd = [
                asyncio.create_task(keeper.admits(basic("alice", f"{client}-{number}").encode(), f"192.0.2.{client}"))
                for client in range(clients)
                for number in range(guesses)
            ]
            await asyncio.sleep(0)
            alice = asyncio.create_task(keeper.admits(ALICE.encode(), "192.0.2.0"))
            await asyncio.sleep(0)
            bench.go.set()
            return [await alice, *await asyncio.gather(*crowd)][0]

        assert asyncio.run(ask())

    @pytest.mark.parametrize(
        "clients, busy",
        [
            ([f"2001:db8:0:1::{number}" for number in range(6)], 2),
            ([f"2001:db8:0:{number}::1" for number in range(6)], 0),
            ([f"::ffff:192.0.2.{number}" for number in range(6)], 0),
            (["::ffff:192.0.2.1", "192.0.2.1"] * 3, 2),
            ([f"fe80::{number}%eth0" for number in range(6)], 2),
            ([""] * 6, 2),
        ],
    )
    def test_who_has_a_network_has_no_more_places_than_who_has_an_address(self, clients: list[str], busy: int) -> None:
        keeper = BasicAuth(USERS, Bench())

        async def ask() -> list[bool | BaseException]:
            tries = (keeper.admits(basic(f"guess{at}", "x").encode(), client) for at, client in enumerate(clients))
            return await asyncio.gather(*tries, return_exceptions=True)

        assert [isinstance(outcome, TooBusy) for outcome in asyncio.run(ask())].count(True) == busy

    def test_who_was_let_in_before_stays_so_where_name_and_hash_stay(self) -> None:
        """A renewed certificate, or another user, is no reason to check a password again."""
        keeper, other = BasicAuth(USERS | {b"bob": HASH.encode()}), HASH.replace("$2b$", "$2y$").encode()
        bob = basic("bob", PASSWORD).encode()
        for header in (ALICE.encode(), bob, basic("alice", "wrong").encode()):
            asyncio.run(keeper.admits(header, "here"))
        fresh = BasicAuth(USERS | {b"bob": other, b"eve": HASH.encode()})

        fresh.remember(keeper)

        assert (fresh.known(ALICE.encode()), fresh.known(bob)) == (True, None)
        assert fresh.known(basic("eve", PASSWORD).encode()) is None
        gone = BasicAuth({b"eve": HASH.encode()})
        gone.remember(fresh)
        assert gone.known(ALICE.encode()) is None

    def test_a_check_that_ends_in_a_fault_lets_nobody_in_and_keeps_nobody_waiting(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def faulty(password: bytes, _: bytes) -> bool:
            if password == b"wrong":
                raise ValueError("Invalid salt")
            return True

        keeper = BasicAuth(USERS, faulty)

        async def ask() -> list[bool]:
            headers = (basic("alice", "wrong").encode(), ALICE.encode())
            return [await asyncio.wait_for(keeper.admits(header, "here"), PATIENCE) for header in headers]

        admitted = asyncio.run(ask())

        assert admitted == [False, True]
        assert "Invalid salt" in caplog.text

    def test_who_leaves_before_the_verdict_does_no_harm(self) -> None:
        bench = Bench()
        keeper = BasicAuth(USERS, bench)

        async def ask() -> bool:
            bench.go.clear()
            gone = asyncio.create_task(keeper.admits(ALICE.encode(), "here"))
            await asyncio.sleep(0)
            gone.cancel()
            bench.go.set()
            return await keeper.admits(ALICE.encode(), "here")

        assert asyncio.run(ask())

    def test_a_check_that_nobody_waits_for_any_more_ends_quietly(self) -> None:
        bench = Bench()
        keeper = BasicAuth(USERS, bench)

        async def ask() -> None:
            bench.go.clear()
            waiting = asyncio.create_task(keeper.admits(ALICE.encode(), "here"))
            await asyncio.to_thread(bench.begun.wait, PATIENCE)
            [pending] = keeper._pending.values()
            pending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            bench.go.set()
            await asyncio.to_thread(join_checks)
            await asyncio.sleep(0)

        asyncio.run(ask())

        assert not keeper._pending

    def test_a_verdict_after_the_end_is_nobodys(self) -> None:
        bench = Bench()
        keeper = BasicAuth(USERS, bench)

        async def ask() -> None:
            bench.go.clear()
            asyncio.get_running_loop().call_later(0, asyncio.current_task().cancel)  # type: ignore[union-attr]
            await keeper.admits(ALICE.encode(), "here")

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(ask())
        bench.go.set()
        join_checks()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    path = tmp_path / "web.yml"
    path.write_text(f"basic_auth_users:\n  alice: {HASH}\nhttp_server_config:\n  headers:\n    X-Frame-Options: deny\n")
    return Site(home(), web_config=path)


def statuses(web: Served, *paths: str, **headers: str) -> list[int]:
    return [web.get(path, **headers)[0] for path in paths]


@pytest.mark.usefixtures("parser")
class TestServer:
    """The real server that asks for a password."""

    def test_without_one_there_is_nothing_but_health(self, site: Site) -> None:
        with served(site.application) as web:
            found = statuses(web, "/", "/metrics", "/sd", "/nowhere", "/-/healthy", "/-/ready", "/-/healthy/")

            assert found == [401, 401, 401, 401, 200, 503, 401]

    def test_with_the_right_one_all_is_as_ever(self, site: Site) -> None:
        with served(site.application) as web:
            assert statuses(web, "/", "/metrics", "/sd", "/nowhere", Authorization=ALICE) == [200, 200, 200, 404]

    def test_the_challenge_says_what_is_wanted_and_nothing_else(self, site: Site) -> None:
        with served(site.application) as web:
            _, headers, body = web.get("/metrics", Authorization=basic("alice", "wrong"))

        assert headers["www-authenticate"] == 'Basic realm="sems-exporter", charset="UTF-8"'
        assert (headers["x-frame-options"], headers["cache-control"]) == ("deny", "no-store")
        assert b"sems_" not in body

    def test_what_is_known_to_be_right_is_not_known_to_be_right_for_others(self, site: Site) -> None:
        """A ready answer is for the very bytes that earned it."""
        request = f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: {ALICE}\r\n\r\n".encode()
        wrong = request.replace(b"Authorization", b"Authorizatiox")
        last = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

        with served(site.application) as web:
            answers = web.say(request * 4 + wrong + request + wrong + last)

        assert [answers.count(status) for status in (b"HTTP/1.1 200", b"HTTP/1.1 401")] == [6, 2]

    def test_a_flood_of_wrong_passwords_keeps_no_scraper_waiting(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bench = Bench()
        keeper = site.web_config.current.basic_auth
        with served(site.application) as web:
            first = web.get("/metrics", Authorization=ALICE)[0]
            monkeypatch.setattr(keeper, "_check", bench)
            bench.go.clear()
            waiting = []
            for number in range(auth.MOST_OF_ONE_CLIENT):
                waiting.append(web.connect())
                guess = basic(f"guess{number}", "x")
                waiting[-1].sendall(f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: {guess}\r\n\r\n".encode())
            while len(keeper._pending) < auth.MOST_OF_ONE_CLIENT:
                assert web.get("/-/healthy")[0] == 200
            status, headers, _ = web.get("/metrics", Authorization=basic("one more", "x"))
            scraped = web.get("/metrics", Authorization=ALICE)[0]
            bench.go.set()
            for connection in waiting:
                connection.close()

        assert (first, scraped) == (200, 200)
        assert (status, headers["retry-after"]) == (503, "1")
