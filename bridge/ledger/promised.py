"""Goods promised to online orders that a store's count does not show yet."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection, bindparam, select, text

from bridge.ledger.outbox import HELD
from bridge.ledger.schema import outbox
from bridge.ledger.text import of_json

_OPEN = (
    select(outbox.c.vid, outbox.c.payload_json)
    # the words of the partial index ``outbox_open``
    .where(text("outbox.state IN ('due', 'sent', 'unknown', 'held')"))
    .where(outbox.c.vid.in_(bindparam("vids", expanding=True)), outbox.c.kind.in_(("adjust", HELD)))
)


def promised(conn: Connection, vids: Sequence[int]) -> dict[tuple[int, str], Decimal]:
    """Units by (vid, store id), only where some are promised."""
    found: dict[tuple[int, str], Decimal] = {}
    for start in range(0, len(vids), 500):
        for vid, payload_json in conn.execute(_OPEN, {"vids": list(vids[start : start + 500])}):
            payload = of_json(payload_json)
            key = (int(vid), str(payload["store_id"]))
            found[key] = found.get(key, Decimal(0)) - Decimal(str(payload["quantity"]))
    return {key: quantity for key, quantity in found.items() if quantity > 0}
