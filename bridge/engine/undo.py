"""Take back what a run changed, as far as that is still right: a run of its own, through the outbox, with history.

Fields go back where the written side still shows what was written. Opening counts and hand edits carried to the stores
are taken back by a difference with its own cause. What follows sales stays; created products are hidden, not deleted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from bridge.engine.context import Bridge, Run
from bridge.engine.rehearsal import rehearsal
from bridge.engine.settle import recover, settle
from bridge.engine.sync import Scope, Step, act, observe
from bridge.engine.undo_products import hide_created, restore_fields
from bridge.engine.undo_stock import take_back
from bridge.errors import BridgeError, InputError
from bridge.ledger import history
from bridge.ledger.schema import run as run_table

_NEWS = Scope(full=False)


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What an undo did (or, rehearsed, would do): in words, and what it left with the reason.

    ``run_id`` is the number of the undo's own run, by which it can itself be undone; 0 when rehearsed.
    """

    restored: list[str] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    run_id: int = 0


def undo(bridge: Bridge, run_id: int, *, dry_run: bool = False, step: Step = lambda _: None) -> UndoReport:
    """Take back run ``run_id``; with ``dry_run`` only say what would be.

    Raises ``InputError`` for an unknown run, ``RemoteDown`` or ``AccessRefused`` when a side cannot be read.
    """
    with bridge.db.reading() as conn:
        if conn.execute(run_table.select().where(run_table.c.id == run_id)).first() is None:
            raise InputError(f"There is no run {run_id}.", advice="`bridge undo --list` shows the latest runs.")
    if dry_run:
        with rehearsal(bridge) as rehearsed:
            report, _ = _begin(rehearsed, run_id, step)
            return replace(report, run_id=0)
    report, run = _begin(bridge, run_id, step)
    _finish(bridge, run, step)
    return report


def _begin(bridge: Bridge, run_id: int, step: Step) -> tuple[UndoReport, Run]:
    """Look at both sides as they are now, then put every write of the undo into the outbox in one transaction."""
    with bridge.db.transaction() as conn:
        run = Run(history.begin_run(conn, "undo", now=bridge.now()), "undo")
    recover(bridge, run)
    settle(bridge, run)
    observe(bridge, run, _NEWS, step=step)
    step("taking back")
    report = UndoReport(run_id=run.id)
    with bridge.db.transaction() as conn:
        _take_back(bridge, run, conn, history.of_run(conn, run_id), report)
    return report, run


def _take_back(bridge: Bridge, run: Run, conn: Connection, rows: Any, report: UndoReport) -> None:
    """Numbers first, then fields product by product, then creations: each newest first."""
    fields: dict[tuple[str, int], list[Any]] = {}
    for row in rows:
        if row.kind == "stock":
            take_back(bridge, run, conn, row, report.restored, report.left)
        elif row.kind == "field":
            fields.setdefault((row.side, row.pid), []).append(row)
    for (side, pid), changes in fields.items():
        restore_fields(bridge, run, conn, side, pid, changes, report.restored, report.left)
    for row in rows:
        if row.kind == "created":
            hide_created(bridge, run, conn, row, report.restored, report.left)


def _finish(bridge: Bridge, run: Run, step: Step) -> None:
    """Deliver as any run does; whatever stops it, the outbox remembers."""
    state = "failed"
    try:
        act(bridge, run, _NEWS, step=step)
        state = "done"
    except BridgeError as problem:
        run.notes.append(str(problem))
        raise
    finally:
        if state == "done" or run.notes:
            with bridge.db.transaction() as conn:
                history.end_run(conn, run.id, state, dict(run.counts), now=bridge.now())
