"""OAuth tokens: status, refreshing, revoking."""

from __future__ import annotations

from bridge.sim.square.routes import Router


def register(router: Router) -> None:
    """Add the endpoints."""
