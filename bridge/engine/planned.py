"""Say in words what each write in the outbox would do: one entry per field, number, or new product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.domain.money import format_amount
from bridge.domain.product import ShownProduct
from bridge.engine.context import Bridge, online_stores, store_settings
from bridge.engine.linking import woo_parent
from bridge.ledger import links, shown, stock, subjects
from bridge.ledger.outbox import Action
from bridge.ledger.stores import all_stores
from bridge.ledger.subjects import Keys
from bridge.ledger.text import to_json

SIDES = {"woo": "the shop", "square": "Square"}
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One change a run would make.

    ``kind`` is field, add (variations), create, stock (the shop's number), inventory (a store's count at Square), or a
    write that is about no product (write_places, create_customer …).
    ``subject`` is the SKU, or the name of a product with several; ``before`` and ``after`` are JSON values (prices in
    minor units, ``None`` where nothing stands). Equal fingerprints mean the same change of the same thing. ``product``
    is a key as in ``ledger.subjects``.
    """

    side: str
    kind: str
    subject: str
    text: str
    before: Any
    after: Any
    fingerprint: str
    product: str = ""


def describe(bridge: Bridge, conn: Connection, due: Sequence[tuple[Action, Keys]]) -> Iterator[PlannedAction]:
    """The entries of some due writes, in their order."""
    speaker = _Speaker(bridge, conn)
    numbers = _opening_numbers(bridge, conn, [action for action, _ in due])
    for action, keys in due:
        product = max(keys, default=f"{action.side}:")
        if action.kind in ("update_item", "update_product"):
            yield from speaker.updates(action, product)
        elif action.kind in ("create_item", "create_product"):
            yield speaker.creation(action, product, numbers)
        elif action.kind == "change_stock":
            yield speaker.shop_number(action, product)
        elif action.kind in ("adjust", "count"):
            yield speaker.inventory(action, product)
        else:
            yield other(action, product)


def other(action: Action, product: str) -> PlannedAction:
    """A write that is about no product: pickup places, customers, orders."""
    payload = action.payload
    what = ", ".join(f"{change[0]} {change[1]}" for change in payload.get("changes", ()) if isinstance(change, list))
    about = what or payload.get("reference") or payload.get("order_id") or ""
    text = f"{action.kind.replace('_', ' ')} in {SIDES[action.side]}{': ' if about else ''}{about}"
    return _made(action.side, action.kind, str(about), text, None, about, product)


class _Speaker:
    """Finds the words: names and SKUs as last shown, stores by name."""

    def __init__(self, bridge: Bridge, conn: Connection) -> None:
        self._bridge, self._conn = bridge, conn
        self._stores = {row.store_id: row.name for row in all_stores(conn)}
        self._counted: dict[tuple[int, str], Decimal] = {}

    def updates(self, action: Action, product: str) -> Iterator[PlannedAction]:
        """One entry per field, then the variations to be added."""
        payload, side = action.payload, action.side
        own = shown.product_shown(self._conn, side, payload["product_id" if side == "woo" else "item_id"])
        name = own.name if own else str(payload["product_id"])
        skus = {v.remote_id: v.sku for v in own.variations} if own else {}
        single = next(iter(skus.values())) if len(skus) == 1 else ""
        for field, (after, before) in payload["fields"].items():
            yield self._field(side, product, single or name, field, before, after)
        for remote_id, changes in payload["variations"].items():
            for field, (after, before) in changes.items():
                yield self._field(side, product, skus.get(remote_id) or name, field, before, after)
        if payload["add"]:
            other = "square" if side == "woo" else "woo"
            yield self._additions(action, product, name, _skus_of(self._conn, other, payload))

    def _field(self, side: str, product: str, subject: str, field: str, before: Any, after: Any) -> PlannedAction:
        text = f"{field} of {subject} in {SIDES[side]}: {self._said(field, before)} → {self._said(field, after)}"
        return _made(side, "field", subject, text, before, after, product, field)

    def _said(self, field: str, value: Any) -> str:
        if field == "price":
            return format_amount(value, self._bridge.settings.decimals) or "none"
        if field in ("images", "image"):
            return f"{len(value) if isinstance(value, list) else int(bool(value))} picture(s)"
        if isinstance(value, bool):
            return "visible" if value else "hidden"
        if isinstance(value, list):
            return ", ".join(map(str, value)) or "none"
        text = " ".join(str(value or "").split())
        return f"“{text[:60]}{'…' if len(text) > 60 else ''}”" if text else "nothing"

    def _additions(self, action: Action, product: str, name: str, skus: Mapping[str, str]) -> PlannedAction:
        new = [skus.get(one, "") or one for one in action.payload["add"]]
        text = f"add to “{name}” in {SIDES[action.side]}: {', '.join(new)}"
        return _made(action.side, "add", name, text, None, new, product)

    def creation(self, action: Action, product: str, numbers: Mapping[str, int]) -> PlannedAction:
        """A product only one side has, with the stock it will open with."""
        origin = "woo" if action.side == "square" else "square"
        found = shown.product_shown(self._conn, origin, action.payload["from"])
        variations = found.variations if found else ()
        skus = [v.sku for v in variations]
        opening = {v.sku: numbers[v.remote_id] for v in variations if v.remote_id in numbers}
        name = str(action.payload["name"])
        text = f"create “{name}” in {SIDES[action.side]} ({', '.join(skus)})"
        if opening:
            text += "; opening stock " + ", ".join(f"{sku}: {number}" for sku, number in opening.items())
        after = {"name": name, "skus": skus, "opening": opening}
        return _made(action.side, "create", skus[0] if len(skus) == 1 else name, text, None, after, product)

    def shop_number(self, action: Action, product: str) -> PlannedAction:
        """A delta of the shop's number."""
        sku, payload = self._sku(action), action.payload
        before = None if payload["start_tracking"] else payload["before"]
        after = int(payload["delta"]) + (before or 0)
        text = f"stock of {sku} in the shop: {'not tracked' if before is None else before} → {after}"
        return _made("woo", "stock", sku, text, before, after, product)

    def inventory(self, action: Action, product: str) -> PlannedAction:
        """A change of one store's count."""
        sku, payload = self._sku(action), action.payload
        quantity, store_id = Decimal(payload["quantity"]), payload["store_id"]
        store = self._stores.get(store_id, store_id)
        known = self._count(action.vid or 0, store_id)
        after = quantity if action.kind == "count" else (known or Decimal(0)) + quantity
        self._counted[(action.vid or 0, store_id)] = after
        before = None if known is None else str(known)
        change = "counted" if action.kind == "count" else f"{quantity:+} ({payload['cause']})"
        text = f"stock of {sku} at {store} in Square: {before if before is not None else 'none'} → {after}, {change}"
        return _made("square", "inventory", sku, text, before, str(after), product, store_id)

    def _count(self, vid: int, store_id: str) -> Decimal | None:
        """A store's count after the entries so far."""
        if (vid, store_id) in self._counted:
            return self._counted[(vid, store_id)]
        return stock.counts_of(self._conn, [vid])[vid].get(store_id)

    def _sku(self, action: Action) -> str:
        row = links.variation_row(self._conn, action.vid or 0)
        return subjects.sku_as_shown(self._conn, row) if row else str(action.payload["variation_id"])


def _made(
    side: str, kind: str, subject: str, text: str, before: Any, after: Any, product: str, *more: str
) -> PlannedAction:
    key = action_key("plan", side, kind, product, subject, to_json(before), to_json(after), *more)
    return PlannedAction(side, kind, subject, text, before, after, key, product)


def _skus_of(conn: Connection, side: str, payload: Mapping[str, Any]) -> dict[str, str]:
    other = shown.product_shown(conn, side, payload["product_id" if side == "woo" else "item_id"])
    return {v.remote_id: v.sku for v in other.variations} if other else {}


# -- what created products open with --------------------------------------------------


def _opening_numbers(bridge: Bridge, conn: Connection, actions: Iterable[Action]) -> dict[str, int]:
    """Variation id (of the side that has it) → the number it will open with, where that side counts it."""
    if not bridge.settings.stock_enabled:
        return {}
    by_side: dict[str, list[ShownProduct]] = {"create_item": [], "create_product": []}
    for action in actions:
        if action.kind in by_side:
            found = shown.product_shown(conn, "woo" if action.side == "square" else "square", action.payload["from"])
            by_side[action.kind] += [found] if found else []
    return {**_shop_numbers(bridge, by_side["create_item"]), **_store_numbers(bridge, conn, by_side["create_product"])}


def _shop_numbers(bridge: Bridge, products: Sequence[ShownProduct]) -> dict[str, int]:
    ids = [
        (v.remote_id, woo_parent(product.remote_id, v.remote_id)) for product in products for v in product.variations
    ]
    numbers: dict[str, int] = {}
    for start in range(0, len(ids), _AT_ONCE):
        for one in bridge.woo.stock_of(ids[start : start + _AT_ONCE]):
            if one.quantity is not None and one.tracking == "tracked":
                numbers[one.variation_id] = int(one.quantity)
    return numbers


def _store_numbers(bridge: Bridge, conn: Connection, products: Sequence[ShownProduct]) -> dict[str, int]:
    online = online_stores(store_settings(bridge, conn))
    ids = [v.remote_id for product in products for v in product.variations]
    sums: dict[str, Decimal] = {}
    for start in range(0, len(ids), _AT_ONCE):
        for page in bridge.square.counts(variation_ids=ids[start : start + _AT_ONCE]):
            for count in page:
                if count.store_id in online:
                    sums[count.variation_id] = sums.get(count.variation_id, Decimal(0)) + count.quantity
    whole = {one: int(total) for one, total in sums.items() if total == total.to_integral_value()}
    kept = _kept_back(bridge, products, online)
    return {one: max(total - kept[one], 0) for one, total in whole.items()}


def _kept_back(bridge: Bridge, products: Sequence[ShownProduct], online: Sequence[str]) -> dict[str, int]:
    """Variation id → units the shop will not be shown."""
    buffers = bridge.settings.buffers
    return {
        v.remote_id: buffers.total(v.sku, [" > ".join(path) for path in product.categories], online)
        for product in products
        for v in product.variations
    }
