"""HTTP sessions that are closed after each test, so that none is left for the garbage collector to complain about."""

import requests

PATIENCE = 30.0
"""Seconds until a client gives up: generous, for machines that do much else meanwhile."""

_open: list[requests.Session] = []


def new_session() -> requests.Session:
    """A session that knows no proxies."""
    session = requests.Session()
    session.trust_env = False
    _open.append(session)
    return session


def close_sessions() -> None:
    while _open:
        _open.pop().close()
