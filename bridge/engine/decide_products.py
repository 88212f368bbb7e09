"""Decide what each changed product needs: fields to write, variations to add, questions to ask, products to make.

The pure plan says what; here brakes look at it and the rest becomes outbox rows, in one transaction with the base that
both sides already agree on. One product has at most one set of writes under way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from bridge.domain.brakes import Intent, apply_brakes
from bridge.domain.plan_products import Conflict, FieldChange, ProductPlan, VariationLink, plan_product
from bridge.domain.product import ShownProduct
from bridge.engine.braking import announce, released_names
from bridge.engine.context import Bridge, Run
from bridge.engine.linking import IGNORE
from bridge.engine.observe_catalog import CREATE
from bridge.ledger import cursors, decisions, links, outbox, shown
from bridge.ledger.outbox import Action

_BATCH = 200


def decide_products(bridge: Bridge, run: Run) -> int:
    """Decide every dirty linked product; how many writes were put into the outbox."""
    after = planned = 0
    while True:
        with bridge.db.reading() as conn:
            rows = links.dirty_products(conn, after=after, most=_BATCH)
        if not rows:
            return planned
        after = rows[-1].pid
        with bridge.db.transaction() as conn:
            for row in rows:
                planned += _decide(bridge, run, conn, row)


def _decide(bridge: Bridge, run: Run, conn: Connection, row: Any) -> int:
    if row.state != "linked":
        links.set_dirty(conn, row.pid, False)
        return 0
    if outbox.has_open_for_product(conn, row.pid):
        return 0
    woo = shown.product_shown(conn, "woo", row.woo_id)
    square = shown.product_shown(conn, "square", row.square_id)
    links.set_dirty(conn, row.pid, False)
    if woo is None or square is None:
        _one_is_gone(bridge, run, conn, row, "woo" if woo is None else "square", woo or square)
        return 0
    decisions.withdraw(conn, "gone", str(row.pid), now=bridge.now())
    known = [VariationLink(v.vid, v.woo_id, v.square_id) for v in links.variations_of(conn, row.pid)]
    base = links.base_of(row)
    plan = plan_product(woo, square, base, known, bridge.settings.owners)
    agreed = {(one.vid, one.field): (one.woo, one.square) for one in plan.agreed}
    if agreed:
        links.put_base(conn, row.pid, {**base, **agreed})
    for skip in plan.skips:
        run.skip(f"product: {skip.reason.replace('_', ' ')}")
    _ask_conflicts(bridge, run, conn, row.pid, woo, plan.conflicts, known)
    _withdraw_settled(bridge, conn, row.pid, plan)
    return _plan_writes(bridge, run, conn, row, woo, square, plan, known)


def _one_is_gone(bridge: Bridge, run: Run, conn: Connection, row: Any, side: str, left: ShownProduct | None) -> None:
    """A product vanished on one side: the other is never deleted; hiding it there is asked or configured."""
    run.skip(f"product is gone in {'the shop' if side == 'woo' else 'Square'}")
    if left is None or not left.visible or bridge.settings.follow_hide == "off":
        return
    if _kept(conn, row, side):
        run.skip("kept on the other side on purpose")
        return
    where = "the shop" if side == "woo" else "Square"
    other = "Square" if side == "woo" else "the shop"
    decisions.ask(
        conn, "gone", str(row.pid), f"“{left.name}” is gone in {where} but still sold in {other}.",
        choices=("hide", "keep"), now=bridge.now(), pid=row.pid, run_id=run.id, detail={"gone": side},
    )  # fmt: skip


def _kept(conn: Connection, row: Any, side: str) -> bool:
    """True when a person chose to keep what is left, and the product has not come back since."""
    answer, at = decisions.last_answer(conn, "gone", str(row.pid))
    return answer == "keep" and at >= shown.last_seen(conn, side, row.woo_id if side == "woo" else row.square_id)


def subject_of(pid: int, vid: int | None, field: str) -> str:
    """How a field of a product is named in questions and releases."""
    return f"{pid}:{vid or ''}:{field}"


def _ask_conflicts(
    bridge: Bridge, run: Run, conn: Connection, pid: int, woo: ShownProduct, conflicts: Sequence[Conflict],
    known: Sequence[VariationLink],
) -> None:  # fmt: skip
    skus = {v.remote_id: v.sku for v in woo.variations}
    of_link = {link.vid: skus.get(link.woo_id, "") for link in known}
    for one in conflicts:
        what = f"“{woo.name}”" + (f" ({of_link.get(one.vid)})" if one.vid and of_link.get(one.vid) else "")
        decisions.ask(
            conn, "conflict", subject_of(pid, one.vid, one.field),
            f"{one.field} of {what}: the shop says {one.woo!r}, Square says {one.square!r} ({one.why}).",
            choices=("woo", "square"), now=bridge.now(), vid=one.vid, pid=pid, run_id=run.id,
            detail={"field": one.field, "woo": one.woo, "square": one.square},
        )  # fmt: skip
        run.add("conflicts")


def _withdraw_settled(bridge: Bridge, conn: Connection, pid: int, plan: ProductPlan) -> None:
    """Questions about fields that agree by now answered themselves."""
    asked = {subject_of(pid, one.vid, one.field) for one in plan.conflicts}
    prices = {f"price_jump:{subject_of(pid, one.vid, one.field)}" for one in plan.changes if one.field == "price"}
    for row in decisions.open_ones_of(conn, pid, ("conflict", "hide", "brake")):
        if row.kind == "brake" and row.subject not in prices:
            decisions.withdraw(conn, "brake", row.subject, now=bridge.now())
        if row.kind == "conflict" and row.subject not in asked:
            decisions.withdraw(conn, "conflict", row.subject, now=bridge.now())
        if row.kind == "hide" and not any(c.field == "visible" and c.value is False for c in plan.changes):
            decisions.withdraw(conn, "hide", row.subject, now=bridge.now())


def _plan_writes(
    bridge: Bridge, run: Run, conn: Connection, row: Any, woo: ShownProduct, square: ShownProduct, plan: ProductPlan,
    known: Sequence[VariationLink],
) -> int:  # fmt: skip
    changes = _let_through(bridge, run, conn, row, woo, plan.changes)
    to_square = [c for c in changes if c.to == "square"]
    to_woo = [c for c in changes if c.to == "woo"]
    planned = 0
    by_vid = {link.vid: link for link in known}
    if to_square or plan.add_to_square:
        payload = {
            "item_id": square.remote_id,
            "product_id": woo.remote_id,
            "fields": _fields(to_square, None),
            "variations": {by_vid[v].square_id: _fields(to_square, v) for v in _vids(to_square)},
            "vids": {by_vid[v].square_id: v for v in _vids(to_square)},
            "add": list(plan.add_to_square),
        }
        planned += _add(bridge, run, conn, "square", "update_item", row.pid, payload)
    if to_woo or plan.add_to_woo:
        payload = {
            "product_id": woo.remote_id,
            "item_id": square.remote_id,
            "fields": _fields(to_woo, None),
            "variations": {by_vid[v].woo_id: _fields(to_woo, v) for v in _vids(to_woo)},
            "vids": {by_vid[v].woo_id: v for v in _vids(to_woo)},
            "add": list(plan.add_to_woo),
        }
        planned += _add(bridge, run, conn, "woo", "update_product", row.pid, payload)
    return planned


def _fields(changes: Sequence[FieldChange], vid: int | None) -> dict[str, list[Any]]:
    """field → [new value in the winner's words, what stands there now]."""
    return {c.field: [c.value, c.before] for c in changes if c.vid == vid}


def _vids(changes: Sequence[FieldChange]) -> list[int]:
    return sorted({c.vid for c in changes if c.vid is not None})


def _add(bridge: Bridge, run: Run, conn: Connection, side: str, kind: str, pid: int, payload: Mapping[str, Any]) -> int:
    action = Action(key=bridge.ids(), side=side, kind=kind, payload=dict(payload), pid=pid)
    outbox.add(conn, action, now=bridge.now(), run_id=run.id)
    run.add(f"planned {side} products")
    return 1


def _let_through(
    bridge: Bridge, run: Run, conn: Connection, row: Any, woo: ShownProduct, changes: Sequence[FieldChange]
) -> list[FieldChange]:
    """Without what a brake holds: hiding unasked, prices that jump."""
    released = released_names(conn)
    held: set[str] = set()
    for change in changes:
        subject = subject_of(row.pid, change.vid, change.field)
        if change.field == "visible" and change.value is False:
            if bridge.settings.follow_hide == "follow" or f"hide:{subject}" in released:
                cursors.forget_fact(conn, f"release:hide:{subject}")
            else:
                held.add(subject)
                _ask_hide(bridge, run, conn, row.pid, woo, change, subject)
    prices = [
        Intent("price", subject_of(row.pid, c.vid, c.field), c.before, c.value) for c in changes if c.field == "price"
    ]
    for brake in apply_brakes(prices, total_skus=1, limits=bridge.settings.limits, released=released):
        announce(bridge, run, conn, brake, pid=row.pid)
        held.update(brake.subjects)
    for name in released:
        # a release is for the price it was asked about: used up, or the price was put right meanwhile
        if name.startswith(f"price_jump:{row.pid}:") and name.removeprefix("price_jump:") not in held:
            cursors.forget_fact(conn, f"release:{name}")
    if held:
        run.add("held by a brake", len(held))
    return [c for c in changes if subject_of(row.pid, c.vid, c.field) not in held]


def _ask_hide(
    bridge: Bridge, run: Run, conn: Connection, pid: int, woo: ShownProduct, change: FieldChange, subject: str
) -> None:
    if bridge.settings.follow_hide == "off":
        run.skip("hiding does not travel")
        return
    where = "Square" if change.to == "square" else "the shop"
    decisions.ask(
        conn, "hide", subject, f"“{woo.name}” was hidden on the other side; hide it in {where} too?",
        choices=("hide", "keep"), now=bridge.now(), pid=pid, run_id=run.id, detail={"to": change.to},
    )  # fmt: skip


# -- creation -------------------------------------------------------------------------


def decide_creations(bridge: Bridge, run: Run, *, everything: bool) -> int:
    """Make on one side what only the other has, where the retailer wants that and it can be told apart for sure.

    Unless ``everything`` is looked at, only when an unlinked product came or changed since the last time, and only what
    is on sale: somebody may be at work on the rest.
    """
    planned = 0
    if not everything:
        with bridge.db.reading() as conn:
            if not cursors.read_fact(conn, CREATE):
                return 0
    # asked again in a later round: the reasons of this one count, not the sum of all
    for name in [name for name in run.counts if name.startswith("skipped: not created: ")]:
        del run.counts[name]
    with bridge.db.transaction() as conn:
        intents: list[tuple[str, ShownProduct]] = []
        if bridge.settings.create_in_square:
            intents += [("square", one) for one in _ready(bridge, run, conn, "woo", drafts=everything)]
        if bridge.settings.create_in_woo != "off":
            intents += [("woo", one) for one in _ready(bridge, run, conn, "square", drafts=everything)]
        for to, product in intents:
            planned += _plan_creation(bridge, run, conn, to, product)
        cursors.forget_fact(conn, CREATE)
    return planned


def _ready(bridge: Bridge, run: Run, conn: Connection, side: str, *, drafts: bool) -> list[ShownProduct]:
    """Unlinked products of a side that may be made on the other; without ``drafts`` only those that are on sale."""
    ready = []
    candidates = []
    for row in shown.unlinked_products(conn, side):
        product = shown.product_shown(conn, side, row.remote_id)
        if product is not None:
            candidates.append(product)
    skus = [shown.canonical_sku(v.sku) for product in candidates for v in product.variations if v.sku]
    doubled = {sku for sku, times in Counter(skus).items() if times > 1}
    doubled |= shown.doubled_skus(conn, side, sorted(set(skus)))
    other = "square" if side == "woo" else "woo"
    taken = shown.known_skus(conn, other, sorted(set(skus)))
    ignored = cursors.facts_starting(conn, f"{IGNORE}{side}:")
    for product in candidates:
        left_out = any(f"{IGNORE}{side}:{v.remote_id}" in ignored for v in product.variations)
        unfinished = "it is not on sale yet" if not (drafts or product.visible) else ""
        why = "left out by hand" if left_out else unfinished or _hindrance(product, doubled, taken)
        if why:
            run.skip(f"not created: {why}")
        else:
            ready.append(product)
    return ready


def _hindrance(product: ShownProduct, doubled: set[str], taken: set[str]) -> str:
    """Why a product is not created on the other side; "" when it is."""
    skus = [shown.canonical_sku(v.sku) for v in product.variations]
    if product.unrepresentable:
        return product.unrepresentable
    if not product.variations:
        return "it has no variations"
    if not all(skus):
        return "a variation has no SKU"
    if any(sku in doubled for sku in skus):
        return "its SKU is doubled"
    if any(sku in taken for sku in skus):
        return "its SKU stands on the other side already"
    if any(v.price is None for v in product.variations):
        return "a variation has no price"
    if len(product.variations) > 250:
        return "Square holds at most 250 variations of an item"
    return ""


def _plan_creation(bridge: Bridge, run: Run, conn: Connection, to: str, product: ShownProduct) -> int:
    woo_id = product.remote_id if to == "square" else None
    square_id = product.remote_id if to == "woo" else None
    made_by = f"created in {to}"
    pid = links.add_product(conn, woo_id=woo_id, square_id=square_id, by=made_by, now=bridge.now(), state="alone")
    kind = "create_item" if to == "square" else "create_product"
    return _add(bridge, run, conn, to, kind, pid, {"from": product.remote_id, "name": product.name})
