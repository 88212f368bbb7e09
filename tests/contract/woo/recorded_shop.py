"""The shop the recordings were made on, rebuilt with its own ids."""

from __future__ import annotations

from typing import Any

from bridge.sim.woo.media import add_file
from bridge.sim.woo.shop import FakeWoo
from bridge.sim.woo.state import Attribute, Term
from tests.contract.woo.registry import new_shop

COFFEE, TEA, MERCH, CLOTHING = 16, 17, 18, 19
SIMPLE = (
    ("Espresso Beans", COFFEE),
    ("House Blend", COFFEE),
    ("Decaf Blend", COFFEE),
    ("Ethiopia Yirgacheffe", COFFEE),
    ("Colombia Huila", COFFEE),
    ("Earl Grey", TEA),
    ("Sencha", TEA),
    ("Assam", TEA),
    ("Mug White", MERCH),
    ("Mug Black", MERCH),
    ("Tumbler", MERCH),
    ("French Press", MERCH),
    ("Grinder", MERCH),
    ("Pour Over Cone", MERCH),
    ("Filter Papers", MERCH),
    ("Scale", MERCH),
    ("Kettle", MERCH),
    ("Travel Cup", MERCH),
    ("Gift Box", MERCH),
    ("Tote Bag", MERCH),
)
VARIABLE = ((31, "T-Shirt", "TS"), (38, "Hoodie", "HD"), (45, "Cap", "CP"))


def recorded_shop() -> FakeWoo:
    """Simple products 11-30, variable ones 31, 38, 45 with six variations each, a picture 53."""
    shop = new_shop()
    state = shop.state
    for number, name in ((COFFEE, "Coffee"), (TEA, "Tea"), (MERCH, "Merch"), (CLOTHING, "Clothing")):
        state.categories[number] = Term(number, name, name.lower())
    state.attributes[1] = Attribute(1, "Color", "pa_color")
    state.attribute_terms[1] = {}
    for number, name in ((20, "Red"), (21, "Green"), (22, "Blue")):
        state.attribute_terms[1][number] = Term(number, name, name.lower())
        state.option_names[(1, name.lower())] = name
    shop.ids.seen("attribute", 1)
    shop.ids.seen("term", 22)
    shop.acts["seed"]([simple(n, name, category) for n, (name, category) in enumerate(SIMPLE)])
    shop.acts["seed"]([variable(number, name, code) for number, name, code in VARIABLE])
    shop.ids._next["post"] = 53
    add_file(shop, "mug.png", b"mug")
    state.files["2026/11/mug.png"] = b"mug"
    state.media[53].path = "2026/11/mug.png"
    return shop


def simple(place: int, name: str, category: int) -> dict[str, Any]:
    """Product ``11 + place`` as it was when the recording began."""
    cents = 500 + 105 * place
    return {
        "id": 11 + place,
        "name": name,
        "sku": f"SIMP-{place + 1:03d}",
        "regular_price": f"{cents // 100}.{cents % 100:02d}",
        "description": f"<p>{name} long</p>",
        "short_description": f"{name} short",
        "manage_stock": True,
        "stock_quantity": 20 + place,
        "weight": "0.5",
        "categories": [{"id": category}],
    }


def variable(number: int, name: str, code: str) -> dict[str, Any]:
    """A variable product with colours and two sizes, ten of each in stock."""
    return {
        "id": number,
        "name": name,
        "type": "variable",
        "sku": f"VAR-{code}",
        "categories": [{"id": CLOTHING}],
        "attributes": [
            {"id": 1, "position": 0, "visible": True, "variation": True, "options": ["Red", "Green", "Blue"]},
            {"name": "Size", "position": 1, "visible": True, "variation": True, "options": ["S", "L"]},
        ],
        "variations": [
            {
                "id": number + 1 + n,
                "sku": f"VAR-{code}-{color[0]}{size}",
                "regular_price": "25.00",
                "manage_stock": True,
                "stock_quantity": 10,
                "attributes": [{"id": 1, "option": color}, {"name": "Size", "option": size}],
            }
            for n, (color, size) in enumerate((c, s) for c in ("Red", "Green", "Blue") for s in ("S", "L"))
        ],
    }


def stock(shop: FakeWoo, number: int, quantity: int | None) -> None:
    """Let an item have had ``quantity``."""
    shop.state.items[number].stock = quantity


def next_id(shop: FakeWoo, number: int) -> None:
    """Let the next post get this id."""
    shop.ids._next["post"] = number
