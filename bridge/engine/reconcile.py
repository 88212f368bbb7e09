"""Compare both whole sides with what should be, name likely causes, and heal by a normal run when asked to.

Everything is read afresh, page by page, onto a copy of the ledger; only what drifted is kept. What trade touches while
it is compared is left out: the next run takes care of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from sqlalchemy import Connection

from bridge.domain.stock import DriftHints, StockView, Target, WindowOrder, explain_drift, target
from bridge.engine.causes import movement_text
from bridge.engine.context import Bridge, Run
from bridge.engine.decide_products import decide_products
from bridge.engine.numbers import orders_in_window, unchecked_writes
from bridge.engine.observe_orders import observe_orders
from bridge.engine.proposals import proposal_for
from bridge.engine.rehearsal import rehearsal
from bridge.engine.settle import recover, settle
from bridge.engine.sync import Report, Scope, Step, observe, sync
from bridge.engine.views import views_of
from bridge.ledger import chains, history, movements, outbox, stock, subjects
from bridge.ledger.stock import StockRow
from bridge.ledger.stores import all_stores
from bridge.remotes.port import WooStock

Number = int | str | None
"""A whole quantity, a fractional one as text, or none."""


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One number that is not what it should be.

    With ``store`` "" it is the shop's: ``woo`` is shown, ``square`` is the online stores' sum, ``expected`` what the
    shop should show. Else it is a store's count: ``square`` is counted, ``expected`` what the ledger last knew.
    """

    sku: str
    store: str
    woo: Number
    square: Number
    expected: Number
    cause: str
    proposal: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What was found: drifting numbers, variations compared, products whose fields differ or wait; ``fixed`` is the
    healing run's report, ``None`` when nothing was healed.
    """

    rows: list[DriftRow]
    checked: int
    products_differ: int
    fixed: Report | None = None


@dataclass(slots=True)
class _Comparison:
    """A comparison in the making."""

    bridge: Bridge
    rehearsed: Bridge
    last_known: int
    stores: dict[str, str]
    found: list[tuple[int, DriftRow]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)


def reconcile(bridge: Bridge, *, fix: bool = False, step: Step = lambda _: None) -> DriftReport:
    """Compare; with ``fix`` heal what drifted. Raises ``RemoteDown`` or ``AccessRefused``; nothing is lost by that."""
    with rehearsal(bridge) as rehearsed:
        report, vids = _compare(bridge, rehearsed, step)
    if not fix or not (vids or report.products_differ):
        return report
    with bridge.db.transaction() as conn:
        stock.mark(conn, vids, suspect=1, dirty=1)
    return replace(report, fixed=sync(bridge, Scope(full=True), step=step))


def _compare(bridge: Bridge, rehearsed: Bridge, step: Step) -> tuple[DriftReport, list[int]]:
    with rehearsed.db.transaction() as conn:
        last_known = movements.last_id(conn)
        run = Run(history.begin_run(conn, "reconcile", now=bridge.now()), "reconcile")
    recover(rehearsed, run)
    settle(rehearsed, run)
    observe(rehearsed, run, Scope(full=True), step=step)
    with rehearsed.db.reading() as conn:
        stores = {row.store_id: row.name for row in all_stores(conn)}
    comparison = _Comparison(bridge, rehearsed, last_known, stores)
    step("comparing stock")
    for page in bridge.woo.stock_rows():
        _compare_page(comparison, page)
    _missing_in_the_shop(comparison)
    touched = observe_orders(rehearsed, run)
    left = [(vid, row) for vid, row in comparison.found if vid not in touched]
    step("comparing products")
    decide_products(rehearsed, run)
    with rehearsed.db.reading() as conn:
        differ = chains.products_concerned(conn)
    report = DriftReport([row for _, row in left], len(comparison.seen), differ)
    return report, sorted({vid for vid, _ in left})


def _compare_page(comparison: _Comparison, page: Sequence[WooStock]) -> None:
    with comparison.bridge.db.reading() as conn:
        known_rows = stock.by_woo(conn, [one.variation_id for one in page])
        known = stock.counts_of(conn, [row.vid for row in known_rows.values()])
    with comparison.rehearsed.db.reading() as conn:
        rows = stock.by_woo(conn, [one.variation_id for one in page])
        open_rows = [row for row in rows.values() if row.woo_id in known_rows and _is_open(known_rows[row.woo_id])]
        views = views_of(comparison.rehearsed, conn, open_rows)
        shown = {one.variation_id: one for one in page}
        for row in open_rows:
            comparison.seen.add(row.vid)
            _compare_stores(comparison, conn, row, known[row.vid], views[row.vid])
            _compare_shop(comparison, conn, row, shown[row.woo_id], views[row.vid])


def _is_open(row: StockRow) -> bool:
    return row.state == "open"


# -- the shop -------------------------------------------------------------------------


def _compare_shop(comparison: _Comparison, conn: Connection, row: StockRow, one: WooStock, view: StockView) -> None:
    goal = target(view)
    expected = row.woo_expected if goal.refusal else goal.quantity
    shown = None if one.quantity is None or one.tracking != "tracked" else int(one.quantity)
    if shown == expected:
        return
    causes = _shop_causes(comparison, conn, row, shown, expected, goal)
    counted = sum((view.counts[store] for store in view.online_stores if store in view.counts), Decimal(0))
    comparison.found.append((row.vid, DriftRow(
        subjects.sku_as_shown(conn, row), "", shown, plain(counted), expected, "; ".join(causes),
        proposal_for(comparison.bridge.settings, causes, shown, expected),
    )))  # fmt: skip


def _shop_causes(
    comparison: _Comparison, conn: Connection, row: StockRow, shown: int | None, expected: int, goal: Target
) -> list[str]:
    """First why the shop does not show what the ledger believes, then what the ledger has not carried to it yet."""
    open_writes = [one for one in outbox.open_of_variation(conn, row.vid) if one.kind == "change_stock"]
    hints = DriftHints(
        in_flight=[WindowOrder(one.key, -int(one.payload["delta"])) for one in open_writes],
        window=orders_in_window(conn, row.vid, unchecked_writes(conn, row), skew=comparison.bridge.woo.clock_skew()),
        debt=int(goal.debt),
        fractional=goal.refusal == "fractional",
    )
    causes = explain_drift(shown, row.woo_expected, hints)
    if shown is not None and expected != row.woo_expected:
        news = chains.movements_after(conn, row.vid, row.woo_cause, "square")
        told = [movement_text(moved, comparison.stores) for moved in news] or ["the stores' counts changed"]
        causes.append(f"unseen: {', '.join(told)}")
    return causes


def _missing_in_the_shop(comparison: _Comparison) -> None:
    """Variations kept in step that the shop's listing no longer has."""
    with comparison.bridge.db.reading() as conn:
        gone = [vid for vid, _ in chains.open_vids(conn) if vid not in comparison.seen]
        for start in range(0, len(gone), 500):
            for row in stock.by_vid(conn, gone[start : start + 500]).values():
                sku = subjects.sku_as_shown(conn, row)
                proposal = proposal_for(comparison.bridge.settings, ["gone"], None, row.woo_expected)
                comparison.found.append((row.vid, DriftRow(sku, "", None, None, row.woo_expected, "gone", proposal)))


# -- the stores -----------------------------------------------------------------------


def _compare_stores(
    comparison: _Comparison, conn: Connection, row: StockRow, known: dict[str, Decimal], view: StockView
) -> None:
    for store_id in sorted({*known, *view.counts}):
        before, now = known.get(store_id), view.counts.get(store_id)
        if before == now:
            continue
        news = chains.movements_after(conn, row.vid, comparison.last_known, "square")
        told = [movement_text(moved, comparison.stores) for moved in news if moved.store_id == store_id]
        cause = f"unseen: {', '.join(told)}" if told else _own_or_unknown(comparison, row, store_id)
        name, proposal = comparison.stores.get(store_id, store_id), "the next run takes the store's count over"
        found = DriftRow(subjects.sku_as_shown(conn, row), name, None, plain(now), plain(before), cause, proposal)
        comparison.found.append((row.vid, found))


def _own_or_unknown(comparison: _Comparison, row: StockRow, store_id: str) -> str:
    with comparison.bridge.db.reading() as conn:
        own = [
            one.payload["reference"]
            for one in outbox.open_of_variation(conn, row.vid)
            if one.side == "square" and one.payload["store_id"] == store_id and one.state in outbox.IN_FLIGHT
        ]
    return f"in_flight: {', '.join(own)}" if own else "unknown: Square's history does not name it"


def plain(quantity: Decimal | None) -> Number:
    """A quantity as an int where it is whole, else as text."""
    if quantity is None:
        return None
    return int(quantity) if quantity == quantity.to_integral_value() else str(quantity)
