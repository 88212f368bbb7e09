"""Puts inventory changes for Square into the outbox; the reference is the cause, the key follows from it."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.engine.context import MARK, Bridge, Run
from bridge.ledger import outbox
from bridge.ledger.stock import StockRow


def adjust_square(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    row: StockRow,
    store_id: str,
    quantity: Decimal,
    cause: str,
    *,
    kind: str,
    movement_id: int,
    absolute: bool = False,
) -> None:
    """Put one inventory change for Square into the outbox; its reference is the cause, its key follows from it."""
    reference = f"{MARK}{cause}@{store_id}"
    action = outbox.Action(
        key=action_key("square", reference),
        side="square",
        kind="count" if absolute else "adjust",
        payload={
            "variation_id": row.square_id,
            "store_id": store_id,
            "quantity": str(quantity),
            "cause": kind,
            "reference": reference,
        },
        vid=row.vid,
        causes=[movement_id],
    )
    if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
        run.add("planned square stock")
