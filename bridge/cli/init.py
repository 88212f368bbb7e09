"""``bridge init``: the first day. Asks for both accounts, tests them by reading, writes the configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill, wrap
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.errors import ConfigError, InputError

if TYPE_CHECKING:
    from bridge.config.model import Config

SECRETS = {
    "woo_key": ("WooCommerce consumer key", "BRIDGE_WOO_KEY"),
    "woo_secret": ("WooCommerce consumer secret", "BRIDGE_WOO_SECRET"),
    "square_token": ("Square access token", "BRIDGE_SQUARE_TOKEN"),
}
OPENINGS = ("ask", "square", "woo")
MODES = {
    "stock": "costs nothing: each sale is taken from the stock of the store that gives the goods. Staff see what to "
    "prepare in `bridge picklist` and in the shop.",
    "mirror_pickups": "orders to be fetched also become Square orders at their store, with items, total, customer and "
    "pickup time. Staff prepare and hand them over at the till.",
    "mirror": "the same for every order, those to be shipped included.",
}
FEE = (
    "Square's guide for developers names a fee of 1 % on every order that was paid outside Square, as the shop's own "
    "orders are: 0.50 on an order of 50.00. Ask Square what holds for your account before you choose a mirror mode."
)


_WITH_FEE = tuple(mode for mode in MODES if mode != "stock")


@dataclass
class Answers:
    """What was asked for or given as options; ``typed`` holds values, ``places`` references."""

    woo_url: str = ""
    square_environment: str = "production"
    square_base_url: str | None = None
    opening: str = "ask"
    mode: str = "stock"
    stores: tuple[str, ...] = ()
    places: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict, repr=False)


@click.command(
    cls=BridgeCommand,
    examples=(
        "bridge init",
        "bridge init --woo-url https://shop.example --opening square --json",
        "bridge init --woo-url https://shop.example --mode mirror_pickups --accept-fee --json",
        "bridge --config shop.yaml init --woo-url https://shop.example --square-token file:token --force",
    ),
)
@click.option("--woo-url", metavar="URL", help="The shop's address.")
@click.option("--woo-key", metavar="PLACE", help="Where the consumer key is: env:NAME, file:PATH or credential:NAME.")
@click.option("--woo-secret", metavar="PLACE", help="Where the consumer secret is.")
@click.option("--square-token", metavar="PLACE", help="Where Square's access token is.")
@click.option("--square-environment", type=click.Choice(["production", "sandbox"]), default="production")
@click.option("--square-base-url", metavar="URL", help="Another address than Square's own.")
@click.option("--opening", type=click.Choice(OPENINGS), help="Whose stock numbers are true on the first day.")
@click.option("--mode", type=click.Choice(list(MODES)), help="What an online order does at Square; stock is free.")
@click.option("--accept-fee", is_flag=True, help="Yes to Square's fee on mirrored orders; a mirror mode needs it.")
@click.option("--store", "stores", multiple=True, metavar="ID", help="A store that sells online; repeat. None: all.")
@click.option("--skip-test", is_flag=True, help="Do not look at the accounts.")
@click.option("--force", is_flag=True, help="Replace a configuration that is already there.")
@click.pass_obj
def init(cli: Cli, /, skip_test: bool, force: bool, accept_fee: bool, **given: Any) -> None:
    """Write the configuration: asks, tests both accounts, writes one file.

    Nothing is changed in the shop or at Square. Keys never go into the file: it names where they are. A key
    typed here is put into a file of its own that only you can read. Without a terminal, or with --json,
    everything is taken from the options; online orders then only move stock, which costs nothing, unless a mirror
    mode and Square's fee are both said yes to (--mode, --accept-fee).
    """
    path = Path(cli.config_asked or os.environ.get("BRIDGE_CONFIG") or "bridge.yaml")
    if path.exists() and not force:
        raise InputError(f"{path} is already there.", advice="Add --force to replace it, or name another by --config.")
    if not cli.interactive and given["mode"] in _WITH_FEE and not accept_fee:
        raise InputError(f"--mode {given['mode']} can cost money. {FEE}", advice="Add --accept-fee to say yes to it.")
    answers = _asked(cli, given) if cli.interactive else _from_options(given)
    seen = {} if skip_test else _look(cli, _config(answers, path), answers)
    if cli.interactive:
        _ask_opening(answers, given)
        _ask_mode(cli, answers, given, accepted=accept_fee)
    _write(answers, path, force)
    cli.output.result({"config": str(path), **seen})
    cli.output.line(f"\n{path} is written. Next, see what belongs together: bridge match")


def _from_options(given: dict[str, Any]) -> Answers:
    if not given["woo_url"]:
        raise InputError("The shop's address is missing.", advice="Add --woo-url https://shop.example.")
    return _answers(given, given["woo_url"])


def _answers(given: dict[str, Any], woo_url: str) -> Answers:
    return Answers(
        woo_url=woo_url,
        square_environment=given["square_environment"],
        square_base_url=given["square_base_url"],
        opening=given["opening"] or "ask",
        mode=given["mode"] or "stock",
        stores=tuple(given["stores"]),
        places={name: given[name] or f"env:{variable}" for name, (_, variable) in SECRETS.items()},
    )


def _asked(cli: Cli, given: dict[str, Any]) -> Answers:
    cli.output.line("Nothing is changed in the shop or at Square: this only reads, and writes one file here.\n")
    answers = _answers(given, given["woo_url"] or click.prompt("Address of the shop, e.g. https://shop.example"))
    for name, (label, variable) in SECRETS.items():
        if given[name] or os.environ.get(variable):
            continue
        text = click.prompt(f"{label} (stays hidden; or env:NAME, file:PATH)", hide_input=True).strip()
        if text.startswith(("env:", "file:", "credential:")):
            answers.places[name] = text
        else:
            answers.typed[name] = text
    return answers


def _ask_opening(answers: Answers, given: dict[str, Any]) -> None:
    if not given["opening"]:
        click.echo("\nOn the first day both sides show stock numbers. Which are true? (ask: decide product by product)")
        answers.opening = click.prompt("Opening stock", type=click.Choice(OPENINGS), default="ask")


def _ask_mode(cli: Cli, answers: Answers, given: dict[str, Any], *, accepted: bool) -> None:
    """What online orders do at Square; a mode that can cost money is only taken after a yes to the fee itself."""
    line = cli.output.line
    if not given["mode"]:
        line("\nWhat should an online order do at Square?")
        for mode, does in MODES.items():
            line(fill(does, 96, initial_indent=f"  {mode:<15} ", subsequent_indent=" " * 18))
        line(fill(FEE, 96))
        answers.mode = click.prompt("Online orders", type=click.Choice(list(MODES)), default="stock")
    if answers.mode not in _WITH_FEE or accepted:
        return
    if given["mode"]:
        line("\n" + fill(FEE, 96))
    if not click.confirm(f"Use {answers.mode}, and pay Square's fee where it takes one?", default=False):
        answers.mode = "stock"
        line("Then online orders only move stock. `orders.mode` in the configuration changes that later.")


def _config(answers: Answers, path: Path) -> Config:
    """The configuration as it will be, typed keys taken from memory."""
    from bridge.config.load import parse_config
    from bridge.config.secrets import Places

    typed = {SECRETS[name][1]: value for name, value in answers.typed.items()}
    places = Places({**os.environ, **typed}, path.absolute().parent)
    return parse_config(_text(answers, answers.places), name="what was given", places=places)


def _look(cli: Cli, config: Config, answers: Answers) -> dict[str, Any]:
    from bridge.cli.accounts import look_at_shop, look_at_square
    from bridge.clock import SystemClock

    clock = SystemClock()
    shop = look_at_shop(config, clock)
    cli.output.line(f"Shop:   answers, {shop.products} products, {shop.currency}")
    stores = look_at_square(config, clock)
    cli.output.line("Square: answers, stores: " + ", ".join(f"{s.name} ({s.id})" for s in stores if s.active))
    unknown = set(answers.stores) - {store.id for store in stores if store.active}
    if unknown:
        known = ", ".join(f"{store.id} ({store.name})" for store in stores if store.active)
        raise InputError(f"Square has no active store {', '.join(sorted(unknown))}.", advice=f"It has: {known}.")
    foreign = {store.currency for store in stores if store.active} - {shop.currency}
    if foreign:
        raise ConfigError(
            f"The shop sells in {shop.currency}, Square in {', '.join(sorted(foreign))}.",
            advice="Both must use one currency: prices are never converted.",
        )
    return {
        "products": shop.products,
        "currency": shop.currency,
        "stores": [{"id": store.id, "name": store.name, "active": store.active} for store in stores],
    }


def _write(answers: Answers, path: Path, force: bool) -> None:
    from bridge.cli.files import write_private, write_secrets

    typed = write_secrets(path, answers.typed, replace=force) if answers.typed else {}
    places = {**answers.places, **typed}
    write_private(path, _text(answers, places), replace=force)


def _text(answers: Answers, places: dict[str, str]) -> str:
    quoted: Callable[[str], str] = json.dumps
    lines = [
        "# Written by `bridge init`. Every other key and its default: config.example.yaml",
        "woo:",
        f"  url: {quoted(answers.woo_url)}",
        f"  key: {quoted(places['woo_key'])}",
        f"  secret: {quoted(places['woo_secret'])}",
        "square:",
        f"  token: {quoted(places['square_token'])}",
        f"  environment: {answers.square_environment}",
    ]
    if answers.square_base_url:
        lines.append(f"  base_url: {quoted(answers.square_base_url)}")
    if answers.stores:
        lines += ["stores:", *(f"  - id: {quoted(store)}" for store in answers.stores)]
    lines += ["stock:", f"  opening: {answers.opening}", "orders:"]
    lines += [f"  # {row}" for row in wrap(f"stock | mirror_pickups | mirror. {FEE}", 96)]
    lines += [f"  mode: {answers.mode}"]
    return "\n".join(lines) + "\n"
