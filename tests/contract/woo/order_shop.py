"""The recorded shop as far as orders go: its products, its coupon, its customer, and ways to act on it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.woo.coupons import Coupon
from bridge.sim.woo.customers import Customer
from bridge.sim.woo.order_state import TaxRate
from bridge.sim.woo.shop import FakeWoo
from tests.contract.woo.registry import (
    ADMIN_KEY,
    Recording,
    checks,
    differences,
    load,
    new_shop,
    request_of,
)

BASIC = "Basic " + b64encode(f"{ADMIN_KEY.key}:{ADMIN_KEY.secret}".encode()).decode()
NOON = datetime(2026, 11, 22, 0, 31, 14, tzinfo=UTC)


def simple(number: int, name: str, sku: str, price: str, stock: int = 100, **more: Any) -> dict[str, Any]:
    """A simple product with managed stock, as the recorded ones were made."""
    return {
        "id": number,
        "name": name,
        "sku": sku,
        "regular_price": price,
        "manage_stock": True,
        "stock_quantity": stock,
        "weight": "0.5",
        "description": f"{name} long",
        "short_description": f"{name} short",
        **more,
    }


def variable(number: int, name: str, code: str, first: int, **more: Any) -> dict[str, Any]:
    """A variable product in the recorded colours and sizes; ``first``: its first variation's id."""
    pairs = [(c, s) for c in ("Red", "Green", "Blue") for s in ("S", "L")]
    return {
        "id": number,
        "name": name,
        "type": "variable",
        "sku": f"VAR-{code}",
        "attributes": [
            {"id": 1, "variation": True, "visible": True, "options": ["Red", "Green", "Blue"]},
            {"name": "Size", "variation": True, "visible": True, "options": ["S", "L"]},
        ],
        "variations": [
            {
                "id": first + at,
                "sku": f"VAR-{code}-{colour[0]}{size}",
                "regular_price": "25.00",
                "attributes": [{"id": 1, "option": colour}, {"name": "Size", "option": size}],
                **({} if more else {"manage_stock": True, "stock_quantity": 10}),
            }
            for at, (colour, size) in enumerate(pairs)
        ],
        **more,
    }


def stocked_shop() -> FakeWoo:
    """The shop with the products the recorded orders name."""
    shop = new_shop()
    shop.clock.freeze(NOON)
    shop.state.options["blogname"] = "Bridge Test Shop"
    shop.state.options["woocommerce_weight_unit"] = "lbs"
    call(shop, "POST", "/wc/v3/products/attributes", {"name": "Color"})
    for colour in ("Red", "Green", "Blue"):
        call(shop, "POST", "/wc/v3/products/attributes/1/terms", {"name": colour})
    shop.acts["seed"](
        products=[
            simple(11, "Espresso Beans", "SIMP-001", "5.00"),
            simple(20, "Mug Black", "SIMP-010", "14.45", 29),
            simple(21, "Tote Bag", "SIMP-011", "15.50"),
            simple(22, "Sticker Pack", "SIMP-012", "16.55", 31),
            simple(23, "French Press", "SIMP-013", "17.60"),
            simple(26, "Grinder", "SIMP-016", "28.00"),
            variable(31, "T-Shirt", "TS", 32),
            variable(38, "Hoodie", "HD", 39),
            variable(45, "Cap", "CP", 46, manage_stock=True, stock_quantity=20),
        ]
    )
    now = shop.now()
    tenoff = Coupon(52, "TENOFF", now, now, Decimal(10), discount_type="percent")
    shop.state.coupons[52] = tenoff
    shop.state.customers[3] = Customer(3, "alice@example.test", now, now, "alice", "Alice", "Smith")
    return shop


def with_tax(shop: FakeWoo) -> None:
    """Switch taxes on with the recorded New York rate (shipping untaxed)."""
    shop.state.options["woocommerce_calc_taxes"] = "yes"
    rate = TaxRate(1, "US", "NY", rate=Decimal("8.875"), name="NY Tax", shipping=False)
    shop.state.tax_rates[1] = rate


def next_ids(shop: FakeWoo, **following: int) -> None:
    """Make the next ids of kinds (``post``, ``order_item``, …) those given."""
    for kind, number in following.items():
        shop.ids._next[kind] = number


def call(
    shop: FakeWoo, method: str, route: str, body: Any = None, headers: dict[str, str] | None = None
) -> SimResponse:
    """One call with the administrator's key."""
    sent = {"authorization": BASIC, "content-type": "application/json", **(headers or {})}
    raw = b"" if body is None else orjson.dumps(body)
    return shop.handle(SimRequest.from_url(method, f"https://shop.test/wp-json{route}", sent, raw))


def resend(shop: FakeWoo, name: str, **following: int) -> SimResponse:
    """Send a recorded request, with the next ids as they were then."""
    next_ids(shop, **following)
    return shop.handle(request_of(load(name)))


Prepare = Callable[[FakeWoo], object]


def order_case(*names: str, loose: tuple[str, ...] = (), **following: int) -> Callable[[Prepare], Prepare]:
    """Like ``replays`` on the stocked shop, with the ids that come next.

    Not compared: ids of meta entries (the shop counts hidden ones too), digests, the secret in payment links.
    """

    def register(prepare: Prepare) -> Prepare:
        def check(recording: Recording) -> list[str]:
            shop = stocked_shop()
            prepare(shop)
            next_ids(shop, **following)
            return agreement(recording, shop.handle(request_of(recording)), loose)

        checks(*names)(check)
        return prepare

    return register


def agreement(recording: Recording, answer: SimResponse, loose: tuple[str, ...] = ()) -> list[str]:
    """``differences`` after evening out what no other shop can repeat."""
    content = {**recording.content}
    content["response"] = {**recording.response, "body": evened(recording.response["body"])}
    got = SimResponse(answer.status, orjson.dumps(evened(answer.json())), answer.headers)
    return differences(Recording(recording.name, content), got, (), ("payment_url", *loose))


def evened(value: Any) -> Any:
    """A body without meta ids and digests."""
    if isinstance(value, list):
        return [evened(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    made = {key: evened(inner) for key, inner in value.items()}
    if "key" in made and "value" in made:
        made.pop("id", None)
        if str(made["key"]).endswith(("_hash", "_time")):
            made["value"] = "digest"
    return made
