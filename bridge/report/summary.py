"""The week in a few lines: what was sold and moved, what the bridge wrote, how often it failed, what waits.

Sent once a week, so that silence means something: no summary means that something is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from bridge.domain.times import time_text
from bridge.ledger.database import Database
from bridge.ledger.schema import decision, inbox, movement, order_seen, outbox, run
from bridge.report.health import Vitals, in_words

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOUR = 8
_NAMES = {"woo": "WooCommerce", "square": "Square"}


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from the ledger. ``moved``: (side, kind) -> (how many, pieces); pieces of a sale are negative."""

    since: datetime
    until: datetime
    moved: dict[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)
    written: dict[tuple[str, str], int] = field(default_factory=dict)
    refused: int = 0
    passes: int = 0
    failed: int = 0
    orders: int = 0
    doorbells: dict[str, int] = field(default_factory=dict)
    asked: int = 0
    answered: int = 0


def due_week(now: datetime, day: str, zone: str) -> str:
    """The week whose summary is due now, as ``2026-W10``; "" before its day and hour, or when it is off."""
    if day not in DAYS:
        return ""
    here = now.astimezone(ZoneInfo(zone))
    if (here.weekday(), here.hour) < (DAYS.index(day), HOUR):
        here -= timedelta(days=7)
    year, week, _ = here.isocalendar()
    return f"{year}-W{week:02d}"


def week_of(db: Database, until: datetime) -> Week:
    """The seven days before ``until``; raises ``LedgerError``."""
    since = until - timedelta(days=7)
    after = time_text(since)
    with db.reading() as conn:
        states = dict(_rows(conn, select(run.c.state, func.count()).where(run.c.started_at >= after), run.c.state))
        bells = _rows(conn, select(inbox.c.side, func.count()).where(inbox.c.received_at >= after), inbox.c.side)
        refused = select(func.count()).where(outbox.c.state == "refused", outbox.c.created_at >= after)
        return Week(
            since=since,
            until=until,
            moved=_moved(conn, after),
            written=_written(conn, after),
            refused=_number(conn, refused),
            passes=int(states.get("done", 0)),
            failed=sum(int(number) for state, number in states.items() if state != "done"),
            orders=_number(conn, select(func.count()).where(order_seen.c.created >= after)),
            doorbells={side: int(number) for side, number in bells},
            asked=_number(conn, select(func.count()).where(decision.c.opened_at >= after)),
            answered=_number(conn, select(func.count()).where(decision.c.resolved_at >= after)),
        )


def _rows(conn: Connection, query: Any, *by: Any) -> list[Any]:
    return [tuple(row) for row in conn.execute(query.group_by(*by))]


def _number(conn: Connection, query: Any) -> int:
    return int(conn.execute(query).scalar() or 0)


def _moved(conn: Connection, after: str) -> dict[tuple[str, str], tuple[int, Decimal]]:
    # added here, not by SQLite: quantities are decimal text, and SQLite would add them as floats
    found: dict[tuple[str, str], tuple[int, Decimal]] = {}
    rows = conn.execute(
        select(movement.c.side, movement.c.kind, movement.c.quantity).where(movement.c.seen_at >= after)
    )
    for side, kind, quantity in rows:
        number, pieces = found.get((side, kind), (0, Decimal(0)))
        found[side, kind] = number + 1, pieces + Decimal(quantity)
    return found


def _written(conn: Connection, after: str) -> dict[tuple[str, str], int]:
    query = select(outbox.c.side, outbox.c.kind, func.count()).where(
        outbox.c.state == "done", outbox.c.done_at >= after
    )
    return {(side, kind): int(number) for side, kind, number in _rows(conn, query, outbox.c.side, outbox.c.kind)}


def as_text(week: Week, vitals: Vitals) -> str:
    """The summary for people."""
    lines = [f"From {week.since:%Y-%m-%d %H:%M} to {week.until:%Y-%m-%d %H:%M} UTC.", "", "Stock"]
    lines += [
        f"  {_NAMES.get(side, side)}, {kind.replace('_', ' ')}: {number} times, {pieces:+f} pieces"
        for (side, kind), (number, pieces) in sorted(week.moved.items())
    ] or ["  nothing moved"]
    lines += ["", "Written"]
    lines += [
        f"  {_NAMES.get(side, side)}, {kind.replace('_', ' ')}: {number}"
        for (side, kind), number in sorted(week.written.items())
    ] or ["  nothing had to be written"]
    rang = ", ".join(f"{_NAMES.get(side, side)} {number}" for side, number in sorted(week.doorbells.items())) or "none"
    lines += [
        "",
        "Work",
        f"  Passes: {week.passes} done, {week.failed} ended early (what they left was done by the next)",
        f"  New online orders: {week.orders}",
        f"  Webhooks: {rang}",
        f"  Writes refused: {week.refused}",
        f"  Questions: {week.asked} asked, {week.answered} answered, {vitals.open_decisions} open",
        "",
        "Now",
        *(f"  {name}: {said}" for name, said in in_words(vitals)),
        "",
    ]
    return "\n".join(lines)


def as_facts(week: Week, vitals: Vitals) -> dict[str, Any]:
    """The same for programs."""
    return {
        "since": week.since.isoformat(),
        "until": week.until.isoformat(),
        "moved": {f"{side} {kind}": [number, str(pieces)] for (side, kind), (number, pieces) in week.moved.items()},
        "written": {f"{side} {kind}": number for (side, kind), number in week.written.items()},
        "refused": week.refused,
        "passes": week.passes,
        "failed": week.failed,
        "orders": week.orders,
        "webhooks": week.doorbells,
        "decisions": {"asked": week.asked, "answered": week.answered, "open": vitals.open_decisions},
    }
