"""Replays the recorded WordPress settings with the pickup locations."""

from __future__ import annotations

from typing import Any

import orjson

from bridge.sim.woo.shop import FakeWoo
from tests.contract.woo.registry import Recording, checks, differences, new_shop, replays, request_of

DOWNTOWN: dict[str, Any] = {
    "name": "Downtown Store",
    "address": {
        "address_1": "10 Main St",
        "city": "New York",
        "state": "NY",
        "postcode": "10001",
        "country": "US",
    },
    "details": "Ring the bell",
    "enabled": True,
}
UPTOWN: dict[str, Any] = {
    "name": "Uptown Store",
    "address": {
        "address_1": "900 Broadway",
        "city": "New York",
        "state": "NY",
        "postcode": "10025",
        "country": "US",
    },
    "details": "",
    "enabled": True,
}


def two_stores(shop: FakeWoo) -> None:
    """The shop of the recordings offers pickup at two stores."""
    shop.state.options["blogname"] = "Bridge Test Shop"
    shop.acts["set_pickup_locations"](locations=[dict(DOWNTOWN), dict(UPTOWN)])


replays(
    "wp_settings_pickup_only",
    "wp_settings_with_pickup_locations",
    "wp_settings_shop_manager_forbidden",
    "wp_settings_write_pickup_bad",
)(two_stores)


@checks("wp_settings_write_pickup_locations")
def _third_store(recording: Recording) -> list[str]:
    shop = new_shop()
    two_stores(shop)
    answer = shop.handle(request_of(recording))
    # of this answer only the pickup fields were kept
    kept = {name: value for name, value in answer.json().items() if name in recording.response["body"]}
    answer.body = orjson.dumps(kept)
    return differences(recording, answer)
