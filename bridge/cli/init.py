"""``bridge init``: the first day. Asks for both accounts, tests them by reading, writes the configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
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
MODES = ("stock", "mirror_pickups", "mirror")


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
@click.option("--mode", type=click.Choice(MODES), help="What an online order does at Square.")
@click.option("--store", "stores", multiple=True, metavar="ID", help="A store that sells online; repeat. None: all.")
@click.option("--skip-test", is_flag=True, help="Do not look at the accounts.")
@click.option("--force", is_flag=True, help="Replace a configuration that is already there.")
@click.pass_obj
def init(cli: Cli, /, skip_test: bool, force: bool, **given: Any) -> None:
    """Write the configuration: asks, tests both accounts, writes one file.

    Nothing is changed in the shop or at Square. Keys never go into the file: it names where they are. A key
    typed here is put into a file of its own that only you can read. Without a terminal, or with --json,
    everything is taken from the options.
    """
    path = Path(cli.config_asked or os.environ.get("BRIDGE_CONFIG") or "bridge.yaml")
    if path.exists() and not force:
        raise InputError(f"{path} is already there.", advice="Add --force to replace it, or name another by --config.")
    answers = _asked(cli, given) if cli.interactive else _from_options(given)
    seen = {} if skip_test else _look(cli, _config(answers, path), answers)
    if cli.interactive:
        _ask_choices(answers, given)
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


def _ask_choices(answers: Answers, given: dict[str, Any]) -> None:
    if not given["opening"]:
        click.echo("\nOn the first day both sides show stock numbers. Which are true? (ask: decide product by product)")
        answers.opening = click.prompt("Opening stock", type=click.Choice(OPENINGS), default="ask")
    if not given["mode"]:
        click.echo(
            "\nAn online order lowers the store's stock (stock). It can also become a Square order, for pickups or"
            "\nfor all (mirror_pickups, mirror): Square may charge a fee for orders paid elsewhere."
        )
        answers.mode = click.prompt("Online orders", type=click.Choice(MODES), default="stock")


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
    lines += ["stock:", f"  opening: {answers.opening}", "orders:", f"  mode: {answers.mode}"]
    return "\n".join(lines) + "\n"
