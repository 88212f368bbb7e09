"""What each store has to prepare: open online orders as the shop has them now, by the stores that give their goods.

Nothing an order holds is left out: a line whose stock nobody counts, or whose product is not linked, stands with the
store that has the rest of the order, else where it is to be fetched, else under no store at all.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bridge.domain.fulfillment import handover_of, recipient_of
from bridge.domain.hours import zone_of
from bridge.domain.order import CLOSED, DRAFTS, paid_how
from bridge.domain.place import pickup_of, store_of
from bridge.domain.refund import shop_refund
from bridge.engine.context import Bridge, store_settings
from bridge.engine.place_map import place_map
from bridge.engine.store_hours import ready_at
from bridge.ledger import orders
from bridge.ledger.stores import all_stores
from bridge.remotes.port import WooOrder

_ADDRESS = (
    "address_line_1", "address_line_2", "postal_code", "locality", "administrative_district_level_1", "country",
)  # fmt: skip
_NOT_TO_PICK = CLOSED | DRAFTS | {"pending", "on-hold", "completed"}
NO_STORE = "No store yet"
ZERO = Decimal(0)
Shares = dict[str, dict[str, Decimal]]
"""Store id -> line id -> how many."""


@dataclass(frozen=True, slots=True)
class PickLine:
    """One product to take from the shelf."""

    quantity: str
    name: str
    sku: str


@dataclass(frozen=True, slots=True)
class PickOrder:
    """One order as one store has to prepare it; ``handover`` is PICKUP, SHIPMENT, DELIVERY or "" (nothing is).

    ``ready_by`` is when a pickup can be fetched, in the store's own time (ISO 8601), ``ship_to`` the address in one
    line; "" where there is none. ``place`` is where the shopper wants to fetch it, in the shop's words. ``others`` are
    the stores that have the rest of the order.
    """

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
    place: str
    ready_by: str
    ship_to: str
    others: tuple[str, ...]
    lines: tuple[PickLine, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def picklist(bridge: Bridge, *, store_id: str = "") -> list[PickOrder]:
    """Orders to prepare, by store and then oldest first; reads the shop's orders now, the stores from the ledger."""
    since = bridge.clock.now() - timedelta(days=bridge.settings.look_back_days)
    words = bridge.settings.status_words
    done = _NOT_TO_PICK | ({words.ready, words.handed_over, words.cancelled} - {"", "processing"})
    found = [order for page in bridge.woo.orders(modified_after=since) for order in page if order.status not in done]
    to_pick = {order.order_id: _open_lines(bridge, order) for order in found}
    picked: list[PickOrder] = []
    with bridge.db.reading() as conn:
        rows = {row.store_id: row for row in all_stores(conn)}
        seen = orders.get(conn, list(to_pick))
        for order in found:
            taken = seen[order.order_id].taken if order.order_id in seen else {}
            shares = _shares(bridge, conn, order, to_pick[order.order_id], taken)
            # what has no store yet is everybody's business
            asked = [one for one in shares if not store_id or one in (store_id, "")]
            picked += [_for_store(bridge, order, one, rows, shares) for one in asked]
    return sorted(picked, key=lambda one: (one.store, one.placed, one.order_id))


def _open_lines(bridge: Bridge, order: WooOrder) -> dict[str, Decimal]:
    """How many of each line are still wanted: those given back, with or without their stock, are not."""
    wanted = {line.line_id: line.quantity for line in order.lines}
    if order.raw.get("refunds"):
        for raw in bridge.woo.shop_orders.refunds(order.order_id):
            for row in shop_refund(raw, bridge.settings.decimals).lines:
                wanted[row.line_id] = wanted.get(row.line_id, ZERO) - row.quantity
    return {line_id: quantity for line_id, quantity in wanted.items() if quantity > 0}


def _shares(
    bridge: Bridge, conn: Connection, order: WooOrder, wanted: dict[str, Decimal], taken: dict[str, dict[str, str]]
) -> Shares:
    """Which store prepares what: as its stock was taken, and the rest where the order has its home."""
    found: Shares = {}
    rest: dict[str, Decimal] = {}
    for line_id, quantity in wanted.items():
        for store_id, text in taken.get(line_id, {}).items():
            share = min(quantity, Decimal(text))
            if share > 0:
                found.setdefault(store_id, {})[line_id] = share
                quantity -= share
        if quantity > 0:
            rest[line_id] = quantity
    if rest and (found or handover_of(order.raw)):
        home = found.setdefault(_home(bridge, conn, order, found), {})
        for line_id, quantity in rest.items():
            home[line_id] = home.get(line_id, ZERO) + quantity
    return found


def _home(bridge: Bridge, conn: Connection, order: WooOrder, found: Shares) -> str:
    pickup = pickup_of(order.raw)
    place = store_of(pickup, place_map(bridge, conn)) if pickup is not None else None
    if place is not None and place.store_id:
        return place.store_id
    known = [setting.store_id for setting in store_settings(bridge, conn)]
    alone = known[0] if len(known) == 1 else ""
    return max(found, key=lambda one: (sum(found[one].values(), ZERO), one), default=alone)


def _for_store(bridge: Bridge, order: WooOrder, store_id: str, rows: dict[str, Any], shares: Shares) -> PickOrder:
    row, raw = rows.get(store_id), order.raw
    handover = handover_of(raw, delivered_by=bridge.settings.delivered_by)
    who = recipient_of(raw, with_address=handover != "PICKUP")
    zone = zone_of(str(row.timezone)) if row is not None else None
    ready = ready_at(bridge, row, order.created).astimezone(zone).isoformat() if handover == "PICKUP" else ""
    pickup = pickup_of(raw)
    names = {one: str(rows[one].name) if one in rows else one or NO_STORE for one in shares}
    return PickOrder(
        store_id, names[store_id], order.order_id, order.number, order.created.isoformat(), handover,
        str(who["display_name"]), str((raw.get("billing") or {}).get("phone") or ""),
        str(raw.get("customer_note") or ""), paid_how(raw) in ("paid", "square"),
        pickup.text if pickup is not None else "", ready,
        _address(who) if handover not in ("PICKUP", "") else "",
        tuple(sorted(name for one, name in names.items() if one != store_id)),
        tuple(
            PickLine(f"{shares[store_id][line.line_id].normalize():f}", line.name, line.sku)
            for line in order.lines
            if line.line_id in shares[store_id]
        ),
    )  # fmt: skip


def _address(recipient: dict[str, Any]) -> str:
    where = recipient.get("address") or {}
    names = (
        "address_line_1",
        "address_line_2",
        "postal_code",
        "locality",
        "administrative_district_level_1",
        "country",
    )
    return ", ".join(str(where[name]) for name in names if where.get(name))
