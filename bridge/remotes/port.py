"""What the engine needs of the two sides, as plain values and protocols.

Terminology
    page        one answer of a listing, in the side's own order, never re-sorted
    raw         an object as the side sent it (parsed JSON), kept only as long as it is looked at
    fingerprint a short hash of everything in a raw object that the bridge syncs, stock left out; equal
                fingerprints mean nothing to do
    outcome     what became of a write: ``Done``, ``Refused`` (never will work), ``Later`` (nothing happened,
                try again) or ``Unknown`` (it may have happened: only a read-back tells)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from bridge.domain.product import ShownImage, ShownProduct, ShownVariation
from bridge.remotes.outcome import Call, Done, Later, NoReply, Outcome, Refused, Reply, Transport, Unknown

if TYPE_CHECKING:
    from bridge.remotes.orders_port import (
        SquareOrderSide,
        SquarePaymentSide,
        SquarePeopleSide,
        WooOrderSide,
        WooPeopleSide,
        WooPlaceSide,
    )

__all__ = [
    "JSON",
    "Call",
    "Done",
    "Later",
    "NoReply",
    "Outcome",
    "RawProduct",
    "RawVariation",
    "Refused",
    "Reply",
    "SquareChange",
    "SquareCount",
    "SquareSide",
    "SquareStockChange",
    "SquareStore",
    "Transport",
    "Unknown",
    "WooOrder",
    "WooOrderLine",
    "WooSide",
    "WooStock",
    "WooStockChange",
]

JSON = dict[str, Any]


# -- what is read ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawProduct:
    """One product row of a listing: enough to see whether anything changed without translating it."""

    remote_id: str
    fingerprint: str
    raw: JSON
    modified: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class RawVariation:
    """One WooCommerce variation row of the shop-wide listing."""

    remote_id: str
    parent_id: str
    fingerprint: str
    raw: JSON
    modified: str = ""


@dataclass(frozen=True, slots=True)
class WooStock:
    """WooCommerce's stock number of one variation at the moment of reading.

    ``quantity`` is ``None`` when it has none; ``tracking`` as in ``ShownVariation``; ``key`` is the last
    ``_bridge_key`` found in its meta ("" when never written, ``None`` when this reading does not carry meta).
    """

    variation_id: str
    parent_id: str
    sku: str
    quantity: Decimal | None
    tracking: str
    backorders: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class WooOrderLine:
    """A line of an order: ``reduced`` is what the shop's stock still lacks because of it (``_reduced_stock``)."""

    line_id: str
    variation_id: str
    quantity: Decimal
    reduced: Decimal
    name: str = ""
    sku: str = ""


@dataclass(frozen=True, slots=True)
class WooOrder:
    """An order as far as stock is concerned; the raw object is kept for what comes later."""

    order_id: str
    number: str
    status: str
    created: datetime
    modified: datetime
    created_via: str
    lines: tuple[WooOrderLine, ...]
    pickup_place: str = ""
    raw: JSON = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SquareCount:
    """IN_STOCK quantity of one variation in one store; ``calculated_at`` orders two readings."""

    variation_id: str
    store_id: str
    quantity: Decimal
    calculated_at: str


@dataclass(frozen=True, slots=True)
class SquareChange:
    """One entry of Square's inventory history, in either version's shape, read as an effect on IN_STOCK.

    ``kind``: sale, return, receive, waste, transfer, count, adjustment. ``quantity`` is the signed effect on
    ``store_id`` (for a count: the counted number itself). A transfer gives two entries with ids ``X`` and ``X:to``.
    ``reference`` is the ``reference_id`` (ours when it carries our mark).
    """

    change_id: str
    kind: str
    variation_id: str
    store_id: str
    quantity: Decimal
    occurred_at: str
    created_at: str
    reference: str = ""
    source: str = ""
    detail: JSON = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SquareStore:
    """A Square location."""

    store_id: str
    name: str
    active: bool
    timezone: str
    currency: str
    raw: JSON = field(default_factory=dict)


# -- what is written ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WooStockChange:
    """Add ``delta`` to a variation's number and leave ``key`` beside it, in one request.

    ``parent_id`` is "" for a simple product. With ``start_tracking`` the number is set absolutely to ``delta``
    (an opening count of a variation the shop did not track); only then.
    """

    variation_id: str
    parent_id: str
    delta: int
    key: str
    start_tracking: bool = False


@dataclass(frozen=True, slots=True)
class SquareStockChange:
    """One inventory change: ``kind`` is ``adjust`` (signed quantity) or ``count`` (absolute).

    ``cause`` says which states an adjustment moves between: sale (IN_STOCK→SOLD), restock (UNLINKED_RETURN or
    SOLD→IN_STOCK), receive (NONE→IN_STOCK), waste (IN_STOCK→WASTE). ``reference`` is our stable mark (<=255).
    ``occurred_at`` is RFC 3339 UTC.
    """

    kind: str
    variation_id: str
    store_id: str
    quantity: Decimal
    cause: str
    reference: str
    occurred_at: str


class WooSide(Protocol):
    """WooCommerce as the engine uses it. Reads raise ``RemoteDown``/``AccessRefused``; writes return outcomes."""

    @property
    def shop_orders(self) -> WooOrderSide:
        """What is written to the shop's orders."""
        ...

    @property
    def places(self) -> WooPlaceSide:
        """The shop's pickup locations and shipping zones."""
        ...

    @property
    def people(self) -> WooPeopleSide:
        """The shop's registered customers."""
        ...

    def products(self, *, modified_after: datetime | None = None) -> Iterator[list[RawProduct]]:
        """Pages of all products but trash, by id ascending (``status=trash`` ones never appear)."""
        ...

    def variations(self, *, modified_after: datetime | None = None) -> Iterator[list[RawVariation]]:
        """Pages of all variations of the shop; falls back to one listing per variable parent."""
        ...

    def variations_of(self, product_id: str) -> list[RawVariation]:
        """All variations of one product."""
        ...

    def product(self, product_id: str) -> RawProduct | None:
        """One product now, trash included (then ``gone``); ``None`` when unknown."""
        ...

    def translate(self, raw: JSON, variations: Sequence[JSON] = ()) -> ShownProduct:
        """A raw product (with its raw variations when variable) in the bridge's words."""
        ...

    def translate_variation(self, raw: JSON) -> ShownVariation:
        """A raw variation (or a raw simple product) in the bridge's words."""
        ...

    def stock_rows(self) -> Iterator[list[WooStock]]:
        """The cheapest listing of every stock number (no keys), by id ascending."""
        ...

    def stock_of_raw(self, raw: JSON) -> WooStock:
        """The stock number carried by a raw product or variation, with its key."""
        ...

    def stock_of(self, variations: Sequence[tuple[str, str]]) -> list[WooStock]:
        """Fresh numbers with keys for ``(variation_id, parent_id)`` pairs ("" parent = simple product)."""
        ...

    def orders(self, *, modified_after: datetime | None = None) -> Iterator[list[WooOrder]]:
        """Pages of orders by id ascending, all statuses but trash, drafts included."""
        ...

    def trashed_orders(self, *, modified_after: datetime | None = None) -> Iterator[list[WooOrder]]:
        """Pages of orders in the trash by id ascending: trashing gives nothing back to stock."""
        ...

    def order(self, order_id: str) -> WooOrder | None:
        """One order now, trash included."""
        ...

    def find_by_sku(self, skus: Sequence[str]) -> list[RawProduct]:
        """Products and variations (raw carries ``type``/``parent_id``) holding one of these SKUs, trash included."""
        ...

    def find_by_key(self, key: str, *, since: datetime) -> RawProduct | None:
        """The product created since then whose meta carries our ``key``."""
        ...

    def change_stock(self, changes: Sequence[WooStockChange]) -> list[Outcome]:
        """Deltas with keys, batched per parent within the shop's limits; one outcome per change, in order."""
        ...

    def update_product(self, product_id: str, fields: JSON) -> Outcome:
        """Write product fields (WooCommerce names); ``Done.answer`` is the raw product.

        No key goes along: what was wanted can be read back, and the key in the meta belongs to the stock writes.
        """
        ...

    def update_variation(self, product_id: str, variation_id: str, fields: JSON) -> Outcome:
        """Write variation fields; ``Done.answer`` is the raw variation."""
        ...

    def create_product(self, fields: JSON, key: str) -> Outcome:
        """Create a product carrying our key; ``Done.answer`` is the raw product."""
        ...

    def create_variations(self, product_id: str, rows: Sequence[JSON]) -> list[Outcome]:
        """Create variations of a product; one outcome per row."""
        ...

    def category_ids(self, paths: Sequence[tuple[str, ...]], *, create: bool) -> list[int]:
        """Ids of category paths, made when missing and ``create``; missing ones are left out otherwise."""
        ...

    def time_at(self, moment: float) -> datetime | None:
        """The shop's clock at a moment of our monotonic one, by its last ``Date`` header; ``None`` when unknown."""
        ...

    def clock_skew(self) -> float:
        """Seconds the shop's clock is ahead of ours, from its last ``Date`` header (0.0 when unknown)."""
        ...


class SquareSide(Protocol):
    """Square as the engine uses it. Reads raise ``RemoteDown``/``AccessRefused``; writes return outcomes."""

    @property
    def till_orders(self) -> SquareOrderSide:
        """Square's orders."""
        ...

    @property
    def payments(self) -> SquarePaymentSide:
        """Square's payments and refunds."""
        ...

    @property
    def people(self) -> SquarePeopleSide:
        """Square's customer directory."""
        ...

    def stores(self) -> list[SquareStore]:
        """All locations, inactive ones included."""
        ...

    def items(self) -> Iterator[list[RawProduct]]:
        """Pages of all items with their variations nested (deleted ones never appear)."""
        ...

    def items_changed(self, since: str) -> tuple[list[RawProduct], str]:
        """Items changed or deleted (``gone``) after server time ``since``, and the new ``latest_time``.

        A changed variation counts as a change of its item. ``since`` "" only asks for the current mark.
        """
        ...

    def item(self, item_id: str) -> RawProduct | None:
        """One item now; ``None`` when deleted or unknown."""
        ...

    def items_by_id(self, item_ids: Sequence[str]) -> list[RawProduct]:
        """Several items now; unknown ones are left out."""
        ...

    def translate(self, raw: JSON) -> ShownProduct:
        """A raw ITEM in the bridge's words."""
        ...

    def find_by_sku(self, skus: Sequence[str]) -> list[RawProduct]:
        """Items one of whose variations holds one of these SKUs (exact, case-insensitive)."""
        ...

    def counts(self, *, updated_after: str = "", variation_ids: Sequence[str] = ()) -> Iterator[list[SquareCount]]:
        """IN_STOCK counts, all or only those changed after a server time, or of some variations."""
        ...

    def changes(self, *, updated_after: str = "", variation_ids: Sequence[str] = ()) -> Iterator[list[SquareChange]]:
        """Inventory history entries, oldest first."""
        ...

    def change_inventory(self, changes: Sequence[SquareStockChange], key: str) -> tuple[Outcome, list[SquareCount]]:
        """At most 100 changes in one keyed, all-or-nothing call; the counts after it when ``Done``."""
        ...

    def upsert_item(self, item: JSON, key: str) -> Outcome:
        """Write one whole item (raw, with versions); ``Done.answer`` is ``(raw item, id_mappings)``."""
        ...

    def upsert_items(self, items: Sequence[JSON], key: str) -> list[Outcome]:
        """Write several items in one keyed call, bisecting when one of them is refused; one outcome each."""
        ...

    def category_ids(self, paths: Sequence[tuple[str, ...]], key: str, *, create: bool) -> list[str]:
        """Ids of category paths, made when missing and ``create``."""
        ...

    def images(self, image_ids: Sequence[str]) -> list[ShownImage]:
        """Pictures with the addresses of their bytes (items carry only ids)."""
        ...

    def item_options(self, wanted: Mapping[str, Sequence[str]], key: str, *, create: bool) -> Mapping[str, Any]:
        """The seller's item options by lower-case name, with their values; made when missing and ``create``."""
        ...

    def add_image(self, object_id: str, name: str, content: bytes, mime: str, key: str) -> Outcome:
        """Upload an image and attach it; ``Done.answer`` is the image id."""
        ...

    def server_time(self) -> str:
        """RFC 3339 UTC from the last answer's ``Date`` header, "" before the first call."""
        ...
