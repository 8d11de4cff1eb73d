"""Real replicas, a real store and a simulated portal, and what is done to them: killed, stopped, cut off.

python -m bench.replicas takeover --times 10     kill the one that polls: how long until another one does?
python -m bench.replicas pause                   SIGSTOP the one that polls, beyond its lease, and wake it
python -m bench.replicas day --hours 24           kill it every hour, on the clocks of the model: how many sign-ins?
python -m bench.replicas cuts                    cut each replica from store and portal (as root, by network namespaces)
python -m bench.replicas cost                    what a refresh costs with the store and without
"""
# ruff: noqa: SLF001 - what is measured lies inside

import argparse
import json
import logging
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from sems_exporter.app import build_app, build_replica
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings, SharedStoreSettings
from sems_exporter.config.state_url import StateUrl, StoreAddress
from sems_exporter.pipeline.staleness import Limits, Snapshot
from sems_exporter.polling.poller import Poller
from sems_exporter.portal import connect
from sems_exporter.portal.http.transport import Transport
from sems_exporter.portal.session.login_throttle import LoginThrottle
from sems_exporter.portal.session.rate_limiter import RateLimiter
from sems_exporter.replicas.account import ReplicatedAccount, stores_of
from sems_exporter.replicas.codec import encoded
from sems_exporter.replicas.coordinator import Coordinator
from sems_exporter.replicas.lease import Lease, Moment
from sems_exporter.replicas.seal import Seal
from sems_exporter.replicas.shared_store import Keys, SharedStore
from sems_exporter.replicas.stations import Feed, SharedStations
from sems_exporter.simulator import SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret
from tests.homes import NOON, home
from tests.replicas import cluster as model
from tests.replicas.conftest import key_file
from tests.replicas.server import Server, running

ROOT = Path(__file__).parents[1]
NAMES = ("r1", "r2", "r3")
FIRST_PORT = 12101
PATIENCE = 300.0
INTERVAL = 60.0
ACCOUNT = "visitor@example.com"
CUT_SECONDS = 100.0
STORE, PORTAL, LOOKING = "10.99", "10.98", "10.97"


class Cluster:
    """Three replicas in processes of their own, each perhaps in a network of its own."""

    def __init__(
        self, folder: Path, url: str, portal: SimulatedPortal, login_url: str, *, in_net: bool = False
    ) -> None:
        self.folder = folder
        self.url = url
        self.portal = portal
        self._in_net = in_net
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        key = folder / "key"
        key.write_text("k" * 44 + "\n")
        password = folder / "password"
        password.write_text("demo\n")
        for path in (key, password):
            path.chmod(0o600)
        self._config = folder / "config.yml"
        host = login_url.split("/")[2]
        self._config.write_text(
            json.dumps(
                {
                    "account": ACCOUNT,
                    "password_file": str(password),
                    "login_url": login_url,
                    "allowed_hosts": [host],
                    "interval": f"{INTERVAL:g}s",
                    "requests_per_minute": 120,
                    "state_key_file": str(key),
                    "log_level": "info",
                }
            )
        )

    def start(self, name: str) -> None:
        """Start a replica."""
        within = ("ip", "netns", "exec", name) if self._in_net else ()
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [
                    *within,
                    *(sys.executable, "-m", "sems_exporter", "serve", "--config.file", str(self._config)),
                    *(
                        "--state-url",
                        self._store(name),
                        "--replica",
                        name,
                        "--web.listen-address",
                        f"{self._host(name)}:{self._port(name)}",
                    ),
                ],
                cwd=ROOT,
                env=os.environ | {"SEMS_STATE_DIR": str(self.folder / f"state-{name}")},
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """Kill a replica."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def metrics(self, name: str) -> dict[str, float]:
        """What a replica shows; nothing where it does not answer."""
        with suppress(OSError, ValueError):
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://{self._host(name)}:{self._port(name)}/metrics", timeout=5) as answer:
                lines = answer.read().decode().splitlines()
                return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[0] != "#"}
        return {}

    def ready(self, name: str) -> bool:
        """Tell whether a Service would ask this replica."""
        with suppress(OSError):
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://{self._host(name)}:{self._port(name)}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        return False

    def leaders(self) -> list[str]:
        """The replicas that poll."""
        return [
            name
            for name in self.processes
            if any(key.startswith("sems_leader") and value == 1 for key, value in self.metrics(name).items())
        ]

    def settle(self) -> str:
        """Wait until one polls and all show the station; its name."""
        wait_for(lambda: len(self.leaders()) == 1 and all(self.energy(name) for name in self.processes))
        return self.leaders()[0]

    def energy(self, name: str) -> float:
        """The lifetime energy that a replica shows, 0 where it shows none."""
        found = [value for key, value in self.metrics(name).items() if key.startswith("sems_station_pv_energy_joules")]
        return found[0] if found else 0.0

    def close(self) -> None:
        """End all of them."""
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def _store(self, name: str) -> str:
        return self.url.replace("127.0.0.1", f"{STORE}.{NAMES.index(name) + 1}.1") if self._in_net else self.url

    def _host(self, name: str) -> str:
        return f"{LOOKING}.{NAMES.index(name) + 1}.2" if self._in_net else "127.0.0.1"

    def _port(self, name: str) -> int:
        return FIRST_PORT + NAMES.index(name)


def wait_for(true: Callable[[], bool], patience: float = PATIENCE) -> float:
    """Seconds until it is true."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > patience:
            raise SystemExit(f"not within {patience:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - began


@contextmanager
def cluster() -> Iterator[tuple[Cluster, Server]]:
    """Three replicas that have settled, and their store."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running(folder))
        portal = stack.enter_context(SimulatedPortal(demo_plants(1, clock=SimulatedClock()), account=ACCOUNT))
        found = Cluster(folder, server.url, portal, portal.login_url)
        stack.callback(found.close)
        for name in NAMES:
            found.start(name)
        found.settle()
        wait_for(lambda: portal.logins == 1)
        yield found, server


def takeover(times: int) -> None:
    """Kill the one that polls, again and again."""
    took, gaps = [], []
    with cluster() as (found, _):
        for number in range(times):
            leader = found.settle()
            # At any point between two refreshes.
            time.sleep(number % 7 * INTERVAL / 7)
            count, last = len(found.portal.requests), time.monotonic()
            leader = found.settle()
            found.kill(leader)
            took.append(wait_for(lambda: len(found.leaders()) == 1))
            asked = wait_for(lambda count=count: len(found.portal.requests) > count)  # type: ignore[misc]
            gaps.append(time.monotonic() - last)
            print(f"{number + 1}: taken over after {took[-1]:.1f} s, asked {asked:.1f} s later", flush=True)
            found.start(leader)
        print(
            f"take-over: median {statistics.median(took):.1f} s, longest {max(took):.1f} s; "
            f"sign-ins {found.portal.logins}"
        )
        print(f"from a death to the next request: longest {max(gaps):.1f} s at an interval of {INTERVAL:g} s")


def pause() -> None:
    """Stop the one that polls for longer than its lease, and wake it."""
    with cluster() as (found, _):
        for seconds in (12, 20, 45, 100):
            leader = found.settle()
            process = found.processes[leader]
            process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            count = len(found.portal.requests)
            process.send_signal(signal.SIGCONT)
            time.sleep(3)
            now = found.settle()
            late = len(found.portal.requests) - count
            print(
                f"stopped for {seconds} s: {leader} polled, now {now}; {late} requests within 3 s of waking; "
                f"sign-ins {found.portal.logins}",
                flush=True,
            )


def day(hours: int) -> None:
    """Let a day pass on clocks of the model, where the one that polls is killed every hour."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server, model.cheap_fingerprints():
        store = SharedStore(StateUrl().convert(server.url, None, None))
        found = model.Cluster(store, server.client, Seal(key_file(Path(folder))))
        found.live(120)
        gaps = []
        for hour in range(hours):
            found.live(3600 - 60 * (hour % 7), step=5.0)
            holder = next(one for one in found.replicas if one.tenant.is_busy)
            last = found.portal.sent[-1].at
            holder.restart()
            found.live(40)
            gaps.append(next(sent.at for sent in found.portal.sent if sent.at > last) - last)
        sign_ins = sum(sent.kind == "login" for sent in found.portal.sent)
        print(
            f"{hours} h with a kill each hour: {sign_ins} sign-in(s), {len(found.portal.sent)} requests, longest time "
            f"without one {max(gaps):.1f} s"
        )
        found.close()


def cost(times: int) -> None:
    """Compare how long a refresh of a home takes with the store and without, and what a beat takes."""
    logging.disable(logging.CRITICAL)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running(folder))
        stack.enter_context(unpaced())
        portal = stack.enter_context(SimulatedPortal(demo_plants(1, clock=SimulatedClock()), account=ACCOUNT))
        account = AccountSettings(
            Account(ACCOUNT, Secret("demo"), portal.login_url, (f"127.0.0.1:{portal.port}",)),
            requests_per_minute=120,
            state_dir=folder / "state",
        )
        alone = build_app(ServerSettings((account,)), Hasty())
        key = key_file(folder)
        shared = SharedStoreSettings(StateUrl().convert(server.url, None, None), key, None, "r1")
        replica = build_replica(ServerSettings((account,), shared=shared), shared, Hasty())
        held = replica.replicated[0]
        assert isinstance(held, ReplicatedAccount)
        poller = leased_poller(held, SharedStore(shared.url))
        before = statistics.median(timed(alone.poller.refresh, times))
        after = statistics.median(timed(poller.refresh, times))
        count = len(portal.requests) // (2 * times)
        print(f"a refresh of {count} requests: {before * 1000:.1f} ms alone, {after * 1000:.1f} ms with the store")
        fleet(server, StateUrl().convert(server.url, None, None))


def fleet(server: Server, url: StoreAddress) -> None:
    """Measure beats and news of 100 accounts with 10,000 stations."""
    store, clock = SharedStore(url), SystemClock()
    tenants = {f"{number:016x}": Idle() for number in range(100)}
    beats = Coordinator(store, tenants, "r1", clock=clock, watcher=model.Ignorant())
    print(f"a beat of 100 accounts: {statistics.median(timed(beats.beat, 50)) * 1000:.1f} ms")
    memory = int(server.client.info("memory")["used_memory"])
    for number, account in enumerate(tenants):
        server.client.hset(Keys(account).of("lease"), mapping={"holder": "x", "epoch": 1, "write": 0})
        lease = Lease(store, Keys(account), "x", 1, clock=clock, sent=Moment(clock))
        feed = Feed(store, account, clock)
        for station in range(100):
            one = home(key=f"{number}-{station}", account=account)
            feed.publish(lease, {one.id: encoded(Snapshot(one), NOON)}, threading.Event())
    used = int(server.client.info("memory")["used_memory"]) - memory
    print(f"10,000 stations take {used / 1e6:.0f} MB of the store")
    shown = SharedStations(clock, Limits(1200, 900))
    began = time.monotonic()
    for account in tenants:
        Feed(store, account, clock).catch_up(lambda name, raw, account=account: shown.mirror(account, name, raw))  # type: ignore[misc]
    print(f"a replica that starts knows all of them after {time.monotonic() - began:.1f} s")


class Hasty(SystemClock):
    """A clock on which nobody waits for a turn."""

    def wait(self, stop: threading.Event, _: float) -> bool:
        """Do not wait."""
        return stop.is_set()


class Idle:
    """A tenant that never begins."""

    is_busy = is_unfit = False

    def begin(self, lease: Lease) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""


@contextmanager
def unpaced() -> Iterator[None]:
    """Requests without a distance, so that only work is measured."""
    gaps = RateLimiter._gap, RateLimiter._due
    RateLimiter._due = lambda *_: 0.0  # type: ignore[method-assign]
    yield
    RateLimiter._gap, RateLimiter._due = gaps  # type: ignore[method-assign]


def leased_poller(held: ReplicatedAccount, store: SharedStore) -> Poller:
    """The poller of an account whose lease does not end."""
    keys, clock = Keys(held.digest), SystemClock()
    store._client.hset(keys.of("lease"), mapping={"holder": "x", "epoch": 1, "write": 0})
    lease = Lease(store, keys, "x", 1, clock=clock, sent=Moment(clock))
    lease.__class__ = type("Endless", (Lease,), {"over": ""})
    stop = threading.Event()
    held.place = place = held._place(lease)
    kept = stores_of(place, held._settings)
    held._stations.write_by(held.name, lambda found: held.feed.publish(lease, found, stop))
    portal = connect(held._settings, kept, Hasty(), held._metrics, stop, transport=Transport(permit=lease.require))
    # The minute that the first sign-in waits has passed.
    session = portal._session  # type: ignore[attr-defined]
    session._state = replace(session._state, brake=LoginThrottle())
    return held._poller(portal, kept, lease, stop)


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Seconds of each of so many runs, after one to warm up."""
    work()
    found = []
    for _ in range(times):
        began = time.monotonic()
        work()
        found.append(time.monotonic() - began)
    return found


def ip(*words: str) -> None:
    """Change the networks of this machine."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


RELAY = """
import socket, sys, threading
def pump(one, other):
    try:
        while data := one.recv(65536):
            other.sendall(data)
    except OSError:
        pass
    for each in (one, other):
        each.close()
listening = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    one, _ = listening.accept()
    def serve(one=one):
        try:
            other = socket.create_connection((sys.argv[3], int(sys.argv[4])), timeout=10)
        except OSError:
            one.close()
            return
        other.settimeout(None)
        threading.Thread(target=pump, args=(one, other), daemon=True).start()
        pump(other, one)
    threading.Thread(target=serve, daemon=True).start()
"""
"""Lets what is on the loopback of one network be reached from another: plain HTTP to the portal stays on loopback."""


@contextmanager
def networks(portal_port: int) -> Iterator[None]:
    """A network for each replica, N.2 in it: 10.99.N.1 is the store, 10.98.N.1 the portal, 10.97.N.1 who looks on."""
    relays = []
    try:
        for number, name in enumerate(NAMES, 1):
            ip("netns", "add", name)
            ip("link", "add", f"v{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
            for subnet in (STORE, PORTAL, LOOKING):
                ip("addr", "add", f"{subnet}.{number}.1/24", "dev", f"v{name}")
                ip("-n", name, "addr", "add", f"{subnet}.{number}.2/24", "dev", "eth0")
            ip("link", "set", f"v{name}", "up")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")
            port, way = str(portal_port), f"{PORTAL}.{number}.1"
            relays.append(subprocess.Popen([sys.executable, "-c", RELAY, way, port, "127.0.0.1", port]))
            inside = ("ip", "netns", "exec", name, sys.executable, "-c", RELAY, "127.0.0.1", port, way, port)
            relays.append(subprocess.Popen(inside))
        yield
    finally:
        for relay in relays:
            relay.kill()
            relay.wait()
        for name in NAMES:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def cuts() -> None:
    """Cut the one that polls, and then each of the others, from the store and from the portal."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running(folder, "0.0.0.0"))
        portal = stack.enter_context(SimulatedPortal(demo_plants(1, clock=SimulatedClock()), account=ACCOUNT))
        stack.enter_context(networks(portal.port))
        found = Cluster(folder, server.url, portal, portal.login_url, in_net=True)
        stack.callback(found.close)
        for name in NAMES:
            found.start(name)
        found.settle()
        wait_for(lambda: portal.logins == 1)
        for what, subnet in (("store", STORE), ("portal", PORTAL)):
            for is_leader in (True, False):
                leader = found.settle()
                cut = leader if is_leader else next(name for name in NAMES if name != leader)
                _cut(found, cut, leader, what, subnet)


def _cut(found: Cluster, cut: str, leader: str, what: str, subnet: str) -> None:
    """Cut one replica off, wait, and mend it."""
    address, device = f"{subnet}.{NAMES.index(cut) + 1}.1/24", f"v{cut}"
    count = len(found.portal.requests)
    ip("addr", "del", address, "dev", device)
    began, most, ready = time.monotonic(), 0, True
    changed = stopped = None
    while time.monotonic() - began < CUT_SECONDS:
        leaders = found.leaders()
        most = max(most, len(leaders))
        if stopped is None and cut not in leaders:
            stopped = time.monotonic() - began
        if changed is None and leaders and leader not in leaders:
            changed = time.monotonic() - began
        ready = found.ready(cut)
        time.sleep(0.2)
    ages = {name: round(found.energy(name) / 3.6e6, 2) for name in NAMES}
    ip("addr", "add", address, "dev", device)
    print(
        f"{cut} ({'polled' if cut == leader else 'did not poll'}) cut from the {what} for {CUT_SECONDS:.0f} s: "
        f"stopped after {stopped and round(stopped, 1)} s, another one polled after {changed and round(changed, 1)} s, "
        f"most at once {most}, ready {ready}, requests {len(found.portal.requests) - count}, kWh shown {ages}, "
        f"sign-ins {found.portal.logins}",
        flush=True,
    )
    time.sleep(25)


def main() -> None:
    """Do what is asked for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("what", choices=["takeover", "pause", "day", "cuts", "cost"])
    words.add_argument("--times", type=int, default=10)
    words.add_argument("--hours", type=int, default=24)
    chosen = words.parse_args()
    work: dict[str, Callable[[], None]] = {
        "takeover": lambda: takeover(chosen.times),
        "pause": pause,
        "day": lambda: day(chosen.hours),
        "cuts": cuts,
        "cost": lambda: cost(chosen.times),
    }
    work[chosen.what]()


if __name__ == "__main__":
    main()
