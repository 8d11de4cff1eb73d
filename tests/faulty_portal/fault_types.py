"""Named faults: what a portal, the network in between, or the account may do to a client."""

from enum import Enum


class Fault(Enum):
    """One kind of trouble. Played on "*" it strikes the calls its group says; on an endpoint's name only that one."""

    # On every request.
    SLOW_HEADERS = "slow_headers"
    """The status line comes after `seconds` (30)."""
    DRIPPING_HEADERS = "dripping_headers"
    """The head comes byte by byte, one every `seconds` (1)."""
    SLOW_DRIP = "slow_drip"
    """The body comes byte by byte, one every `seconds` (1)."""
    RESET_MID_BODY = "reset_mid_body"
    """The connection is reset after half of the body."""
    TRUNCATED_JSON = "truncated_json"
    """Half of the JSON text, in an answer that is otherwise whole."""
    HTML = "html"
    """A page about maintenance, with status 200."""
    EMPTY_BODY = "empty_body"
    """Status 200 and nothing else."""
    NO_CONTENT = "no_content"
    """Status 204."""
    REDIRECT = "redirect"
    """Status 302 to another host."""
    HTTP_401 = "http_401"
    """Status 401."""
    HTTP_403 = "http_403"
    """Status 403."""
    HTTP_404 = "http_404"
    """Status 404, as for a route that does not exist."""
    HTTP_429 = "http_429"
    """Status 429."""
    HTTP_429_RETRY_AFTER = "http_429_retry_after"
    """Status 429 with a Retry-After of `seconds` (120)."""
    HTTP_500 = "http_500"
    """Status 500 with a text that is no JSON."""
    GZIP_BOMB = "gzip_bomb"
    """A hundred kilobytes that unpack to a hundred megabytes."""
    HUGE_BODY = "huge_body"
    """A hundred megabytes, streamed until the client leaves."""
    INT_CODES = "int_codes"
    """Result codes are numbers wherever they can be, so that success is 0."""
    STRING_CODES = "string_codes"
    """Result codes are texts."""
    SESSION_STOLEN = "session_stolen"
    """Another client signs in before each call, so that no session survives until its first use."""
    CLOCK_SKEW = "clock_skew"
    """The portal's clock is `seconds` (3600) ahead, so that it finds all signatures too old."""

    # On every call but the sign-ins.
    DATA_EMPTY_OBJECT = "data_empty_object"
    """A success whose data is {}."""
    DATA_EMPTY_LIST = "data_empty_list"
    """A success whose data is []."""
    DATA_EMPTY_TEXT = "data_empty_text"
    """A success whose data is an empty text."""
    DATA_NULL = "data_null"
    """A success whose data is null."""
    CODE = "code"
    """`code:100025` refuses with that code; 100004, 100005 and C0501 strike the sign-ins, all others the rest."""
    MIDNIGHT_REPLAY = "midnight_replay"
    """From 23:58 to 00:20 local time, counters of the day, week, month and year are those at the end of yesterday."""
    COUNTER_ZERO_BLIP = "counter_zero_blip"
    """The next answer about each device has its lifetime counters at 0; the ones after are right again."""
    SENTINELS = "sentinels"
    """Device values are the numbers that stand for "not available"."""
    FROZEN_DEVICE = "frozen_device"
    """Devices stop to report: their values and times stay as they are now."""
    INVERTER_MISSING = "inverter_missing"
    """The first inverter is not listed; the classic detail has no `inverter` at all."""
    BATTERY_VANISHED = "battery_vanished"
    """No battery is mentioned any more."""
    NO_INVERTERS = "no_inverters"
    """The list of inverters is empty."""

    # On the sign-ins.
    LOGIN_WITHOUT_TOKEN = "login_without_token"
    """A success with everything but the token."""
    AGREEMENT_PENDING = "agreement_pending"
    """A success that only asks to agree to new terms."""
    MFA_REQUIRED = "mfa_required"
    """A success that asks for a second factor and gives no session."""


SIGN_IN_FAULTS = frozenset({Fault.LOGIN_WITHOUT_TOKEN, Fault.AGREEMENT_PENDING, Fault.MFA_REQUIRED})
SIGN_IN_CODES = frozenset({"100004", "100005", "C0501"})
_ALL = tuple(Fault)
EVERYWHERE = frozenset(_ALL[: _ALL.index(Fault.DATA_EMPTY_OBJECT)])
DEFAULT_SECONDS = {
    Fault.SLOW_HEADERS: 30.0,
    Fault.DRIPPING_HEADERS: 1.0,
    Fault.SLOW_DRIP: 1.0,
    Fault.HTTP_429_RETRY_AFTER: 120.0,
    Fault.CLOCK_SKEW: 3600.0,
}


def fault_and_code(fault: Fault | str) -> tuple[Fault, str]:
    """A fault by itself or by its name, which for `code` is followed by a colon and the code."""
    if isinstance(fault, Fault):
        name, code = fault.value, ""
    else:
        name, _, code = fault.partition(":")
    try:
        found = Fault(name)
    except ValueError:
        names = ", ".join(known.value for known in Fault)
        raise ValueError(f"unknown fault {name!r}; there are {names}") from None
    if (found is Fault.CODE) != bool(code):
        raise ValueError("only code takes a code, and has to, as in 'code:GY0429'")
    return found, code
