"""Doorbells: what rings, what is refused, and what the ledger keeps of it."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from hmac import new as hmac_new
from typing import Any

import orjson
import pytest
import requests
from sqlalchemy import select

from bridge.clock import VirtualClock
from bridge.errors import LedgerBusy
from bridge.ledger.database import Database
from bridge.ledger.schema import inbox
from bridge.sim.woo.shop import FakeWoo
from bridge.web.doorbell import BODY_LIMIT, Doorbell, SquareBell, WooBell
from bridge.web.server import WebServer

URL = "https://bridge.example/hooks/square/sq-token"


class House:
    """A doorbell on a ledger in memory, and somebody who rings."""

    def __init__(self) -> None:
        clock = VirtualClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
        self.db = Database.open(":memory:", clock=clock, ids=lambda: "id")
        self.heard = 0
        self.woo_secrets, self.square_secrets = ["woo-secret"], ["square-secret"]
        self.bell = Doorbell(
            self.db,
            clock,
            woo=WooBell("woo-token", lambda: self.woo_secrets),
            square=SquareBell("sq-token", lambda: self.square_secrets, URL),
            rang=self._hear,
        )

    def _hear(self) -> None:
        self.heard += 1

    def post(self, path: str, body: bytes, method: str = "POST", length: str | None = None, **headers: str) -> int:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(body)) if length is None else length,
            "wsgi.input": io.BytesIO(body),
        }
        environ |= {"HTTP_" + name.upper(): value for name, value in headers.items()}
        said: list[str] = []
        list(self.bell(environ, lambda status, headers: said.append(status)))
        return int(said[0].split()[0])

    def woo(self, event: Any, topic: str = "order.updated", secret: str = "woo-secret", delivery: str = "d1") -> int:
        body = orjson.dumps(event)
        return self.post(
            "/hooks/woo/woo-token",
            body,
            x_wc_webhook_signature=sign(secret, body),
            x_wc_webhook_topic=topic,
            x_wc_webhook_delivery_id=delivery,
        )

    def square(self, event: Any, secret: str = "square-secret", url: str = URL) -> int:
        body = orjson.dumps(event)
        return self.post(
            "/hooks/square/sq-token", body, x_square_hmacsha256_signature=sign(secret, url.encode() + body)
        )

    def rows(self) -> list[Any]:
        with self.db.reading() as conn:
            return list(conn.execute(select(inbox).order_by(inbox.c.id)).all())


def sign(secret: str, signed: bytes) -> str:
    return b64encode(hmac_new(secret.encode(), signed, sha256).digest()).decode()


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.db.close()


ORDER = {"id": 42, "status": "processing", "date_modified_gmt": "2026-03-02T08:59:59", "billing": {"city": "Oslo"}}
COUNTED = {"event_id": "e-1", "type": "inventory.count.updated", "data": {"type": "inventory_counts", "id": "c-9"}}


def test_a_signed_woocommerce_delivery_is_stored_and_rings(house: House) -> None:
    assert house.woo(ORDER) == 200
    [row] = house.rows()
    assert (row.side, row.topic, row.object_id, row.state) == ("woo", "order.updated", "42", "new")
    assert house.heard == 1 and house.bell.counts == {"stored": 1}


def test_a_signed_square_event_is_stored_under_its_event_id(house: House) -> None:
    assert house.square(COUNTED) == 200
    [row] = house.rows()
    assert (row.side, row.topic, row.dedupe, row.object_id) == ("square", "inventory.count.updated", "e-1", "c-9")


def test_squares_published_example_signature_fits(house: House) -> None:
    house.square_secrets[:] = ["asdf1234"]
    house.bell._square = SquareBell("sq-token", lambda: ["asdf1234"], "https://example.com/webhook")
    body, signature = b'{"hello":"world"}', "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og="
    assert house.post("/hooks/square/sq-token", body, x_square_hmacsha256_signature=signature) == 200


def test_names_and_addresses_of_customers_do_not_reach_the_ledger(house: House) -> None:
    house.woo(ORDER)
    assert "Oslo" not in house.rows()[0].body
    assert orjson.loads(house.rows()[0].body)["id"] == 42


def test_a_delivery_repeated_by_the_network_is_stored_once_and_answered_200(house: House) -> None:
    assert [house.square(COUNTED), house.square(COUNTED), house.woo(ORDER), house.woo(ORDER)] == [200] * 4
    assert len(house.rows()) == 2
    assert house.bell.counts == {"stored": 2, "repeated": 2}


def test_an_order_changed_again_rings_again(house: House) -> None:
    house.woo(ORDER)
    house.woo(ORDER | {"date_modified_gmt": "2026-03-02T09:00:07"})
    assert len(house.rows()) == 2


def test_the_same_topic_and_body_without_a_time_rings_again_a_second_later(house: House) -> None:
    topic, event = "action.woocommerce_updated_product_stock", {"action": "x", "arg": 17}
    for delivery in ("second-1", "second-1", "second-2"):
        assert house.woo(event, topic=topic, delivery=delivery) == 200
    assert [row.object_id for row in house.rows()] == ["17", "17"]


@pytest.mark.parametrize("side", ["woo", "square"])
def test_a_wrong_signature_is_refused_without_a_trace(house: House, side: str) -> None:
    rung = house.woo(ORDER, secret="guess") if side == "woo" else house.square(COUNTED, secret="guess")
    assert rung == 401
    assert house.rows() == [] and house.heard == 0
    assert house.bell.counts == {"bad_signature": 1}


def test_a_missing_signature_is_refused(house: House) -> None:
    assert house.post("/hooks/woo/woo-token", b"{}") == 401
    assert house.post("/hooks/square/sq-token", b"{}") == 401


def test_a_signature_for_another_address_is_refused(house: House) -> None:
    assert house.square(COUNTED, url="https://elsewhere.example/hooks/square/sq-token") == 401


def test_a_body_changed_by_one_blank_is_refused(house: House) -> None:
    body = orjson.dumps(ORDER)
    assert house.post("/hooks/woo/woo-token", body + b" ", x_wc_webhook_signature=sign("woo-secret", body)) == 401


def test_both_secrets_are_accepted_while_one_is_replaced(house: House) -> None:
    house.woo_secrets[:] = ["new-secret", "woo-secret"]
    house.square_secrets[:] = ["new-key", "square-secret"]
    assert house.woo(ORDER) == house.woo(ORDER | {"id": 43}, secret="new-secret") == 200
    assert house.square(COUNTED) == house.square(COUNTED | {"event_id": "e-2"}, secret="new-key") == 200
    house.woo_secrets.pop()
    assert house.woo(ORDER | {"id": 44}) == 401


def test_the_creation_ping_is_accepted_and_ignored(house: House) -> None:
    assert house.post("/hooks/woo/woo-token", b"webhook_id=7") == 200
    assert house.rows() == [] and house.bell.counts == {"ping": 1}


def test_nothing_but_the_exact_ping_goes_unsigned(house: House) -> None:
    assert house.post("/hooks/woo/woo-token", b"webhook_id=7&topic=order.updated") == 401
    assert house.post("/hooks/square/sq-token", b"webhook_id=7") == 401


def test_a_wrong_token_looks_like_an_address_that_does_not_exist(house: House) -> None:
    assert [house.post(path, b"{}") for path in ("/hooks/woo/guess", "/hooks/woo/", "/", "/hooks/other/woo-token")] == [
        404
    ] * 4
    assert house.bell.counts == {"no_such_door": 4}


def test_only_post_is_taken(house: House) -> None:
    assert house.post("/hooks/woo/woo-token", b"", method="GET") == 405


def test_an_oversized_body_is_refused_before_it_is_read(house: House) -> None:
    class Unread(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("the body was read")

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/hooks/woo/woo-token",
        "CONTENT_LENGTH": str(BODY_LIMIT + 1),
        "wsgi.input": Unread(),
    }
    said: list[str] = []
    list(house.bell(environ, lambda status, headers: said.append(status)))
    assert said[0].startswith("413")
    assert house.post("/hooks/woo/woo-token", b"{}", length="") == 411
    assert house.post("/hooks/woo/woo-token", b"{}", length="-5") == 411


def test_what_is_signed_but_no_json_object_is_refused(house: House) -> None:
    for body in (b"", b"nonsense", b"[1]", b"\xff\xfe"):
        assert house.post("/hooks/woo/woo-token", body, x_wc_webhook_signature=sign("woo-secret", body)) == 400
    assert house.rows() == []


def test_an_unknown_topic_is_stored_and_answered_200(house: House) -> None:
    assert house.square({"event_id": "e-5", "type": "loyalty.account.updated", "data": "odd"}) == 200
    assert house.woo({"id": 1}, topic="<b>\n") == 200
    assert [row.topic for row in house.rows()] == ["loyalty.account.updated", "unknown"]


def test_nothing_is_answered_2xx_before_the_commit_is_on_disk(house: House) -> None:
    steps: list[str] = []
    house.db.after_commit = lambda: steps.append("committed")
    body = orjson.dumps(ORDER)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/hooks/woo/woo-token",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "HTTP_X_WC_WEBHOOK_SIGNATURE": sign("woo-secret", body),
    }
    list(house.bell(environ, lambda status, headers: steps.append(status)))
    assert steps == ["committed", "200 OK"]


def test_a_ledger_that_cannot_be_written_is_answered_503(house: House) -> None:
    def full() -> None:
        raise LedgerBusy()

    house.db.before_commit = full
    assert house.woo(ORDER) == 503
    house.db.before_commit = None
    assert house.rows() == [] and house.heard == 0
    assert house.woo(ORDER) == 200


@contextmanager
def served(app: Any) -> Iterator[WebServer]:
    with WebServer(app) as server:
        yield server


def test_a_simulated_shop_rings_over_http(house: House) -> None:
    with served(house.bell) as server:
        shop = FakeWoo()
        body = {"topic": "product.updated", "delivery_url": f"{server.url}/hooks/woo/woo-token", "secret": "woo-secret"}
        register(shop, body)
        [product] = shop.acts["seed"]([{"name": "Mug", "type": "simple", "manage_stock": True, "stock_quantity": 3}])
        shop.acts["staff_set_stock"](product, 5)
        shop.deliver_due(lambda url, headers, sent: requests.post(url, sent, headers=headers, timeout=5).status_code)
    assert house.bell.counts == {"ping": 1, "stored": 1}
    assert [(row.topic, row.object_id) for row in house.rows()] == [("product.updated", str(product))]


def register(shop: FakeWoo, fields: dict[str, str]) -> None:
    from bridge.sim.kernel.exchange import SimRequest

    key = next(iter(shop.state.keys.values()))
    basic = "Basic " + b64encode(f"{key.key}:{key.secret}".encode()).decode()
    headers = {"authorization": basic, "content-type": "application/json"}
    request = SimRequest("POST", "https", "shop.test", "/wp-json/wc/v3/webhooks", [], headers, orjson.dumps(fields))
    assert shop.handle(request).status == 201


def test_the_server_refuses_an_oversized_request_by_itself(house: House) -> None:
    with served(house.bell) as server:
        answer = requests.post(f"{server.url}/hooks/woo/woo-token", data=b"x" * (BODY_LIMIT + 1), timeout=5)
    assert answer.status_code == 413
    assert house.rows() == []
