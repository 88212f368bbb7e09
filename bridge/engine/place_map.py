"""Find the store an order's pickup place means; a place that means none is asked about, never guessed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from bridge.domain.place import Pickup, PlaceMap, pickup_of, plain_name, store_of
from bridge.engine.context import Bridge, Run, store_settings
from bridge.engine.settings import StoreSetting
from bridge.ledger import decisions, places
from bridge.ledger.stores import all_stores
from bridge.remotes.port import WooOrder

KIND = "place"
POLICY = "policy"
"""The answer that a place is no store: its orders are given to stores as shipped ones are."""


def place_map(bridge: Bridge, conn: Connection, stores: Iterable[StoreSetting] | None = None) -> PlaceMap:
    """Everything that leads from an order's words to a store: names present and past, and the retailer's own words.

    A name that two stores have now leads nowhere; one that a store had once leads there until another takes it.
    """
    chosen = tuple(stores) if stores is not None else store_settings(bridge, conn)
    known = {setting.store_id for setting in chosen}
    found = {plain_name(name): store_id for store_id, name in places.names(conn) if store_id in known}
    rows = [row for row in all_stores(conn) if row.store_id in known]
    for row in sorted(rows, key=lambda row: bool(row.active)):
        found[plain_name(row.name)] = row.store_id
    active = [plain_name(row.name) for row in rows if row.active]
    found = {name: store for name, store in found.items() if active.count(name) < 2}
    found |= {plain_name(store_id): store_id for store_id in known}
    words = {**places.chosen(conn), **bridge.settings.places}
    words |= {setting.pickup_place: setting.store_id for setting in chosen if setting.pickup_place.strip()}
    return PlaceMap(names=found, meta_ids={store_id: store_id for store_id in known}, config=words)


def pickup_store(
    bridge: Bridge, run: Run, conn: Connection, order: WooOrder, stores: tuple[StoreSetting, ...] | None = None
) -> str:
    """The store an order is fetched from; "" when it is shipped, or its place means no store (which is then asked)."""
    pickup = pickup_of(order.raw)
    if pickup is None and order.pickup_place.strip():
        pickup = Pickup("pickup_location", order.pickup_place, "", "")
    if pickup is None:
        return ""
    if stores is not None and len(stores) == 1:
        return stores[0].store_id
    found = store_of(pickup, place_map(bridge, conn, stores))
    if found is not None:
        return found.store_id
    if order.status != "checkout-draft" and ask_place(
        bridge, run, conn, pickup, seen_on=f"order {order.number or order.order_id}"
    ):  # fmt: skip
        run.skip("pickup place no store is known for")
    return ""


def said_by(pickup: Pickup) -> str:
    """The words under which a person's answer is kept, as ``PlaceMap.config`` reads them."""
    if pickup.meta_id:
        return f"id:{pickup.meta_id}"
    if pickup.method == "local_pickup" and pickup.instance:
        return f"instance:{pickup.instance}"
    return plain_name(pickup.name) or f"instance:{pickup.instance}"


def ask_place(bridge: Bridge, run: Run, conn: Connection, pickup: Pickup, *, seen_on: str) -> bool:
    """Ask which store a place is; True when the question is new."""
    rows = all_stores(conn)
    known = {setting.store_id for setting in store_settings(bridge, conn)}
    names = {row.store_id: row.name for row in rows if row.store_id in known}
    which = " or ".join(names.values())
    asked = decisions.ask(
        conn, KIND, said_by(pickup),
        f"Which store is the pickup place “{pickup.text}” ({seen_on})? It may be {which}, or none (policy).",
        choices=[*names, POLICY], now=bridge.now(), run_id=run.id,
        detail={"place": pickup.text, "method": pickup.method, "instance": pickup.instance, "seen_on": seen_on},
    )  # fmt: skip
    return asked is not None


def withdraw_known(bridge: Bridge, conn: Connection) -> int:
    """Close questions about places that mean a store by now (a renaming, the configuration); how many."""
    closed = 0
    for row in decisions.open_ones(conn):
        if row.kind == KIND and store_of(_pickup_said(row.subject), place_map(bridge, conn)) is not None:
            decisions.withdraw(conn, KIND, row.subject, now=bridge.now())
            closed += 1
    return closed


def _pickup_said(said: str) -> Pickup:
    kind, colon, value = said.partition(":")
    if colon and kind == "instance":
        return Pickup("local_pickup", "", value, "")
    if colon and kind == "id":
        return Pickup("local_pickup_plus", "", "", value)
    return Pickup("pickup_location", said, "", "")


def store_called(conn: Connection, name: str, choices: Iterable[str]) -> str:
    """The id of the one store of that name among ``choices``; the name itself when it is none's, or several stores'."""
    known = [row.store_id for row in all_stores(conn) if plain_name(row.name) == plain_name(name)]
    found = [store_id for store_id in known if store_id in set(choices)]
    return found[0] if len(found) == 1 else name


def take_answer(conn: Connection, said: str, answer: str) -> str:
    """A person named the store of a place, or said that it is none."""
    if answer == POLICY:
        places.choose(conn, said, "")
        return "From now on orders with this pickup place are given to stores as shipped ones are."
    places.choose(conn, said, answer)
    name = next((row.name for row in all_stores(conn) if row.store_id == answer), answer)
    return f"From now on orders with this pickup place are given to {name}; what came before stays where it is."
