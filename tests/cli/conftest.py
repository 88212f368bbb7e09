"""Runs command lines in this process, the way the console script does."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.main import run
from bridge.clock import SystemClock
from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.kernel.serve import LoopbackServer
from bridge.sim.square.account import FakeSquare
from bridge.sim.woo.shop import FakeWoo


@dataclass(frozen=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one line of JSON it answered with."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        return json.loads(lines[0])


@pytest.fixture
def bridge(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Ended]:
    """``bridge("status", "--json")`` in an empty folder without any BRIDGE_ variable."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("BRIDGE_CONFIG", "BRIDGE_WOO_KEY", "BRIDGE_WOO_SECRET", "BRIDGE_SQUARE_TOKEN", "BRIDGE_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return call


KEY, SECRET, TOKEN = "ck_" + "1" * 40, "cs_" + "1" * 40, "sandbox-square-token"
CONFIG = """\
woo: {{url: "{woo}", timeout: 5}}
square: {{base_url: "{square}", timeout: 5}}
stock: {{opening: {opening}}}
products: {{images: false, create_in_woo: publish}}
pace: {{woo_per_second: 100, square_per_second: 100}}
"""


class Accounts:
    """A shop and a Square account on loopback, and ``bridge.yaml`` that names them."""

    def __init__(self, folder: Path, run_line: Callable[..., Ended]) -> None:
        self.woo, self.square = FakeWoo(), FakeSquare()
        self.woo_server, self.square_server = LoopbackServer(self.woo), LoopbackServer(self.square)
        self.woo.state.shop_url = self.woo_server.url
        self.folder = folder
        self.bridge = run_line
        self.configure()

    def configure(self, more: str = "", *, opening: str = "woo") -> None:
        """Write the configuration; ``more`` is YAML to add."""
        text = CONFIG.format(woo=self.woo_server.url, square=self.square_server.url, opening=opening)
        (self.folder / "bridge.yaml").write_text(text + more)

    @property
    def stores(self) -> list[str]:
        return list(self.square.state.locations)

    def product(self, sku: str, stock: int | None = 10, price: str = "10.00", **more: Any) -> int:
        """A simple product in the shop; its id."""
        body: dict[str, Any] = {"name": f"Product {sku}", "type": "simple", "sku": sku, "regular_price": price, **more}
        if stock is not None:
            body |= {"manage_stock": True, "stock_quantity": stock}
        return int(self.woo.acts["seed"]([body])[0])

    def settle(self) -> None:
        """One pass by the command itself: everything linked, opened and in step."""
        ended = self.bridge("sync", "--yes", "--json")
        assert ended.code == 0, ended

    def settle_products(self, skus: list[str]) -> None:
        """Simple products, linked and in step."""
        for sku in skus:
            self.product(sku)
        self.settle()

    def without_keys(self) -> None:
        """Nobody knows the keys any more."""
        for name in ("BRIDGE_WOO_KEY", "BRIDGE_WOO_SECRET", "BRIDGE_SQUARE_TOKEN"):
            os.environ.pop(name, None)  # the fixture puts the environment back

    def square_price(self, sku: str) -> int:
        """What Square asks for a variation, in cents."""
        raw = self.square_call("GET", f"/v2/catalog/object/{self.square_variation(sku)}", None)["object"]
        return int(raw["item_variation_data"]["price_money"]["amount"])

    def settle_anyhow(self) -> Ended:
        """One pass that may leave questions open."""
        return self.bridge("sync", "--yes", "--json")

    def first(self, sku: str) -> int:
        """The shop's id of a SKU."""
        return next(number for number, item in self.woo.state.items.items() if item.sku == sku)

    def till_sells(self, sku: str, quantity: int, store: int = 0) -> None:
        """A till sells."""
        lines = [{"variation_id": self.square_variation(sku), "quantity": str(quantity)}]
        self.square.acts["sell"](self.stores[store], lines)

    def recount(self, sku: str, quantity: int, store: int = 0) -> None:
        """Somebody counts at the first store."""
        change = {
            "type": "PHYSICAL_COUNT",
            "physical_count": {
                "catalog_object_id": self.square_variation(sku),
                "state": "IN_STOCK",
                "location_id": self.stores[store],
                "quantity": str(quantity),
                "occurred_at": self.square.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
        }
        body = {"idempotency_key": f"count-{sku}-{quantity}", "changes": [change]}
        self.square_call("POST", "/v2/inventory/changes/batch-create", body)

    def reprice(self, variation_id: str, cents: int) -> None:
        """Somebody changes a price in the Square Dashboard."""
        raw = self.square_call("GET", f"/v2/catalog/object/{variation_id}", None)["object"]
        raw["item_variation_data"]["price_money"]["amount"] = cents
        self.square_call("POST", "/v2/catalog/object", {"idempotency_key": f"p-{variation_id}-{cents}", "object": raw})

    def square_call(self, method: str, path: str, body: Any) -> Any:
        """One call to Square by somebody else."""
        headers = {"authorization": f"Bearer {TOKEN}", "square-version": "2026-09-16"}
        request = SimRequest(
            method, "https", "connect", path, [], headers, b"" if body is None else json.dumps(body).encode()
        )
        answer = self.square.handle(request)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def square_variation(self, sku: str) -> str:
        """Square's id of a variation."""
        with LoopbackReader(self.folder) as conn:
            return str(conn.execute("SELECT square_id FROM variation WHERE sku = ?", (sku.lower(),)).fetchone()[0])

    def writes(self) -> list[tuple[str, str]]:
        """(method, path) of every call so far that was meant to change something."""
        quiet = ("/search", "batch-retrieve", "/oauth2/token/status")
        return [
            (entry["method"], entry["path"])
            for entry in [*self.woo.log, *self.square.log]
            if entry["method"] != "GET" and not entry["path"].endswith(quiet)
        ]


class HurriedClock(SystemClock):
    """The machine's clock, but a wait only moves its hands forward."""

    def __init__(self) -> None:
        self._waited = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._waited)

    def monotonic(self) -> float:
        return super().monotonic() + self._waited

    def sleep(self, seconds: float) -> None:
        self._waited += seconds


class LoopbackReader:
    """A look into the ledger with plain SQLite."""

    def __init__(self, folder: Path) -> None:
        self._conn = sqlite3.connect(f"file:{folder / 'bridge.sqlite'}?mode=ro", uri=True)

    def __enter__(self) -> sqlite3.Connection:
        return self._conn

    def __exit__(self, *_: object) -> None:
        self._conn.close()


@pytest.fixture
def accounts(bridge: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Accounts]:
    """Both simulators on loopback, keys in the environment, ``bridge.yaml`` in the working folder."""
    monkeypatch.setenv("BRIDGE_WOO_KEY", KEY)
    monkeypatch.setenv("BRIDGE_WOO_SECRET", SECRET)
    monkeypatch.setenv("BRIDGE_SQUARE_TOKEN", TOKEN)
    monkeypatch.setattr("bridge.app.SystemClock", HurriedClock)
    made = Accounts(tmp_path, bridge)
    with made.woo_server, made.square_server:
        yield made
