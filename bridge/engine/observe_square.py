"""Read Square's stores, counts and inventory history.

Counts are the level that decides; the history explains it. Counts are read before the history, so that every count
believed has its explanation at hand. An entry that carries our own mark is an echo; one that carries our mark but is
unknown to the ledger shows that the ledger was set back (a restored backup), and is taken over as done.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection, select

from bridge.domain.actions import action_key
from bridge.domain.times import normal_time
from bridge.engine.context import MARK, Bridge, Run, read_up_to
from bridge.ledger import cursors, links, movements, order_links, orders, outbox, places, stock, stores
from bridge.ledger.schema import movement
from bridge.ledger.text import of_json
from bridge.remotes.port import SquareChange, SquareCount

COUNTS = "square_counts"
CHANGES = "square_changes"


def observe_stores(bridge: Bridge, run: Run) -> None:
    """Read the locations."""
    found = bridge.square.stores()
    with bridge.db.transaction() as conn:
        for one in found:
            stores.put(
                conn, one.store_id, name=one.name, active=one.active, timezone=one.timezone,
                currency=one.currency, body=one.raw,
            )  # fmt: skip
            places.remember_name(conn, one.store_id, one.name, now=bridge.now())
    run.counts["stores"] = len(found)


def observe_counts(bridge: Bridge, run: Run, *, full: bool) -> None:
    """Read counts changed since the cursor, or all of them."""
    mark = bridge.square.server_time() or bridge.now()
    with bridge.db.reading() as conn:
        since = "" if full else cursors.read_cursor(conn, COUNTS)
    for page in bridge.ahead(bridge.square.counts(updated_after=since)):
        absorb_counts(bridge, run, page)
    with bridge.db.transaction() as conn:
        read_up_to(bridge, conn, COUNTS, mark)


def absorb_counts(bridge: Bridge, run: Run, page: Sequence[SquareCount]) -> None:
    """Store counts; a variation whose number changed is to be decided again."""
    with bridge.db.reading() as conn:
        known = stock.counted_by_square(conn, list({count.variation_id for count in page}))
    news = [
        (known[count.variation_id][0], count)
        for count in page
        if count.variation_id in known and _is_news(known[count.variation_id][1].get(count.store_id), count.quantity)
    ]
    if not news:
        return
    with bridge.db.transaction() as conn:
        store_counts(conn, run, news)


def _is_news(known: str | None, quantity: Decimal) -> bool:
    return known is None or (known != str(quantity) and Decimal(known) != quantity)


def store_counts(conn: Connection, run: Run, news: Sequence[tuple[int, SquareCount]]) -> None:
    """Store counts of linked variations inside a transaction."""
    changed = [
        vid
        for vid, count in news
        if stock.put_count(conn, vid, count.store_id, count.quantity, normal_time(count.calculated_at))
    ]
    stock.mark(conn, changed, dirty=1)
    run.add("square counts changed", len(changed))


def observe_changes(bridge: Bridge, run: Run) -> None:
    """Read the inventory history since the cursor into movements."""
    mark = bridge.square.server_time() or bridge.now()
    with bridge.db.reading() as conn:
        since = cursors.read_cursor(conn, CHANGES)
    if since:
        for page in bridge.square.changes(updated_after=since):
            _absorb_changes(bridge, run, page)
    with bridge.db.transaction() as conn:
        read_up_to(bridge, conn, CHANGES, mark)


def _absorb_changes(bridge: Bridge, run: Run, page: Sequence[SquareChange]) -> None:
    with bridge.db.reading() as conn:
        linked = links.variations_by(conn, "square", [change.variation_id for change in page])
    news = [change for change in page if change.variation_id in linked]
    if not news:
        return
    with bridge.db.transaction() as conn:
        ours = [change for change in news if change.reference.startswith(MARK)]
        own_sales = order_links.by_square(conn, [transaction_of(change) for change in news])
        for change in news:
            if change.kind == "sale" and transaction_of(change) in own_sales:
                # the movement was recorded when the shop told of it: the same cause counts once
                run.add("sales of orders seen at Square")
            elif not change.reference.startswith(MARK):
                _record(bridge, run, conn, change, linked[change.variation_id].vid)
        for change in ours:
            _echo(bridge, run, conn, change, linked[change.variation_id].vid)


def transaction_of(change: SquareChange) -> str:
    """The order (or payment) an inventory change belongs to, "" for none."""
    said = change.detail.get("adjustment") or {}
    return str(said.get("transaction_id") or "")


def _record(bridge: Bridge, run: Run, conn: Connection, change: SquareChange, vid: int) -> None:
    refund = str((change.detail.get("adjustment") or {}).get("refund_id") or "")
    transaction = transaction_of(change) if change.kind in ("return", "sale") else ""
    moved = movements.Movement(
        "square",
        change.change_id,
        vid,
        change.kind,
        change.quantity,
        normal_time(change.occurred_at),
        store_id=change.store_id,
        detail={
            "source": change.source,
            "reference": change.reference,
            "created": normal_time(change.created_at),
            **({"refund": refund} if refund else {}),
            **({"transaction": transaction} if transaction else {}),
        },
    )
    if movements.record(conn, moved, seen_at=bridge.now(), run_id=run.id) is not None:
        run.add("square movements")


def _echo(bridge: Bridge, run: Run, conn: Connection, change: SquareChange, vid: int) -> None:
    """Our own write coming back: nothing to do, unless this ledger never wrote it."""
    key = action_key("square", change.reference)
    known = outbox.by_key(conn, key)
    if known is not None:
        if known.kind == "adjust" and _was_overtaken(conn, change, vid):
            _apply_again(bridge, run, conn, known)
        return
    run.add("own writes found that this ledger had forgotten")
    now = bridge.now()
    action = outbox.Action(
        key=key,
        side="square",
        kind="adjust",
        payload={
            "variation_id": change.variation_id,
            "store_id": change.store_id,
            "quantity": str(change.quantity),
            "cause": change.kind,
            "reference": change.reference,
        },
        vid=vid,
        state="done",
    )
    outbox.add(conn, action, now=now, run_id=run.id)
    cause = change.reference.removeprefix(MARK).partition("@")[0]
    if _was_kept_back(conn, change):
        run.add("effects kept for the till's own count that a forgotten life had carried")
    elif cause.startswith("order:") and cause.count(":") == 3:  # what was taken off twice is no line's own movement
        _carried_before(conn, bridge, cause, change, vid)
    # whatever the shop shows now already contains writes this ledger does not know: compare afresh
    stock.change(conn, vid, state="unopened", reason="rewound", dirty=1)


def _was_kept_back(conn: Connection, change: SquareChange) -> bool:
    """Take a forgotten write off what is still kept back for the till's own count; whether that is what it carried.

    The order's line counts as carried since it was kept back: counting it anew would give its goods back twice.
    """
    kept = outbox.by_key(conn, action_key("mirror", change.reference))
    if kept is None or kept.state not in ("held", "unknown"):
        return False
    left = Decimal(str(kept.payload["quantity"])) - change.quantity
    kept.payload["quantity"] = str(left)
    if not left:
        kept.state, kept.error = "dropped", "carried by an adjustment in a life this ledger forgot"
    outbox.save(conn, [kept])
    return True


def _was_overtaken(conn: Connection, change: SquareChange, vid: int) -> bool:
    """True when somebody's count, dated later but made earlier, swallowed our adjustment.

    Square orders the history by when things happened: an adjustment that arrives after a newer count changes nothing,
    though whoever counted could not know of the online sale it stands for.
    """
    occurred, created = normal_time(change.occurred_at), normal_time(change.created_at)
    counts = conn.execute(
        select(movement.c.detail_json).where(
            movement.c.vid == vid,
            movement.c.side == "square",
            movement.c.store_id == change.store_id,
            movement.c.kind == "count",
            movement.c.at > occurred,
        )
    )
    return any(of_json(detail).get("created", "") < created for (detail,) in counts)


def _apply_again(bridge: Bridge, run: Run, conn: Connection, known: outbox.Action) -> None:
    """Send a swallowed adjustment once more, under a reference of its own that follows from the first one's."""
    reference = f"{known.payload['reference']}~"
    payload = {name: value for name, value in known.payload.items() if name != "occurred_at"}
    action = outbox.Action(
        key=action_key("square", reference),
        side="square",
        kind="adjust",
        payload={**payload, "reference": reference},
        vid=known.vid,
        causes=known.causes,
    )
    if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
        run.add("planned square stock: a count had overtaken it")


def _carried_before(conn: Connection, bridge: Bridge, cause: str, change: SquareChange, vid: int) -> None:
    """An order line was carried to Square in the life this ledger forgot: note it as carried."""
    _, order_id, line_id, turn = cause.split(":")
    seen = orders.get(conn, [order_id]).get(order_id) or orders.OrderSeen(
        order_id, created=normal_time(change.occurred_at)
    )
    row = stock.by_vid(conn, [vid])[vid]
    entry = seen.lines.get(line_id, [row.woo_id, "0", 0])
    reduced = Decimal(str(entry[1])) - change.quantity
    seen.lines[line_id] = [row.woo_id, str(reduced), max(int(entry[2]), int(turn))]
    taken = seen.taken.setdefault(line_id, {})
    left = Decimal(taken.get(change.store_id, "0")) - change.quantity
    if left > 0:
        taken[change.store_id] = str(left)
    else:
        taken.pop(change.store_id, None)
    orders.put(conn, seen, now=bridge.now())
