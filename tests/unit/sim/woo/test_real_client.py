"""The official Python client against the served simulator: its signatures and answers must be understood."""

from __future__ import annotations

import pytest
from woocommerce import API

from bridge.sim.kernel.serve import LoopbackServer
from bridge.sim.woo.shop import DEFAULT_KEY, FakeWoo


@pytest.mark.parametrize("search", ["", "mug", "käse+ü", "Mug-1_2.3"])
def test_the_official_client_is_let_in_by_its_own_oauth_signature(search: str) -> None:
    shop = FakeWoo()
    shop.acts["seed"]([{"name": "Mug", "sku": "MUG", "regular_price": "9"}])
    with LoopbackServer(shop) as server:
        client = API(server.url, DEFAULT_KEY.key, DEFAULT_KEY.secret, version="wc/v3")
        answer = client.get("products", params={"search": search, "per_page": 2} if search else {})
        assert answer.status_code == 200, answer.text
        made = client.put(f"products/{shop.state.product_ids[0]}", {"regular_price": "8"})
        assert made.json()["price"] == "8"
        wrong = API(server.url, DEFAULT_KEY.key, "cs_wrong", version="wc/v3").get("products")
        assert wrong.status_code == 401
