"""``bridge doctor``: look at everything that must be right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.errors import BridgeError

if TYPE_CHECKING:
    from bridge.clock import Clock
    from bridge.config.model import Config
    from bridge.engine.doctor import Finding

ATTEMPTS = 2
"""A person waits for the answer: one retry is patience enough."""
_COLOURS = {"ok": "green", "warn": "yellow", "bad": "red"}


@click.command(cls=BridgeCommand, examples=("bridge doctor", "bridge doctor --quick", "bridge doctor --json"))
@click.option("--quick", is_flag=True, help="Leave out the reading of all products (SKU quality).")
@click.pass_obj
def doctor(cli: Cli, /, quick: bool) -> int:
    """Look at everything that must be right, and say what to do about the rest.

    Keys and what they may do, versions, clocks, currency, stores, webhooks, SKUs, the ledger, file rights. Nothing is
    written anywhere. Exit code 1: something is bad; 5: a side does not answer.
    """
    from bridge.cli.opened import set_up, steps

    config = set_up(cli)
    with steps(cli, "Examining") as step:
        step("keys")
        found = list(secrets(config))
        down = False
        if not any(one.level == "bad" for one in found):
            step("both sides")
            seen, down = sides(config)
            found += seen
        step("ledger and products")
        reachable = not down and not any(one.level == "bad" for one in found)
        found += ledger_and_products(config, with_products=reachable and not quick)
        found += by_itself(config, reachable=reachable)
    return _tell(cli, found, down=down)


def secrets(config: Config) -> Iterator[Finding]:
    """Every key is where the configuration says, and nobody else can read it."""
    from bridge.engine.doctor import Finding

    fine = True
    for name, secret in config.secrets().items():
        try:
            secret.reveal()
        except BridgeError as problem:
            fine = False
            yield Finding("keys", "bad", f"{name}: {problem}", problem.advice)
        if secret.open_to_others():
            fine = False
            what = f"{name}: other users of this machine can read {secret.file()}"
            yield Finding("keys", "warn", what, f"chmod 600 {secret.file()}")
    if fine:
        yield Finding("keys", "ok", "every key is in its place and private")


def sides(config: Config) -> tuple[list[Finding], bool]:
    """Everything about the shop and Square; whether one of them is down."""
    from bridge.app import open_sides, settings_of
    from bridge.engine.doctor import ShopDoctor, SquareDoctor, examine, one_currency

    settings = settings_of(config)
    with open_sides(config, attempts=ATTEMPTS) as both:
        shop = ShopDoctor(both.woo.caller, config.woo.url, both.clock)
        square = SquareDoctor(both.square.caller, both.square.stores, settings, both.clock, config.square.version)
        # with an address of our own the webhooks that ring there are looked at instead of any there are
        left_out = (shop.bells, square.bells) if config.web.public_url else ()
        found, shop_down = examine(shop.area, [one for one in shop.checks() if one not in left_out])
        seen, square_down = examine(square.area, [one for one in square.checks() if one not in left_out])
        found += seen
        if square.stores and not shop_down:
            found += examine("currency", [lambda: one_currency(both.woo.caller, square.stores, settings)])[0]
    return found, shop_down or square_down


def ledger_and_products(config: Config, *, with_products: bool) -> list[Finding]:
    """The ledger's health; SKU quality and untracked products, read afresh."""
    from bridge.app import open_bridge
    from bridge.engine.checkup import ledger_file, ledger_health, sku_quality, untracked
    from bridge.engine.doctor import Finding, examine
    from bridge.engine.first_day import first_day
    from bridge.engine.place_check import AREA, place_findings

    found = list(ledger_file(config.ledger.path))
    try:
        with open_bridge(config, remotes=with_products) as bridge:
            found += ledger_health(bridge)
            if with_products:
                seen = first_day(bridge)
                found += [*sku_quality(seen), *untracked(seen)]
                found += examine(AREA, [lambda: place_findings(bridge)])[0]
    except BridgeError as problem:
        found.append(Finding("ledger", "bad", str(problem), problem.advice))
    return found


def by_itself(config: Config, *, reachable: bool) -> list[Finding]:
    """What a bridge needs that runs without anybody looking: alerts, backups, token, address, its own webhooks."""
    from bridge.app_alerts import token_life
    from bridge.clock import SystemClock
    from bridge.engine.readiness import alerted, backed_up, reachable_at, token_lives

    clock = SystemClock()
    found = [*alerted(config.alerts, bool(config.alerts.mail.to)), *reachable_at(config.web.public_url)]
    if config.ledger.path.exists():
        found += backed_up(_backup_age(config, clock))
    if (life := token_life(config, clock)) is not None:
        found += token_lives(life.seconds_left, life.trouble, life.needs_person)
    found += _daemon(config)
    if config.web.public_url and reachable:
        found += _own_hooks(config, config.web.public_url, clock)
    return found


def _daemon(config: Config) -> Iterator[Finding]:
    from bridge.cli.alive import ask_daemon, is_taken, where
    from bridge.engine.readiness import daemon_runs

    told = ask_daemon(config)
    yield from daemon_runs(told["words"] if told else None, where(config), taken=told is None and is_taken(config))


def _backup_age(config: Config, clock: Clock) -> float | None:
    from bridge.app import open_ledger
    from bridge.domain.times import parse_time
    from bridge.ledger.cursors import read_fact
    from bridge.report.health import BACKUP

    try:
        with open_ledger(config, clock, write=False) as db, db.reading() as conn:
            at = read_fact(conn, BACKUP)
    except BridgeError:
        return None  # what is wrong with the ledger was told by its own checks
    return (clock.now() - parse_time(at)).total_seconds() if at else None


def _own_hooks(config: Config, public_url: str, clock: Clock) -> list[Finding]:
    from contextlib import ExitStack

    from bridge.app import open_sides
    from bridge.app_daemon import registries
    from bridge.engine.doctor import examine
    from bridge.engine.readiness import hooked, may_manage_hooks

    with ExitStack() as stack:
        both = stack.enter_context(open_sides(config, clock, attempts=ATTEMPTS))
        woo, square = registries(config, both, clock, stack)
        found, _ = examine("shop", [lambda: hooked("woo", woo.standing(), public_url)])
        barred = list(may_manage_hooks(config.square.oauth.on, config.web.square_app_token is not None))
        if barred:
            return found + barred
        return found + examine("Square", [lambda: hooked("square", square.standing(), public_url)])[0]


def _tell(cli: Cli, found: list[Finding], *, down: bool) -> int:
    from dataclasses import asdict

    from bridge.cli.told import DOWN, OK

    paint: Callable[..., str] = click.style if cli.output.is_terminal else lambda text, **_: text
    for one in found:
        cli.output.line(f"{paint(f'{one.level:<4}', fg=_COLOURS[one.level])}  {one.area:<8}  {one.what}")
        if one.advice:
            cli.output.line(f"                → {one.advice}")
    counts = {level: sum(1 for one in found if one.level == level) for level in _COLOURS}
    cli.output.line(f"\n{counts['ok']} fine, {counts['warn']} to look at, {counts['bad']} bad.")
    code = DOWN if down else 1 if counts["bad"] else OK
    cli.output.result({"counts": counts, "findings": [asdict(one) for one in found]}, ok=code == 0)
    return code
