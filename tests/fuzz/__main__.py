"""Fuzzes both doorbells and prints the figures: ``python -m tests.fuzz [--tries 100000] [--seed 1]``."""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.door import fuzz


def main() -> int:
    """Exit code 1 when anything was wrong."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--tries", type=int, default=100_000)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    began = time.perf_counter()
    found = fuzz(options.tries, seed=options.seed)
    seconds = time.perf_counter() - began
    print(f"{found.tries} requests in {seconds:.1f} s ({found.tries / seconds:.0f}/s), seed {options.seed}")
    print("answers: " + ", ".join(f"{status}: {number}" for status, number in sorted(found.answers.items())))
    print("counted: " + ", ".join(f"{word}: {number}" for word, number in sorted(found.words.items())))
    print(f"genuine {found.genuine}, on disk {found.stored}")
    for wrong in found.wrong[:20]:
        print(f"WRONG  {wrong}")
    return int(bool(found.wrong))


if __name__ == "__main__":
    sys.exit(main())
