"""``bridge sandbox``: both simulators on loopback, to try everything without an account or the internet."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.sim.kernel.deliveries import Sender
    from bridge.sim.kernel.serve import LoopbackServer
    from bridge.sim.kernel.service import BaseService
    from bridge.sim.square.account import FakeSquare
    from bridge.sim.woo.shop import FakeWoo


@click.command(
    cls=BridgeCommand,
    examples=(
        "bridge sandbox",
        "bridge sandbox --woo-products products.csv --write-config sandbox.yaml",
        "bridge sandbox --woo-port 8081 --square-port 8082 --json",
    ),
)
@click.option("--woo-products", metavar="FILE.csv", help="Fill the shop from a WooCommerce product export.")
@click.option("--woo-port", type=click.IntRange(0, 65535), default=0, help="Port of the shop; 0 takes a free one.")
@click.option("--square-port", type=click.IntRange(0, 65535), default=0, help="Port of the Square account.")
@click.option("--write-config", metavar="FILE", help="Write a configuration for it, keys in files beside it.")
@click.pass_obj
def sandbox(cli: Cli, /, woo_products: str | None, woo_port: int, square_port: int, write_config: str | None) -> None:
    """Serve a simulated shop and Square account on this machine.

    Runs until interrupted (Ctrl-C or SIGTERM); everything in it is then gone. With --json one line tells the
    addresses and keys as soon as both answer.
    """
    stop = _stop_on_signals()
    woo, square = _simulators()
    with ExitStack() as stack:
        shop_server, square_server = _serve(woo, woo_port), _serve(square, square_port)
        woo.state.shop_url = shop_server.url
        if woo_products:
            _fill(woo, Path(woo_products))
        square.hooks.sender = stack.enter_context(_sender())
        stack.enter_context(shop_server)
        stack.enter_context(square_server)
        told = _access(woo, square, shop_server.url, square_server.url)
        if write_config:
            _write_config(Path(write_config), told)
        cli.output.result(told)
        _tell(cli, told, write_config)
        stop.wait()
    cli.output.line("Stopped.")


def _simulators() -> tuple[FakeWoo, FakeSquare]:
    from bridge.sim.square.account import FakeSquare
    from bridge.sim.woo.shop import FakeWoo

    return FakeWoo(), FakeSquare()


def _fill(woo: FakeWoo, export: Path) -> None:
    load_csv = woo.acts["load_csv"]
    try:
        load_csv(text=export.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise InputError(f"{export} cannot be read: {problem.strerror}.") from None
    except (ValueError, LookupError) as problem:
        raise InputError(f"{export} is not a WooCommerce product export: {problem}.") from None


def _serve(service: BaseService, port: int) -> LoopbackServer:
    from bridge.sim.kernel.serve import LoopbackServer

    try:
        return LoopbackServer(service, port=port)
    except OSError as problem:
        raise InputError(f"Port {port} cannot be used: {problem.strerror}.", advice="Choose another.") from None


@contextmanager
def _sender() -> Iterator[Sender]:
    """How Square's test of a subscription rings at once, on this machine only."""
    import requests

    from bridge.sim.kernel.serve import post_loopback

    with requests.Session() as session:
        yield partial(post_loopback, session)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def heard(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, heard)
    signal.signal(signal.SIGTERM, heard)
    return stop


def _access(woo: FakeWoo, square: FakeSquare, woo_url: str, square_url: str) -> dict[str, Any]:
    key = next(iter(woo.state.keys.values()))
    admin = woo.state.app_passwords[0]
    return {
        "woo_url": woo_url,
        "woo_key": key.key,
        "woo_secret": key.secret,
        "wp_user": admin.user,
        "wp_password": admin.password,
        "square_url": square_url,
        "square_token": next(iter(square.state.tokens)),
        "locations": [{"id": location["id"], "name": location["name"]} for location in square.state.locations.values()],
        "products": len(woo.state.items),
        "pid": os.getpid(),
    }


def _config_text(told: dict[str, Any], places: dict[str, str]) -> str:
    stores = "".join(f"  - {{id: {place['id']}, name: {json.dumps(place['name'])}}}\n" for place in told["locations"])
    return (
        "# The sandbox: a simulated shop and Square account on this machine.\n"
        f"woo:\n  url: {told['woo_url']}\n  key: {places['woo_key']}\n  secret: {places['woo_secret']}\n"
        f"square:\n  base_url: {told['square_url']}\n  token: {places['square_token']}\n"
        "  environment: sandbox\n"
        f"stores:\n{stores}"
        "stock:\n  opening: woo\n"
        "pace:\n  woo_per_second: 100\n  square_per_second: 100\n"
        "# where `bridge run` listens: both simulators deliver their webhooks there\n"
        "web:\n  public_url: http://127.0.0.1:8085\n"
    )


def _write_config(path: Path, told: dict[str, Any]) -> None:
    from bridge.cli.files import write_private, write_secrets

    # addresses and keys change with each start, so the file of an earlier start is worth nothing
    names = ("woo_key", "woo_secret", "square_token")
    places = write_secrets(path, {name: str(told[name]) for name in names}, replace=True)
    write_private(path, _config_text(told, places), replace=True)


def _tell(cli: Cli, told: dict[str, Any], write_config: str | None) -> None:
    line = cli.output.line
    line(f"Shop     {told['woo_url']}   key {told['woo_key']}   secret {told['woo_secret']}")
    line(f"         administrator {told['wp_user']}, application password {told['wp_password']}")
    line(f"Square   {told['square_url']}   token {told['square_token']}")
    line(f"Stores   {', '.join(place['name'] for place in told['locations'])}")
    if write_config:
        line(f"\nTry: bridge --config {write_config} sync, then bridge --config {write_config} run")
    else:
        places = {name: f"env:BRIDGE_{name.upper()}" for name in ("woo_key", "woo_secret", "square_token")}
        exports = [f"export BRIDGE_{name.upper()}={told[name]}" for name in places]
        line("\nTo use it, type\n  " + "\n  ".join(exports) + "\nand save this as bridge.yaml:\n")
        line(_config_text(told, places))
    line("Runs until Ctrl-C; then everything in it is gone.")
