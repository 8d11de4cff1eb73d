"""Where `sems-exporter` and `python -m sems_exporter` begin."""

import os
import signal


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


def _end(number: int, _: object) -> None:
    """End as by the signal itself, which the first process of a container only notices with a handler."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)


if __name__ == "__main__":
    main()
