"""The dialects put together for one account: one session, one brake, one pace."""

import threading
from urllib.parse import urlsplit

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.config.settings import Account, AccountSettings
from sems_exporter.portal.classic.dialect import CLASSIC
from sems_exporter.portal.failover import AutoPortal, Dialect, Switch
from sems_exporter.portal.http.transport import Transport
from sems_exporter.portal.interface import AskablePortal
from sems_exporter.portal.protocol_signs import ProtocolSigns
from sems_exporter.portal.semsplus.dialect import SEMSPLUS
from sems_exporter.portal.session import trusted_hosts
from sems_exporter.portal.session.account_state import Token
from sems_exporter.portal.session.rate_limiter import RateLimiter
from sems_exporter.portal.session.session import Session
from sems_exporter.portal.session.state_store import AccountStores
from sems_exporter.telemetry.metrics import AccountMetrics

DIALECTS = (SEMSPLUS, CLASSIC)
"""The preferred one first."""


def _speaks(token: Token, dialect: Dialect) -> bool:
    return token.dialect.partition("-")[0] == dialect.spec.name


def _is_trusted(token: Token, account: Account) -> bool:
    """Tell whether the token of an earlier run may still go where it came from: the settings may have changed since."""
    try:
        trusted_hosts.trusted(token.gateway, (*account.allowed_hosts, urlsplit(account.login_url).netloc))
    except errors.GatewayRefused:
        return False
    return True


def connect(
    settings: AccountSettings,
    stores: AccountStores,
    clock: Clock,
    metrics: AccountMetrics,
    stop: threading.Event,
    *,
    transport: Transport | None = None,
) -> AskablePortal:
    """Connect the account of `settings` in the dialects it allows, SEMS+ preferred; nothing is sent yet.

    `stores` keep what a restart and other processes have to know. `stop` ends waits for the next turn.
    """
    transport = transport or Transport()
    switch = Switch(metrics.endpoints)
    session = Session(switch.sign_in, stores.state, clock, metrics, stores.lock, stores.ledger)
    pace = RateLimiter(settings.requests_per_minute, clock, stop, ledger=stores.ledger)
    signs, dialects = ProtocolSigns(), []
    for spec in DIALECTS:
        if settings.portal in ("auto", spec.name):
            client = spec.client(
                settings.account, transport, pace, clock=clock, metrics=metrics, session=session, signs=signs
            )
            dialects.append(Dialect(spec, client, spec.source(client, clock)))
    token = session.state.token
    switch.offer(tuple(dialects), token.dialect.partition("-")[0] if token else None)
    if token is not None and not (_speaks(token, switch.dialect) and _is_trusted(token, settings.account)):
        session.forget()
    return AutoPortal(switch, session, clock, signs)
