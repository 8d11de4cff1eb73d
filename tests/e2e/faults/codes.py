"""Every result code that has been seen, on data calls and on sign-ins."""

from tests.e2e.faults.answers import FAILS
from tests.e2e.faults.row import HOUR, Row, plays
from tests.e2e.faults.world import World

ON_DATA = {
    "100000": ("system error", "server_fault"),
    "100025": ("no right to this", "denied"),
    "GY0429": ("too many requests", "rate_limited"),
    "S0327": ("statistical dimension", "request_invalid"),
    "P0214": ("missing parameter", "request_invalid"),
    "P0215": ("operation failed", "request_invalid"),
    "R0305": ("remote control failed", "request_invalid"),
    "R000013": ("read failed", "request_invalid"),
    "read_fail": ("function read failed", "request_invalid"),
    "B0001": ("a fault of the system", "server_fault"),
}
THEN = {
    "server_fault": FAILS,
    "denied": "What is denied is not asked again for half an hour.",
    "request_invalid": "What the portal does not understand is not asked again for half an hour.",
    "rate_limited": "Nothing is sent for 5 minutes, then 10, 20 … up to an hour.",
}
SESSION_ENDED = {
    "100001": ("no access, please log in", "session_rejected"),
    "100002": ("the authorization has expired", "session_rejected"),
    "C0602": ("abnormal login", "session_rejected"),
    "C0607": ("the session is invalid", "session_rejected"),
    "Z0100": ("the session is invalid", "session_rejected"),
    "A0301": ("unauthorised", "session_rejected"),
    "100005": ("e-mail or password error", "credentials_rejected"),
    "C0501": ("bad credentials", "credentials_rejected"),
    "A0210": ("bad credentials", "credentials_rejected"),
}
AT_SIGN_IN = {
    "100000": ("system error", "server_fault"),
    "100001": ("no access", "session_rejected"),
    "100002": ("the authorization has expired", "session_rejected"),
    "100025": ("no right to this", "denied"),
    "C0602": ("abnormal login", "session_rejected"),
    "C0607": ("the session is invalid", "session_rejected"),
    "Z0100": ("the session is invalid", "session_rejected"),
    "A0301": ("unauthorised", "session_rejected"),
    "B0001": ("a fault of the system", "server_fault"),
    "X9999": ("nobody knows", "unknown_code"),
}
BAD_CREDENTIALS = {
    "100005": "e-mail or password error",
    "C0501": "bad credentials",
    "A0210": "bad credentials",
}
DATA_CALLS = (
    "stations",
    "info",
    "flow",
    "devices",
    "telemetry",
    "telecounting",
    "information",
    "batteries",
    "statistics",
    "production",
    "alarm_statistics",
    "alarms",
)


def press_release(world: World) -> None:
    """All is well again, and a person releases the brake."""
    world.portal.heal()
    world.clock.advance(900)
    world.parts.portal.release_brake()


def _moves_of_sign_in(outcome: str) -> str:
    # Where there is no session yet, none can have ended and no right be missing.
    reason = "login_refused" if outcome in ("session_rejected", "denied") else outcome
    unknown = "unknown:result_code" if outcome == "unknown_code" else ""
    return f"requests:{outcome} refresh:{reason} refresh:login_withheld logins:{reason} {unknown}"


OTHERS = (
    Row(
        name="code 100004",
        happens="“parameter error” on every call but the sign-in.",
        then="The protocol has changed: the classic dialect is tried, and SEMS+ again after an hour.",
        play=plays("code:100004", *DATA_CALLS),
        moves="requests:protocol_changed refresh:agreement_pending refresh:login_withheld logins:agreement_pending",
        logins=4,
        logins_after=4,
        live=False,
        up=False,
        back_within=2 * HOUR,
    ),
    Row(
        name="code 100004 at sign-in",
        happens="“parameter error”: the portal wants another protocol, as on 2026-09-23.",
        then="A loud log line; the classic dialect is tried, and SEMS+ again after an hour.",
        play=plays("code:100004", "login"),
        moves="requests:protocol_changed refresh:agreement_pending refresh:login_withheld logins:protocol_changed "
        "logins:agreement_pending",
        logins=4,
        logins_after=4,
        live=False,
        up=False,
        cold=True,
        back_within=2 * HOUR,
    ),
    Row(
        name="a code that nobody knows",
        happens="X9999 on every call but the sign-in.",
        then="The log names the code, once.",
        play=plays("code:X9999", *DATA_CALLS),
        moves="requests:unknown_code refresh:unknown_code unknown:result_code",
        live=False,
        up=False,
    ),
    Row(
        name="code GY0429 at sign-in",
        happens="“too many requests”.",
        then="Nothing is sent for 5 minutes, then 10, 20 … up to an hour.",
        play=plays("code:GY0429", "login"),
        moves="requests:rate_limited refresh:rate_limited logins:rate_limited",
        logins=3,
        logins_after=1,
        live=False,
        up=False,
        cold=True,
    ),
    Row(
        name="code P0214 at sign-in",
        happens="“missing parameter”.",
        then="A sign-in that the portal does not understand is not repeated for half an hour.",
        play=plays("code:P0214", "login"),
        moves="requests:request_invalid refresh:request_invalid logins:request_invalid",
        logins=1,
        logins_after=1,
        live=False,
        up=False,
        cold=True,
    ),
)
ROWS = (
    *OTHERS,
    *(
        Row(
            name=f"code {code}",
            happens=f"“{text}” on every call but the sign-in.",
            then=THEN[outcome],
            play=plays(f"code:{code}", *DATA_CALLS),
            moves=f"requests:{outcome} refresh:{outcome}",
            live=False,
            up=False,
        )
        for code, (text, outcome) in ON_DATA.items()
    ),
    *(
        Row(
            name=f"code {code}",
            happens=f"“{text}”, on every call but the sign-in.",
            then="One sign-in; the session is tried again at growing distances, before the next one.",
            play=plays(f"code:{code}", *DATA_CALLS),
            moves=f"requests:{outcome} refresh:login_withheld",
            logins=1,
            logins_after=0,
            live=False,
            up=False,
        )
        for code, (text, outcome) in SESSION_ENDED.items()
    ),
    *(
        Row(
            name=f"code {code} at sign-in",
            happens=f"“{text}”.",
            then="Sign-ins at growing distances: 1, 2, 4, 8, then 15 minutes.",
            play=plays(f"code:{code}", "login"),
            moves=_moves_of_sign_in(outcome),
            logins=4,
            logins_after=1,
            live=False,
            up=False,
            cold=True,
        )
        for code, (text, outcome) in AT_SIGN_IN.items()
    ),
    *(
        Row(
            name=f"code {code} at sign-in",
            happens=f"“{text}”.",
            then="Three sign-ins at most; then none until the password changes or a person releases the brake.",
            play=plays(f"code:{code}", "login"),
            moves="requests:credentials_rejected refresh:credentials_rejected refresh:login_withheld "
            "logins:credentials_rejected",
            logins=3,
            logins_after=1,
            live=False,
            up=False,
            cold=True,
            heal=press_release,
        )
        for code, text in BAD_CREDENTIALS.items()
    ),
)
