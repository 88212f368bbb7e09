"""Both simulators in a process of their own, filled with the same catalog (or only the shop), on loopback.

Prints one JSON line with the addresses and keys, then serves until its standard input ends.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from decimal import Decimal
from typing import Any

from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.kernel.serve import LoopbackServer
from bridge.sim.kernel.service import BaseService
from bridge.sim.square.account import FakeSquare
from bridge.sim.square.inventory import POS_SOURCE, journal_change
from bridge.sim.square.inventory_store import Change
from bridge.sim.square.moments import rfc3339
from bridge.sim.woo.shop import FakeWoo
from bridge.sim.woo.state import Item

STORES = ("Oslo", "Bergen", "Trondheim")
LONG_AGO = 3 * 86400.0
SIZES = 5
"""Variations of each variable product; six of ten variations belong to one."""
SHELF = "KUNCATEGORIZED"
"""The category every product of the shop is in."""
COUNTED = ("12", "8", "0")
"""What each store counts of everything: together what the shop shows."""


def products_for(variations: int) -> tuple[int, int]:
    """How many simple products and how many with variations make up that many variations."""
    variable = variations * 6 // 10 // SIZES
    return variations - variable * SIZES, variable


def fill_shop(woo: FakeWoo, variations: int) -> None:
    """Products of long ago: nothing of them shows up as changed."""
    simple, variable = products_for(variations)
    woo.clock.advance(-LONG_AGO)
    woo.acts["seed_catalog"](products=simple, prefix="S", stock=20)
    woo.acts["seed_catalog"](products=variable, variations_each=SIZES, prefix="V", stock=20)
    woo.clock.advance(LONG_AGO)


def fill_twin(woo: FakeWoo, square: FakeSquare) -> None:
    """The same products in Square, counted in every store, long ago."""
    square.clock.advance(-LONG_AGO)
    at = square.stamp()
    version = square.state.catalog.next_version(int(at.timestamp() * 1000))
    stamps = {"version": version, "updated_at": rfc3339(at), "created_at": rfc3339(at)}
    shelf = {"name": "Uncategorized", "category_type": "REGULAR_CATEGORY", "is_top_level": True}
    square.state.catalog.put({"type": "CATEGORY", "id": SHELF, **stamps, "category_data": shelf})
    made: list[str] = []
    state = woo.state
    for number, item in list(state.items.items()):
        if not item.is_variation:
            children = [state.items[n] for n in state.children.get(number, ())]
            made += _twin(woo, square, stamps, item, children or [item])
    _count_all(square, made)
    square.clock.advance(LONG_AGO)


def _twin(woo: FakeWoo, square: FakeSquare, stamps: dict[str, Any], item: Item, children: list[Item]) -> list[str]:
    store = square.state.catalog
    item_id, kids = f"I{item.id:023d}", [f"V{child.id:023d}" for child in children]
    for ordinal, (kid, child) in enumerate(zip(kids, children, strict=True)):
        data = {
            "item_id": item_id,
            "name": _title(woo, child) if child is not item else "Regular",
            "sku": child.sku,
            "ordinal": ordinal,
            "pricing_type": "FIXED_PRICING",
            "price_money": {"amount": int(Decimal(child.regular_price) * 100), "currency": square.state.currency},
            "track_inventory": True,
            "sellable": True,
            "stockable": True,
        }
        everywhere = {"present_at_all_locations": True, "item_variation_data": data}
        store.put({"type": "ITEM_VARIATION", "id": kid, **stamps, **everywhere})
    body = {"name": item.name, "is_taxable": True, "product_type": "REGULAR", "is_archived": False}
    body |= {"categories": [{"id": SHELF, "ordinal": 0}]}
    store.put({"type": "ITEM", "id": item_id, **stamps, "present_at_all_locations": True, "item_data": body}, kids)
    return kids


def _title(woo: FakeWoo, child: Item) -> str:
    chosen = child.attributes[0]
    terms = woo.state.attribute_terms[chosen["id"]].values()
    return next(term.name for term in terms if term.slug == chosen["option"])


def _count_all(square: FakeSquare, variation_ids: list[str]) -> None:
    places = list(square.state.locations)
    store, at = square.state.inventory, square.stamp()
    for variation_id in variation_ids:
        for place, counted in zip(places, COUNTED, strict=True):
            change = Change(
                f"C{square.ids.number('seed_change'):023d}", "PHYSICAL_COUNT", variation_id, "IN_STOCK", "IN_STOCK",
                place, place, Decimal(counted), at, at, POS_SOURCE,
            )  # fmt: skip
            journal_change(square, change, store.add(change), "staff")


def access(woo: FakeWoo, square: FakeSquare) -> dict[str, Any]:
    """Keys and places, without the addresses."""
    key = next(iter(woo.state.keys.values()))
    return {
        "woo_key": key.key,
        "woo_secret": key.secret,
        "square_token": next(iter(square.state.tokens)),
        "stores": list(square.state.locations),
        "products": sum(1 for item in woo.state.items.values() if not item.is_variation),
        "journaled": {"woo": len(woo.journal), "square": len(square.journal)},
        "prices": {n: item.regular_price for n, item in woo.state.items.items() if item.type == "simple"},
        "sold_as": [n for n, item in woo.state.items.items() if item.type == "simple"][:1000],
    }


def give_latency(service: BaseService) -> None:
    """Add an act ``slow``: from then on every answer takes that many seconds longer, as over a real network."""
    answer, pause = service.handle, threading.Event()
    wait = 0.0

    def slow(seconds: float) -> None:
        nonlocal wait
        wait = seconds

    def handle(request: SimRequest) -> SimResponse:
        if wait and not request.path.startswith("/_sim/"):
            pause.wait(wait)
        return answer(request)

    service.acts["slow"] = slow
    service.handle = handle  # type: ignore[method-assign]


def main() -> None:
    """Fill, serve, and stop when the parent closes the pipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variations", type=int, required=True)
    parser.add_argument("--twin", action="store_true", help="Square holds the same products and counts")
    options = parser.parse_args()
    woo, square = FakeWoo(), FakeSquare(locations=STORES)
    fill_shop(woo, options.variations)
    if options.twin:
        fill_twin(woo, square)
    give_latency(woo)
    give_latency(square)
    with LoopbackServer(woo) as shop, LoopbackServer(square) as account:
        woo.state.shop_url = shop.url
        told = {**access(woo, square), "woo_url": shop.url, "square_url": account.url}
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
