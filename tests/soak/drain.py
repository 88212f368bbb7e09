"""Drains a long queue of doorbells and measures: ``python -m tests.soak.drain [--events 50000] [--products 500]``.

The ledger is on disk; both services are simulated in this process, so the figures are the daemon's own work.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bridge.ledger import inbox
from bridge.report.logs import set_up_logs
from tests.daemon.stage import Street


@dataclass(frozen=True)
class Drained:
    """Seconds to store and to drain, passes it took, what is left, changes that did not arrive, bytes grown."""

    stored: float
    drained: float
    passes: int
    left: int
    missed: int
    grown: int


def drain(events: int, products: int, ledger: Path) -> Drained:
    """Queue ``events`` while nobody looks, of which one product in ten really changed; then let the daemon work."""
    street = Street(ledger=ledger)
    ids = street.seed(
        *(
            {"name": f"P{n}", "type": "simple", "sku": f"P-{n}", "regular_price": "10.00", "manage_stock": True,
             "stock_quantity": 10}
            for n in range(products)
        )
    )  # fmt: skip
    street.live(60)
    street.deaf = True
    changed = ids[::10]
    for one in changed:
        street.sell(street.twin(one), 3)
    began = time.perf_counter()
    for start in range(0, events, 500):
        with street.db.transaction() as conn:
            for n in range(start, min(start + 500, events)):
                one = ids[n % products]
                side, topic = (("woo", "order.updated"), ("square", "inventory.count.updated"))[n % 2]
                inbox.store(
                    conn, side=side, topic=topic, dedupe=f"e{n}", object_id=str(one), body="{}", now=street.bridge.now()
                )
    stored = time.perf_counter() - began
    before, passes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, street.daemon.pulse.passes
    street.bells.ring("door")
    began = time.perf_counter()
    left = events
    while left and street.daemon.pulse.passes < passes + 20:
        street.daemon.turn(street.lease)
        with street.db.reading() as conn:
            left = inbox.count_new(conn)
        street.bells.ring("door")
    drained = time.perf_counter() - began
    missed = sum(1 for one in changed if street.woo_stock(one) != 7)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    taken = street.daemon.pulse.passes - passes
    street.db.close()
    return Drained(stored, drained, taken, left, missed, grown)


def main() -> int:
    """Print the figures; exit code 1 when something is left or did not arrive."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--events", type=int, default=50_000)
    asked.add_argument("--products", type=int, default=500)
    options = asked.parse_args()
    set_up_logs("error")
    with tempfile.TemporaryDirectory() as folder:
        found = drain(options.events, options.products, Path(folder) / "bridge.sqlite")
    print(
        f"{options.events} doorbells about {options.products} products: stored in {found.stored:.1f} s, drained in "
        f"{found.drained:.1f} s by {found.passes} passes; left {found.left}, changes missed {found.missed}, "
        f"memory at its peak grew by {found.grown / 2**20:.1f} MB"
    )
    return int(bool(found.left or found.missed))


if __name__ == "__main__":
    sys.exit(main())
