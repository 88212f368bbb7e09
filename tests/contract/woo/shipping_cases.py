"""Replays the recorded shipping zones, methods and payment gateways."""

from __future__ import annotations

from bridge.sim.woo.shop import FakeWoo
from tests.contract.woo.registry import replays

#: The shop's own explanatory texts are not repeated word for word.
_TEXTS = ("description", "tip", "placeholder", "label", "method_description")


@replays("shipping_zones", "shipping_methods")
def _first_zone(shop: FakeWoo) -> None:
    """A new shop has its zone."""


replays("shipping_zone_methods", "payment_gateways", loose=_TEXTS)(_first_zone)
