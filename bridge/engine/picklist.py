"""What each store has to prepare: open online orders as the shop has them now, by the stores that give their goods."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bridge.domain.fulfillment import handover_of
from bridge.domain.order import CLOSED, DRAFTS, paid_how
from bridge.engine.context import Bridge
from bridge.ledger import orders
from bridge.ledger.stores import all_stores
from bridge.remotes.port import WooOrder

_NOT_TO_PICK = CLOSED | DRAFTS | {"pending", "on-hold", "completed"}


@dataclass(frozen=True, slots=True)
class PickLine:
    """One product to take from the shelf."""

    quantity: str
    name: str
    sku: str


@dataclass(frozen=True, slots=True)
class PickOrder:
    """One order as one store has to prepare it; ``handover`` is PICKUP, SHIPMENT, DELIVERY or "" (nothing is)."""

    store_id: str
    store: str
    order_id: str
    number: str
    placed: str
    handover: str
    customer: str
    phone: str
    note: str
    paid: bool
    lines: tuple[PickLine, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def picklist(bridge: Bridge, *, store_id: str = "") -> list[PickOrder]:
    """Orders to prepare, by store and then oldest first; reads the shop's orders now, the stores from the ledger."""
    since = bridge.clock.now() - timedelta(days=bridge.settings.look_back_days)
    found = [
        order for page in bridge.woo.orders(modified_after=since) for order in page if order.status not in _NOT_TO_PICK
    ]
    with bridge.db.reading() as conn:
        names = {row.store_id: row.name for row in all_stores(conn)}
        taken = {one: seen.taken for one, seen in orders.get(conn, [order.order_id for order in found]).items()}
    picked = [
        _for_store(order, one, names.get(one, one), shares)
        for order in found
        for one, shares in _by_store(taken.get(order.order_id, {})).items()
        if not store_id or one == store_id
    ]
    return sorted(picked, key=lambda one: (one.store, one.placed, one.order_id))


def _by_store(taken: dict[str, dict[str, str]]) -> dict[str, dict[str, Decimal]]:
    """Line quantities by store out of store quantities by line."""
    found: dict[str, dict[str, Decimal]] = {}
    for line_id, shares in taken.items():
        for store_id, quantity in shares.items():
            found.setdefault(store_id, {})[line_id] = Decimal(quantity)
    return found


def _for_store(order: WooOrder, store_id: str, store: str, shares: dict[str, Decimal]) -> PickOrder:
    billing = order.raw.get("billing") or {}
    name = f"{billing.get('first_name') or ''} {billing.get('last_name') or ''}".strip()
    return PickOrder(
        store_id, store, order.order_id, order.number, order.created.isoformat(), handover_of(order.raw),
        name or str(billing.get("company") or ""), str(billing.get("phone") or ""),
        str(order.raw.get("customer_note") or ""), paid_how(order.raw) in ("paid", "square"),
        tuple(
            PickLine(f"{shares[line.line_id].normalize():f}", line.name, line.sku)
            for line in order.lines
            if line.line_id in shares
        ),
    )  # fmt: skip
