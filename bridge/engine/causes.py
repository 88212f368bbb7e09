"""Put movements and our own writes into words: what happened, where, and because of what (I16)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bridge.engine.context import MARK
from bridge.ledger import chains
from bridge.ledger.outbox import HELD, Action
from bridge.ledger.text import of_json

_AT_SQUARE = {
    "sale": "sold at the till",
    "return": "brought back to the till",
    "receive": "goods received",
    "waste": "lost or thrown away",
    "transfer": "moved between stores",
    "count": "counted",
    "adjustment": "adjusted in Square",
}
_FOR = {
    "order": "online order",
    "edit": "hand edit in the shop",
    "open": "opening count",
    "undo": "taking back",
    "till": "order at the till",
}


def movement_text(row: Any, stores: Mapping[str, str]) -> str:
    """One movement in words."""
    detail, quantity = of_json(row.detail_json), Decimal(row.quantity)
    where = f" at {stores.get(row.store_id, row.store_id)}" if row.store_id else ""
    if row.side == "square":
        what = _AT_SQUARE.get(row.kind, row.kind)
        source = f" ({detail['source']})" if detail.get("source") else ""
        amount = f"{quantity}" if row.kind == "count" else f"{quantity:+}"
        return f"{what}{where}: {amount}{source}"
    if row.kind in ("sale", "restock"):
        verb, way = ("sold online", "from") if row.kind == "sale" else ("given back", "to")
        return f"{verb}, order {detail.get('order', '?')}: {quantity:+}{_where(detail.get('stores', {}), way, stores)}"
    return _own_words(row.kind, detail, quantity)


def _where(shares: Mapping[str, str], way: str, stores: Mapping[str, str]) -> str:
    """The stores that gave the goods or got them back: `` from Oslo``, `` from Oslo 2, Bergen 1``."""
    names = {stores.get(store_id, store_id): number for store_id, number in shares.items()}
    if not names:
        return ""
    parts = list(names) if len(names) == 1 else [f"{name} {number}" for name, number in names.items()]
    return f" {way} {', '.join(parts)}"


def _own_words(kind: str, detail: Mapping[str, Any], quantity: Decimal) -> str:
    if kind == "opening count":
        counts = [Decimal(number) for number in detail.get("square", {}).values()]
        stores = f"the stores {sum(counts, Decimal(0))}" if counts else "no store had counted it"
        return f"opening count: the shop showed {detail.get('woo')}, {stores} ({detail.get('why', '')})"
    if kind == "staff edit":
        return f"changed by hand in the shop: {quantity:+} ({'applied' if detail.get('applied') else 'taken back'})"
    if kind == "correction":
        orders = ", ".join(detail.get("orders", ())) or "unknown orders"
        return f"one of our writes fell together with {orders}: off by {detail.get('gap', 0):+}, healed"
    if kind == "undo":
        return f"taken back by a person (run {detail.get('run')}): {quantity:+}"
    return f"{kind}: {quantity:+}"


def write_text(action: Action, stores: Mapping[str, str]) -> str:
    """One of our writes in words."""
    payload = action.payload
    if action.kind == "change_stock":
        if payload["start_tracking"]:
            return f"we let the shop count it, beginning with {payload['delta']}"
        before = payload["before"]
        return (
            f"we changed the shop's number by {int(payload['delta']):+} ({before} → {before + int(payload['delta'])})"
        )
    if action.kind not in (HELD, "count", "adjust"):
        return f"we wrote to {action.side}: {action.kind.replace('_', ' ')}"
    where = stores.get(payload["store_id"], payload["store_id"])
    if action.kind == HELD:
        return f"{where} gives {Decimal(payload['quantity']):+} through its own order at the till"
    if action.kind == "count":
        return f"we counted {payload['quantity']} at {where}"
    return f"we changed {where} by {Decimal(payload['quantity']):+} ({payload['cause']})"


def because(conn: Connection, action: Action, stores: Mapping[str, str]) -> list[str]:
    """Why a stock write was made, cause by cause; never empty for a write the bridge decided."""
    found = [movement_text(row, stores) for row in chains.movements_by_id(conn, action.causes)]
    payload = action.payload
    if payload.get("why"):
        found.append(str(payload["why"]))
    if "reckoned" in payload:
        found.append(_reckoned_text(payload["reckoned"], stores))
    if not found and str(payload.get("reference", "")).startswith(MARK):
        kind = payload["reference"].removeprefix(MARK).partition(":")[0]
        found.append(f"{_FOR.get(kind, kind)} (written before this ledger was put back)")
    return found


def _reckoned_text(reckoned: Mapping[str, Any], stores: Mapping[str, str]) -> str:
    counts = ", ".join(f"{stores.get(store, store)} {number}" for store, number in reckoned["counts"].items())
    on_the_way, kept = reckoned["pending"], reckoned["buffer"]
    return f"the stores: {counts or 'no count'}; on its way to them: {on_the_way}; kept back: {kept}"
