"""What a replica tells of the store, of its leases and of the others."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

AFTER = ("silence", "nobody")


class ReplicaMetrics:
    """Metrics of one replica in `registry`. Accounts by their names, "" where they have none."""

    def __init__(self, registry: CollectorRegistry, accounts: Iterable[str]) -> None:
        self._up = Gauge(
            "sems_store_up", "1 if the store that the replicas share was reached of late.", registry=registry
        )
        self._failures = Counter(
            "sems_store_failures", "Times that the store did not answer as it should.", registry=registry
        )
        self._replicas = Gauge(
            "sems_replicas", "Replicas that are alive, as this one sees it; 0 while it sees none.", registry=registry
        )
        self._leader = Gauge("sems_leader", "1 if this replica polls the account.", ["account"], registry=registry)
        self._held = Gauge(
            "sems_lease_held",
            "1 if a replica that is alive polls the account, as this one sees it.",
            ["account"],
            registry=registry,
        )
        self._epoch = Gauge(
            "sems_lease_epoch",
            "How often the right to poll the account has changed hands; falls only where the store loses what it knew.",
            ["account"],
            registry=registry,
        )
        self._taken = Counter(
            "sems_lease_takeovers",
            "Times that this replica began to poll the account: after nobody had it, or after its holder fell silent.",
            ["account", "after"],
            registry=registry,
        )
        for account in accounts:
            for gauge in (self._leader, self._held, self._epoch):
                gauge.labels(account)
            for after in AFTER:
                self._taken.labels(account, after)

    def store_up(self, *, up: bool) -> None:
        """Show whether the store was reached of late."""
        self._up.set(int(up))

    def store_failed(self) -> None:
        """Count an answer that did not come, or was a refusal."""
        self._failures.inc()

    def replicas(self, number: int) -> None:
        """Show how many replicas live."""
        self._replicas.set(number)

    def took(self, account: str, *, silent: bool) -> None:
        """Count a lease that was taken."""
        self._taken.labels(account, AFTER[0] if silent else AFTER[1]).inc()

    def leases(self, stands: Mapping[str, tuple[bool, bool, int]]) -> None:
        """Show of each account whether it is polled here, whether anywhere, and the epoch."""
        for account, (here, anywhere, epoch) in stands.items():
            self._leader.labels(account).set(int(here))
            self._held.labels(account).set(int(anywhere))
            self._epoch.labels(account).set(epoch)
