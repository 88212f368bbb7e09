"""Take back written fields and created products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from bridge.domain.fields import PICTURES, Value, product_values, same, variation_values
from bridge.domain.product import ShownProduct
from bridge.engine.answers import SIDES, hiding
from bridge.engine.context import Bridge, Run
from bridge.engine.wanted import half_name
from bridge.ledger import links, outbox, shown, stock
from bridge.ledger.outbox import Action
from bridge.ledger.text import of_json

PAUSED = "paused: its creation was taken back"
_UNDER_WAY = "a write of this product is still under way"

Restored = list[str]
Left = list[tuple[str, str]]


def restore_fields(
    bridge: Bridge, run: Run, conn: Connection, side: str, pid: int, changes: Sequence[Any],
    restored: Restored, left: Left,
) -> None:  # fmt: skip
    """Write the former values of one product's fields back to one side, in one write."""
    row = links.product_row(conn, pid)
    now = shown.product_shown(conn, side, (row.woo_id if side == "woo" else row.square_id) or "") if row else None
    if row is None or now is None or outbox.has_open_for_product(conn, pid):
        why = "the product is gone" if now is None else _UNDER_WAY
        left += [(_told(side, now, one), why) for one in changes]
        return
    payload: dict[str, Any] = {
        "product_id": row.woo_id, "item_id": row.square_id, "fields": {}, "variations": {}, "vids": {}, "add": [],
        "why": f"taken back (run {changes[0].run_id})", "halves": {},
    }  # fmt: skip
    other = _other_side(conn, side, row)
    for one in changes:
        why = _put(conn, payload, side, now, one)
        if not why:
            _keep_other_half(conn, payload, side, other, one)
        if why:
            left.append((_told(side, now, one), why))
        else:
            restored.append(_told(side, now, one) + " → " + _said(of_json(one.before_json)))
    if not payload["fields"] and not payload["variations"]:
        return
    kind = "update_product" if side == "woo" else "update_item"
    action = Action(key=bridge.ids(), side=side, kind=kind, payload=payload, pid=pid)
    outbox.add(conn, action, now=bridge.now(), run_id=run.id)
    if "visible" in payload["fields"] and row.state == "paused":
        _resume(conn, pid)


def _other_side(conn: Connection, side: str, row: Any) -> ShownProduct | None:
    """The product as the side shows it that is not written to."""
    if side == "woo":
        return shown.product_shown(conn, "square", row.square_id or "")
    return shown.product_shown(conn, "woo", row.woo_id or "")


def _keep_other_half(
    conn: Connection, payload: dict[str, Any], side: str, other: ShownProduct | None, one: Any
) -> None:
    """Both sides then show different things on purpose: what the other one shows now is its half of the new base."""
    if other is None:
        return
    _, values = _values(conn, "square" if side == "woo" else "woo", other, one.vid)
    if values is not None:
        payload["halves"][half_name(one.vid, one.field)] = values[one.field]


def _put(conn: Connection, payload: dict[str, Any], side: str, now: ShownProduct, one: Any) -> str:
    """Add one field to the write; why not, "" when it was added."""
    if one.field in PICTURES:
        return "pictures are not put back"
    before, after = of_json(one.before_json), of_json(one.after_json)
    remote_id, values = _values(conn, side, now, one.vid)
    if values is None:
        return "the variation is gone"
    if not same(one.field, after, values[one.field]):
        return "changed since"
    change = [before, values[one.field]]
    if one.vid is None:
        payload["fields"][one.field] = change
    else:
        payload["variations"].setdefault(remote_id, {})[one.field] = change
        payload["vids"][remote_id] = one.vid
    return ""


def _values(conn: Connection, side: str, now: ShownProduct, vid: int | None) -> tuple[str, dict[str, Value] | None]:
    if vid is None:
        return "", product_values(now)
    link = links.variation_row(conn, vid)
    remote_id = "" if link is None else str(link.woo_id if side == "woo" else link.square_id)
    found = next((v for v in now.variations if v.remote_id == remote_id), None)
    return remote_id, variation_values(found) if found else None


def _told(side: str, now: ShownProduct | None, one: Any) -> str:
    name = f"“{now.name}”" if now else f"product {one.pid}"
    return f"{one.field} of {name} in {SIDES[side]}: {_said(of_json(one.after_json))}"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    text = " ".join(str("" if value is None else value).split())
    return text[:60] + "…" if len(text) > 60 else text or "nothing"


def hide_created(bridge: Bridge, run: Run, conn: Connection, row: Any, restored: Restored, left: Left) -> None:
    """Hide a product the run created, and leave it out of every run from now on; nothing is deleted."""
    product = links.product_row(conn, row.pid)
    remote_id = of_json(row.after_json)
    now = shown.product_shown(conn, row.side, str(remote_id))
    what = f"“{now.name if now else remote_id}” created in {SIDES[row.side]}"
    if product is None or now is None:
        left.append((what, "it is gone already"))
        return
    if outbox.has_open_for_product(conn, row.pid):
        left.append((what, _UNDER_WAY))
        return
    if now.visible:
        why = f"its creation was taken back (run {row.run_id})"
        outbox.add(conn, hiding(bridge, product, row.side, why), now=bridge.now(), run_id=run.id)
    links.set_state(conn, row.pid, "paused")
    for link in links.variations_of(conn, row.pid):
        stock.change(conn, link.vid, state="off", reason=PAUSED, dirty=0, suspect=0)
    restored.append(f"{what}: hidden there and paused (the bridge deletes nothing)")


def _resume(conn: Connection, pid: int) -> None:
    """Its hiding is taken back: keep it in step again, beginning with a new opening count."""
    links.set_state(conn, pid, "linked")
    links.set_dirty(conn, pid, True)
    for link in links.variations_of(conn, pid):
        stock.change(conn, link.vid, state="unopened", reason="", dirty=1)
