"""Reads Square: own cursor loops over catalog and inventory, single items, searches by SKU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from bridge.errors import RemoteDown
from bridge.remotes.calls import Caller, raise_refusal
from bridge.remotes.port import (
    JSON,
    Call,
    Done,
    RawProduct,
    Refused,
    SquareChange,
    SquareCount,
    SquareStore,
)
from bridge.remotes.square.incoming import (
    changes_of_raw,
    counts_of_raw,
    raw_item,
    store_of_raw,
)
from bridge.remotes.square.outgoing import SPLIT_VERSION

RETRIEVE, IDS_PER_CALL, SKUS_PER_CALL = 250, 100, 250
SEARCH_LIMIT, INVENTORY_LIMIT = 250, 1000

T = TypeVar("T")


def chunks(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most ``size`` things, in order."""
    source = iter(things)
    while chunk := list(islice(source, size)):
        yield chunk


class _CursorLost(Exception):
    """The cursor expired (they live five minutes)."""


class SquareReader:
    """The reading half of ``SquareClient``; see ``SquareSide`` for the contract of each method."""

    def __init__(self, caller: Caller, *, version: str) -> None:
        self._caller, self._version = caller, version

    # -- cursor loops -------------------------------------------------------------------
    def pages(self, path: str, *, body: JSON | None = None, query: tuple[tuple[str, str], ...] = ()) -> Iterator[JSON]:
        """Answers of a listing until one has no cursor; an empty answer with a cursor is not the end.

        When the cursor has expired the listing starts over, once: rows may then come twice.
        """
        restarts = 1
        while True:
            try:
                yield from self._run(path, body, query)
                return
            except _CursorLost:
                if not restarts:
                    raise RemoteDown("Square: a listing took longer than its cursor lives.") from None
                restarts -= 1

    def _run(self, path: str, body: JSON | None, query: tuple[tuple[str, str], ...]) -> Iterator[JSON]:
        cursor = ""
        while True:
            answer = self._page(path, body, query, cursor)
            yield answer
            following = answer.get("cursor") or ""
            if not following or following == cursor:
                return
            cursor = following

    def _page(self, path: str, body: JSON | None, query: tuple[tuple[str, str], ...], cursor: str) -> JSON:
        if body is None:
            call = Call("GET", path, (*query, ("cursor", cursor)) if cursor else query)
        else:
            call = Call("POST", path, body={**body, "cursor": cursor} if cursor else body)
        outcome, _ = self._caller.ask(call)
        if isinstance(outcome, Refused):
            if cursor and outcome.code == "INVALID_CURSOR":
                raise _CursorLost
            raise_refusal(outcome, self._caller.side)
        answer: JSON = outcome.answer if isinstance(outcome, Done) else {}
        return answer

    # -- stores ---------------------------------------------------------------------------
    def stores(self) -> list[SquareStore]:
        """All locations."""
        answer = self._caller.read(Call("GET", "v2/locations"))
        return [store_of_raw(row) for row in answer.get("locations") or ()]

    # -- catalog --------------------------------------------------------------------------
    def objects(self, types: str) -> Iterator[list[JSON]]:
        """Pages of catalog objects of some types ("CATEGORY" …), deleted ones left out."""
        for answer in self.pages("v2/catalog/list", query=(("types", types),)):
            yield answer.get("objects") or []

    def items(self) -> Iterator[list[RawProduct]]:
        """Pages of all items."""
        for rows in self.objects("ITEM"):
            found = [raw_item(row) for row in rows if row.get("type") == "ITEM" and not row.get("is_deleted")]
            if found:
                yield found

    def items_changed(self, since: str) -> tuple[list[RawProduct], str]:
        """Items changed or deleted after ``since`` and the mark to ask from next time.

        The mark is the first page's: what changes while the pages are read is found again, not lost. Whether an
        edited variation bumps its item is not documented, so both are asked for.
        """
        body: JSON = {"object_types": ["ITEM", "ITEM_VARIATION"], "include_deleted_objects": True}
        if not since:
            answer = self._caller.read(Call("POST", "v2/catalog/search", body={**body, "limit": 1}))
            return [], str(answer.get("latest_time") or "")
        items: dict[str, RawProduct] = {}
        owners: dict[str, None] = {}
        mark = ""
        body |= {"begin_time": since, "limit": SEARCH_LIMIT}
        for answer in self.pages("v2/catalog/search", body=body):
            mark = mark or str(answer.get("latest_time") or "")
            for row in answer.get("objects") or ():
                if row.get("type") == "ITEM":
                    items[str(row["id"])] = raw_item(row)
                elif row.get("type") == "ITEM_VARIATION":
                    owners[str((row.get("item_variation_data") or {}).get("item_id") or "")] = None
        missing = [item_id for item_id in owners if item_id and item_id not in items]
        return [*items.values(), *self.items_by_id(missing)], mark or since

    def item(self, item_id: str) -> RawProduct | None:
        """One item now."""
        outcome, _ = self._caller.ask(Call("GET", f"v2/catalog/object/{item_id}"))
        if isinstance(outcome, Refused):
            if outcome.gone:
                return None
            raise_refusal(outcome, self._caller.side)
        raw = outcome.answer.get("object") if isinstance(outcome, Done) else None
        return None if not raw or raw.get("is_deleted") or raw.get("type") != "ITEM" else raw_item(raw)

    def retrieve(self, object_ids: Sequence[str]) -> list[JSON]:
        """Catalog objects by id; unknown and deleted ones are left out."""
        found: list[JSON] = []
        for some in chunks(dict.fromkeys(object_ids), RETRIEVE):
            answer = self._caller.read(Call("POST", "v2/catalog/batch-retrieve", body={"object_ids": some}))
            found += [row for row in answer.get("objects") or () if not row.get("is_deleted")]
        return found

    def items_by_id(self, item_ids: Sequence[str]) -> list[RawProduct]:
        """Several items now."""
        return [raw_item(row) for row in self.retrieve(item_ids) if row.get("type") == "ITEM"]

    def find_by_sku(self, skus: Sequence[str]) -> list[RawProduct]:
        """Items one of whose variations holds one of these SKUs."""
        wanted = {sku.strip().casefold() for sku in skus if sku.strip()}
        owners: dict[str, None] = {}
        for some in chunks(sorted({sku.strip() for sku in skus if sku.strip()}), SKUS_PER_CALL):
            query = {"set_query": {"attribute_name": "sku", "attribute_values": some}}
            body = {"object_types": ["ITEM_VARIATION"], "query": query, "limit": SEARCH_LIMIT}
            for answer in self.pages("v2/catalog/search", body=body):
                for row in answer.get("objects") or ():
                    data = row.get("item_variation_data") or {}
                    if str(data.get("sku") or "").strip().casefold() in wanted and data.get("item_id"):
                        owners[str(data["item_id"])] = None
        return self.items_by_id(list(owners))

    # -- inventory ------------------------------------------------------------------------
    def counts(self, *, updated_after: str = "", variation_ids: Sequence[str] = ()) -> Iterator[list[SquareCount]]:
        """Pages of IN_STOCK counts."""
        body: JSON = {"states": ["IN_STOCK"], "limit": INVENTORY_LIMIT}
        for answer in self._inventory("counts", body, updated_after, variation_ids):
            found = counts_of_raw(answer.get("counts") or ())
            if found:
                yield found

    def changes(self, *, updated_after: str = "", variation_ids: Sequence[str] = ()) -> Iterator[list[SquareChange]]:
        """Pages of inventory history, oldest first within each hundred variations asked for."""
        types = ["PHYSICAL_COUNT", "ADJUSTMENT"]
        if self._version < SPLIT_VERSION:
            types.append("TRANSFER")
        body: JSON = {"types": types, "limit": INVENTORY_LIMIT}
        for answer in self._inventory("changes", body, updated_after, variation_ids):
            found = changes_of_raw(answer.get("changes") or ())
            if found:
                yield found

    def _inventory(self, what: str, body: JSON, updated_after: str, ids: Sequence[str]) -> Iterator[JSON]:
        if updated_after:
            body = {**body, "updated_after": updated_after}
        path = f"v2/inventory/{what}/batch-retrieve"
        if not ids:
            yield from self.pages(path, body=body)
        for some in chunks(dict.fromkeys(ids), IDS_PER_CALL):
            yield from self.pages(path, body={**body, "catalog_object_ids": some})
