"""The Store API a shopper's browser talks to."""

from __future__ import annotations

from bridge.sim.woo.routes import Router


def register(router: Router) -> None:
    """Add this module's routes."""
