"""Runs many lives from plain seeds: ``python -m tests.machine.volume --seeds 1000 [--start 1] [--jobs 2]``.

Prints histories per second and every seed that failed; a seed replays exactly (``--start SEED --seeds 1 --trace``).
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor

from tests.machine.life import Life

Dice = random.Random


def draw(dice: Dice) -> tuple[str, tuple[int | bool, ...]]:
    """One act with its numbers."""
    product, quantity, store = dice.randrange(2), dice.randint(1, 3), dice.randrange(3)
    acts: list[tuple[int, str, tuple[int | bool, ...]]] = [
        (8, "buy", (product, quantity)),
        (2, "buy_both", (product, quantity)),
        (3, "cancel", (dice.randrange(8),)),
        (2, "refund", (dice.randrange(8), dice.random() < 0.5)),
        (2, "edit_order", (dice.randrange(8), dice.randint(1, 4))),
        (1, "trash_order", (dice.randrange(8),)),
        (2, "type_stock", (product, dice.randint(0, 9))),
        (1, "reprice_in_shop", (product, dice.randrange(4))),
        (1, "rename_in_shop", (product,)),
        (8, "sell", (product, quantity, store)),
        (1, "sell_offline", (product, quantity, store, dice.randint(1, 23))),
        (2, "take_back", (product, store, dice.random() < 0.5)),
        (2, "receive", (product, quantity, store)),
        (1, "waste", (product, store)),
        (2, "transfer", (product, quantity, store)),
        (2, "count", (product, dice.randint(0, 6), store)),
        (1, "reprice_at_square", (product, dice.randrange(4))),
        (1, "rename_at_square", (product,)),
        (6, "fault", (dice.randrange(2), dice.randrange(17), dice.randrange(5), dice.random() < 0.5)),
        (3, "buy_during_write", (product, quantity)),
        (2, "arm_crash", (dice.randrange(40),)),
        (1, "back_up", ()),
        (1, "skew", (dice.choice((-10, -3, 0, 3, 10)),)),
        (1, "lock_out", (dice.randrange(2),)),
        (1, "ring", (dice.randrange(2), product, quantity)),
        (1, "trash_product", (product,)),
        (1, "put_back", (dice.random() < 0.5,)),
        (2, "wait", (dice.choice((1, 20, 90, 4000)),)),
        (10, "sync", (dice.random() < 0.2,)),
    ]
    total = sum(weight for weight, _, _ in acts)
    at = dice.randrange(total)
    for weight, name, numbers in acts:
        if at < weight:
            return name, numbers
        at -= weight
    raise AssertionError


def live(seed: int, *, trace: bool = False) -> tuple[list[str], str]:
    """One life; what is wrong at its end, and a digest of everything that truly happened in it."""
    dice = Dice(seed)
    life = Life(seed)
    # most lives are short, every eighth is long
    for _ in range(dice.randint(3, 16) if seed % 8 else dice.randint(16, 45)):
        name, numbers = draw(dice)
        if trace:
            print(name, *numbers)
        getattr(life, name)(*numbers)
    life.calm()
    wrong = life.complaints()
    record = repr([*life.world.woo.journal, *life.world.square.journal])
    return wrong, hashlib.sha256(record.encode()).hexdigest()


def run_one(seed: int) -> tuple[int, list[str]]:
    """One seed; every hundredth is lived twice and must happen the same way."""
    try:
        wrong, digest = live(seed)
        if seed % 100 == 0 and live(seed)[1] != digest:
            wrong.append("lived twice, it happened differently")
    except Exception:
        wrong = [traceback.format_exc(limit=-4)]
    return seed, wrong


def main() -> int:
    """Run the seeds; exit 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0, help="stop after this long (0: no bound)")
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    if options.trace:
        print(live(options.start, trace=True)[0])
        return 0
    began, done, failed = time.monotonic(), 0, 0
    seeds = range(options.start, options.start + options.seeds)
    with ProcessPoolExecutor(options.jobs) as pool:
        for start in range(0, len(seeds), 200):
            for seed, wrong in pool.map(run_one, seeds[start : start + 200], chunksize=10):
                done += 1
                if wrong:
                    failed += 1
                    print(f"seed {seed}: {wrong[0][:1500]}", flush=True)
            if done % 2000 == 0:
                print(f"{done} so far, {failed} failed", flush=True)
            if options.seconds and time.monotonic() - began > options.seconds:
                break
    seconds = time.monotonic() - began
    print(f"{done} histories in {seconds:.0f} s ({done / seconds:.1f}/s), {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
