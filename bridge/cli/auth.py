"""``bridge auth``: log in at Square with an application of the retailer's own, and see how long that lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, BridgeGroup, Cli
from bridge.errors import AccessRefused, InputError

if TYPE_CHECKING:
    from bridge.config.model import Config
    from bridge.config.tokens import TokenFile, Tokens


@click.group(
    cls=BridgeGroup, examples=("bridge auth url", "bridge auth finish 'https://…?code=…&state=…'", "bridge auth status")
)
def auth() -> None:
    """Log in at Square with an application of your own.

    Needed only with `square.oauth.application_id` in the configuration. The daemon renews the token by itself from
    then on; run this again when it tells you that Square refuses the token.
    """


@auth.command(cls=BridgeCommand, examples=("bridge auth url", "bridge auth url --redirect https://shop.example/ok"))
@click.option("--redirect", metavar="ADDRESS", default="", help="Which redirect URL, when the application has several.")
@click.pass_obj
def url(cli: Cli, /, redirect: str) -> None:
    """Begin a login: print the address to open in a browser."""
    from secrets import token_urlsafe

    from bridge.clock import SystemClock
    from bridge.config.tokens import Login
    from bridge.domain.times import time_text
    from bridge.remotes.square.oauth import challenge_of, consent_address

    config, file = _configured(cli)
    # RFC 7636 wants 43 to 128 characters for the verifier
    login = Login(token_urlsafe(24), token_urlsafe(64), time_text(SystemClock().now()), redirect)
    with file.locked():
        file.begin(login)
    oauth = config.square.oauth
    address = consent_address(
        config.square.address,
        oauth.application_id or "",
        login.state,
        challenge="" if oauth.application_secret is not None else challenge_of(login.verifier),
        redirect=redirect,
    )
    cli.output.line("Open this address in a browser, log in at Square and agree:\n")
    cli.output.line(f"  {address}\n")
    cli.output.line("The browser then goes to your application's redirect URL. Within five minutes copy that address")
    cli.output.line("from the browser's address bar (the page itself may be an error) and hand it to the bridge:\n")
    cli.output.line("  bridge auth finish 'ADDRESS'")
    cli.output.result({"url": address})


@auth.command(cls=BridgeCommand, examples=("bridge auth finish 'https://shop.example/ok?code=…&state=…'",))
@click.argument("address")
@click.pass_obj
def finish(cli: Cli, /, address: str) -> None:
    """End a login: ADDRESS is where the browser went after you agreed."""
    from bridge.app_alerts import token_endpoint
    from bridge.clock import SystemClock
    from bridge.engine.renewal import tokens_of
    from bridge.remotes.square.oauth import code_in

    config, file = _configured(cli)
    with file.locked(), token_endpoint(config) as endpoint:
        login = file.login()
        if login is None:
            raise InputError("No login was begun.", advice="Begin with `bridge auth url`.")
        code = code_in(address, login.state)
        try:
            granted = endpoint.redeem(code, verifier=login.verifier, redirect=login.redirect)
        except AccessRefused as refused:
            advice = "A code works once and for five minutes: begin again with `bridge auth url`."
            raise AccessRefused(str(refused), advice=advice) from None
        tokens = tokens_of(granted, SystemClock().now())
        file.write(tokens)
    cli.output.line("Logged in. What was waiting goes on by itself.")
    _tell(cli, tokens)


@auth.command(cls=BridgeCommand, examples=("bridge auth status", "bridge auth status --json"))
@click.pass_obj
def status(cli: Cli, /) -> int:
    """Show how long the token lasts; exit code 3 when a person is needed."""
    _, file = _configured(cli)
    tokens = file.read()
    if tokens is None:
        raise InputError("Nobody has logged in at Square yet.", advice="Begin with `bridge auth url`.")
    return _tell(cli, tokens)


@auth.command(cls=BridgeCommand, examples=("bridge auth renew",))
@click.pass_obj
def renew(cli: Cli, /) -> int:
    """Renew the token now; the daemon does it by itself once a week."""
    from bridge.app_alerts import renew_token
    from bridge.clock import SystemClock

    config, _ = _configured(cli)
    tokens = renew_token(config, SystemClock(), anyway=True)
    if tokens is None:
        raise InputError("Nobody has logged in at Square yet.", advice="Begin with `bridge auth url`.")
    return _tell(cli, tokens)


def _configured(cli: Cli) -> tuple[Config, TokenFile]:
    from bridge.app_alerts import token_endpoint
    from bridge.cli.opened import set_up
    from bridge.config.tokens import TokenFile

    config = set_up(cli)
    with token_endpoint(config):  # raises ConfigError when there is no application
        return config, TokenFile(config.square.oauth.tokens)


def _tell(cli: Cli, tokens: Tokens) -> int:
    from bridge.clock import SystemClock
    from bridge.engine.renewal import seconds_left
    from bridge.report.health import span

    left = seconds_left(tokens, SystemClock().now())
    ends = "has no end" if left is None else f"ends in {span(left)}" if left > 0 else f"ended {span(-left)} ago"
    rows: list[tuple[str, Any]] = [
        ("Token", ends),
        ("Renewed last", tokens.obtained_at[:16] or "never"),
        ("Seller", tokens.merchant_id or "–"),
        ("Trouble", tokens.trouble or "none"),
    ]
    cli.output.table(("What", "How it stands"), rows)
    needed = tokens.needs_person or (left is not None and left <= 0)
    if needed:
        cli.output.line("\nLog in again: bridge auth url")
    told = {
        "expires_at": tokens.expires_at,
        "obtained_at": tokens.obtained_at,
        "merchant_id": tokens.merchant_id,
        "trouble": tokens.trouble,
        "needs_person": needed,
    }
    cli.output.result(told, ok=not needed)
    return 3 if needed else 0
