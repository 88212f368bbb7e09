"""Which stores can fill a cart now, later or not, from what the ledger knows; neither side is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from bridge.domain.availability import StoreAnswer, StoreShelf, availability
from bridge.domain.hours import pickup_slots
from bridge.engine.context import Bridge, store_settings
from bridge.engine.store_hours import hours_of_store, lead_of
from bridge.errors import InputError
from bridge.ledger import links, stock
from bridge.ledger.promised import promised
from bridge.ledger.schema import on_hand
from bridge.ledger.stores import all_stores

ZERO = Decimal(0)
SLOT_DAYS = 3


@dataclass(frozen=True, slots=True)
class CartAnswer:
    """The answers of all stores, soonest first; ``skus`` names variations, ``newest`` is when Square counted last.

    ``zones`` are the stores' time zones; ``slots`` the times (UTC) at which the cart may be fetched in the next days,
    every half hour on the store's own clock, for stores whose opening hours are known.
    """

    cart: tuple[tuple[str, Decimal], ...]
    answers: tuple[StoreAnswer, ...]
    skus: dict[str, str]
    names: dict[str, str]
    zones: dict[str, str]
    slots: dict[str, list[datetime]]
    newest: str


def cart_availability(bridge: Bridge, wanted: Sequence[tuple[str, Decimal]]) -> CartAnswer:
    """What every store says to a cart of (SKU, quantity); raises ``InputError`` for a SKU that is not linked."""
    with bridge.db.reading() as conn:
        rows = [(_variation(conn, sku), sku, quantity) for sku, quantity in wanted]
        vids = list(dict.fromkeys(row.vid for row, _, _ in rows))
        shelves = shelves_of(bridge, conn, vids)
        newest = conn.execute(select(func.max(on_hand.c.calculated_at)).where(on_hand.c.vid.in_(vids))).scalar()
    cart = [(str(row.vid), quantity) for row, _, quantity in rows]
    travel = bridge.settings.pickup.transfer_hours
    transfer = None if travel is None else timedelta(hours=travel)
    answers = tuple(availability(cart, shelves, bridge.clock.now(), transfer=transfer))
    hours_of = {shelf.store_id: shelf.hours for shelf in shelves if shelf.hours.known}
    return CartAnswer(
        cart=tuple((sku, quantity) for _, sku, quantity in rows),
        answers=answers,
        skus={str(row.vid): sku for row, sku, _ in rows},
        names={shelf.store_id: shelf.name for shelf in shelves},
        zones={shelf.store_id: shelf.hours.zone for shelf in shelves},
        slots={
            one.store_id: pickup_slots(hours_of[one.store_id], one.ready, days=SLOT_DAYS)
            for one in answers
            if one.ready is not None and one.store_id in hours_of
        },
        newest=str(newest or ""),
    )


def _variation(conn: Connection, sku: str) -> Any:
    found = links.variations_by_sku(conn, sku)
    if len(found) != 1:
        what = "is not linked" if not found else f"is the SKU of {len(found)} variations"
        raise InputError(f"{sku} {what}.", advice="`bridge match` shows what is linked, `bridge sync` links it.")
    return found[0]


def shelves_of(bridge: Bridge, conn: Connection, vids: Sequence[int]) -> list[StoreShelf]:
    """What every store has of some variations, most wanted store first."""
    counts = stock.counts_of(conn, vids)
    pending = promised(conn, vids)
    lead = lead_of(bridge)
    places = {row.store_id: row for row in all_stores(conn)}
    made = []
    for setting in store_settings(bridge, conn):
        row = places.get(setting.store_id)
        if row is None:
            continue
        made.append(
            StoreShelf(
                store_id=setting.store_id,
                name=row.name,
                counts={str(vid): counts[vid][setting.store_id] for vid in counts if setting.store_id in counts[vid]},
                hours=hours_of_store(bridge, row),
                lead=lead,
                # buffers of SKUs and categories are kept back from the shop as a whole, these from this store
                buffers=dict.fromkeys(map(str, vids), Decimal(bridge.settings.buffers.by_store.get(row.store_id, 0))),
                reserved={str(vid): pending.get((vid, setting.store_id), ZERO) for vid in vids},
                active=bool(row.active),
                pickups=setting.online,
                gives=setting.online,
            )
        )
    return made
