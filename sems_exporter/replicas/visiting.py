"""Beside the replicas: what `check` and its like may do with an account, whether or not somebody polls it."""

from sems_exporter.clock import Clock
from sems_exporter.config.settings import AccountSettings, SharedStoreSettings
from sems_exporter.errors import StartError
from sems_exporter.portal.session.state_store import AccountStores
from sems_exporter.replicas.account import digest_of, stores_of
from sems_exporter.replicas.account_stores import Place
from sems_exporter.replicas.money import SharedMoney
from sems_exporter.replicas.replica import open_store, prove
from sems_exporter.replicas.scripts import READ
from sems_exporter.replicas.shared_store import Keys, StoreAway, text

NOBODY = "a replica (none has the account yet)"


class Visit:
    """Looks into the store without ever taking an account; raises StartError where it cannot be reached."""

    def __init__(self, shared: SharedStoreSettings, clock: Clock) -> None:
        self._store, self._seal = open_store(shared)
        self._clock = clock
        self._places: dict[str, Place] = {}
        prove(self._store, self._seal)

    def stores(self, settings: AccountSettings, _: Clock) -> AccountStores:
        """The stores of an account, which write nothing but a release of the brake."""
        keys = Keys(digest_of(settings))
        try:
            _, _, (holder,) = self._store.run(READ, [keys.of("lease")], ["holder"])
        except StoreAway as error:
            raise StartError(
                f"state_url: {self._store.place} cannot be reached ({error}); without the store nobody knows who polls "
                "the account"
            ) from error
        name = text(holder).partition("#")[0]
        place = Place(self._store, keys, self._seal, self._clock, holder=f"replica {name}" if name else NOBODY)
        self._places[settings.name] = place
        return stores_of(place, settings)

    @property
    def money(self) -> SharedMoney:
        """What was counted of the stations."""
        return SharedMoney(lambda account: self._places[account])
