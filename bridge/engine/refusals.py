"""Try a refused write again, or let it go for good."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from bridge.engine.context import Bridge
from bridge.errors import InputError
from bridge.ledger import links, outbox, stock
from bridge.ledger.outbox import Action


def answer_refused(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    """Take ``retry`` or ``drop`` for the write a question is about (its subject is the write's key)."""
    action = outbox.by_key(conn, row.subject)
    if action is None or action.state != "refused":
        raise InputError("That write is no longer waiting for an answer.")
    if answer == "retry":
        return _retry(bridge, conn, action)
    return _drop(conn, action)


def _retry(bridge: Bridge, conn: Connection, action: Action) -> str:
    if action.kind == "change_stock":
        # what has to be added may be another number by now
        _end(conn, action, "decided afresh after a refusal")
        stock.mark(conn, [action.vid or 0], dirty=1)
        return "The number is decided afresh by the next run."
    if action.pid is not None and outbox.has_open_for_product(conn, action.pid):
        raise InputError("A newer write of this product is under way.", advice="Answer `drop`, or run `bridge sync`.")
    # a refused call did nothing: it may go out in another company, and with what the product looks like now
    action.state, action.due_at, action.batch, action.error = "due", bridge.now(), "", ""
    action.payload.pop("body", None)
    outbox.save(conn, [action])
    return "It is sent again by the next run."


def _drop(conn: Connection, action: Action) -> str:
    _end(conn, action, "dropped by a person")
    if action.kind in ("adjust", "count"):
        stock.mark(conn, [action.vid or 0], dirty=1)
        return (
            f"Dropped: Square never learns of {action.payload['quantity']} ({action.payload['cause']}). "
            "The shop's number follows Square's counts again, without it."
        )
    if action.kind == "change_stock":
        stock.mark(conn, [action.vid or 0], dirty=1)
        return "Dropped. The number is decided afresh at the next change."
    if action.pid is not None:
        links.set_dirty(conn, action.pid, action.kind.startswith("update"))
    return "Dropped. Nothing of it was written."


def _end(conn: Connection, action: Action, why: str) -> None:
    action.state, action.error = "dropped", why
    outbox.save(conn, [action])
