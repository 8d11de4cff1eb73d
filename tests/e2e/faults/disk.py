"""Faults of the disk: what is remembered is lost, what is served is not."""

import errno
import os
import shutil
from typing import Any

from tests.e2e.faults.row import Play, Row
from tests.e2e.faults.world import World

UNSAVED = "cannot be saved"
UNREAD = "cannot be read"
WARNS = "Goes on, with a warning: a restart will have to sign in again."


def refusing(number: int) -> Play:
    """Nothing can be written below the state directory any more, and a sign-in has to be kept there."""

    def play(world: World) -> None:
        really = os.open

        def open_(path: Any, flags: int, *args: Any, **options: Any) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR) and str(path).startswith(str(world.state)):
                raise OSError(number, os.strerror(number), str(path))
            return really(path, flags, *args, **options)

        world.patch.setattr(os, "open", open_)
        world.portal.steal_session()

    return play


def full(world: World) -> None:
    def no_room(_: int) -> None:
        raise OSError(28, os.strerror(28))

    world.patch.setattr(os, "fsync", no_room)
    world.portal.steal_session()


def writable_again(world: World) -> None:
    world.patch.undo()


def replaced_by_a_file(world: World) -> None:
    shutil.rmtree(world.state)
    world.state.write_text("")
    world.portal.steal_session()


def a_directory_again(world: World) -> None:
    world.state.unlink()


def spoiling(pattern: str, text: str) -> Play:
    """The exporter ends, its files are spoilt, and it starts again a while later."""

    def play(world: World) -> None:
        world.clock.advance(120.0)
        for path in world.state.glob(pattern):
            path.write_text(text)
            # What the disk notes is the machine's time; the exporter lives in that of the world.
            os.utime(path, (world.clock.now().timestamp(),) * 2)
        world.start()

    return play


def nothing(_: World) -> None:
    """The fault is over by itself."""


ROWS = (
    Row(
        name="disk full",
        happens="There is no room left for the state.",
        then=WARNS,
        play=full,
        moves="requests:session_rejected",
        logins=1,
        says=UNSAVED,
        heal=writable_again,
    ),
    Row(
        name="state directory read-only",
        happens="The file system is mounted read-only, as after an error of the card.",
        then=WARNS,
        play=refusing(errno.EROFS),
        moves="requests:session_rejected",
        logins=1,
        says=UNSAVED,
        heal=writable_again,
    ),
    Row(
        name="state directory without permission",
        happens="The directory belongs to another user.",
        then=WARNS,
        play=refusing(errno.EACCES),
        moves="requests:session_rejected",
        logins=1,
        says=UNSAVED,
        heal=writable_again,
    ),
    Row(
        name="state directory gone",
        happens="A file stands where the directory was.",
        then=WARNS,
        play=replaced_by_a_file,
        moves="requests:session_rejected",
        logins=1,
        says=UNSAVED,
        heal=a_directory_again,
    ),
    Row(
        name="state file spoilt",
        happens="The file of the session is cut off; the exporter starts anew.",
        then="Starts without it, with a warning, and signs in a quarter of an hour later: when it last did is lost.",
        play=spoiling("account-*.json", '{"version": 1, "token": {"iden'),
        moves="refresh:login_withheld",
        logins=1,
        says=UNREAD,
        heal=nothing,
    ),
    Row(
        name="state file empty",
        happens="The file of the session has no bytes, as after a power cut.",
        then="Starts without it, with a warning, and signs in a quarter of an hour later: when it last did is lost.",
        play=spoiling("account-*.json", ""),
        moves="refresh:login_withheld",
        logins=1,
        says=UNREAD,
        heal=nothing,
    ),
    Row(
        name="counters.json spoilt",
        happens="The memory of the counters is no JSON; the exporter starts anew.",
        then="Starts without it, with a warning. The session is still good.",
        play=spoiling("counters.json", "[not json"),
        says=UNREAD,
        heal=nothing,
    ),
)
