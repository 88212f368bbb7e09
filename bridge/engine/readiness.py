"""The doctor's checks of a bridge that runs by itself: alerts, backups, Square's token, its address and webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from bridge.config.operations import Alerts
from bridge.engine.doctor import Finding
from bridge.engine.registration import ours
from bridge.remotes.hooks import Hook

DAY = 86400.0
BACKUP_OLD = 3 * DAY
TOKEN_SHORT = 7 * DAY
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def alerted(alerts: Alerts, mail_on: bool) -> Iterator[Finding]:
    """Somebody is told when the bridge needs a person, and somebody else when it is gone."""
    ways = [name for name, on in (("mail", mail_on), ("webhook", alerts.webhook), ("apprise", alerts.apprise)) if on]
    if ways:
        yield Finding("alerts", "ok", f"told by {', '.join(ways)}")
    else:
        advice = "Set `alerts.mail`, `alerts.webhook` or `alerts.apprise`, then try it: bridge alerts test"
        yield Finding("alerts", "warn", "nobody is told when the bridge needs a person", advice)
    if alerts.dead_man is None:
        advice = "Set `alerts.dead_man` to the address of a service that notices when pings stop."
        yield Finding("alerts", "warn", "nobody notices when this machine is gone", advice)


def backed_up(age: float | None) -> Iterator[Finding]:
    """The ledger's last good backup; ``age`` in seconds, ``None`` when there never was one."""
    if age is None:
        yield Finding("backup", "warn", "the ledger was never backed up", "Run `bridge backup`, best every night.")
    elif age > BACKUP_OLD:
        what = f"the last good backup is {age / DAY:.0f} days old"
        yield Finding("backup", "warn", what, "See why the nightly `bridge backup` does not run.")
    else:
        yield Finding("backup", "ok", f"the last good backup is {age / 3600:.0f} hours old")


def token_lives(seconds_left: float, trouble: str, needs_person: bool) -> Iterator[Finding]:
    """Square's OAuth token, which the bridge renews by itself."""
    what = trouble or f"the kept token lives for {seconds_left / DAY:.0f} more days"
    if needs_person or seconds_left <= 0:
        yield Finding("Square", "bad", what, "Run `bridge auth url` and follow it; nothing is lost meanwhile.")
    elif trouble or seconds_left < TOKEN_SHORT:
        yield Finding(
            "Square", "warn", what, "The daemon renews it by itself: see that it runs, or `bridge auth renew`."
        )
    else:
        yield Finding("Square", "ok", what)


def reachable_at(public_url: str | None) -> Iterator[Finding]:
    """The address under which both sides find the doorbells."""
    if not public_url:
        advice = "Set `web.public_url` to be told of changes within seconds; polling finds them later."
        yield Finding("web", "warn", "no public address: no webhook can reach this bridge", advice)
        return
    parts = urlsplit(public_url)
    if parts.hostname in _LOOPBACK:
        what = f"{public_url} can be reached from this machine only"
        yield Finding("web", "warn", what, "Right for trying things out; both services need a public https address.")
    elif parts.scheme != "https":
        yield Finding(
            "web", "bad", f"{public_url} is not https", "Square delivers to https only: put a proxy in front."
        )
    else:
        yield Finding("web", "ok", f"doorbells ring at {parts.hostname}")


def daemon_runs(words: str | None, where: str, *, taken: bool) -> Iterator[Finding]:
    """The daemon of this configuration. ``words`` is how it says it is, ``None`` when none answered at ``where``;
    ``taken``: something else listens there.
    """
    if words is not None:
        yield Finding("daemon", "ok", f"it runs: {words}")
    elif taken:
        what = f"something that is not this bridge listens at {where}"
        yield Finding("daemon", "bad", what, "Choose another port in `web.listen`: `bridge run` could not start.")
    else:
        advice = "Keep `bridge run` running, best as a service; without it only `bridge sync` moves anything."
        yield Finding("daemon", "warn", f"none runs (nobody answers at {where})", advice)


def may_manage_hooks(has_oauth: bool, has_app_token: bool) -> Iterator[Finding]:
    """Square lets only an application's own token manage webhooks, never one of a seller's login."""
    if has_oauth and not has_app_token:
        what = "a token from `bridge auth` may not register webhooks, and the application's own is not given"
        advice = (
            "Put the application's access token into `web.square_app_token`; until then polling finds changes there."
        )
        yield Finding("Square", "warn", what, advice)


def hooked(side: str, standing: Sequence[Hook], public_url: str) -> Iterator[Finding]:
    """Our own webhooks of one side: there, and switched on."""
    mine = ours(standing, public_url)
    off = [hook for hook in mine if not hook.active]
    area = {"woo": "shop", "square": "Square"}[side]
    if not mine:
        what = "none of its webhooks rings at this bridge"
        yield Finding(area, "warn", what, "The daemon registers them by itself; at once: bridge webhooks register")
    elif off:
        what = f"{len(off)} of our {len(mine)} webhooks are switched off"
        yield Finding(area, "warn", what, "The daemon mends them by itself; at once: bridge webhooks repair")
    else:
        yield Finding(area, "ok", f"our {len(mine)} webhooks are on")
