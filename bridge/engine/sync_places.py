"""Keep the shop's pickup locations like Square's: made, changed, switched off; what people wrote there stays.

A write replaces the whole list, so it is made of a list read right before it and compared with one read right after.
Without an application password the shop cannot be written: then ``look`` says what to type where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from bridge.domain.place import PlaceChange, PlacePlan, StorePlace, paste_text, plain_name, store_place
from bridge.domain.place_merge import PlaceMerge, flat, left_after, merge_places
from bridge.domain.times import parse_time
from bridge.engine.context import Bridge, Run, store_settings
from bridge.engine.deliver_stock import not_done
from bridge.engine.place_map import withdraw_known
from bridge.engine.store_hours import hours_of_store
from bridge.ledger import history, outbox, places
from bridge.ledger.outbox import Action
from bridge.ledger.stores import all_stores
from bridge.ledger.text import of_json
from bridge.remotes.orders_port import PickupList
from bridge.remotes.port import JSON, Done

KIND = "write_places"


@dataclass(frozen=True, slots=True)
class PlaceLook:
    """What is so and what would be done. ``paste`` is for people, when the bridge may not write there."""

    changes: tuple[PlaceChange, ...]
    kept: tuple[str, ...]
    paste: str = ""
    pickup_on: bool = True


def store_places(bridge: Bridge, conn: Connection) -> list[StorePlace]:
    """The stores in force as pickup places; one not sold online, or not active, is switched off."""
    online = {setting.store_id: setting.online for setting in store_settings(bridge, conn)}
    if not bridge.settings.stores:
        # without a choice of stores every location is one; a closed one is switched off, not forgotten
        online |= {row.store_id: False for row in all_stores(conn) if not row.active}
    former = places.names_by_store(conn)
    made = []
    for row in all_stores(conn):
        if row.store_id in online:
            raw = {"id": row.store_id, "name": row.name, **of_json(row.body_json)}
            enabled = bool(row.active) and online[row.store_id]
            hours = replace(hours_of_store(bridge, row), holidays={})
            made.append(
                store_place(raw, hours, enabled=enabled, former_names=_former(former.get(row.store_id, ()), row.name))
            )
    return made


def _former(names: Sequence[str], now: str) -> list[str]:
    return [name for name in names if plain_name(name) != plain_name(now)]


def merge(bridge: Bridge, conn: Connection, shown: Sequence[JSON]) -> PlaceMerge:
    """The shop's list with the stores in it."""
    return merge_places(shown, store_places(bridge, conn), places.left(conn))


def look(bridge: Bridge) -> PlaceLook:
    """What a sync of places would do, or without an application password, what to type where; nothing is written."""
    shown = bridge.woo.places.pickup_list()
    with bridge.db.reading() as conn:
        found = merge(bridge, conn, shown.places if shown is not None else ())
    if shown is None:
        made = [change for change in found.changes if change.kind == "create"]
        return PlaceLook((), (), paste_text(PlacePlan(found.places, tuple(made))))
    return PlaceLook(found.changes, found.kept, "", shown.enabled)


# -- steps of a pass --------------------------------------------------------------------
def decide_places(bridge: Bridge, run: Run) -> PickupList | None:
    """Put one write into the outbox when the shop's list is not as it should be; what the shop shows."""
    shown = bridge.woo.places.pickup_list()
    if shown is None:
        run.skip("pickup places, which need an application password")
        return None
    with bridge.db.transaction() as conn:
        withdraw_known(bridge, conn)
        found = merge(bridge, conn, shown.places)
        run.counts["pickup places left as people wrote them"] = len(found.kept)
        waiting = [a for a in outbox.in_states(conn, outbox.OPEN, kinds=(KIND,)) if a.state != "held"]
        if not found.changes:
            _leave(bridge, conn, shown.places, found, {})
        elif not waiting:
            what = [[change.kind, change.name, change.store_id] for change in found.changes]
            action = Action(key=bridge.ids(), side="woo", kind=KIND, payload={"changes": what})
            outbox.add(conn, action, now=bridge.now(), run_id=run.id)
            run.add("planned pickup places", len(what))
    return shown


def deliver_places(bridge: Bridge, run: Run) -> int:
    """Send the write that is due: read, merge, note, write, read again; how many places were written."""
    with bridge.db.reading() as conn:
        due = outbox.in_states(conn, ("due",), now=bridge.now(), kinds=(KIND,))
    done = 0
    for action in due:
        shown = bridge.woo.places.pickup_list()
        if shown is None:
            with bridge.db.transaction() as conn:
                action.state, action.error = "dropped", "the application password is gone"
                outbox.save(conn, [action])
            continue
        done += _write(bridge, run, action, shown.places)
    return done


def _write(bridge: Bridge, run: Run, action: Action, before: Sequence[JSON]) -> int:
    with bridge.db.transaction() as conn:
        found = merge(bridge, conn, before)
        action.payload |= {"places": list(found.places), "before": list(before)}
        action.state, action.sent_at, action.attempts = "sent", bridge.now(), action.attempts + 1
        outbox.save(conn, [action])
    if found.changes:
        outcome = bridge.woo.places.write_places(found.places)
        if not isinstance(outcome, Done):
            with bridge.db.transaction() as conn:
                not_done(bridge, run, conn, action, outcome)
            return 0
    after = bridge.woo.places.pickup_list()
    return _confirm(bridge, run, action, after.places if after is not None else found.places)


def settle_places(bridge: Bridge, run: Run) -> None:
    """End unanswered writes by reading the list back."""
    with bridge.db.reading() as conn:
        unknown = outbox.in_states(conn, ("unknown",), kinds=(KIND,))
    for action in unknown:
        shown = bridge.woo.places.pickup_list()
        if shown is not None and _is_there(action, shown.places):
            _confirm(bridge, run, action, shown.places)
            run.add("settled: it had happened")
        elif not action.sent_at or bridge.clock.now() - parse_time(action.sent_at) >= timedelta(
            seconds=bridge.settings.settle_after
        ):
            with bridge.db.transaction() as conn:
                action.state, action.due_at = "due", bridge.now()
                outbox.save(conn, [action])
            run.add("settled: it had not happened")


def _is_there(action: Action, shown: Sequence[JSON]) -> bool:
    """Whether the shop shows the list that was sent, whatever a person added since."""
    meant = action.payload.get("places")
    return meant is not None and all(flat(row) in [flat(one) for one in shown] for row in meant)


def _confirm(bridge: Bridge, run: Run, action: Action, shown: Sequence[JSON]) -> int:
    """The list is in the shop: remember how each place was left, and say what changed."""
    with bridge.db.transaction() as conn:
        found = merge(bridge, conn, shown)
        _leave(bridge, conn, shown, found, _written(action))
        changes = action.payload["changes"] if action.payload.get("before") != action.payload.get("places") else []
        for kind, name, store_id in changes:
            history.write(
                conn, run_id=run.id, at=bridge.now(), side="woo", kind="place", field=store_id,
                before=None, after=name, why=f"{kind} as at Square", key=action.key,
            )  # fmt: skip
        action.state, action.done_at = "done", bridge.now()
        outbox.save(conn, [action])
    if changes:
        run.add("pickup places written", len(changes))
    return len(changes)


def _written(action: Action) -> dict[str, dict[str, Any]]:
    """Fields the bridge wrote, by the name of the place."""
    before = action.payload.get("before", [])
    found: dict[str, dict[str, Any]] = {}
    for at, row in enumerate(action.payload.get("places", [])):
        was = flat(before[at]) if at < len(before) else {}
        fields = {name: value for name, value in flat(row).items() if was.get(name) != value}
        found[plain_name(row.get("name"))] = fields
    return found


def _leave(
    bridge: Bridge,
    conn: Connection,
    shown: Sequence[JSON],
    found: PlaceMerge,
    written: Mapping[str, Mapping[str, Any]],
) -> None:
    """Remember how each store's place stands in the shop now."""
    last = places.left(conn)
    marks = {}
    for store in store_places(bridge, conn):
        at = (found.entries or {}).get(store.store_id)
        if at is None or at >= len(shown):
            continue
        mark = left_after(
            shown[at], store, last.get(store.store_id), written.get(plain_name(shown[at].get("name")), {})
        )
        if mark != last.get(store.store_id):
            marks[store.store_id] = mark
    if marks:
        places.leave(conn, marks, now=bridge.now())
