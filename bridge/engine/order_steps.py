"""What a pass does about orders beyond their stock: each part's steps, called from ``sync`` in one place.

Each function calls the parts in turn; with every feature at its default none of them calls a side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.engine.context import Bridge, Run
from bridge.engine.mirror_plan import decide_orders
from bridge.engine.mirror_send import deliver_orders, settle_orders
from bridge.engine.mirror_watch import take_over_paid, watch_orders
from bridge.engine.mirror_wish import begin_mirroring

if TYPE_CHECKING:
    from bridge.engine.sync import Scope


def observe_more(bridge: Bridge, run: Run, scope: Scope) -> None:
    """Read what only some features need, after the counts and orders were read."""
    begin_mirroring(bridge)
    if scope.stock:
        watch_orders(bridge, run)


def decide_more(bridge: Bridge, run: Run, scope: Scope) -> None:
    """Put writes about orders into the outbox."""
    if scope.stock and bridge.settings.stock_enabled:
        decide_orders(bridge, run)


def deliver_more(bridge: Bridge, run: Run, scope: Scope) -> int:
    """Send due writes about orders; how many are done."""
    done = 0
    if scope.stock and bridge.settings.stock_enabled:
        done += deliver_orders(bridge, run)
    return done


def settle_more(bridge: Bridge, run: Run) -> None:
    """End what is unknown about orders, by reading back."""
    settle_orders(bridge, run)
    take_over_paid(bridge, run)
