"""Work beside the event loop, in daemon threads: those of a pool would hold up the end of the program."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def in_thread(name: str, work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread called `name`; raises what `work` raises."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(conclude: Callable[[], None]) -> None:
        if not result.done():
            conclude()

    def run() -> None:
        try:
            conclude = partial(result.set_result, work())
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited, which would take for ever without
            conclude = partial(result.set_exception, error)
        # The loop may be closed by now, and the program about to end.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, conclude)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await result
