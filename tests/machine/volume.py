"""Runs many lives from plain seeds: ``python -m tests.machine.volume --seeds 1000 [--start 1] [--jobs 2]``.

``--mode`` chooses what becomes of orders: ``stock`` (the default) trades stock alone, ``tills``, ``mirror_pickups`` and
``mirror`` trade orders, ``mix`` goes through those three by seed. Prints histories per second and every seed that
failed; a seed replays exactly (``--mode MODE --start SEED --trace``).
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.machine.life import Life
from tests.machine.order_life import OrderLife, OrderMode

Dice = random.Random
Act = tuple[int, str, tuple[int | bool, ...]]
"""How often an act happens among all others, its name, its numbers."""
MIX: tuple[OrderMode, ...] = ("mirror", "mirror_pickups", "tills")


def draw(dice: Dice) -> Act:
    """One act of trade in stock alone."""
    product, quantity, store = dice.randrange(2), dice.randint(1, 3), dice.randrange(3)
    acts: list[Act] = [
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
    return _one_of(dice, acts)


def draw_orders(dice: Dice) -> Act:
    """One act of trade in orders, or every fifth time one of the others."""
    product, quantity, store, order = dice.randrange(2), dice.randint(1, 2), dice.randrange(3), dice.randrange(8)
    if dice.random() < 0.2:
        return draw(dice)
    acts: list[Act] = [
        (18, "order", (product, quantity, dice.randrange(3), dice.randrange(4), dice.randrange(3))),
        (4, "pay", (order,)),
        (3, "complete", (order,)),
        (3, "cancel", (order,)),
        (3, "refund", (order, dice.random() < 0.5)),
        (1, "refund_all", (order,)),
        (2, "refund_some_money", (order, dice.randint(1, 900))),
        (2, "edit_order", (order, dice.randint(1, 3))),
        (1, "trash_order", (order,)),
        (7, "step", (order, dice.randrange(4))),
        (4, "give_back", (order, store, dice.random() < 0.5)),
        (3, "give_back_typed", (order, store, dice.random() < 0.5, dice.randrange(4))),
        (2, "give_money_back", (order, dice.randint(1, 900))),
        (1, "exchange", (product, store)),
        (2, "exchange_of_order", (order, product, store, dice.random() < 0.5)),
        (1, "give_back_sale", (order, dice.random() < 0.5)),
        (1, "rename_store", (store,)),
        (1, "rename_place", (dice.randrange(2),)),
        (1, "switch_place", (dice.randrange(2),)),
        (1, "answer", (dice.randrange(4),)),
        (6, "fault", (dice.randrange(2), dice.randrange(17), dice.randrange(8), dice.random() < 0.6)),
        (3, "arm_crash", (dice.randrange(80),)),
        (1, "back_up", ()),
        (1, "put_back", (dice.random() < 0.5,)),
        (2, "wait", (dice.choice((1, 20, 90, 700, 4000)),)),
        (16, "sync", (dice.random() < 0.3,)),
    ]
    return _one_of(dice, acts)


def _one_of(dice: Dice, acts: list[Act]) -> Act:
    at = dice.randrange(sum(weight for weight, _, _ in acts))
    for act in acts:
        if at < act[0]:
            return act
        at -= act[0]
    raise AssertionError


def born(seed: int, mode: str) -> Life:
    """The world of a seed, before anything happens in it."""
    if mode == "stock":
        return Life(seed)
    chosen = next((one for one in MIX if one == mode), MIX[seed % len(MIX)])
    return OrderLife(seed, chosen, places=seed % 5 == 0, sales=seed % 4 == 1)


def live(seed: int, mode: str = "stock", *, trace: bool = False) -> tuple[list[str], str]:
    """One life; what is wrong at its end, and a digest of everything that truly happened in it."""
    dice = Dice(seed)
    life = born(seed, mode)
    # most lives are short, every eighth is long; an order needs a few acts more to live its own
    short, long = ((3, 16), (16, 45)) if mode == "stock" else ((16, 40), (40, 80))
    for _ in range(dice.randint(*(short if seed % 8 else long))):
        _, name, numbers = (draw if mode == "stock" else draw_orders)(dice)
        if trace:
            print(name, *numbers)
        getattr(life, name)(*numbers)
    life.calm()
    wrong = life.complaints()
    record = repr([*life.world.woo.journal, *life.world.square.journal])
    return wrong, hashlib.sha256(record.encode()).hexdigest()


def run_one(seed: int, mode: str = "stock") -> tuple[int, list[str]]:
    """One seed; every hundredth is lived twice and must happen the same way."""
    try:
        wrong, digest = live(seed, mode)
        if seed % 100 == 0 and live(seed, mode)[1] != digest:
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
    parser.add_argument("--mode", choices=("stock", *MIX, "mix"), default="stock")
    parser.add_argument("--seconds", type=float, default=0, help="stop after this long (0: no bound)")
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    if options.trace:
        print(*live(options.start, options.mode, trace=True)[0], sep="\n")
        return 0
    began, done, failed = time.monotonic(), 0, 0
    seeds = range(options.start, options.start + options.seeds)
    with ProcessPoolExecutor(options.jobs) as pool:
        for start in range(0, len(seeds), 200):
            for seed, wrong in pool.map(partial(run_one, mode=options.mode), seeds[start : start + 200], chunksize=10):
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
