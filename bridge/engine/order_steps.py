"""What a pass does about orders beyond their stock: each part's steps, called from ``sync`` in one place.

Each function calls the parts in turn; with every feature at its default none of them calls a side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from bridge.engine.context import Bridge, Run
from bridge.engine.fulfil_steps import decide_fulfilments
from bridge.engine.mirror_plan import decide_orders
from bridge.engine.mirror_send import deliver_orders, settle_orders
from bridge.engine.mirror_watch import take_over_paid, watch_orders
from bridge.engine.mirror_wish import begin_mirroring
from bridge.engine.observe_orders import observe_trashed
from bridge.engine.shortage import end_shortages
from bridge.engine.sync_customers import decide_customers, deliver_customers, settle_customers
from bridge.engine.sync_places import decide_places, deliver_places, settle_places
from bridge.engine.till_deliver import deliver_to_shop, settle_shop
from bridge.engine.till_observe import observe_till
from bridge.engine.till_refunds import decide_refunds
from bridge.engine.till_sales import decide_sales
from bridge.errors import ConfigError, RemoteRefused
from bridge.ledger import inbox, order_links

if TYPE_CHECKING:
    from bridge.engine.sync import Scope

T = TypeVar("T")


def observe_more(bridge: Bridge, run: Run, scope: Scope) -> None:
    """Read what only some features need, after the counts and orders were read."""
    begin_mirroring(bridge)
    if scope.stock:
        _look_into_trash(bridge, run, full=scope.full)
        watch_orders(bridge, run)
        observe_till(bridge, run, full=scope.full)
    if scope.full and not scope.only:
        if bridge.settings.pickup.sync:
            _apart("pickup places", decide_places, bridge, run)
        if bridge.settings.customers.sync:
            _apart("customers", decide_customers, bridge, run)


def _look_into_trash(bridge: Bridge, run: Run, *, full: bool) -> None:
    """An order that stands at a till may be thrown away in the shop, which no ordinary listing shows."""
    with bridge.db.reading() as conn:
        there = bool(order_links.every(conn, most=1))
        rung = any(row.side == "woo" and row.topic == "order.deleted" for row in inbox.new_ones(conn))
    if there and (full or rung):
        observe_trashed(bridge, run)


def decide_more(bridge: Bridge, run: Run, scope: Scope) -> None:
    """Put writes about orders into the outbox."""
    if scope.stock and bridge.settings.stock_enabled:
        decide_orders(bridge, run)
        end_shortages(bridge, run)
        if not scope.only:
            _decide_till(bridge, run)


def _decide_till(bridge: Bridge, run: Run) -> None:
    """What tills did, for the shop; sent at once: what its new orders take is known before its numbers are decided."""
    decide_sales(bridge, run)
    deliver_to_shop(bridge, run)
    decide_refunds(bridge, run)
    decide_fulfilments(bridge, run)
    deliver_to_shop(bridge, run)


def deliver_more(bridge: Bridge, run: Run, scope: Scope) -> int:
    """Send due writes about orders; how many are done."""
    done = 0
    if scope.stock and bridge.settings.stock_enabled:
        done += deliver_orders(bridge, run)
        done += deliver_to_shop(bridge, run)
    done += _apart("pickup places", deliver_places, bridge, run) or 0
    return done + (_apart("customers", deliver_customers, bridge, run) or 0)


def settle_more(bridge: Bridge, run: Run) -> None:
    """End what is unknown about orders, by reading back."""
    settle_orders(bridge, run)
    settle_shop(bridge, run)
    take_over_paid(bridge, run)
    _apart("pickup places", settle_places, bridge, run)
    _apart("customers", settle_customers, bridge, run)


def _apart(name: str, part: Callable[[Bridge, Run], T], bridge: Bridge, run: Run) -> T | None:
    """A part that stock must never wait for: a missing right or a wrong password ends this part alone."""
    try:
        return part(bridge, run)
    except (RemoteRefused, ConfigError) as problem:
        run.skip(f"{name}, which were refused")
        if str(problem) not in run.notes:
            run.notes.append(str(problem))
        return None
