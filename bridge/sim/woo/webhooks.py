"""Webhooks: registrations over REST and what is delivered to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.deliveries import Delivery
from bridge.sim.woo.routes import Router

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo


def register(router: Router) -> None:
    """Add this module's routes."""


def emit(shop: FakeWoo, topic: str, resource_id: int, **detail: Any) -> None:
    """Queue deliveries of ``topic`` about ``resource_id`` to the hooks registered for it."""


def delivered(shop: FakeWoo, delivery: Delivery, status: int) -> float | None:
    """Told how a delivery went; a shop never tries again."""
    return None
