"""``bridge sandbox`` as a whole process: both simulators answer, a signal ends it, the written config loads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

from bridge.cli.accounts import look_at_shop, look_at_square
from bridge.clock import SystemClock
from bridge.config.load import load_config, parse_config, require_secrets
from bridge.config.secrets import Places
from tests.cli.conftest import Ended

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT.parent / "shared/data/sample_products.csv"
pytestmark = pytest.mark.process


@contextmanager
def running(*arguments: str, end: int = signal.SIGTERM) -> Iterator[dict[str, Any]]:
    """The sandbox in its own process; yields its one line of JSON, then ends it and checks that it ended well."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge.cli.main", "sandbox", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=20)[1]
        yield json.loads(line)
        process.send_signal(end)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_serves_a_shop_and_an_account_until_it_is_told_to_stop(tmp_path: Path, end: int) -> None:
    file = tmp_path / "sandbox.yaml"
    with running("--write-config", str(file), end=end) as told:
        assert told["ok"] is True
        assert told["pid"] != os.getpid()
        config = load_config(file, {})
        require_secrets(config)
        clock = SystemClock()
        assert look_at_shop(config, clock).products == 0
        stores = look_at_square(config, clock)
        assert [store.id for store in stores] == [place["id"] for place in told["locations"]]
        assert [store.id for store in config.stores] == [store.id for store in stores]


def test_keys_stand_in_private_files_beside_the_configuration_not_in_it(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.yaml"
    with running("--write-config", str(file)) as told:
        text = file.read_text()
        for name in ("woo_key", "woo_secret", "square_token"):
            assert told[name] not in text
            kept = tmp_path / "sandbox.secrets" / name
            assert kept.read_text().strip() == told[name]
            assert kept.stat().st_mode & 0o777 == 0o600
        assert file.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "sandbox.secrets").stat().st_mode & 0o777 == 0o700


def test_a_product_export_fills_the_shop() -> None:
    if not SAMPLE.exists():
        pytest.skip("the shared sample of products is not here")
    with running("--woo-products", str(SAMPLE)) as told:
        assert told["products"] > 20
        places = Places({f"BRIDGE_{name.upper()}": told[name] for name in ("woo_key", "woo_secret")})
        config = parse_config(f"woo: {{url: {told['woo_url']}}}", places=places)
        assert 0 < look_at_shop(config, SystemClock()).products <= told["products"]


def test_without_json_it_prints_a_configuration_ready_to_paste(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge.cli.main", "sandbox"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Runs until"):
                break
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20)[0] == "Stopped.\n"
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    text = "".join(lines)
    exports = dict(line.strip()[7:].split("=", 1) for line in lines if line.strip().startswith("export "))
    config = parse_config(text[text.index("# The sandbox") : text.index("Runs until")], places=Places(exports))
    require_secrets(config)
    assert config.woo.url in text


def test_an_export_that_cannot_be_read_is_a_usage_error(bridge: Callable[..., Ended], tmp_path: Path) -> None:
    ended = bridge("sandbox", "--woo-products", "nowhere.csv", "--json")
    assert ended.code == 2
    assert "nowhere.csv cannot be read" in ended.json["error"]


def test_a_port_in_use_is_a_usage_error(bridge: Callable[..., Ended]) -> None:
    with running() as told:
        ended = bridge("sandbox", "--woo-port", told["woo_url"].rpartition(":")[2], "--json")
    assert ended.code == 2
    assert "cannot be used" in ended.json["error"]


def test_squares_test_of_a_subscription_is_delivered_at_once_and_tells_the_status() -> None:
    rung: list[bytes] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            rung.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    door = HTTPServer(("127.0.0.1", 0), Door)
    Thread(target=door.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    with running() as told:
        url, headers = told["square_url"], {"Authorization": f"Bearer {told['square_token']}"}
        wish = {
            "event_types": ["order.created"],
            "notification_url": f"http://127.0.0.1:{door.server_port}/x",
            "name": "x",
        }
        made = requests.post(f"{url}/v2/webhooks/subscriptions", json={"subscription": wish}, headers=headers).json()
        address = f"{url}/v2/webhooks/subscriptions/{made['subscription']['id']}/test"
        tested = requests.post(address, json={}, headers=headers).json()["subscription_test_result"]
    door.shutdown()
    door.server_close()
    assert tested["status_code"] == 201
    assert rung == [tested["payload"].encode()]
