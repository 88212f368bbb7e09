"""End every ``unknown`` by reading back: the key in the shop's meta, the reference in Square's history.

Nothing is guessed and nothing is sent blindly again. "Not found" is believed only when the write is old enough that
it cannot still be on its way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from bridge.domain.times import parse_time, time_text
from bridge.engine.context import Bridge, Run
from bridge.engine.deliver_square_items import settle_items
from bridge.engine.deliver_stock import NEW_KEY, confirm_square, record_woo, stop_tracking
from bridge.engine.deliver_woo_products import settle_products
from bridge.engine.numbers import read_numbers
from bridge.engine.sending import may_conclude
from bridge.ledger import outbox, stock
from bridge.ledger.outbox import Action
from bridge.remotes.port import Done, SquareCount

_AT_ONCE = 100
_STOCK = ("change_stock", "adjust", "count")
_FORGOTTEN_DAYS = 40
"""How far back a write is looked for that this ledger does not remember having sent."""


def recover(bridge: Bridge, run: Run) -> None:
    """After a start: whatever was marked sent and has no outcome is unknown.

    So is every stock action that still is due: a ledger that was set back does not know whether it sent it.
    """
    with bridge.db.reading() as conn:
        left = [
            a for a in outbox.in_states(conn, ("sent", "due"), most=100_000) if a.state == "sent" or a.kind in _STOCK
        ]
    if not left:
        return
    for action in left:
        if action.state == "sent":
            action.error = "the bridge stopped before the answer was recorded"
            run.add("unanswered when the bridge stopped")
        action.state = "unknown"
    with bridge.db.transaction() as conn:
        outbox.save(conn, left)


def settle(bridge: Bridge, run: Run) -> None:
    """Read back every unknown action."""
    with bridge.db.reading() as conn:
        unknown = outbox.in_states(conn, ("unknown",))
    woo = [action for action in unknown if action.kind == "change_stock"]
    square = [action for action in unknown if action.kind in ("adjust", "count")]
    for start in range(0, len(woo), _AT_ONCE):
        _settle_woo(bridge, run, woo[start : start + _AT_ONCE])
    for start in range(0, len(square), _AT_ONCE):
        _settle_square(bridge, run, square[start : start + _AT_ONCE])
    settle_items(bridge, run, [a for a in unknown if a.kind in ("update_item", "create_item")])
    settle_products(bridge, run, [a for a in unknown if a.kind in ("update_product", "create_product")])


def _settle_woo(bridge: Bridge, run: Run, actions: Sequence[Action]) -> None:
    shown = read_numbers(bridge, [(a.payload["variation_id"], a.payload["parent_id"]) for a in actions])
    with bridge.db.transaction() as conn:
        for action in actions:
            one = shown.get(action.payload["variation_id"])
            if one is not None and one.key == action.key and one.tracking != "tracked":
                stop_tracking(run, conn, action)
            elif one is not None and one.key == action.key:
                record_woo(bridge, run, conn, action, Done())
                run.add("settled: it had happened")
            elif may_conclude(bridge, action):
                _not_happened(bridge, conn, action)
                run.add("settled: it had not happened")


def _not_happened(bridge: Bridge, conn: Connection, action: Action) -> None:
    """A delta that never arrived is not sent late: the number may have moved since, so it is looked at and decided
    afresh. A declared opening count stands as it was declared.
    """
    if action.payload["start_tracking"]:
        action.state, action.due_at = "due", bridge.now()
    else:
        action.state, action.error = "dropped", "it did not happen: decided again"
        stock.change(conn, action.vid or 0, dirty=1, suspect=1)
    outbox.save(conn, [action])


def _settle_square(bridge: Bridge, run: Run, actions: Sequence[Action]) -> None:
    """History first, counts after it: then the counts contain everything the history showed."""
    forgotten = bridge.clock.now() - timedelta(days=_FORGOTTEN_DAYS)
    since = min(parse_time(a.sent_at) if a.sent_at else forgotten for a in actions) - timedelta(hours=1)
    ids = sorted({action.payload["variation_id"] for action in actions})
    references = {
        change.reference
        for page in bridge.square.changes(updated_after=time_text(since), variation_ids=ids)
        for change in page
    }
    found = [action for action in actions if action.payload["reference"] in references]
    counts: list[SquareCount] = []
    if found:
        wanted = sorted({action.payload["variation_id"] for action in found})
        counts = [count for page in bridge.square.counts(variation_ids=wanted) for count in page]
    with bridge.db.transaction() as conn:
        if found:
            confirm_square(bridge, run, conn, found, counts)
            run.add("settled: it had happened", len(found))
        missing = [a for a in actions if a.payload["reference"] not in references and may_conclude(bridge, a)]
        for action in missing:
            action.state, action.due_at = "due", bridge.now()
            if action.payload.pop(NEW_KEY, False):
                action.batch = ""
        outbox.save(conn, missing)
        if missing:
            run.add("settled: it had not happened", len(missing))
