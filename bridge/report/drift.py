"""Drift as the ledger knows it: numbers being looked into now, and what the last whole comparison found."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from bridge.ledger.cursors import note_fact, read_fact
from bridge.ledger.schema import stock
from bridge.ledger.text import of_json, to_json

FACT = "drift"


@dataclass(frozen=True, slots=True)
class Drift:
    """``suspects``: numbers in the shop that are not what they should be and not explained yet. ``compared_at`` ""
    means that both whole sides were never compared; ``found`` counts the rows of that comparison.
    """

    suspects: int = 0
    compared_at: str = ""
    checked: int = 0
    found: int = 0


def note_comparison(conn: Connection, *, checked: int, found: int, now: str) -> None:
    """Remember how a comparison of both whole sides ended (``bridge reconcile``, the self-check)."""
    note_fact(conn, FACT, to_json({"at": now, "checked": checked, "found": found}))


def drift(conn: Connection) -> Drift:
    """What is known now."""
    odd = select(func.count()).select_from(stock).where(stock.c.suspect == 1, stock.c.state == "open")
    told = of_json(read_fact(conn, FACT) or "{}")
    return Drift(
        suspects=int(conn.execute(odd).scalar() or 0),
        compared_at=str(told.get("at", "")),
        checked=int(told.get("checked", 0)),
        found=int(told.get("found", 0)),
    )
