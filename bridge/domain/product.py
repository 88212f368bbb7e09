"""Products and variations as one side shows them: plain values with one shape for both sides.

Words: a *product* is what is described and found; a *variation* is what is counted, priced and sold. A simple
WooCommerce product has exactly one variation whose remote id is the product's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Side = Literal["woo", "square"]
Tracking = Literal["tracked", "untracked", "parent"]
"""Whether a side counts a variation's stock: itself, not at all, or (WooCommerce only) on its parent."""


@dataclass(frozen=True, slots=True)
class ShownImage:
    """An image as a side shows it: its id there and where its bytes can be read."""

    remote_id: str
    url: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class ShownVariation:
    """A variation as a side shows it. Prices are minor units (cents); ``None`` means no price.

    ``price`` is what a shopper pays now; ``regular_price``/``sale_price``/``sale_from``/``sale_to`` exist in
    WooCommerce only (times are UTC ISO text, "" when open). ``stock`` is WooCommerce's number (``None`` when
    untracked; Square's counts are per store and read apart). ``key`` is the last ``_bridge_key`` written.
    """

    remote_id: str
    sku: str = ""
    gtin: str = ""
    title: str = ""
    options: tuple[tuple[str, str], ...] = ()
    price: int | None = None
    regular_price: int | None = None
    sale_price: int | None = None
    sale_from: str = ""
    sale_to: str = ""
    visible: bool = True
    tracking: Tracking = "untracked"
    stock: Decimal | None = None
    backorders: bool = False
    key: str = ""
    image: ShownImage | None = None
    version: int | None = None
    price_varies_by_store: bool = False


@dataclass(frozen=True, slots=True)
class ShownProduct:
    """A product as a side shows it, with its variations where the reading carries them.

    ``categories`` are paths from the root (``("Clothing", "Hoodies")``); ``unrepresentable`` says why the other
    side cannot hold it ("" when it can): grouped, external, variable pricing … ``version`` is Square's.
    """

    side: Side
    remote_id: str
    name: str
    description: str = ""
    kind: str = "simple"
    categories: tuple[tuple[str, ...], ...] = ()
    images: tuple[ShownImage, ...] = ()
    visible: bool = True
    status: str = ""
    sku: str = ""
    variations: tuple[ShownVariation, ...] = ()
    version: int | None = None
    modified: str = ""
    unrepresentable: str = ""
    option_names: tuple[str, ...] = field(default=())
