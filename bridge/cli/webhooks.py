"""``bridge webhooks``: the doorbells' registration at both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, BridgeGroup, Cli
from bridge.errors import BridgeError, ConfigError

if TYPE_CHECKING:
    from bridge.engine.hook_keeper import HookKeeper
    from bridge.engine.registration import Mended
    from bridge.remotes.hooks import HookRegistry

OK, WRONG, DOWN = 0, 1, 5


@click.group(
    cls=BridgeGroup,
    examples=("bridge webhooks list", "bridge webhooks register", "bridge webhooks test"),
)
def webhooks() -> None:
    """Register, list, test, repair or remove the doorbells at both sides.

    Their addresses lie below `web.public_url`. Only registrations that point there are ever touched.
    """


@contextmanager
def _keeper(cli: Cli) -> Iterator[HookKeeper]:
    """Both registries of this configuration; neither the ledger nor its lease is needed."""
    from bridge.cli.opened import set_up

    config = set_up(cli)
    if config.web.public_url is None:
        raise ConfigError(
            "`web.public_url` is not set, so there is no address to register.",
            advice="Put the https address of the proxy before `bridge run` there, e.g. https://bridge.shop.example.",
        )
    from bridge.app import open_sides
    from bridge.app_daemon import keeper_of
    from bridge.clock import SystemClock

    with ExitStack() as stack:
        clock = SystemClock()
        sides = stack.enter_context(open_sides(config, clock))
        yield keeper_of(config, sides, clock, stack)


def _registries(keeper: HookKeeper) -> tuple[HookRegistry, HookRegistry]:
    return keeper.woo, keeper.square


@webhooks.command("list", cls=BridgeCommand, examples=("bridge webhooks list", "bridge webhooks list --json"))
@click.pass_obj
def list_(cli: Cli, /) -> int:
    """List this bridge's webhooks at both sides; exit code 1 when some are missing or switched off."""
    from bridge.engine.registration import ours, plan_hooks

    told: dict[str, Any] = {}
    rows: list[tuple[object, ...]] = []
    with _keeper(cli) as keeper:
        for registry in _registries(keeper):
            mine = ours(registry.standing(), keeper.public_url)
            plan = plan_hooks(mine, registry.topics, keeper.url(registry.side), one_for_all=registry.one_for_all)
            hooks = [{"id": one.hook_id, "topics": list(one.topics), "active": one.active} for one in mine]
            told[registry.side] = {"hooks": hooks, "missing": list(plan.create), "right": plan.nothing}
            rows += [(registry.side, one.hook_id, _some(one.topics), one.active) for one in mine]
            rows += [(registry.side, None, topic, False) for topic in plan.create]
    cli.output.table(("Side", "Id", "Topics", "Active"), rows)
    right = all(side["right"] for side in told.values())
    if not right:
        cli.output.line("\nSomething is missing or switched off: bridge webhooks repair")
    cli.output.result(told, ok=right)
    return OK if right else WRONG


_dry = click.option("--dry-run", is_flag=True, help="Only say what would be done.")


def _some(topics: Sequence[str]) -> str:
    """Topics for a narrow column; --json names them all."""
    return ", ".join(topics[:2]) + (f" and {len(topics) - 2} more" if len(topics) > 2 else "")


@webhooks.command(
    cls=BridgeCommand,
    examples=("bridge webhooks register --dry-run", "bridge webhooks register", "bridge webhooks register --anew"),
)
@click.option("--anew", is_flag=True, help="Replace those that stand, too: after a change of secrets.")
@_dry
@click.pass_obj
def register(cli: Cli, /, anew: bool, dry_run: bool) -> int:
    """Register at both sides whatever is missing."""
    return _mend(cli, anew=anew, dry_run=dry_run)


@webhooks.command(cls=BridgeCommand, examples=("bridge webhooks repair --dry-run", "bridge webhooks repair --json"))
@_dry
@click.pass_obj
def repair(cli: Cli, /, dry_run: bool) -> int:
    """Replace or revive what was switched off, and register what is missing; the daemon does so by itself."""
    return _mend(cli, anew=False, dry_run=dry_run)


def _mend(cli: Cli, *, anew: bool, dry_run: bool) -> int:
    from bridge.engine.registration import mend

    def do(one: HookRegistry) -> Mended:
        return mend(one, keeper.public_url, keeper.url(one.side), anew=anew, dry_run=dry_run)

    with _keeper(cli) as keeper:
        return _each(cli, keeper, do, dry_run=dry_run)


@webhooks.command(
    cls=BridgeCommand, examples=("bridge webhooks remove --dry-run", "bridge webhooks remove --yes --json")
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_dry
@click.pass_obj
def remove(cli: Cli, /, yes: bool, dry_run: bool) -> int:
    """Delete this bridge's webhooks at both sides; it then finds changes by looking only."""
    from bridge.engine.registration import remove as remove_all

    if not dry_run and not cli.confirm("Remove this bridge's webhooks at both sides?", yes=yes):
        raise click.Abort
    with _keeper(cli) as keeper:
        return _each(cli, keeper, lambda one: remove_all(one, keeper.public_url, dry_run=dry_run), dry_run=dry_run)


def _each(cli: Cli, keeper: HookKeeper, do: Callable[[HookRegistry], Mended], *, dry_run: bool) -> int:
    """Do it at both sides, also when one of them refuses; say what was done."""
    told: dict[str, Any] = {}
    code = OK
    for registry in _registries(keeper):
        try:
            done = do(registry)
        except BridgeError as problem:
            told[registry.side] = {"problems": [str(problem)]}
            code = max(code, problem.exit_code)
        else:
            told[registry.side] = _told(done)
            code = max(code, WRONG if done.problems else OK)
        would = "would be: " if dry_run and code == OK else ""
        cli.output.line(f"{registry.side:7} {would}{_words(told[registry.side])}")
    cli.output.result(told | {"dry_run": dry_run}, ok=code == OK)
    return code


def _told(done: Mended) -> dict[str, Any]:
    return {
        "standing": done.standing,
        "created": done.created,
        "deleted": done.deleted,
        "revived": done.revived,
        "problems": done.problems,
    }


def _words(told: dict[str, Any]) -> str:
    parts = [f"{len(told[what])} {what}" for what in ("created", "deleted", "revived") if told.get(what)]
    if told.get("problems"):
        return "; ".join([*parts, *told["problems"]])
    return ", ".join(parts) + "." if parts else f"nothing to do, {told.get('standing', 0)} stand."


@webhooks.command(cls=BridgeCommand, examples=("bridge webhooks test", "bridge webhooks test --json"))
@click.pass_obj
def test(cli: Cli, /) -> int:
    """Ring both doors by their public address; `bridge run` must be running.

    Square is asked to send a sample event. A shop cannot be asked, so the bridge itself sends what the shop would:
    that tries name, proxy and signature, not the shop's own way here.
    """
    with _keeper(cli) as keeper:
        told = {"woo": _test_woo(cli, keeper), "square": _test_square(keeper)}
    for side, (status, words) in told.items():
        how = "rang" if status == 200 else f"did not ring (HTTP {status})" if status else "did not ring"
        cli.output.line(f"{side:7} {how}: {words}")
    right = all(status == 200 for status, _ in told.values())
    if not right:
        cli.output.line("\nIs `bridge run` running, and does the proxy pass /hooks/ on to `web.listen`?")
    cli.output.result({side: {"status": status, "said": words} for side, (status, words) in told.items()}, ok=right)
    return OK if right else WRONG


def _test_woo(cli: Cli, keeper: HookKeeper) -> tuple[int, str]:
    from bridge.app import new_id
    from bridge.config.doors import woo_hook_secrets
    from bridge.remotes.own_door import ring_as_woo

    return ring_as_woo(keeper.url("woo"), woo_hook_secrets(cli.config)[0], mark=new_id())


def _test_square(keeper: HookKeeper) -> tuple[int, str]:
    from bridge.engine.registration import ours
    from bridge.remotes.port import Done, Refused

    mine = [hook for hook in ours(keeper.square.standing(), keeper.public_url) if hook.active]
    if not mine:
        return 0, "no subscription stands: bridge webhooks register"
    outcome = keeper.square.test(mine[0])
    if isinstance(outcome, Done):
        result = outcome.answer.get("subscription_test_result") or {}
        status = int(result.get("status_code") or 0)
        return status, "stored" if status == 200 else "Square got no good answer"
    return 0, outcome.message if isinstance(outcome, Refused) else outcome.reason
