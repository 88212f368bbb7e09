"""What a pass does about orders beyond their stock: each part's steps, called from ``sync`` in one place.

Each function calls the parts in turn; with every feature at its default none of them calls a side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.engine.context import Bridge, Run

if TYPE_CHECKING:
    from bridge.engine.sync import Scope


def observe_more(bridge: Bridge, run: Run, scope: Scope) -> None:
    """Read what only some features need, after the counts and orders were read."""


def decide_more(bridge: Bridge, run: Run, scope: Scope) -> None:
    """Put writes about orders into the outbox."""


def deliver_more(bridge: Bridge, run: Run, scope: Scope) -> int:
    """Send due writes about orders; how many are done."""
    return 0


def settle_more(bridge: Bridge, run: Run) -> None:
    """End what is unknown about orders, by reading back."""
