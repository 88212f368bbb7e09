"""Reads a WooCommerce shop: listings that lose no row, single objects, and searches by SKU and by our key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from bridge.errors import RemoteDown
from bridge.remotes.calls import Caller, raise_refusal
from bridge.remotes.port import (
    JSON,
    Call,
    Done,
    RawProduct,
    RawVariation,
    Refused,
    WooOrder,
    WooStock,
)
from bridge.remotes.woo.incoming import (
    key_of,
    raw_product,
    raw_variation,
    shown_order,
    stock_of_raw,
)

PRODUCTS = "wc/v3/products"
VARIATIONS = "wc-analytics/variations"
PER_PAGE = 100
WORTH_A_WIDE_LOOK = 3
"""From so many parents on, their variations are read from the shop-wide list: a hundred in one slow call."""
SKUS_PER_CALL = 50
NEWEST_PAGES = 20
"""How many pages of newest products are searched for a key before giving up."""

Query = tuple[tuple[str, str], ...]
T = TypeVar("T")


def chunks(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most ``size`` things, in order."""
    source = iter(things)
    while chunk := list(islice(source, size)):
        yield chunk


def utc_second(moment: datetime) -> str:
    """Whole seconds with ``Z``: the shop answers nothing at all to an order query with fractions."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _since(modified_after: datetime | None) -> Query:
    return () if modified_after is None else (("modified_after", utc_second(modified_after)),)


class NotOffered(Exception):
    """The shop refuses the first page of a listing."""


class WooReader:
    """The reading half of ``WooClient``; see ``WooSide`` for the contract of each method."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._missing_routes: set[str] = set()

    # -- listings -------------------------------------------------------------------
    def listing(self, path: str, query: Query = (), *, optional: bool = False) -> Iterator[list[JSON]]:
        """Pages of ``path`` by id ascending, each row once; the only order that loses nothing.

        When the total falls between two pages, rows behind the deleted one slid onto pages already read, so
        these are read again. Rows added meanwhile come at the end. ``optional``: a refusal of the first page
        raises ``NotOffered``.
        """
        page, last_id, total_before = 1, -1, -1
        while True:
            rows, pages, total = self._page(path, query, page, optional=optional and page == 1)
            if 0 <= total < total_before and page > 1:
                page = max(1, page - 1 - (total_before - total) // PER_PAGE)
                total_before = total
                continue
            total_before = total
            fresh = rows if last_id < 0 else [row for row in rows if row["id"] > last_id]
            if fresh:
                last_id = fresh[-1]["id"]
                yield fresh
            if page >= pages or not rows:
                return
            page += 1

    def _page(self, path: str, query: Query, page: int, *, optional: bool) -> tuple[list[JSON], int, int]:
        """Rows of one page, the number of pages and of rows (-1 when the shop does not say)."""
        paging = (("per_page", str(PER_PAGE)), ("orderby", "id"), ("order", "asc"), ("page", str(page)))
        outcome, headers = self._caller.ask(Call("GET", path, (*query, *paging)))
        if isinstance(outcome, Refused):
            if optional:
                raise NotOffered(path)
            raise_refusal(outcome, self._caller.side)
        rows = outcome.answer if isinstance(outcome, Done) else []
        if not isinstance(rows, list):
            raise RemoteDown(f"{self._caller.side}: a listing came back as something else.")
        pages = headers.get("x-wp-totalpages")
        total = int(headers.get("x-wp-total") or -1)
        return rows, int(pages) if pages else page + (len(rows) == PER_PAGE), total

    def _offered(self, path: str, query: Query = ()) -> Iterator[list[JSON]]:
        """A listing outside ``wc/v3``; raises ``NotOffered`` (404, or 401 for this key), remembered from then on."""
        if path in self._missing_routes:
            raise NotOffered(path)
        try:
            yield from self.listing(path, query, optional=True)
        except NotOffered:
            self._missing_routes.add(path)
            raise

    def products(self, *, modified_after: datetime | None = None) -> Iterator[list[RawProduct]]:
        """Pages of products; trash never appears in this listing."""
        for rows in self.listing(PRODUCTS, _since(modified_after)):
            yield [raw_product(row) for row in rows]

    def variations(self, *, modified_after: datetime | None = None) -> Iterator[list[RawVariation]]:
        """Pages of variations, shop-wide where offered; per variable parent otherwise."""
        try:
            for rows in self._offered(VARIATIONS, _since(modified_after)):
                yield [raw_variation(row) for row in rows]
            return
        except NotOffered:
            pass
        since = _since(modified_after)  # a changed variation also changes its parent
        for parents in self.listing(PRODUCTS, (("type", "variable"), *since)):
            for parent in parents:
                path = f"{PRODUCTS}/{parent['id']}/variations"
                for rows in self.listing(path, since):
                    yield [raw_variation(row, str(parent["id"])) for row in rows]

    def variations_of(self, product_id: str) -> list[RawVariation]:
        """All variations of one product, [] when it has none or is unknown."""
        try:
            return [
                raw_variation(row, product_id)
                for rows in self.listing(f"{PRODUCTS}/{product_id}/variations", optional=True)
                for row in rows
            ]
        except NotOffered:
            return []

    def stock_rows(self) -> Iterator[list[WooStock]]:
        """Every stock number; from the stock report where offered, else from both full listings."""
        try:
            for rows in self._offered("wc-analytics/reports/stock"):
                yield [stock_of_raw(row) for row in rows]
            return
        except NotOffered:
            pass
        for products in self.products():
            yield [stock_of_raw(row.raw) for row in products]
        for variations in self.variations():
            yield [replace(stock_of_raw(row.raw), parent_id=row.parent_id) for row in variations]

    def orders(self, *, modified_after: datetime | None = None) -> Iterator[list[WooOrder]]:
        """Pages of orders, drafts of the checkout included."""
        for rows in self.listing("wc/v3/orders", _since(modified_after)):
            yield [shown_order(row) for row in rows]

    def trashed_orders(self, *, modified_after: datetime | None = None) -> Iterator[list[WooOrder]]:
        """Pages of orders in the trash."""
        for rows in self.listing("wc/v3/orders", (*_since(modified_after), ("status", "trash"))):
            yield [shown_order(row) for row in rows]

    # -- single objects ---------------------------------------------------------------
    def _single(self, path: str) -> JSON | None:
        outcome, _ = self._caller.ask(Call("GET", path))
        if isinstance(outcome, Refused):
            if outcome.gone:
                return None
            raise_refusal(outcome, self._caller.side)
        answer = outcome.answer if isinstance(outcome, Done) else None
        return answer if isinstance(answer, dict) else None

    def product(self, product_id: str) -> RawProduct | None:
        """One product (or variation) now; trashed ones are ``gone``."""
        raw = self._single(f"{PRODUCTS}/{product_id}")
        return None if raw is None else raw_product(raw)

    def order(self, order_id: str) -> WooOrder | None:
        """One order now."""
        raw = self._single(f"wc/v3/orders/{order_id}")
        return None if raw is None else shown_order(raw)

    def stock_of(self, variations: Sequence[tuple[str, str]]) -> list[WooStock]:
        """Fresh numbers with keys, in the order asked; unknown and trashed ones are left out."""
        by_parent: dict[str, list[str]] = {}
        for variation_id, parent_id in variations:
            by_parent.setdefault(parent_id, []).append(variation_id)
        found: dict[str, WooStock] = {}
        if len(by_parent) - ("" in by_parent) >= WORTH_A_WIDE_LOOK:
            self._look_wide(by_parent, found)
        for parent_id, ids in by_parent.items():
            path = f"{PRODUCTS}/{parent_id}/variations" if parent_id else PRODUCTS
            for raw in self._included(path, ids):
                found[str(raw["id"])] = replace(stock_of_raw(raw), parent_id=parent_id)
        return [found[variation_id] for variation_id, _ in variations if variation_id in found]

    def _look_wide(self, by_parent: dict[str, list[str]], found: dict[str, WooStock]) -> None:
        """Read variations of many parents from the shop-wide list where it is offered, and take them off the list."""
        parents = {one: parent_id for parent_id, ids in by_parent.items() if parent_id for one in ids}
        try:
            for some in chunks(parents, PER_PAGE):
                for rows in self._offered(VARIATIONS, (("include", ",".join(some)),)):
                    for raw in rows:
                        one = str(raw["id"])
                        if one in parents:
                            found[one] = replace(stock_of_raw(raw), parent_id=parents[one])
        except NotOffered:
            return
        for parent_id in set(parents.values()):
            del by_parent[parent_id]

    def _included(self, path: str, ids: Sequence[str]) -> Iterator[JSON]:
        if len(ids) == 1:
            raw = self._single(f"{path}/{ids[0]}")
            if raw is not None and raw.get("status") != "trash":
                yield raw
            return
        for some in chunks(dict.fromkeys(ids), PER_PAGE):
            try:
                for rows in self.listing(path, (("include", ",".join(some)),), optional=True):
                    yield from rows
            except NotOffered:  # the parent itself is gone
                return

    # -- searches ---------------------------------------------------------------------
    def find_by_sku(self, skus: Sequence[str]) -> list[RawProduct]:
        """Holders of these SKUs, trash included; a SKU with a comma is searched alone, for the list is split there."""
        wanted = {sku.strip().casefold() for sku in skus if sku.strip()}
        queries: list[Query] = [
            (("sku", ",".join(some)),)
            for some in chunks((sku.strip() for sku in skus if sku.strip() and "," not in sku), SKUS_PER_CALL)
        ]
        queries += [(("search_sku", sku.strip()),) for sku in skus if "," in sku]
        found: dict[str, RawProduct] = {}
        for query in queries:
            for status in ((), (("status", "trash"),)):
                for rows in self.listing(PRODUCTS, (*query, *status)):
                    for raw in rows:
                        if str(raw.get("sku") or "").strip().casefold() in wanted:
                            found[str(raw["id"])] = raw_product(raw)
        return list(found.values())

    def find_by_key(self, key: str, *, since: datetime) -> RawProduct | None:
        """The product made since then that carries our key; the newest are looked at first."""
        oldest = utc_second(since)[:-1]
        for page in range(1, NEWEST_PAGES + 1):
            query = (("per_page", "50"), ("orderby", "id"), ("order", "desc"), ("page", str(page)))
            rows: list[JSON] = self._caller.read(Call("GET", PRODUCTS, query))
            for raw in rows:
                if key_of(raw) == key:
                    return raw_product(raw)
            # a draft may have no date yet: it does not end the search
            if not rows or any((row.get("date_created_gmt") or "9") < oldest for row in rows):
                return None
        return None
