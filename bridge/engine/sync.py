"""One pass: observe both sides, link, decide, deliver, settle, until nothing is left to do.

The order of reading matters. Square's counts come before its history, the shop's numbers before its orders: whatever
happens between two readings is then seen too late rather than too early, and errs towards showing less than there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bridge.engine.context import Bridge, Run
from bridge.engine.decide_products import decide_creations, decide_products
from bridge.engine.decide_stock import decide_stock
from bridge.engine.deliver_square_items import deliver_items
from bridge.engine.deliver_stock import deliver_square_stock, deliver_woo_stock
from bridge.engine.deliver_woo_products import deliver_products
from bridge.engine.limited import let_others_wait, take_up_others
from bridge.engine.linking import link_new
from bridge.engine.numbers import check_numbers
from bridge.engine.observe_catalog import observe_square, observe_woo, refresh_woo
from bridge.engine.observe_orders import observe_orders
from bridge.engine.observe_square import observe_changes, observe_counts, observe_stores
from bridge.engine.open_stock import open_new_stock
from bridge.engine.order_steps import decide_more, deliver_more, observe_more, settle_more
from bridge.engine.settle import recover, settle
from bridge.errors import BridgeError
from bridge.ledger import decisions, history, inbox, outbox, rewind

Step = Callable[[str], None]
"""Told the name of each step as it begins (for progress bars)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a pass is about. ``full`` reads everything, else only what changed since the cursors.

    ``only`` limits the writes to some products (keys as in ``ledger.subjects``); empty means all.
    """

    products: bool = True
    stock: bool = True
    full: bool = True
    only: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """What a pass did: counts by name, open questions and writes whose end is not known yet."""

    run_id: int
    counts: dict[str, int]
    notes: list[str] = field(default_factory=list)
    open_decisions: int = 0
    waiting: int = 0

    @property
    def writes(self) -> int:
        """How many remote writes were confirmed."""
        return sum(number for name, number in self.counts.items() if name.endswith(("written", "created")))

    @property
    def brakes(self) -> int:
        """How many brakes were pulled."""
        return sum(number for name, number in self.counts.items() if name.startswith("brake: "))


def sync(bridge: Bridge, scope: Scope | None = None, *, step: Step = lambda _: None) -> Report:
    """Run one pass. Raises ``RemoteDown`` or ``AccessRefused`` when a side cannot be read; nothing is lost by that."""
    scope = scope or Scope()
    with bridge.db.reading() as conn:
        if rewind.restored_at(conn):
            scope = replace(scope, full=True)
    with bridge.db.transaction() as conn:
        kind = "full" if scope.full else "incremental"
        run = Run(history.begin_run(conn, kind, now=bridge.now()), kind)
    state = "failed"
    try:
        recover(bridge, run)
        step("settling")
        settle(bridge, run)
        settle_more(bridge, run)
        observe(bridge, run, scope, step=step)
        act(bridge, run, scope, step=step)
        state = "done"
    except BridgeError as problem:
        run.notes.append(str(problem))
        raise
    finally:
        # a crash (anything that is not one of our errors) must look like a crash: nothing more is written
        if state == "done" or run.notes:
            with bridge.db.transaction() as conn:
                history.end_run(conn, run.id, state, dict(run.counts), now=bridge.now())
    return report_of(bridge, run)


def report_of(bridge: Bridge, run: Run) -> Report:
    """The run so far, with what is still open."""
    with bridge.db.reading() as conn:
        waiting = outbox.counts(conn)
        still = sum(waiting.get(state, 0) for state in ("due", "sent", "unknown")) - len(run.waiting)
        return Report(run.id, dict(run.counts), list(run.notes), decisions.count_open(conn), still)


def observe(bridge: Bridge, run: Run, scope: Scope, *, step: Step = lambda _: None) -> None:
    """Read both sides."""
    if scope.full:
        step("reading stores")
        observe_stores(bridge, run)
    with bridge.db.reading() as conn:
        rung = inbox.new_ones(conn)
    step("reading Square's items")
    observe_square(bridge, run, full=scope.full)
    if scope.stock:
        step("reading Square's stock")
        observe_counts(bridge, run, full=scope.full)
        observe_changes(bridge, run)
    step("reading the shop's products")
    observe_woo(bridge, run, full=scope.full)
    for product_id in sorted({row.object_id for row in rung if row.topic == "product.deleted" and row.object_id}):
        refresh_woo(bridge, run, product_id)
    if scope.stock:
        step("reading the shop's orders")
        observe_orders(bridge, run)
    observe_more(bridge, run, scope)
    if rung:
        with bridge.db.transaction() as conn:
            inbox.seen(conn, rung[-1].id, now=bridge.now())
        run.add("doorbells", len(rung))
    step("matching")
    link_new(bridge, run)


def act(bridge: Bridge, run: Run, scope: Scope, *, step: Step = lambda _: None) -> None:
    """Decide and deliver until a round finds nothing more to do."""
    with bridge.db.transaction() as conn:
        restored = bool(rewind.restored_at(conn))
    for number in range(bridge.settings.rounds):
        before = dict(run.counts)
        decide(bridge, run, scope, step=step, all_creations=scope.full and number < 2)
        delivered = deliver(bridge, run, scope, step=step)
        settle(bridge, run)
        settle_more(bridge, run)
        if not delivered and _nothing_new(before, run):
            break
    if scope.only:
        take_up_others(bridge, run)
    if restored:
        with bridge.db.transaction() as conn:
            rewind.rebaselined(conn)


def _nothing_new(before: dict[str, int], run: Run) -> bool:
    moved = (
        "planned",
        "opening counts",
        "healed",
        "staff edits",
        "settled",
        "linked",
        "changed while",
        "counts changed",
    )
    return all(before.get(name, 0) == n for name, n in run.counts.items() if any(m in name for m in moved))


def decide(bridge: Bridge, run: Run, scope: Scope, *, step: Step = lambda _: None, all_creations: bool = False) -> None:
    """Everything that puts writes into the outbox; ``all_creations`` asks of every unlinked product what hinders it."""
    if scope.products and bridge.settings.products_enabled:
        step("deciding products")
        decide_products(bridge, run)
        decide_creations(bridge, run, everything=all_creations)
    if scope.stock and bridge.settings.stock_enabled:
        step("deciding stock")
        open_new_stock(bridge, run)
        check_numbers(bridge, run)
    decide_more(bridge, run, scope)
    if scope.stock and bridge.settings.stock_enabled:
        decide_stock(bridge, run)


def deliver(bridge: Bridge, run: Run, scope: Scope, *, step: Step = lambda _: None) -> int:
    """Send what is due; how many writes are done."""
    with bridge.db.reading() as conn:
        if not outbox.any_due(conn, bridge.now()):
            return 0
    done = 0
    if scope.only:
        let_others_wait(bridge, run, scope.only)
    if scope.products and bridge.settings.products_enabled:
        step("writing products")
        done += deliver_items(bridge, run)
        done += deliver_products(bridge, run)
    if scope.stock and bridge.settings.stock_enabled:
        step("writing stock")
        done += deliver_square_stock(bridge, run)
        done += deliver_woo_stock(bridge, run)
    done += deliver_more(bridge, run, scope)
    return done
