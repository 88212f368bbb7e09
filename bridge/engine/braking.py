"""Brakes at work: the question a brake asks, what a person let go of, and the count of zeros over a day.

A brake judges one run. A daemon runs every few seconds, so zeros without a cause are counted over a day as well: what
one run may not do, many small ones may not do either (I12).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from bridge.domain.brakes import Brake, Intent, apply_brakes
from bridge.domain.times import time_text
from bridge.engine.context import Bridge, Run
from bridge.ledger import cursors, decisions, links, outbox, stock
from bridge.ledger.text import of_json, to_json

MASS_ZERO = "mass_zero"
ZEROS_COUNT_FOR = timedelta(days=1)
_LATELY = "zeroed lately"
"""A fact: variation → moment, of shop numbers taken to zero without a cause within a day."""


def released_names(conn: Connection) -> set[str]:
    """Brakes a person let go of."""
    return {name.removeprefix("release:") for name in cursors.facts_starting(conn, "release:")}


def announce(bridge: Bridge, run: Run, conn: Connection, brake: Brake, *, pid: int | None = None) -> None:
    """Open the question a brake asks (about a product, when it is about one)."""
    run.add(f"brake: {brake.name}")
    decisions.ask(
        conn, "brake", brake.release, f"Stopped: {brake.why}. Nothing of it was written.",
        choices=("release", "keep"), now=bridge.now(), pid=pid, run_id=run.id,
        detail={"brake": brake.name, "subjects": list(brake.subjects[:200])},
    )  # fmt: skip


def hold_zeros(bridge: Bridge, run: Run, conn: Connection, now: Sequence[Intent], later: Sequence[Intent]) -> set[int]:
    """The variations whose zero is held back. ``now`` could be written, ``later`` wants the same but is not ready.

    Both count, and so do those written without a cause within a day; otherwise what waits in one round, or was
    written in the round before, would let the rest slip below the limit.
    """
    lately = _zeroed_lately(bridge, conn)
    _, total = links.count_links(conn)
    released = released_names(conn)
    limits = bridge.settings.limits
    brakes = apply_brakes(
        [*now, *later], total_skus=total, limits=limits, released=released, zeroed=[str(vid) for vid in lately]
    )
    for brake in brakes:
        announce(bridge, run, conn, brake)
    held = {int(subject) for brake in brakes for subject in brake.subjects}
    if not brakes and not later:
        cursors.forget_fact(conn, f"release:{MASS_ZERO}")
    if MASS_ZERO not in released:  # what a person let go of is no reason to ask again
        unasked = [int(one.subject) for one in now if not one.explained and int(one.subject) not in held]
        _remember(conn, lately | dict.fromkeys(unasked, bridge.now()))
    return held


def end_mass_zero(bridge: Bridge) -> None:
    """With nothing left to be decided the brake asks no more, and a release nobody needed is used up."""
    with bridge.db.reading() as conn:
        stands = decisions.is_open(conn, "brake", MASS_ZERO) or cursors.read_fact(conn, f"release:{MASS_ZERO}")
        if not stands or stock.dirty(conn, most=1):
            return
    with bridge.db.transaction() as conn:
        decisions.withdraw(conn, "brake", MASS_ZERO, now=bridge.now())
        cursors.forget_fact(conn, f"release:{MASS_ZERO}")


def _zeroed_lately(bridge: Bridge, conn: Connection) -> dict[int, str]:
    """When shop numbers went to zero without a cause: within a day, since a person last said yes, and still there."""
    since = time_text(bridge.clock.now() - ZEROS_COUNT_FOR)
    answer, at = decisions.last_answer(conn, "brake", MASS_ZERO)
    if answer == "release":
        since = max(since, at)
    noted: dict[str, str] = of_json(cursors.read_fact(conn, _LATELY) or "{}")
    fresh = {int(vid): moment for vid, moment in noted.items() if moment >= since}
    rows = stock.by_vid(conn, list(fresh)) if fresh else {}
    return {vid: moment for vid, moment in fresh.items() if vid in rows and _is_zero(conn, rows[vid])}


def _is_zero(conn: Connection, row: stock.StockRow) -> bool:
    """The number stands at zero, or the write that takes it there is under way."""
    return row.woo_expected <= 0 or any(
        action.kind == "change_stock" for action in outbox.open_of_variation(conn, row.vid)
    )


def _remember(conn: Connection, lately: dict[int, str]) -> None:
    if lately:
        cursors.note_fact(conn, _LATELY, to_json({str(vid): moment for vid, moment in lately.items()}))
    else:
        cursors.forget_fact(conn, _LATELY)
