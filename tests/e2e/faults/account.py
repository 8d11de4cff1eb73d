"""What the account may be up to."""

from collections.abc import Mapping
from typing import Any

from tests.e2e.faults.codes import DATA_CALLS, press_release
from tests.e2e.faults.row import Row, plays
from tests.e2e.faults.world import ACCOUNT, PASSWORD, World


def another_password(world: World) -> None:
    world.portal.change_password("another one")
    world.portal.expire_session()


def the_old_password(world: World) -> None:
    world.portal.change_password(PASSWORD)
    press_release(world)


def gossip(world: World) -> None:
    """Refuse everything, and repeat in the refusal whatever is secret."""

    def told(_: dict[str, Any], __: Mapping[str, Any]) -> dict[str, Any]:
        short, long = sorted(world.handed_out, key=len)
        # The exporter repeats 120 characters at most, so one of them is cut.
        return {"code": "100000", "description": f"{ACCOUNT} {short} {'.' * 45} {long}"}

    for endpoint in DATA_CALLS:
        world.portal.mutate(endpoint, told)


def silence(world: World) -> None:
    world.unscript()


ROWS = (
    Row(
        name="secrets in a refusal",
        happens="The portal refuses, and repeats token, user id and account name in its words.",
        then="They are masked before anybody sees the words.",
        play=gossip,
        moves="requests:server_fault refresh:server_fault",
        live=False,
        up=False,
        heal=silence,
    ),
    Row(
        name="password changed",
        happens="The owner has changed the password; the session has ended.",
        then="Three sign-ins at most; then none until the password changes or a person releases the brake.",
        play=another_password,
        moves="requests:session_rejected requests:credentials_rejected refresh:credentials_rejected "
        "refresh:login_withheld logins:credentials_rejected",
        logins=3,
        logins_after=1,
        live=False,
        up=False,
        heal=the_old_password,
    ),
    *(
        Row(
            name=name,
            happens=happens,
            then=then,
            play=plays(fault),
            moves=f"refresh:{reason} refresh:login_withheld logins:{reason}",
            logins=4,
            logins_after=1,
            live=False,
            up=False,
            cold=True,
        )
        for name, fault, reason, happens, then in (
            (
                "login without token",
                "login_without_token",
                "agreement_pending",
                "A sign-in that succeeds with everything but a token.",
                "No session, so no call. It is tried again at growing distances, up to 15 minutes.",
            ),
            (
                "agreement pending",
                "agreement_pending",
                "agreement_pending",
                "A sign-in that succeeds and only asks to accept new terms.",
                "The page says what to do. It is tried again at growing distances, up to 15 minutes.",
            ),
            (
                "MFA required",
                "mfa_required",
                "mfa_required",
                "A sign-in that asks for a second factor.",
                "The page says what to do. It is tried again at growing distances, up to 15 minutes.",
            ),
        )
    ),
    Row(
        name="session stolen once",
        happens="Another client of the account has signed in.",
        then="One sign-in.",
        play=lambda world: world.portal.steal_session(),
        moves="requests:session_rejected",
        logins=1,
    ),
    Row(
        name="session stolen again and again",
        happens="Another client signs in before each call.",
        then="One sign-in. A session that is rejected right after it is tried again later, and the next sign-in is put "
        "off: the exporter does not fight for the session.",
        play=plays("session_stolen"),
        moves="requests:session_rejected refresh:login_withheld",
        logins=1,
        logins_after=1,
        live=False,
        up=False,
    ),
    Row(
        name="clock skew",
        happens="The portal's clock is an hour ahead, so that it finds every signature too old.",
        then="Like an abnormal login: sign-ins at growing distances.",
        play=plays("clock_skew", seconds=3600),
        moves="requests:session_rejected refresh:login_refused refresh:login_withheld logins:login_refused",
        logins=3,
        logins_after=1,
        live=False,
        up=False,
    ),
)
