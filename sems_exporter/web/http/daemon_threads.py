"""Work beside the event loop, in daemon threads: those of a pool would hold up the end of the program."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(name: str, work: Callable[[], T], *, fault: T) -> T:
    """The result of `work`, done in a thread called `name`; `fault` where it ends in one, which the thread tells."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(found: T) -> None:
        if not result.done():
            result.set_result(found)

    def run() -> None:
        found = fault
        try:
            found = work()
        finally:
            # Also where it ends in a fault: whoever waits for it would keep all others waiting.
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await result
