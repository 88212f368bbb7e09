"""What a pass does about orders beyond their stock: each part's steps, called from ``sync`` in one place.

Each function calls the parts in turn; with every feature at its default none of them calls a side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.engine.context import Bridge, Run
from bridge.engine.fulfil_steps import decide_fulfilments
from bridge.engine.mirror_plan import decide_orders
from bridge.engine.mirror_send import deliver_orders, settle_orders
from bridge.engine.mirror_watch import take_over_paid, watch_orders
from bridge.engine.mirror_wish import begin_mirroring
from bridge.engine.sync_customers import decide_customers, deliver_customers, settle_customers
from bridge.engine.sync_places import decide_places, deliver_places, settle_places
from bridge.engine.till_deliver import deliver_to_shop, settle_shop
from bridge.engine.till_observe import observe_till
from bridge.engine.till_refunds import decide_refunds
from bridge.engine.till_sales import decide_sales

if TYPE_CHECKING:
    from bridge.engine.sync import Scope


def observe_more(bridge: Bridge, run: Run, scope: Scope) -> None:
    """Read what only some features need, after the counts and orders were read."""
    begin_mirroring(bridge)
    if scope.stock:
        watch_orders(bridge, run)
        observe_till(bridge, run, full=scope.full)
    if scope.full and not scope.only:
        if bridge.settings.pickup.sync:
            decide_places(bridge, run)
        if bridge.settings.customers.sync:
            decide_customers(bridge, run)


def decide_more(bridge: Bridge, run: Run, scope: Scope) -> None:
    """Put writes about orders into the outbox."""
    if scope.stock and bridge.settings.stock_enabled:
        decide_orders(bridge, run)
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
    return done + deliver_places(bridge, run) + deliver_customers(bridge, run)


def settle_more(bridge: Bridge, run: Run) -> None:
    """End what is unknown about orders, by reading back."""
    settle_orders(bridge, run)
    settle_shop(bridge, run)
    take_over_paid(bridge, run)
    settle_places(bridge, run)
    settle_customers(bridge, run)
