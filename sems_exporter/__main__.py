"""Where `sems-exporter` and `python -m sems_exporter` begin."""

import os
import signal
import sys
import threading
from contextlib import suppress


def run() -> None:
    """Be the program: run the command line, and end the process."""
    try:
        main()
    except SystemExit as ended:
        _end_beside_threads(ended.code)
        raise


def main() -> None:
    """Run the command line; Ctrl-C while it is being loaded, for seconds on a small board, shows no traceback."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # else somebody wants it ignored
        signal.signal(signal.SIGINT, _end)
    from sems_exporter.cli import commands  # noqa: PLC0415 - this is the loading

    signal.signal(signal.SIGINT, handler)
    commands.main()


def _end_beside_threads(code: object) -> None:
    """End at once where a thread is under way that nobody waits for, such as one that checks a password.

    Before Python 3.14 the interpreter ends a thread that comes back from a library while it is being taken apart, and
    a library in Rust aborts the whole process then: SIGTERM would end in SIGABRT.
    """
    if threading.active_count() == 1 or not isinstance(code, int):
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _end(number: int, _: object) -> None:
    """End as by the signal itself, which the first process of a container only notices with a handler."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)


if __name__ == "__main__":
    run()
