"""``python -m tests.bench``: every budget measured in one run, side by side, and printed as a table.

Both simulators run in a process of their own on loopback; every measured pass is a process of its own too. Nothing is
written but temporary files, unless ``--write`` names the file that is to hold the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.measures import first_sync, starting, unchanged
from tests.bench.report import budgets, page, table


def measure(*, quick: bool, say: Any) -> dict[str, Any]:
    """All figures; ``quick`` leaves out the catalog of 100,000 variations and makes the others smaller."""
    sizes, first = ((2_000, 10_000), 1_000) if quick else ((10_000, 100_000), 10_000)
    told: dict[str, Any] = {"quick": quick, "unchanged": [], "incremental": []}
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as name:
        folder = Path(name)
        told["start"] = starting(folder / "start", say=say)
        told["first"] = first_sync(folder / "first", first, say=say)
        for size in sizes:
            figures, passes = unchanged(folder / str(size), size, rounds=3, say=say, kinds=size <= 10_000)
            told["unchanged"].append(figures)
            told["incremental"] += [{"variations": size, **row} for row in passes]
    return told


def main() -> int:
    """Measure, print, and exit 1 when a budget that does not depend on the machine is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2,000 and 10,000 variations, a few minutes at most")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the figures as a page, too")
    options = parser.parse_args()
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {what}", file=sys.stderr, flush=True)

    told = measure(quick=options.quick, say=say)
    told["took_seconds"] = time.monotonic() - began
    print(json.dumps(told, indent=1) if options.json else table(told))
    if options.write:
        options.write.write_text(page(told), encoding="utf-8")
    return 0 if all(held for _, _, _, held, exact in budgets(told) if exact) else 1


if __name__ == "__main__":
    sys.exit(main())
