"""Deliver stock actions: mark them sent, call the side, record what became of each.

Nothing is decided here. What is sent stands in the ledger first; what is not answered becomes ``unknown`` and is
ended by ``settle`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.domain.opening import SHOP_UNTRACKED
from bridge.domain.times import normal_time, parse_time, time_text
from bridge.engine.context import Bridge, Run
from bridge.engine.observe_square import store_counts
from bridge.ledger import decisions, history, links, outbox, stock
from bridge.ledger.outbox import Action
from bridge.remotes.port import (
    Done,
    Later,
    Outcome,
    Refused,
    SquareCount,
    SquareStockChange,
    Unknown,
    WooStockChange,
)

NEW_KEY = "new_key"
"""In a payload: should this write prove not to have happened, its call is made again under another key."""
_AT_ONCE = 200
NOT_TRACKED = "not_tracked"
_SQUARE_AT_ONCE = 100
_BATCH_LIVES_HOURS = 20
"""Square refuses changes older than 24 hours; a batch is made anew well before that."""


def deliver_woo_stock(bridge: Bridge, run: Run) -> int:
    """Send due deltas to the shop; returns how many were answered with done."""
    sent = 0
    while True:
        with bridge.db.transaction() as conn:
            due = outbox.in_states(conn, ("due",), now=bridge.now(), most=_AT_ONCE, kinds=("change_stock",))
            _mark_sent(bridge, conn, due)
        if not due:
            return sent
        outcomes = bridge.woo.change_stock([_woo_change(action) for action in due])
        with bridge.db.transaction() as conn:
            for action, outcome in zip(due, outcomes, strict=True):
                sent += record_woo(bridge, run, conn, action, outcome)


def _mark_sent(bridge: Bridge, conn: Connection, actions: Sequence[Action]) -> None:
    now = bridge.now()
    for action in actions:
        action.state, action.sent_at, action.attempts = "sent", now, action.attempts + 1
    outbox.save(conn, actions)


def _woo_change(action: Action) -> WooStockChange:
    payload = action.payload
    return WooStockChange(
        payload["variation_id"],
        payload["parent_id"],
        int(payload["delta"]),
        action.key,
        bool(payload["start_tracking"]),
    )


def record_woo(bridge: Bridge, run: Run, conn: Connection, action: Action, outcome: Outcome) -> int:
    """Write down what became of a delta; 1 when it is done."""
    if isinstance(outcome, Refused) and outcome.code == NOT_TRACKED:
        stop_tracking(run, conn, action)
        return 0
    if not isinstance(outcome, Done):
        not_done(bridge, run, conn, action, outcome)
        return 0
    vid, now, payload = action.vid or 0, bridge.now(), action.payload
    row = stock.by_vid(conn, [vid])[vid]
    absolute = bool(payload["start_tracking"])
    before = row.woo_expected
    after = int(payload["delta"]) if absolute else before + int(payload["delta"])
    stock.change(conn, vid, woo_expected=after, woo_key=action.key, suspect=1, dirty=1)
    action.state, action.done_at = "done", now
    outbox.save(conn, [action])
    history.write(
        conn, run_id=run.id, at=now, side="woo", kind="stock", vid=vid, field="stock",
        before=before, after=after, why=payload.get("why", "in step with the stores"), key=action.key,
    )  # fmt: skip
    run.add("woo stock written")
    return 1


def stop_tracking(run: Run, conn: Connection, action: Action) -> None:
    """Somebody switched stock management off: the shop ignored our delta, and there is no number to keep."""
    action.state, action.error = "dropped", SHOP_UNTRACKED
    outbox.save(conn, [action])
    stock.change(conn, action.vid or 0, state="off", reason=SHOP_UNTRACKED, dirty=0, suspect=0)
    run.add("stopped tracking in the shop")


def not_done(bridge: Bridge, run: Run, conn: Connection, action: Action, outcome: Outcome) -> None:
    """Write down an outcome that is not done: later, unknown or refused."""
    if isinstance(outcome, Later):
        action.state, action.due_at, action.error = "due", bridge.after(outcome.seconds), outcome.reason
        run.add("to be tried again")
    elif isinstance(outcome, Unknown):
        action.state, action.error = "unknown", outcome.reason
        if outcome.answered:
            action.payload[NEW_KEY] = True
        run.add("unanswered")
    elif isinstance(outcome, Refused):
        refuse(bridge, run, conn, action, outcome)
    outbox.save(conn, [action])


def refuse(bridge: Bridge, run: Run, conn: Connection, action: Action, outcome: Refused) -> None:
    """A side said no for good: access problems wait for new keys, everything else waits for a person."""
    action.error = f"{outcome.code}: {outcome.message}"
    if outcome.access:
        action.state, action.due_at = "due", bridge.after(300)
        run.add("refused access")
        run.notes.append(f"{action.side} refused access: {outcome.message}")
        return
    action.state = "refused"
    run.add("refused")
    sku = ""
    if action.vid and (row := links.variation_row(conn, action.vid)):
        sku = row.sku or row.woo_id
    decisions.ask(
        conn, "refused", action.key,
        f"{'WooCommerce' if action.side == 'woo' else 'Square'} refused {action.kind.replace('_', ' ')}"
        f"{' of ' + sku if sku else ''}: {outcome.message}",
        choices=("retry", "drop"), now=bridge.now(), vid=action.vid, pid=action.pid, run_id=run.id,
        detail={"outbox": action.id, "code": outcome.code},
    )  # fmt: skip


# -- Square ---------------------------------------------------------------------------


def deliver_square_stock(bridge: Bridge, run: Run) -> int:
    """Send due inventory changes, at most 100 in a keyed call; returns how many are done."""
    done = 0
    while True:
        with bridge.db.transaction() as conn:
            batch = _next_batch(bridge, conn)
        if not batch:
            return done
        outcome, counts = bridge.square.change_inventory([_square_change(a) for a in batch], batch[0].batch)
        with bridge.db.transaction() as conn:
            done += record_square(bridge, run, conn, batch, outcome, counts)


def _next_batch(bridge: Bridge, conn: Connection) -> list[Action]:
    """The next call's actions, marked sent: an interrupted call is repeated exactly as it was."""
    due = outbox.in_states(conn, ("due",), now=bridge.now(), kinds=("adjust", "count"))
    if not due:
        return []
    first = due[0]
    if first.batch and _is_fresh(bridge, first):
        batch = [action for action in due if action.batch == first.batch]
    else:
        batch = [a for a in due if not a.batch or not _is_fresh(bridge, a)][:_SQUARE_AT_ONCE]
        # Square's own time: never in its future, and as late as can be, lest a newer count swallows it
        occurred = normal_time(bridge.square.server_time()) or time_text(bridge.clock.now() - timedelta(seconds=2))
        for action in batch:
            action.payload["occurred_at"] = occurred
        name = action_key("batch", bridge.db.epoch, occurred, *(action.key for action in batch))
        for action in batch:
            action.batch = name
    _mark_sent(bridge, conn, batch)
    return batch


def _is_fresh(bridge: Bridge, action: Action) -> bool:
    limit = bridge.clock.now() - timedelta(hours=_BATCH_LIVES_HOURS)
    return parse_time(action.payload["occurred_at"]) > limit


def _square_change(action: Action) -> SquareStockChange:
    payload = action.payload
    return SquareStockChange(
        action.kind,
        payload["variation_id"],
        payload["store_id"],
        Decimal(payload["quantity"]),
        payload["cause"],
        payload["reference"],
        payload["occurred_at"],
    )


def record_square(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    batch: Sequence[Action],
    outcome: Outcome,
    counts: Iterable[SquareCount],
) -> int:
    """Write down what became of a call; how many actions are done."""
    if isinstance(outcome, Done):
        confirm_square(bridge, run, conn, batch, counts)
        return len(batch)
    if isinstance(outcome, Refused) and not outcome.access and len(batch) > 1:
        _bisect(bridge, conn, batch)
        run.add("batches split to find the refused one")
        return 0
    for action in batch:
        not_done(bridge, run, conn, action, outcome)
    return 0


def _bisect(bridge: Bridge, conn: Connection, batch: Sequence[Action]) -> None:
    """All-or-nothing calls say no to everybody: halve the batch, each half under a key of its own."""
    middle = len(batch) // 2
    for half in (batch[:middle], batch[middle:]):
        name = action_key("batch", bridge.db.epoch, "half", *(action.key for action in half))
        for action in half:
            action.batch, action.state = name, "due"
    outbox.save(conn, batch)


def confirm_square(
    bridge: Bridge, run: Run, conn: Connection, batch: Sequence[Action], counts: Iterable[SquareCount]
) -> None:
    """Square has these changes: they stop being pending, and its counts are what the answer says."""
    now = bridge.now()
    for action in batch:
        action.state, action.done_at = "done", now
        history.write(
            conn, run_id=run.id, at=now, side="square", kind="stock", vid=action.vid,
            field=action.payload["store_id"], before=None, after=action.payload["quantity"],
            why=action.payload["reference"], key=action.key,
        )  # fmt: skip
    outbox.save(conn, batch)
    linked = links.variations_by(conn, "square", [count.variation_id for count in counts])
    store_counts(conn, run, [(linked[c.variation_id].vid, c) for c in counts if c.variation_id in linked])
    stock.mark(conn, [action.vid for action in batch if action.vid], dirty=1)
    run.add("square stock written", len(batch))
