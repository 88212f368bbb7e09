"""What a simulated shop holds: items (products and variations), terms, media, settings, keys, orders."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from bridge.sim.woo.options import default_options

Meta = dict[str, Any]
"""``{"id": int, "key": str, "value": any JSON}`` as ``meta_data`` lists it."""


@dataclass(slots=True)
class Item:
    """One product or variation. Times are epoch seconds UTC, prices the text the shop stores.

    ``parent_id`` is 0 for products. ``stock`` is ``None`` when nothing was ever set or management is off.
    ``attributes`` of a product: ``[{"id", "name", "slug", "position", "visible", "variation", "options"}]``;
    of a variation: ``[{"id", "name", "slug", "option"}]``. ``extra`` holds the rarely used fields by their
    REST names.
    """

    id: int
    type: str = "simple"
    parent_id: int = 0
    status: str = "publish"
    name: str = ""
    slug: str = ""
    sku: str = ""
    gtin: str = ""
    description: str = ""
    short_description: str = ""
    created: int = 0
    modified: int = 0
    regular_price: str = ""
    sale_price: str = ""
    sale_from: int | None = None
    sale_to: int | None = None
    manage_stock: bool = False
    stock: int | None = None
    stock_status: str = "instock"
    backorders: str = "no"
    low_stock: int | None = None
    tax_status: str = "taxable"
    tax_class: str = ""
    weight: str = ""
    length: str = ""
    width: str = ""
    height: str = ""
    virtual: bool = False
    downloadable: bool = False
    visibility: str = "visible"
    featured: bool = False
    menu_order: int = 0
    total_sales: int = 0
    shipping_class_id: int = 0
    categories: list[int] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)
    brands: list[int] = field(default_factory=list)
    images: list[int] = field(default_factory=list)
    attributes: list[dict[str, Any]] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    before_trash: str = ""

    def snapshot(self) -> Item:
        """A copy that later writes to this item do not reach."""
        made = Item(*_ALL_FIELDS(self))
        if made.extra:
            made.extra = dict(made.extra)
        return made

    @property
    def is_variation(self) -> bool:
        """True for a variation."""
        return self.parent_id != 0 and self.type == "variation"


_ALL_FIELDS = attrgetter(*(one.name for one in fields(Item)))


@dataclass(slots=True)
class Term:
    """A category, tag, brand, shipping class or attribute value."""

    id: int
    name: str
    slug: str
    parent: int = 0
    description: str = ""
    display: str = "default"
    image: int = 0
    menu_order: int = 0


@dataclass(slots=True)
class Attribute:
    """A global attribute (``pa_…``)."""

    id: int
    name: str
    slug: str
    type: str = "select"
    order_by: str = "menu_order"
    has_archives: bool = False


@dataclass(slots=True)
class Media:
    """One attachment of the media library; ``path`` is its place under ``/wp-content/uploads/``."""

    id: int
    path: str
    name: str
    alt: str = ""
    created: int = 0
    mime: str = "image/png"
    parent: int = 0


@dataclass(slots=True)
class ApiKey:
    """A consumer key; ``permissions`` is read, write or read_write, ``role`` its owner's."""

    key: str
    secret: str
    permissions: str = "read_write"
    description: str = "bridge"
    role: str = "administrator"
    user_id: int = 1


@dataclass(slots=True)
class AppPassword:
    """An application password of a WordPress user (blanks in it do not count)."""

    user: str
    password: str
    role: str = "administrator"
    user_id: int = 1


class ShopState:
    """Everything the shop remembers, with the indexes that make answers quick.

    Items change their ``sku``, ``gtin``, ``parent_id`` and ``status`` only through the methods here.
    """

    def __init__(self, shop_url: str = "http://shop.test") -> None:
        self.shop_url = shop_url.rstrip("/")
        self.items: dict[int, Item] = {}
        self.product_ids: list[int] = []
        self.variation_ids: list[int] = []
        self.children: dict[int, list[int]] = {}
        self.by_sku: dict[str, list[int]] = {}
        self.by_gtin: dict[str, list[int]] = {}
        self.version = 0
        """Moves whenever an item appears, goes, or changes status: lists cached by it stay true."""
        self.categories: dict[int, Term] = {}
        self.tags: dict[int, Term] = {}
        self.brands: dict[int, Term] = {}
        self.shipping_classes: dict[int, Term] = {}
        self.attributes: dict[int, Attribute] = {}
        self.attribute_terms: dict[int, dict[int, Term]] = {}
        self.option_names: dict[tuple[int, str], str] = {}
        """(attribute id, term slug) -> term name, so that a variation's choices print quickly."""
        self.slugs: set[str] = set()
        self.media: dict[int, Media] = {}
        self.files: dict[str, bytes] = {}
        self.options: dict[str, Any] = default_options()
        self.keys: dict[str, ApiKey] = {}
        self.app_passwords: list[AppPassword] = []
        # part of orders, customers, taxes, shipping and webhooks; their modules say what is inside
        self.orders: dict[int, Any] = {}
        self.refunds: dict[int, Any] = {}
        self.own_statuses: list[str] = []
        self.mails: list[tuple[str, int]] = []
        self.notes: dict[int, Any] = {}
        self.customers: dict[int, Any] = {}
        self.coupons: dict[int, Any] = {}
        self.tax_rates: dict[int, Any] = {}
        self.tax_classes: dict[str, Any] = {}
        self.webhooks: dict[int, Any] = {}
        self.zones: dict[int, Any] = {}
        self.carts: dict[str, Any] = {}

    # -- settings most modules ask for ------------------------------------------------
    @property
    def timezone(self) -> str:
        """The site's timezone name."""
        return str(self.options["timezone_string"])

    @property
    def currency(self) -> str:
        """ISO code of the shop's currency."""
        return str(self.options["woocommerce_currency"])

    @property
    def decimals(self) -> int:
        """Decimals prices are shown and totals rounded with."""
        return int(self.options["woocommerce_price_num_decimals"])

    def flag(self, option: str) -> bool:
        """A yes/no option as a truth value."""
        return self.options.get(option) == "yes"

    # -- items ------------------------------------------------------------------------
    def add_item(self, item: Item) -> Item:
        """Take a new item in and index it."""
        self.items[item.id] = item
        ids = self.variation_ids if item.is_variation else self.product_ids
        if ids and ids[-1] > item.id:
            insort(ids, item.id)
        else:
            ids.append(item.id)
        if item.is_variation:
            self.children.setdefault(item.parent_id, []).append(item.id)
        if item.sku:
            self.by_sku.setdefault(item.sku.lower(), []).append(item.id)
        if item.gtin:
            self.by_gtin.setdefault(item.gtin, []).append(item.id)
        self.version += 1
        return item

    def drop_item(self, item: Item) -> None:
        """Forget an item for good (its variations are the caller's business)."""
        del self.items[item.id]
        ids = self.variation_ids if item.is_variation else self.product_ids
        ids.pop(bisect_left(ids, item.id))
        if item.is_variation:
            self.children[item.parent_id].remove(item.id)
        self._unindex(self.by_sku, item.sku.lower(), item.id)
        self._unindex(self.by_gtin, item.gtin, item.id)
        self.version += 1

    def set_sku(self, item: Item, sku: str) -> None:
        """Change an item's SKU (uniqueness is the caller's business)."""
        self._unindex(self.by_sku, item.sku.lower(), item.id)
        item.sku = sku
        if sku:
            self.by_sku.setdefault(sku.lower(), []).append(item.id)

    def set_gtin(self, item: Item, gtin: str) -> None:
        """Change an item's GTIN (uniqueness is the caller's business)."""
        self._unindex(self.by_gtin, item.gtin, item.id)
        item.gtin = gtin
        if gtin:
            self.by_gtin.setdefault(gtin, []).append(item.id)

    def set_status(self, item: Item, status: str) -> None:
        """Change an item's status."""
        if item.status != status:
            item.status = status
            self.version += 1

    def variations_of(self, product_id: int) -> list[Item]:
        """The variations of a product in menu order, trashed ones left out."""
        items = self.items
        found = [items[i] for i in self.children.get(product_id, ()) if items[i].status != "trash"]
        return sorted(found, key=lambda item: (item.menu_order, item.id))

    def find_sku(self, sku: str) -> list[Item]:
        """Every item with that SKU whatever its case, trashed ones included."""
        return [self.items[i] for i in self.by_sku.get(sku.lower(), ())]

    @staticmethod
    def _unindex(index: dict[str, list[int]], key: str, item_id: int) -> None:
        held = index.get(key)
        if held and item_id in held:
            held.remove(item_id)
            if not held:
                del index[key]
