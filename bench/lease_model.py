"""Look for an order of events in which two replicas poll an account or sign in: many more than the tests try.

python -m bench.lease_model --examples 2000 --steps 60
"""

import argparse
import logging
import tempfile
import time
from pathlib import Path

from sems_exporter.config.state_url import StateUrl
from sems_exporter.replicas.seal import Seal
from sems_exporter.replicas.shared_store import SharedStore
from tests.replicas.conftest import key_file
from tests.replicas.server import running
from tests.replicas.test_lease_model import run


def main() -> None:
    """Try so many orders; ends with the shortest that does harm, if one does."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--examples", type=int, default=2000)
    words.add_argument("--steps", type=int, default=60)
    chosen = words.parse_args()
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        store = SharedStore(StateUrl().convert(server.url, None, None))
        run(server, store, Seal(key_file(Path(folder))), examples=chosen.examples, steps=chosen.steps)
    print(f"{chosen.examples} orders of up to {chosen.steps} events each, in {time.monotonic() - began:.0f} s: no harm")


if __name__ == "__main__":
    main()
