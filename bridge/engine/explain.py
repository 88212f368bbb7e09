"""Explain a SKU's numbers from the ledger alone: what both sides show, what should be, every cause behind it (I16)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection

from bridge.domain.stock import target
from bridge.engine.causes import because, movement_text, write_text
from bridge.engine.context import Bridge
from bridge.engine.explanation import Explanation, Step
from bridge.engine.observe_catalog import WOO
from bridge.engine.observe_square import COUNTS
from bridge.engine.views import views_of
from bridge.errors import InputError
from bridge.ledger import chains, links, movements, outbox, shown, stock, subjects
from bridge.ledger.outbox import Action
from bridge.ledger.stock import StockRow
from bridge.ledger.stores import all_stores

_WORTH_COMPARING = 5000


def explain(bridge: Bridge, sku: str, *, store: str = "") -> Explanation:
    """Explain a SKU; ``store`` (id or name) keeps what happened in one store.

    Raises ``InputError`` for a SKU or store nobody knows, naming those that look alike.
    """
    with bridge.db.reading() as conn:
        store_id = store_named(conn, store) if store else ""
        linked = links.variations_by_sku(conn, sku)
        if not linked:
            return _not_linked(bridge, conn, sku)
        one = _explain(bridge, conn, linked[0].vid, store_id)
    if len(linked) > 1:
        doubled = f"{len(linked)} linked variations have this SKU; this is the first of them."
        one = replace(one, notes=(*one.notes, doubled))
    return one


def store_named(conn: Connection, text: str) -> str:
    """The id of a store named by id or name; ``InputError`` names the ones there are."""
    found = all_stores(conn)
    for row in found:
        if text == row.store_id or text.strip().casefold() == row.name.strip().casefold():
            return str(row.store_id)
    raise InputError(f"There is no store “{text}”; the stores are {', '.join(row.name for row in found) or 'unknown'}.")


def _not_linked(bridge: Bridge, conn: Connection, sku: str) -> Explanation:
    where = sorted({row.side for row in chains.shown_with_sku(conn, sku)})
    if not where:
        raise InputError(f"No side shows a SKU “{sku}”.{_look_alikes(conn, sku)}")
    sides = " and ".join("the shop" if side == "woo" else "Square" for side in where)
    why = f"Shown in {sides}, but not linked: its stock is not kept in step. `bridge match` says why."
    return Explanation(sku, "", {}, (), {}, (), (), (), (why,), bridge.now())


def _look_alikes(conn: Connection, sku: str) -> str:
    plain = shown.canonical_sku(sku)
    known = chains.all_skus(conn)
    if len(known) > _WORTH_COMPARING:
        known = [one for one in known if one[:2] == plain[:2] or plain in one][:_WORTH_COMPARING]
    alike = get_close_matches(plain, known, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(alike)}?" if alike else ""


def _explain(bridge: Bridge, conn: Connection, vid: int, store_id: str) -> Explanation:
    row = stock.by_vid(conn, [vid])[vid]
    stores = {one.store_id: one.name for one in all_stores(conn)}
    product = links.product_row(conn, row.pid)
    name = shown.product_shown(conn, "woo", product.woo_id) if product and product.woo_id else None
    writes = chains.writes_of(conn, vid)
    return Explanation(
        sku=subjects.sku_as_shown(conn, row),
        name=name.name if name else "",
        shop=_shop(conn, row),
        stores=_counts(bridge, conn, row, stores, store_id),
        target=_target(bridge, conn, row),
        chain=_chain(conn, row, writes, stores, store_id),
        waiting=tuple(
            f"{write_text(one, stores)}: {one.state}" + (f" ({one.error})" if one.error else "")
            for one in writes
            if one.state in (*outbox.OPEN, "refused")
        ),
        decisions=tuple(f"{one.id}: {one.question}" for one in chains.open_questions(conn, vid, row.pid)),
        notes=_notes(row, product),
        now=bridge.now(),
    )


def _notes(row: StockRow, product: Any) -> tuple[str, ...]:
    notes = []
    if product is not None and product.state == "paused":
        notes.append("The product is paused: it is left out of every run.")
    if row.state != "open":
        reasons = {"unopened": "its opening count has not been taken yet", "off": "its stock is not kept in step"}
        notes.append(f"{reasons.get(row.state, row.state).capitalize()}{f' ({row.reason})' if row.reason else ''}.")
    return tuple(notes)


def _shop(conn: Connection, row: StockRow) -> dict[str, Any]:
    is_open = row.state == "open"
    return {
        "shown": row.woo_seen if row.woo_seen is not None and stock.is_suspect(conn, row.vid) else row.woo_expected,
        "expected": row.woo_expected if is_open else None,
        "state": row.state,
        "reason": row.reason,
        "last_key": row.woo_key,
        "read_at": chains.read_at(conn, WOO),
    }


def _counts(
    bridge: Bridge, conn: Connection, row: StockRow, stores: dict[str, str], store_id: str
) -> tuple[dict[str, Any], ...]:
    view = views_of(bridge, conn, [row])[row.vid]
    read_at = chains.read_at(conn, COUNTS)
    return tuple(
        {
            "store_id": one,
            "store": stores.get(one, one),
            "quantity": str(quantity),
            "online": one in view.online_stores,
            "read_at": read_at,
        }
        for one, quantity in sorted(view.counts.items(), key=lambda pair: stores.get(pair[0], pair[0]))
        if not store_id or one == store_id
    )


def _target(bridge: Bridge, conn: Connection, row: StockRow) -> dict[str, Any]:
    view = views_of(bridge, conn, [row])[row.vid]
    goal = target(view)
    if goal.refusal == "no_counts":
        return {}
    counted = sum((view.counts[one] for one in view.online_stores if one in view.counts), Decimal(0))
    return {
        "counted": str(counted),
        "pending": str(view.pending),
        "buffer": view.buffer,
        "debt": str(goal.debt),
        "backorders": view.backorders,
        "quantity": None if goal.refusal else goal.quantity,
        "refusal": goal.refusal,
    }


def _chain(
    conn: Connection, row: StockRow, writes: list[Action], stores: dict[str, str], store_id: str
) -> tuple[Step, ...]:
    steps = []
    for moved in movements.of_variation(conn, row.vid):
        if not store_id or moved.store_id in ("", store_id):
            text = movement_text(moved, stores)
            steps.append(Step(moved.at, moved.side, text, stores.get(moved.store_id, moved.store_id), moved.cause))
    for one in writes:
        place = str(one.payload.get("store_id", ""))
        if one.state != "dropped" and (not store_id or place in ("", store_id)):
            at = one.done_at or one.sent_at or one.due_at
            why = tuple(because(conn, one, stores))
            steps.append(
                Step(at, one.side, write_text(one, stores), stores.get(place, place), "", one.key, one.state, why)
            )
    return tuple(sorted(steps, key=lambda step: (step.at, bool(step.key))))
