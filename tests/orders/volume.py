"""Mirrors many orders: ``python -m tests.orders.volume --orders 100000 [--start 1] [--jobs 2]``.

Every order is computed by the simulated shop and every mirror priced by the simulated Square (CalculateOrder). What is
said: how many became equal in which form, how many had to be refused and why, and every order that came out wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import orjson

from bridge.domain.mirror import Mirrored, MirrorInto, Unequal, mirror
from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.account import FakeSquare
from tests.orders.generator import OrderShop, kinds_of
from tests.unit.sim.woo.calls import NOON

PER_SHOP = 250
_HEADERS = {"authorization": "Bearer sandbox-square-token", "content-type": "application/json"}


class Till:
    """A simulated seller that has every product of a shop, and prices orders."""

    def __init__(self, products: list[int], currency: str = "USD") -> None:
        self.square = FakeSquare(clock=SimClock(NOON), currency=currency)
        self.location = next(iter(self.square.state.locations))
        items = self.square.seed_catalog(len(products))
        catalog = self.square.state.catalog
        variations = [v for v in catalog.objects if catalog.variation(v) is not None]
        assert len(items) and len(variations) >= len(products)
        self.variations = {str(woo): v for woo, v in zip(products, variations, strict=False)}
        self.asked = 0

    def calculate(self, order: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        body = orjson.dumps({"order": order})
        answer = self.square.handle(
            SimRequest("POST", "http", "127.0.0.1", "/v2/orders/calculate", [], dict(_HEADERS), body)
        )
        if answer.status != 200:
            raise AssertionError(f"Square refused the order: {answer.body[:300]!r}")
        priced: dict[str, Any] = orjson.loads(answer.body)["order"]
        return priced


def judge(raw: dict[str, Any], made: Mirrored | Unequal, till: Till) -> str:
    """What is wrong with a mirror, by looking only at the order and at Square's own price; "" when nothing is."""
    if isinstance(made, Unequal):
        return "" if raw["total"].startswith("-") else f"refused without need: {made.reason}"
    priced = till.calculate(made.order)
    wanted = int(raw["total"].replace(".", ""))
    if priced["total_money"]["amount"] != wanted:
        return f"Square says {priced['total_money']['amount']}, the shop {wanted}"
    sold = Counter[str]()
    for line in made.order.get("line_items", ()):
        sold[line.get("catalog_object_id", "")] += float(line["quantity"])  # type: ignore[assignment]
    for line in raw["line_items"]:
        square_id = till.variations.get(str(line["variation_id"] or line["product_id"]), "")
        if square_id and line["quantity"]:
            sold[square_id] -= line["quantity"]
    return "" if not any(abs(n) > 1e-9 for v, n in sold.items() if v) else "the goods are not the goods ordered"


def one_shop(seed: int, orders: int) -> tuple[Counter[str], list[str]]:
    """All orders of one shop: what became of them, and the first faults in words."""
    shop = OrderShop(seed)
    till = Till(shop.products, shop.currency)
    counts: Counter[str] = Counter()
    faults: list[str] = []
    into = MirrorInto(till.location, shop.currency, shop.digits, till.variations)
    counts["shops that round at the subtotal"] = shop.shop.state.options["woocommerce_tax_round_at_subtotal"] == "yes"
    for n in range(orders):
        raw = shop.order()
        till.asked = 0
        made = mirror(raw, into, till.calculate)
        counts["asked Square"] += till.asked
        counts["orders"] += 1
        counts.update(f"with {kind}" for kind in kinds_of(raw))
        if isinstance(made, Mirrored):
            counts[f"form {made.form}"] += 1
            counts["corrected by a few cents"] += bool(made.rounding)
        else:
            counts["refused, below zero" if raw["total"].startswith("-") else "refused"] += 1
        fault = judge(raw, made, till)
        if fault:
            counts["wrong"] += 1
            faults.append(f"seed {seed} order {n}: {fault}")
    return counts, faults[:3]


def main() -> int:
    """Run; exit 1 when an order came out wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    began, counts = time.monotonic(), Counter[str]()
    shops = -(-options.orders // PER_SHOP)
    sizes = [min(PER_SHOP, options.orders - at * PER_SHOP) for at in range(shops)]
    with ProcessPoolExecutor(options.jobs) as pool:
        for counted, faults in pool.map(one_shop, range(options.start, options.start + shops), sizes):
            counts += counted
            for fault in faults:
                print(fault, flush=True)
    seconds = time.monotonic() - began
    print(f"{counts['orders']} orders in {seconds:.0f} s ({counts['orders'] / seconds:.0f}/s), {counts['wrong']} wrong")
    for name in sorted(counts):
        print(f"  {name}: {counts[name]}")
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
