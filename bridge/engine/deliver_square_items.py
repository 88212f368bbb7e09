"""Deliver product writes to Square: read the item afresh, change only what was decided, write it whole with versions.

Field writes need no key to be repeated safely: what they want can be read back. Creations are looked up by SKU first
and keep their body and key until their end is known, so that no retry makes a second item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.domain.product import ShownProduct
from bridge.engine.absorb import (
    agree,
    agree_as_asked,
    agree_written,
    answered_item,
    link_created,
    link_variations,
    write_history,
)
from bridge.engine.context import Bridge, Run
from bridge.engine.deliver_stock import NEW_KEY, not_done
from bridge.engine.images import send_images_to_square
from bridge.engine.sending import due_of, mark_sent, may_conclude
from bridge.engine.wanted import as_decided, not_added_yet, shows_wanted, written
from bridge.ledger import history, links, outbox, shown
from bridge.ledger.outbox import Action
from bridge.remotes.port import Done, Later, Outcome, RawProduct, Refused
from bridge.remotes.square.outgoing import add_variations, apply_fields, new_item

_OBJECTS_AT_ONCE = 100


def deliver_items(bridge: Bridge, run: Run) -> int:
    """Send due item updates and creations; how many are done."""
    return _deliver_updates(bridge, run) + _deliver_creations(bridge, run)


# -- updates --------------------------------------------------------------------------


def _deliver_updates(bridge: Bridge, run: Run) -> int:
    done = 0
    while due := due_of(bridge, "update_item", 50):
        fresh = {one.remote_id: one for one in bridge.square.items_by_id([a.payload["item_id"] for a in due])}
        ready: list[tuple[Action, dict[str, Any]]] = []
        for action in due:
            body = _changed_item(bridge, run, action, fresh.get(action.payload["item_id"]))
            if body is not None:
                ready.append((action, body))
        done += _send_updates(bridge, run, ready) if ready else 0
    return done


def _changed_item(bridge: Bridge, run: Run, action: Action, one: RawProduct | None) -> dict[str, Any] | None:
    """The whole item with the decided changes; ``None`` when the world changed since (it is decided again)."""
    payload = action.payload
    with bridge.db.transaction() as conn:
        if one is None:
            # perhaps only this reading lagged: the listing tells whether the item is really gone
            _drop_and_decide_again(run, conn, action)
            return None
        shown_now = bridge.square.translate(one.raw)
        if not as_decided(shown_now, payload):
            _drop_and_decide_again(run, conn, action)
            answered_item(bridge, conn, one.raw)
            return None
        woo = shown.product_shown(conn, "woo", payload["product_id"])
    fields = {name: value for name, (value, _) in payload["fields"].items()}
    variations = {
        square_id: {name: value for name, (value, _) in changes.items()}
        for square_id, changes in payload["variations"].items()
    }
    category_ids = None
    if "categories" in fields:
        paths = [tuple(path.split(" > ")) for path in fields["categories"]]
        category_ids = bridge.square.category_ids(paths, action.key, create=True)
    body = apply_fields(one.raw, fields, variations, currency=bridge.settings.currency, category_ids=category_ids)
    missing = not_added_yet(woo, shown_now, payload["add"]) if woo is not None else []
    if missing and woo is not None:
        options = _options(bridge, action, woo) if shown_now.option_names else None
        body = add_variations(body, woo, missing, currency=bridge.settings.currency, options=options)
    return body


def _drop_and_decide_again(run: Run, conn: Connection, action: Action) -> None:
    action.state, action.error = "dropped", "changed meanwhile: decided again"
    outbox.save(conn, [action])
    links.set_dirty(conn, action.pid or 0, True)
    run.add("changed while it was decided")


def _send_updates(bridge: Bridge, run: Run, ready: list[tuple[Action, dict[str, Any]]]) -> int:
    actions = [action for action, _ in ready]
    mark_sent(bridge, actions)
    key = action_key("items", bridge.db.epoch, *(f"{a.key}:{a.attempts}" for a in actions))
    outcomes = bridge.square.upsert_items([body for _, body in ready], key)
    done = 0
    for action, outcome in zip(actions, outcomes, strict=True):
        done += finish_update(bridge, run, action, outcome)
    return done


def finish_update(bridge: Bridge, run: Run, action: Action, outcome: Outcome) -> int:
    """Record what became of an item update."""
    if isinstance(outcome, Done):
        item = outcome.answer[0]
        send_images_to_square(bridge, run, action, str(item["id"]))
        if any("image" in name for _, name in written(action)):
            fresh = bridge.square.item(str(item["id"]))
            item = fresh.raw if fresh else item
    with bridge.db.transaction() as conn:
        if isinstance(outcome, Refused) and outcome.conflict:
            action.state, action.error = "dropped", "changed meanwhile: decided again"
            outbox.save(conn, [action])
            links.set_dirty(conn, action.pid or 0, True)
            run.add("changed while it was written")
            return 0
        if not isinstance(outcome, Done):
            not_done(bridge, run, conn, action, outcome)
            return 0
        square = answered_item(bridge, conn, item)
        woo = shown.product_shown(conn, "woo", action.payload["product_id"])
        action.state, action.done_at = "done", bridge.now()
        outbox.save(conn, [action])
        if woo is not None:
            if action.payload["add"]:
                link_variations(bridge, run, conn, action.pid or 0, woo, square, "created in square")
            agree_written(conn, action.pid or 0, woo, square, to="square", values=written(action))
        _remember(bridge, run, conn, action, "square")
        links.set_dirty(conn, action.pid or 0, True)
    run.add("square products written")
    return 1


def _remember(bridge: Bridge, run: Run, conn: Any, action: Action, side: str) -> None:
    pid = action.pid or 0
    write_history(bridge, run, conn, side=side, pid=pid, fields=action.payload["fields"], vid=None, key=action.key)
    for remote_id, changes in action.payload["variations"].items():
        vid = action.payload["vids"][remote_id]
        write_history(bridge, run, conn, side=side, pid=pid, fields=changes, vid=vid, key=action.key)


# -- creations ------------------------------------------------------------------------


def _deliver_creations(bridge: Bridge, run: Run) -> int:
    done = 0
    while due := due_of(bridge, "create_item", 100):
        batch = _creation_batch(bridge, run, due)
        if batch:
            done += _send_creations(bridge, run, batch)
    return done


def _creation_batch(bridge: Bridge, run: Run, due: list[Action]) -> list[Action]:
    """The next creations that fit one call: an interrupted call exactly as it was, else what a look-up left over."""
    if due[0].batch:
        return [action for action in due if action.batch == due[0].batch]
    fresh = _not_there_yet(bridge, run, [action for action in due if not action.batch])
    batch: list[Action] = []
    objects = 0
    for action in fresh:
        size = 1 + len(action.payload["body"]["item_data"]["variations"])
        if batch and objects + size > _OBJECTS_AT_ONCE:
            break
        batch.append(action)
        objects += size
    name = action_key("create", bridge.db.epoch, *(f"{a.key}:{a.attempts}" for a in batch))
    for action in batch:
        action.batch = name
    return batch


def _not_there_yet(bridge: Bridge, run: Run, due: list[Action]) -> list[Action]:
    """Look every SKU up first: an item that is there already is linked, not made again."""
    with bridge.db.reading() as conn:
        products = {a.id: shown.product_shown(conn, "woo", a.payload["from"]) for a in due}
    skus = [v.sku for product in products.values() if product for v in product.variations if v.sku]
    there: dict[str, RawProduct] = {}
    for one in bridge.square.find_by_sku(skus) if skus else ():
        for variation in bridge.square.translate(one.raw).variations:
            there[shown.canonical_sku(variation.sku)] = one
    left = []
    for action in due:
        product = products[action.id]
        if product is None:
            _drop(bridge, action, "the product is gone from the shop")
            continue
        found = next((there[s] for v in product.variations if (s := shown.canonical_sku(v.sku)) in there), None)
        if found is not None:
            adopt(bridge, run, action, product, found.raw, by=_who_made(action, found.raw), later=True)
            continue
        if "body" not in action.payload:
            action.payload["body"] = _new_body(bridge, action, product)
        left.append(action)
    return left


def _who_made(action: Action, raw: dict[str, Any]) -> str:
    """``sku``, or ``created in square`` when the item found is what our own interrupted call asked for."""
    if not action.attempts or "body" not in action.payload:
        return "sku"
    asked, found = (_face(one) for one in (action.payload["body"], raw))
    return "created in square" if asked == found else "sku"


def _face(item: dict[str, Any]) -> tuple[str, list[str]]:
    """An item's name and SKUs: enough to recognise what nobody else can have made in the meantime."""
    rows = item["item_data"].get("variations") or ()
    skus = sorted(shown.canonical_sku(str(row["item_variation_data"].get("sku") or "")) for row in rows)
    return str(item["item_data"].get("name", "")), skus


def _new_body(bridge: Bridge, action: Action, product: ShownProduct) -> dict[str, Any]:
    ids = bridge.square.category_ids(product.categories, action.key, create=True) if product.categories else []
    return new_item(
        product,
        currency=bridge.settings.currency,
        category_ids=ids,
        options_mode=bridge.settings.options_mode,
        options=_options(bridge, action, product),
    )


def _options(bridge: Bridge, action: Action, product: ShownProduct) -> Mapping[str, Any] | None:
    """In the mode "options": the seller's item options for the product's choices, made where they are missing."""
    if bridge.settings.options_mode != "options" or not any(v.options for v in product.variations):
        return None
    wanted: dict[str, list[str]] = {}
    for variation in product.variations:
        for name, value in variation.options:
            values = wanted.setdefault(name, [])
            if value not in values:
                values.append(value)
    return bridge.square.item_options(wanted, action.key, create=True)


def _drop(bridge: Bridge, action: Action, why: str) -> None:
    action.state, action.error = "dropped", why
    with bridge.db.transaction() as conn:
        outbox.save(conn, [action])


def _send_creations(bridge: Bridge, run: Run, batch: list[Action]) -> int:
    mark_sent(bridge, batch)
    outcomes = bridge.square.upsert_items([a.payload["body"] for a in batch], batch[0].batch)
    done = 0
    for action, outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, Done):
            with bridge.db.reading() as conn:
                product = shown.product_shown(conn, "woo", action.payload["from"])
            if product is not None:
                adopt(bridge, run, action, product, outcome.answer[0], by="created in square")
                done += 1
            else:
                _drop(bridge, action, "the product is gone from the shop")
            continue
        if isinstance(outcome, Refused):
            action.batch = ""
            if outcome.conflict:  # there is no version to clash with: looked up and tried again under another key
                outcome = Later(outcome.message)
        with bridge.db.transaction() as conn:
            not_done(bridge, run, conn, action, outcome)
    return done


def adopt(
    bridge: Bridge, run: Run, action: Action, woo: ShownProduct, raw: dict[str, Any], *, by: str, later: bool = False
) -> None:
    """The item is there: link it, and take what both show as agreed when it was made by us.

    ``later``: it was found again after its answer was lost, and may have been changed since.
    """
    pid = action.pid or 0
    if by != "sku" and woo.images and bridge.settings.images:
        send_images_to_square(bridge, run, action, str(raw["id"]), [image.remote_id for image in woo.images])
        fresh = bridge.square.item(str(raw["id"]))
        raw = fresh.raw if fresh else raw
    with bridge.db.transaction() as conn:
        elsewhere = links.products_by(conn, "square", [str(raw["id"])]).get(str(raw["id"]))
        if elsewhere is not None and elsewhere.pid != pid:
            action.state, action.error = "dropped", "its SKU is on an item that is linked to another product"
            outbox.save(conn, [action])
            run.skip("its SKU is on an item that is linked to another product")
            return
        square = answered_item(bridge, conn, raw)
        link_created(bridge, run, conn, pid, woo, square, by)
        if by != "sku":
            if later:
                agree_as_asked(conn, pid, woo, square, made_in="square")
            else:
                agree(conn, pid, woo, square)
            history.write(
                conn, run_id=run.id, at=bridge.now(), side="square", kind="created", pid=pid, after=str(raw["id"]),
                why="it was only in the shop", key=action.key,
            )  # fmt: skip
            run.add("square products created")
        action.state, action.done_at = "done", bridge.now()
        outbox.save(conn, [action])


def settle_items(bridge: Bridge, run: Run, unknown: Sequence[Action]) -> None:
    """Read back unanswered item writes: by content for updates, by SKU for creations."""
    for action in unknown:
        if action.kind == "update_item":
            _settle_update(bridge, run, action)
    creations = [action for action in unknown if action.kind == "create_item"]
    if creations:
        _settle_creations(bridge, run, creations)


def _settle_update(bridge: Bridge, run: Run, action: Action) -> None:
    one = bridge.square.item(action.payload["item_id"])
    with bridge.db.reading() as conn:
        woo = shown.product_shown(conn, "woo", action.payload["product_id"])
    if one is not None and shows_wanted(bridge.square.translate(one.raw), action.payload, woo):
        finish_update(bridge, run, action, Done((one.raw, [])))
        run.add("settled: it had happened")
    elif may_conclude(bridge, action):
        action.state, action.due_at = "due", bridge.now()
        with bridge.db.transaction() as conn:
            outbox.save(conn, [action])
        run.add("settled: it had not happened")


def _settle_creations(bridge: Bridge, run: Run, unknown: list[Action]) -> None:
    """A call is atomic: when one of its items is found the others are there too, though a search may lag."""
    left = _not_there_yet(bridge, run, unknown)
    found = {a.batch for a in unknown} - {a.batch for a in left}
    ended = {a.id for a in unknown} - {a.id for a in left}
    partly = {a.batch for a in unknown if a.id in ended} & {a.batch for a in left}
    if ended:
        run.add("settled: it had happened", len(ended))
    again = [a for a in left if a.batch not in found and may_conclude(bridge, a)]
    for action in again:
        action.state, action.due_at = "due", bridge.now()
        if action.payload.pop(NEW_KEY, False) or action.batch in partly:
            action.batch = ""
    with bridge.db.transaction() as conn:
        outbox.save(conn, again)
    if again:
        run.add("settled: it had not happened", len(again))
