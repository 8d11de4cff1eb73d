"""Faults of the way to the portal, below anything that could be called an answer."""

from tests.e2e.faults.row import Play, Row, also_cold, plays
from tests.e2e.faults.world import Shape, World

NO_WAY = "The refresh fails and is repeated sooner: after 1, 2, 4 minutes."


def lose_names(world: World) -> None:
    world.lose_names()
    world.portal.hang_up()


def find_names(world: World) -> None:
    world.patch.undo()


def slowly(fault: str, seconds: float) -> Play:
    """Play a slow fault to an exporter that is in a hurry, and so slowly that a busy machine takes it for slow, too."""

    def play(world: World) -> None:
        world.hurry()
        world.portal.play(fault, seconds=seconds)

    return play


def at_ease(world: World) -> None:
    world.portal.heal()
    world.take_time()


ROWS = (
    *also_cold(
        Row(
            name="refused",
            happens="Nobody listens at the portal's address.",
            then=NO_WAY,
            play=lambda world: world.portal.refuse(),
            moves="requests:unreachable refresh:unreachable",
            live=False,
            up=False,
            heal=lambda world: world.portal.start(),
        ),
        "requests:unreachable refresh:unreachable logins:unreachable",
        0,
    ),
    *also_cold(
        Row(
            name="name not found",
            happens="The name of the portal's host cannot be resolved.",
            then=NO_WAY,
            play=lose_names,
            moves="requests:unreachable refresh:unreachable",
            live=False,
            up=False,
            shape=Shape(host="localhost"),
            heal=find_names,
        ),
        "requests:unreachable refresh:unreachable logins:unreachable",
        0,
    ),
    *also_cold(
        Row(
            name="bad certificate",
            happens="The certificate is of another authority.",
            then=f"{NO_WAY} Nothing is sent.",
            play=lambda world: world.portal.present(world.tls.bad),
            moves="requests:certificate refresh:certificate",
            live=False,
            up=False,
            shape=Shape(tls=True),
            heal=lambda world: world.portal.present(world.tls.good),
        ),
        "requests:certificate refresh:certificate refresh:login_withheld logins:certificate",
        0,
    ),
    *also_cold(
        Row(
            name="slow headers",
            happens="The portal says nothing for longer than a read may take (10 s).",
            then=NO_WAY,
            play=slowly("slow_headers", 30),
            moves="requests:timeout refresh:timeout",
            live=False,
            up=False,
            heal=at_ease,
        ),
        "requests:timeout refresh:timeout refresh:login_withheld logins:timeout",
        4,
    ),
    *also_cold(
        Row(
            name="dripping headers",
            happens="A byte now and then, so that no read waits for long.",
            then=f"{NO_WAY} An exchange ends after 30 s in whatever phase it is.",
            play=slowly("dripping_headers", 0.01),
            moves="requests:timeout refresh:timeout",
            live=False,
            up=False,
            heal=at_ease,
        ),
        "requests:timeout refresh:timeout refresh:login_withheld logins:timeout",
        4,
    ),
    *also_cold(
        Row(
            name="slow drip",
            happens="The body comes byte by byte.",
            then=f"{NO_WAY} An exchange ends after 30 s.",
            play=slowly("slow_drip", 0.01),
            moves="requests:timeout refresh:timeout",
            live=False,
            up=False,
            heal=at_ease,
        ),
        "requests:timeout refresh:timeout refresh:login_withheld logins:timeout",
        4,
    ),
    *also_cold(
        Row(
            name="reset mid-body",
            happens="The connection is reset in the middle of each answer.",
            then=f"Each data call is sent once more, a sign-in is not. {NO_WAY}",
            play=plays("reset_mid_body"),
            moves="requests:broken refresh:broken",
            live=False,
            up=False,
        ),
        "requests:broken refresh:broken refresh:login_withheld logins:broken",
        4,
    ),
)
