"""Square's webhook subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.square.routes import Router

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare


def register(router: Router) -> None:
    """Add the endpoints."""


def emit(
    square: FakeSquare,
    event_type: str,
    data_type: str,
    data_id: str,
    obj: dict[str, Any] | None,
    *,
    location_id: str = "",
    deleted: bool = False,
) -> None:
    """Nobody listens yet."""
