"""The demo's engine: a real process on a real ledger that listens to doorbells and runs passes until it is stopped.

``python -m bridge.sim.demo_engine CONFIG.yaml HOOKS.json``. It tells what it does as lines of JSON on standard
output and takes two words on standard input: ``full`` (make the next pass a full one) and ``stop``.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bridge.app import open_bridge
from bridge.config.load import load_config
from bridge.engine.context import Bridge
from bridge.engine.sync import Report, Scope, sync
from bridge.errors import BridgeError, LedgerBusy, RemoteDown
from bridge.remotes.port import Call, Done
from bridge.report.logs import set_up_logs
from bridge.web.doorbell import Doorbell, SquareBell, WooBell
from bridge.web.server import WebServer

POLL_SECONDS = 1.0
"""The timetable: a lost doorbell costs no more than this."""
GATHER_SECONDS = 0.05
"""Doorbells that ring together are answered by one pass."""
START_ATTEMPTS = 20
SETTLE_AFTER = 2.0
OVERLAP_SECONDS = 10
ROUNDS = 2
"""In trade this dense something is always new: rather look at the tills again than finish every number."""
SQUARE_EVENTS = (
    "inventory.count.updated",
    "catalog.version.updated",
    "location.updated",
    "order.created",
    "order.updated",
    "order.fulfillment.updated",
    "payment.updated",
    "refund.created",
    "refund.updated",
)
WOO_TOPICS = (
    "order.created",
    "order.updated",
    "product.updated",
    "product.deleted",
    "action.woocommerce_updated_product_stock",
)


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where the doorbells are: ``port`` on loopback, the last part of their address, the shop's secret."""

    port: int
    token: str
    woo_secret: str

    @classmethod
    def read(cls, path: Path) -> Hooks:
        """As written by ``write``."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def url(self, side: str) -> str:
        """The address a side delivers to."""
        return f"http://127.0.0.1:{self.port}/hooks/{side}/{self.token}"


def tell(event: str, **more: Any) -> None:
    """One line of JSON for whoever started this process."""
    sys.stdout.write(json.dumps({"event": event, **more}) + "\n")
    sys.stdout.flush()


class Orders:
    """What was asked for on standard input, and the bell that wakes the loop."""

    def __init__(self) -> None:
        self.woken = threading.Event()
        self.full = self.stop = False

    def listen(self) -> None:
        """Read standard input until it ends; its end stops the engine (whoever started it is gone)."""
        for line in sys.stdin:
            if line.strip() == "full":
                self.full = True
            elif line.strip() == "stop":
                break
            self.woken.set()
        self.stop = True
        self.woken.set()


def main(config_path: str, hooks_path: str) -> int:
    """Run until told to stop."""
    set_up_logs("warning")
    orders = Orders()
    threading.Thread(target=orders.listen, name="orders", daemon=True).start()
    with _opened(Path(config_path)) as bridge:
        bridge.settings = replace(
            bridge.settings, settle_after=SETTLE_AFTER, overlap_seconds=OVERLAP_SECONDS, rounds=ROUNDS
        )
        hooks = Hooks.read(Path(hooks_path))
        keys: list[str] = []
        bell = Doorbell(
            bridge.db,
            bridge.clock,
            woo=WooBell(hooks.token, lambda: [hooks.woo_secret]),
            square=SquareBell(hooks.token, lambda: keys, hooks.url("square")),
            rang=orders.woken.set,
        )
        with WebServer(bell, port=hooks.port):
            tell("started")
            _loop(bridge, orders, hooks, keys, bell)
    tell("stopped")
    return 0


@contextmanager
def _opened(path: Path) -> Iterator[Bridge]:
    """The bridge of a configuration, tried again while a side does not answer: the demo's network is bad."""
    config = load_config(path)
    with ExitStack() as stack:
        for attempt in range(START_ATTEMPTS):
            try:
                bridge = stack.enter_context(open_bridge(config, writes_as="demo"))
                break
            except (RemoteDown, LedgerBusy) as problem:
                tell("failed", why=str(problem))
                if attempt == START_ATTEMPTS - 1:
                    raise
        yield bridge


def _loop(bridge: Bridge, orders: Orders, hooks: Hooks, keys: list[str], bell: Doorbell) -> None:
    registered = False
    while not orders.stop:
        orders.woken.clear()
        full, orders.full = orders.full, False
        try:
            registered = registered or register(bridge, hooks, keys)
            report = sync(bridge, Scope(full=full))
            _tell_pass(report, full, bell)
        except BridgeError as problem:
            orders.full |= full
            tell("failed", why=str(problem))
        if not orders.full and orders.woken.wait(POLL_SECONDS):
            bridge.clock.sleep(GATHER_SECONDS)


def _tell_pass(report: Report, full: bool, bell: Doorbell) -> None:
    tell(
        "pass",
        full=full,
        writes=report.writes,
        waiting=report.waiting,
        decisions=report.open_decisions,
        counts=report.counts,
        rung=dict(bell.counts),
    )


# -- webhooks: a small registration for simulators, repeated after every start ------------


def register(bridge: Bridge, hooks: Hooks, keys: list[str]) -> bool:
    """Subscribe to both sides, and make new what the shop has switched off; True when all stand."""
    return _register_square(bridge, hooks, keys) and _register_woo(bridge, hooks)


def _register_square(bridge: Bridge, hooks: Hooks, keys: list[str]) -> bool:
    ask, write = bridge.square.caller.read, bridge.square.caller.write  # type: ignore[attr-defined]
    place, url = "v2/webhooks/subscriptions", hooks.url("square")
    listed = ask(Call("GET", place)).get("subscriptions", [])
    mine = next((row["id"] for row in listed if row["notification_url"] == url), "")
    if not mine:
        wanted = {"name": "bridge", "event_types": list(SQUARE_EVENTS), "notification_url": url}
        key = base64.b32encode(url.encode()).decode()[-40:]
        made = write(Call("POST", place, body={"idempotency_key": key, "subscription": wanted}))
        if not isinstance(made, Done):
            return False
        mine = made.answer["subscription"]["id"]
    keys[:] = [ask(Call("GET", f"{place}/{mine}"))["subscription"]["signature_key"]]
    return True


def _register_woo(bridge: Bridge, hooks: Hooks) -> bool:
    ask, write = bridge.woo.caller.read, bridge.woo.caller.write  # type: ignore[attr-defined]
    url, complete = hooks.url("woo"), True
    listed = ask(Call("GET", "wc/v3/webhooks", query=(("per_page", "100"), ("orderby", "id"), ("order", "asc"))))
    standing = {row["topic"] for row in listed if row["delivery_url"] == url and row["status"] == "active"}
    for row in listed:
        # setting a switched-off hook active would leave it one failure from being switched off again
        if row["delivery_url"] == url and row["status"] != "active":
            write(Call("DELETE", f"wc/v3/webhooks/{row['id']}", query=(("force", "true"),)))
    for topic in WOO_TOPICS:
        if topic not in standing:
            body = {"name": "bridge", "topic": topic, "delivery_url": url, "secret": hooks.woo_secret}
            complete &= isinstance(write(Call("POST", "wc/v3/webhooks", body=body)), Done)
    return complete


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
