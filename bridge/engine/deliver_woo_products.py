"""Deliver product writes to the shop: field by field what was decided, creations with our key in the same request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bridge.domain.product import ShownProduct, ShownVariation
from bridge.domain.times import parse_time
from bridge.engine.absorb import agree, agree_as_asked, agree_written, link_created, link_variations, write_history
from bridge.engine.context import Bridge, Run
from bridge.engine.deliver_stock import not_done
from bridge.engine.images import missing_in_woo, remember_downloaded, rows_for_woo
from bridge.engine.observe_catalog import store_woo_product
from bridge.engine.sending import due_of, mark_sent, may_conclude
from bridge.engine.wanted import as_decided, shows_wanted, written
from bridge.ledger import history, links, outbox, shown
from bridge.ledger.outbox import Action
from bridge.remotes.port import Done, Outcome, RawProduct, RawVariation, Refused
from bridge.remotes.woo.outgoing import new_product, new_variations, parent_attributes, product_fields, variation_fields


def deliver_products(bridge: Bridge, run: Run) -> int:
    """Send due product updates and creations to the shop; how many are done."""
    done = 0
    while due := due_of(bridge, "update_product", 50):
        for action in due:
            done += _update(bridge, run, action)
    while due := due_of(bridge, "create_product", 50):
        for action in due:
            done += _create(bridge, run, action)
    return done


def read_whole(bridge: Bridge, product_id: str) -> tuple[RawProduct, list[RawVariation], ShownProduct] | None:
    """A product now with its variations; ``None`` when it is gone."""
    one = bridge.woo.product(product_id)
    if one is None or one.gone:
        return None
    rows = bridge.woo.variations_of(product_id) if one.raw.get("type") == "variable" else []
    return one, rows, bridge.woo.translate(one.raw, [row.raw for row in rows])


# -- updates --------------------------------------------------------------------------


def _update(bridge: Bridge, run: Run, action: Action) -> int:
    """Write one product; several requests when variations are concerned, each repeatable."""
    payload = action.payload
    whole = read_whole(bridge, payload["product_id"])
    if whole is None:
        # in the trash or deleted: what to do about that is decided, and asked, as for any product that vanished
        action.state, action.error = "dropped", "the product is no longer in the shop"
        with bridge.db.transaction() as conn:
            outbox.save(conn, [action])
            shown.mark_gone(conn, "woo", [payload["product_id"]])
            links.set_dirty(conn, action.pid or 0, True)
        run.add("changed while it was decided")
        return 0
    if not as_decided(whole[2], payload):
        _decide_again(bridge, run, action, whole)
        return 0
    mark_sent(bridge, [action])
    outcome = _write_all(bridge, run, action, whole)
    return _finish(bridge, run, action, outcome)


def _decide_again(
    bridge: Bridge, run: Run, action: Action, whole: tuple[RawProduct, list[RawVariation], ShownProduct]
) -> None:
    action.state, action.error = "dropped", "changed meanwhile: decided again"
    with bridge.db.transaction() as conn:
        outbox.save(conn, [action])
        store_whole(bridge, conn, whole)
        links.set_dirty(conn, action.pid or 0, True)
    run.add("changed while it was decided")


def store_whole(bridge: Bridge, conn: Any, whole: tuple[RawProduct, list[RawVariation], ShownProduct]) -> None:
    """Store a product and its variations as shown now."""
    one, rows, _ = whole
    store_woo_product(bridge, conn, one)
    for row in rows:
        variation = bridge.woo.translate_variation(row.raw)
        shown.put_variation(conn, "woo", row.parent_id, variation, row.fingerprint, now=bridge.now())


def _write_all(
    bridge: Bridge, run: Run, action: Action, whole: tuple[RawProduct, list[RawVariation], ShownProduct]
) -> Outcome:
    payload, product_id = action.payload, action.payload["product_id"]
    one, _, now = whole
    changes = {name: value for name, (value, _) in payload["fields"].items()}
    body = product_fields(changes, category_ids=_category_ids(bridge, changes)) if changes else {}
    with bridge.db.reading() as conn:
        square = shown.product_shown(conn, "square", payload["item_id"])
    added = missing_in_woo(bridge, changes["images"]) if "images" in changes else []
    body.pop("images", None)
    if added:
        body["images"] = rows_for_woo(now.images, added)
    own = payload["variations"].get(product_id)
    if own:
        body.update(_variation_body(bridge, own, now.variations[0]))
    if payload["add"] and square is not None:
        body.update(parent_attributes(one.raw, square, payload["add"]))
    outcome: Outcome = bridge.woo.update_product(product_id, body) if body else Done(one.raw)
    if added and isinstance(outcome, Done):
        remember_downloaded(bridge, run, now.images, added, outcome.answer.get("images") or ())
    by_id = {v.remote_id: v for v in now.variations}
    for variation_id, fields in payload["variations"].items():
        if not isinstance(outcome, Done):
            return outcome
        if variation_id != product_id and variation_id in by_id:
            body = _variation_body(bridge, fields, by_id[variation_id])
            if body:
                outcome = bridge.woo.update_variation(product_id, variation_id, body)
    if isinstance(outcome, Done) and payload["add"] and square is not None:
        outcome = _add_variations(bridge, run, product_id, square, payload["add"], now)
    return outcome


def _category_ids(bridge: Bridge, changes: dict[str, Any]) -> list[int] | None:
    if "categories" not in changes:
        return None
    return bridge.woo.category_ids([tuple(path.split(" > ")) for path in changes["categories"]], create=True)


def _variation_body(bridge: Bridge, fields: dict[str, Sequence[Any]], current: ShownVariation) -> dict[str, Any]:
    changes = {name: value for name, (value, _) in fields.items()}
    pictures = missing_in_woo(bridge, [changes["image"]]) if changes.get("image") else []
    return variation_fields(
        changes, current, decimals=bridge.settings.decimals, image=pictures[0] if pictures else None
    )


def _add_variations(
    bridge: Bridge, run: Run, product_id: str, square: ShownProduct, ids: Sequence[str], now: ShownProduct
) -> Outcome:
    """Add variations the shop lacks; one whose SKU stands there already was added by an earlier try."""
    there = {shown.canonical_sku(v.sku) for v in now.variations if v.sku}
    wanted = {v.remote_id: v for v in square.variations}
    missing = [i for i in ids if i in wanted and shown.canonical_sku(wanted[i].sku) not in there and wanted[i].sku]
    run.skip("variation without a SKU is not added", len(ids) - len(missing) if len(ids) > len(missing) else 0)
    if not missing:
        return Done()
    rows = new_variations(square, missing, decimals=bridge.settings.decimals)
    outcomes = bridge.woo.create_variations(product_id, rows)
    bad = [one for one in outcomes if not isinstance(one, Done)]
    return bad[0] if bad else Done()


def _finish(bridge: Bridge, run: Run, action: Action, outcome: Outcome) -> int:
    if not isinstance(outcome, Done):
        with bridge.db.transaction() as conn:
            not_done(bridge, run, conn, action, outcome)
        return 0
    whole = read_whole(bridge, action.payload["product_id"])
    with bridge.db.transaction() as conn:
        if whole is not None:
            store_whole(bridge, conn, whole)
            square = shown.product_shown(conn, "square", action.payload["item_id"])
            if square is not None:
                if action.payload["add"]:
                    link_variations(bridge, run, conn, action.pid or 0, whole[2], square, "created in woo")
                agree_written(conn, action.pid or 0, whole[2], square, to="woo", values=written(action))
        action.state, action.done_at = "done", bridge.now()
        outbox.save(conn, [action])
        pid = action.pid or 0
        write_history(bridge, run, conn, side="woo", pid=pid, fields=action.payload["fields"], vid=None, key=action.key)
        for remote_id, changes in action.payload["variations"].items():
            vid = action.payload["vids"][remote_id]
            write_history(bridge, run, conn, side="woo", pid=pid, fields=changes, vid=vid, key=action.key)
        links.set_dirty(conn, pid, True)
    run.add("woo products written")
    return 1


# -- creations ------------------------------------------------------------------------


def _create(bridge: Bridge, run: Run, action: Action) -> int:
    """Look up first, then create with our key, then its variations (in the next decision when this is interrupted)."""
    with bridge.db.reading() as conn:
        square = shown.product_shown(conn, "square", action.payload["from"])
    if square is None:
        action.state, action.error = "dropped", "the item is gone from Square"
        with bridge.db.transaction() as conn:
            outbox.save(conn, [action])
        return 0
    found = bridge.woo.find_by_sku([v.sku for v in square.variations if v.sku])
    if found:
        return _adopt_found(bridge, run, action, square, found)
    pictures = missing_in_woo(bridge, [image.remote_id for image in square.images])
    body = _new_body(bridge, replace(square, images=tuple(pictures)))
    mark_sent(bridge, [action])
    outcome = bridge.woo.create_product(body, action.key)
    if not isinstance(outcome, Done):
        with bridge.db.transaction() as conn:
            not_done(bridge, run, conn, action, outcome)
        return 0
    remember_downloaded(bridge, run, (), pictures, outcome.answer.get("images") or ())
    return _adopt(bridge, run, action, square, str(outcome.answer["id"]), by="created in woo")


def _new_body(bridge: Bridge, square: ShownProduct) -> dict[str, Any]:
    settings = bridge.settings
    ids = bridge.woo.category_ids(square.categories, create=True) if square.categories else []
    status = "publish" if settings.create_in_woo == "publish" and square.visible else "draft"
    return new_product(square, status=status, category_ids=ids, decimals=settings.decimals, images=settings.images)


def _adopt_found(bridge: Bridge, run: Run, action: Action, square: ShownProduct, found: Sequence[RawProduct]) -> int:
    """One of the SKUs stands in the shop already: link that product instead of making a second one."""
    first = found[0].raw
    product_id = str(first.get("parent_id") or first["id"])
    if found[0].gone or first.get("status") == "trash":
        with bridge.db.transaction() as conn:
            not_done(
                bridge, run, conn, action,
                Refused("trashed", f"its SKU is held by product {product_id} in the shop's trash: restore or empty it"),
            )  # fmt: skip
        return 0
    return _adopt(bridge, run, action, square, product_id, by="sku")


def _adopt(
    bridge: Bridge, run: Run, action: Action, square: ShownProduct, product_id: str, *, by: str, later: bool = False
) -> int:
    whole = read_whole(bridge, product_id)
    if whole is not None and by != "sku" and whole[0].raw.get("type") == "variable":
        outcome = _add_variations(
            bridge, run, product_id, square, [v.remote_id for v in square.variations], whole[2]
        )  # a failure here is not lost: the product is linked and its missing variations are decided again
        if not isinstance(outcome, Done):
            run.add("variations to be added in the next round")
        whole = read_whole(bridge, product_id)
    with bridge.db.transaction() as conn:
        pid = action.pid or 0
        elsewhere = links.products_by(conn, "woo", [product_id]).get(product_id)
        if whole is None or (elsewhere is not None and elsewhere.pid != pid):
            action.state, action.error = "dropped", "its SKU is on a product that is gone or linked elsewhere"
            outbox.save(conn, [action])
            run.skip("its SKU is on a product that is gone or linked elsewhere")
            return 0
        store_whole(bridge, conn, whole)
        link_created(bridge, run, conn, pid, whole[2], square, by)
        if by != "sku":
            if later:
                agree_as_asked(conn, pid, whole[2], square, made_in="woo")
            else:
                agree(conn, pid, whole[2], square)
            history.write(
                conn, run_id=run.id, at=bridge.now(), side="woo", kind="created", pid=pid, after=product_id,
                why="it was only in Square", key=action.key,
            )  # fmt: skip
            run.add("woo products created")
        action.state, action.done_at = "done", bridge.now()
        outbox.save(conn, [action])
    return 1


def settle_products(bridge: Bridge, run: Run, unknown: Sequence[Action]) -> None:
    """Read back unanswered product writes: by content for updates, by our key for creations."""
    for action in unknown:
        if action.kind == "update_product":
            _settle_update(bridge, run, action)
        elif action.kind == "create_product":
            _settle_creation(bridge, run, action)


def _settle_update(bridge: Bridge, run: Run, action: Action) -> None:
    whole = read_whole(bridge, action.payload["product_id"])
    with bridge.db.reading() as conn:
        square = shown.product_shown(conn, "square", action.payload["item_id"])
    if whole is not None and shows_wanted(whole[2], action.payload, square):
        _finish(bridge, run, action, Done())
        run.add("settled: it had happened")
    elif may_conclude(bridge, action):
        _again(bridge, run, action)


def _settle_creation(bridge: Bridge, run: Run, action: Action) -> None:
    since = parse_time(action.sent_at) - timedelta(minutes=15)
    one = bridge.woo.find_by_key(action.key, since=since)
    with bridge.db.reading() as conn:
        square = shown.product_shown(conn, "square", action.payload["from"])
    if one is not None and square is not None:
        _adopt(bridge, run, action, square, one.remote_id, by="created in woo", later=True)
        run.add("settled: it had happened")
    elif may_conclude(bridge, action):
        _again(bridge, run, action)


def _again(bridge: Bridge, run: Run, action: Action) -> None:
    action.state, action.due_at = "due", bridge.now()
    with bridge.db.transaction() as conn:
        outbox.save(conn, [action])
    run.add("settled: it had not happened")
