"""Where `sems-exporter` and `python -m sems_exporter` begin."""

import signal


def main() -> None:
    """Run the command line; Ctrl-C while it is being loaded, for seconds on a small board, shows no traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # else somebody wants it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from sems_exporter import cli  # noqa: PLC0415 - this is the loading

    signal.signal(signal.SIGINT, handler)
    cli.main()


if __name__ == "__main__":
    main()
