"""The demo's small outdoor shop: 52 products with 150 variations, found on the first day as such shops are found.

Most products are on both sides under one SKU, with numbers that do not agree; some are only in the shop, some only at
Square; a few have no SKU, and one SKU stands on two variations at Square.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.account import FakeSquare
from bridge.sim.woo.coupons import Coupon
from bridge.sim.woo.order_state import TaxRate
from bridge.sim.woo.shop import FakeWoo

Json = dict[str, Any]
SQUARE_VERSION = "2026-09-16"

STORES = (
    ("Oslo Storgata", "12 Storgata", "Oslo", "0155", "+47 22 00 00 01", ("09:00:00", "19:00:00")),
    ("Bergen Torget", "3 Torget", "Bergen", "5014", "+47 55 00 00 02", ("10:00:00", "18:00:00")),
    ("Trondheim Solsiden", "21 Beddingen", "Trondheim", "7042", "+47 73 00 00 03", ("10:00:00", "20:00:00")),
)
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT")
SIZES = ("XS", "S", "M", "L", "XL")
SHOES = ("39", "40", "41", "42", "43", "44")

WORN = (
    ("Fjell Rain Jacket", "FRJ", "189.00", SIZES),
    ("Vidda Down Vest", "VDV", "149.00", SIZES),
    ("Merino Base Layer Top", "MBT", "79.00", SIZES),
    ("Merino Base Layer Bottom", "MBB", "75.00", SIZES),
    ("Trail Running Tee", "TRT", "39.00", SIZES),
    ("Fleece Half-Zip", "FHZ", "69.00", SIZES),
    ("Softshell Trousers", "SST", "119.00", SIZES),
    ("Hiking Shorts", "HSH", "59.00", SIZES),
    ("Wool Sweater Setesdal", "WSS", "139.00", SIZES),
    ("Windbreaker Light", "WBL", "89.00", SIZES),
    ("Skarv Hiking Boot", "SHB", "169.00", SHOES),
    ("Rondane Trail Shoe", "RTS", "129.00", SHOES),
    ("Approach Shoe Stetind", "ASS", "119.00", SHOES),
    ("Rubber Boot Lofoten", "RBL", "79.00", SHOES),
    ("Winter Boot Finse", "WBF", "159.00", SHOES),
    ("Sandal Sommarøy", "SSO", "69.00", SHOES),
    ("Hut Slipper", "HSL", "35.00", SHOES),
    ("Hiking Sock 3-pack", "HS3", "29.00", ("S", "M", "L")),
    ("Liner Glove", "LGL", "25.00", ("S", "M", "L")),
    ("Leather Mitten", "LMI", "65.00", ("S", "M", "L")),
    ("Kids Rain Set", "KRS", "59.00", ("98", "110", "122", "134")),
    ("Kids Wool Overall", "KWO", "85.00", ("80", "86", "92", "98")),
    ("Buff Neck Warmer", "BNW", "19.00", ("Grey", "Moss", "Rust")),
    ("Dry Bag", "DRB", "24.00", ("5 l", "10 l", "20 l")),
)
THINGS = (
    ("Thermos Bottle 0.75 l", "THB", "34.00"),
    ("Folding Knife Oak", "FKO", "49.00"),
    ("Headlamp 400 lm", "HL4", "59.00"),
    ("Gas Canister 230 g", "GC2", "9.50"),
    ("Storm Stove", "STV", "89.00"),
    ("Titanium Spork", "TSP", "14.00"),
    ("Map Jotunheimen West", "MJW", "22.50"),
    ("Compass Nordlys", "CNL", "39.00"),
    ("Trekking Poles", "TKP", "79.00"),
    ("Two-Person Tent", "TP2", "349.00"),
    ("Down Sleeping Bag", "DSB", "279.00"),
    ("Sleeping Mat", "SLM", "69.00"),
    ("Day Pack 22 l", "DP2", "99.00"),
    ("Rucksack 65 l", "R65", "199.00"),
    ("First-Aid Kit", "FAK", "29.00"),
    ("Water Filter", "WFI", "45.00"),
    ("Fire Steel", "FST", "12.00"),
    ("Enamel Mug", "EMU", "11.00"),
    ("Cast Iron Pan", "CIP", "55.00"),
    ("Beard Oil Spruce", "BOS", "18.00"),
    ("Wool Wash", "WWA", "13.00"),
    ("Boot Wax", "BWX", "10.00"),
)
ONLY_WOO = frozenset({"WSS", "KWO", "CIP", "BOS"})
ONLY_SQUARE = frozenset({"HSL", "GC2", "MJW", "EMU"})
NO_SKU = ("Gift Wrapping", "Repair Service Token", "Sample Patch")
COUPON = "vidda75"
DOUBLED = ("Keyring Moose", "Keyring Elk")


@dataclass(frozen=True, slots=True)
class Ware:
    """One product as the shopkeeper thinks of it: variations as (title, SKU), one without title when simple."""

    name: str
    code: str
    price: str
    titles: tuple[str, ...]

    @property
    def variations(self) -> list[tuple[str, str]]:
        """Titles with SKUs."""
        if not self.titles:
            return [("", self.code)]
        return [(title, f"{self.code}-{title.replace(' ', '')}") for title in self.titles]


WARES = tuple(Ware(*row) for row in WORN) + tuple(Ware(*row, ()) for row in THINGS)


def furnish(woo: FakeWoo, square: FakeSquare, dice: random.Random) -> None:
    """Fill both sides as they stood before the bridge came: stores with hours, products, counts, pickup places."""
    set_terms(woo)
    _open_stores(woo, square)
    _stock_the_shop(woo, dice)
    _stock_the_stores(square, dice)


def set_terms(woo: FakeWoo) -> None:
    """Prices contain 25 % tax, and a coupon takes a little off: orders cost odd cents."""
    woo.state.options |= {"woocommerce_calc_taxes": "yes", "woocommerce_prices_include_tax": "yes"}
    rate = TaxRate(woo.ids.number("tax_rate"), rate=Decimal(25), name="MVA")
    woo.state.tax_rates[rate.id] = rate
    now = woo.now()
    coupon = Coupon(woo.next_id(), COUPON, now, now, Decimal("7.5"), discount_type="percent")
    woo.state.coupons[coupon.id] = coupon


def _open_stores(woo: FakeWoo, square: FakeSquare) -> None:
    places = []
    for name, street, city, postcode, phone, (opens, closes) in STORES:
        address = {"address_line_1": street, "locality": city, "postal_code": postcode, "country": "NO"}
        hours = [{"day_of_week": day, "start_local_time": opens, "end_local_time": closes} for day in DAYS]
        square.add_location(
            name, address=address, phone_number=phone, timezone="Europe/Oslo", business_hours={"periods": hours}
        )
        where = {"address_1": street, "city": city, "postcode": postcode, "country": "NO", "state": ""}
        places.append({"name": name, "address": where, "details": f"Mon-Sat {opens[:5]}-{closes[:5]}", "enabled": True})
    woo.acts["set_pickup_locations"](places)


def _stock_the_shop(woo: FakeWoo, dice: random.Random) -> None:
    bodies: list[Json] = []
    for ware in WARES:
        if ware.code in ONLY_SQUARE:
            continue
        rows = [
            {"sku": sku, "regular_price": ware.price, "manage_stock": True, "stock_quantity": dice.randint(15, 60)}
            for _, sku in ware.variations
        ]
        if not ware.titles:
            bodies.append({"name": ware.name, "type": "simple", **rows[0]})
            continue
        options = {"name": "Size", "variation": True, "visible": True, "options": list(ware.titles)}
        for row, title in zip(rows, ware.titles, strict=True):
            row["attributes"] = [{"name": "Size", "option": title}]
        bodies.append({"name": ware.name, "type": "variable", "attributes": [options], "variations": rows})
    bodies += [
        {"name": name, "type": "simple", "regular_price": "5.00", "manage_stock": True, "stock_quantity": 20}
        for name in NO_SKU[:2]
    ]
    bodies.append(
        {"name": DOUBLED[0], "type": "simple", "sku": "KEY-1", "regular_price": "7.00", "manage_stock": True,
         "stock_quantity": 20}
    )  # fmt: skip
    woo.acts["seed"](bodies)


def _stock_the_stores(square: FakeSquare, dice: random.Random) -> None:
    items = [_item(ware.name, ware.price, ware.variations) for ware in WARES if ware.code not in ONLY_WOO]
    items.append(_item(NO_SKU[2], "3.00", [("", "")]))
    items += [_item(name, "7.00", [("", "KEY-1")]) for name in DOUBLED]
    for start in range(0, len(items), 20):
        objects = items[start : start + 20]
        _import(square, f"first-import-{start}", objects)
    places = list(square.state.locations)
    for variation_id in square.state.catalog.live_ids("ITEM_VARIATION"):
        for place in places:
            square.acts["count"](place, variation_id, dice.randint(4, 20))


def _item(name: str, price: str, variations: list[tuple[str, str]]) -> Json:
    item_id = f"#{name}"
    money = {"amount": round(float(price) * 100), "currency": "USD"}
    rows = [
        {
            "type": "ITEM_VARIATION",
            "id": f"#{name}/{title}",
            "present_at_all_locations": True,
            "item_variation_data": {
                "item_id": item_id,
                "name": title or "Regular",
                "pricing_type": "FIXED_PRICING",
                "price_money": money,
                "track_inventory": True,
                **({"sku": sku} if sku else {}),
            },
        }
        for title, sku in variations
    ]
    data = {"name": name, "variations": rows}
    return {"type": "ITEM", "id": item_id, "present_at_all_locations": True, "item_data": data}


def _import(square: FakeSquare, key: str, objects: list[Json]) -> None:
    token = next(iter(square.state.tokens))
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "square-version": SQUARE_VERSION,
    }
    body = orjson.dumps({"idempotency_key": key, "batches": [{"objects": objects}]})
    path = "/v2/catalog/batch-upsert"
    answer = square.handle(SimRequest("POST", "https", "connect.squareup.com", path, [], headers, body))
    if answer.status != 200:
        raise RuntimeError(f"the demo's catalog was refused: {answer.body[:300]!r}")
