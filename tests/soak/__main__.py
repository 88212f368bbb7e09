"""Soaks the daemon, prints figures: ``python -m tests.soak [--days 10] [--seconds 600] [--counters] …``."""

from __future__ import annotations

import argparse
import sys

from tests.soak.days import soak


def main() -> int:
    """Exit code 1 when anything was wrong, memory grew by 5 % or more, or threads or files were left behind."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--days", type=int, default=10)
    asked.add_argument("--seconds", type=float, default=600)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--at-least", type=float, default=0, help="more days follow until these seconds are over")
    asked.add_argument("--counters", action="store_true", help="with pickups at the tills")
    options = asked.parse_args()
    found = soak(
        options.days,
        options.seconds,
        seed=options.seed,
        at_least=options.at_least,
        counters=options.counters,
        tell=lambda text: print(text, flush=True),
    )
    for one in found.wrong[:30]:
        print(f"WRONG  {one[:300]}")
    print(
        f"{found.days} days in {found.seconds:.0f} s: {found.trades} trades, {found.passes} passes, {found.kills} kills"
    )
    print(f"faults: {sum(found.faults.values())} {found.faults}; oversold units: {found.oversold}")
    print(f"memory grew by {found.growth:.1%}; threads and files: {[(one.threads, one.files) for one in found.sizes]}")
    return int(bool(found.wrong) or found.growth >= 0.05 or found.leaked)


if __name__ == "__main__":
    sys.exit(main())
