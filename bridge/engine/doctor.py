"""The doctor's checks of the shop and of Square: each looks at one thing, by reading, and says what to do about it.

A check gives findings and raises nothing but ``RemoteDown``, ``AccessRefused`` and ``RemoteRefused``, which
``examine`` turns into findings too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from bridge.clock import Clock
from bridge.domain.times import parse_time
from bridge.engine.currency import foreign_stores, minor_digits, read_shop_money, unknown_stores
from bridge.engine.settings import Settings
from bridge.errors import AccessRefused, BridgeError, RemoteDown
from bridge.remotes.calls import Caller
from bridge.remotes.port import Call, Done, Refused, SquareStore

Level = Literal["ok", "warn", "bad"]
SCOPES = {
    "ITEMS_READ": "read products",
    "ITEMS_WRITE": "write products",
    "INVENTORY_READ": "read stock",
    "INVENTORY_WRITE": "write stock",
    "MERCHANT_PROFILE_READ": "read the stores",
    "ORDERS_READ": "read orders",
}
WANTED_SCOPES = {"ORDERS_WRITE": "mirror online orders", "PAYMENTS_WRITE": "mark mirrored orders as paid"}
OLDEST_WOO = (7, 0)
"""What the bridge relies on was recorded on 9.9; versions older than this were never looked at."""
RIVAL = "woocommerce-square/"
SKEW_WARN, SKEW_BAD = 30.0, 840.0
"""Seconds; over plain http the shop refuses signatures that are more than 15 minutes off."""
EXPIRES_SOON = timedelta(days=7)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: where, how it is, what was seen, and what to do ("" when nothing)."""

    area: str
    level: Level
    what: str
    advice: str = ""


Check = Callable[[], Iterable[Finding]]


def examine(area: str, checks: Sequence[Check]) -> tuple[list[Finding], bool]:
    """Run checks in order; whether the side was down. A side that is down or refuses the key is asked no further."""
    found: list[Finding] = []
    for check in checks:
        try:
            found += check()
        except (RemoteDown, AccessRefused) as problem:
            found.append(Finding(area, "bad", str(problem), problem.advice))
            return found, isinstance(problem, RemoteDown)
        except BridgeError as problem:
            found.append(Finding(area, "bad", str(problem), problem.advice))
    return found, False


# -- the shop -------------------------------------------------------------------------


class ShopDoctor:
    """The checks of the shop at ``url`` through ``caller``."""

    area = "shop"

    def __init__(self, caller: Caller, url: str, clock: Clock) -> None:
        self._caller, self._url, self._clock = caller, url, clock

    def checks(self) -> list[Check]:
        """All of them, the ones without which the others make no sense first."""
        return [self.reading, self.writing, self.address, self.time, self.status, self.money, self.listings, self.bells]

    def ok(self, what: str) -> Finding:
        """All is well with this."""
        return Finding(self.area, "ok", what)

    def reading(self) -> Iterator[Finding]:
        """The key reads products: so WordPress answers, permalinks are pretty, and the key is known."""
        _, headers = self._caller.read_page(Call("GET", "wc/v3/products", (("per_page", "1"), ("_fields", "id"))))
        yield self.ok(f"the key reads products ({headers.get('x-wp-total', '?')} there); permalinks are pretty")

    def writing(self) -> Iterator[Finding]:
        """An empty batch changes nothing, but a key that may only read is refused."""
        outcome = self._caller.write(Call("POST", "wc/v3/products/batch", body={"update": []}))
        if isinstance(outcome, Done):
            yield self.ok("the key may write")
        elif isinstance(outcome, Refused) and outcome.access:
            advice = "Make a key with permission “Read/Write” under WooCommerce › Settings › Advanced › REST API."
            yield Finding(self.area, "bad", f"the key may not write: {outcome.message}", advice)
        else:
            reason = outcome.message if isinstance(outcome, Refused) else outcome.reason
            yield Finding(self.area, "warn", f"writing could not be tried: {reason}", "Run the doctor again.")

    def address(self) -> Iterator[Finding]:
        """https hides the data; over http keys are only signed."""
        parts = urlsplit(self._url)
        if parts.scheme == "https":
            yield self.ok("https")
        elif parts.hostname in _LOOPBACK:
            yield self.ok("http on this machine; calls are signed (OAuth 1.0a)")
        else:
            advice = "Give the shop a certificate and write https:// in `woo.url`."
            yield Finding(self.area, "warn", "plain http: calls are signed, but everybody can read them", advice)

    def time(self) -> Iterator[Finding]:
        """Clocks that differ shift every “changed since”."""
        yield from skew(self.area, self._caller.clock_skew(), signed=self._url.startswith("http:"))

    def status(self) -> Iterator[Finding]:
        """Versions and plugins, where the key may see them."""
        outcome, _ = self._caller.ask(Call("GET", "wc/v3/system_status"))
        if not isinstance(outcome, Done):
            advice = "Make the key as an administrator, so that the doctor sees versions and plugins."
            yield Finding(self.area, "warn", "the key may not see the system status", advice)
            return
        body: dict[str, Any] = outcome.answer
        environment = body.get("environment") or {}
        yield from self._versions(str(environment.get("version", "")), str(environment.get("wp_version", "")))
        yield from self._plugins(body.get("active_plugins") or [])
        if environment.get("wp_cron") is False:
            advice = "Without it the shop sends webhooks late or never; set up a system cron for wp-cron.php."
            yield Finding(self.area, "warn", "WP-Cron is switched off", advice)

    def _versions(self, woo: str, wordpress: str) -> Iterator[Finding]:
        what = f"WooCommerce {woo}, WordPress {wordpress}"
        if _numbers(woo) < OLDEST_WOO:
            yield Finding(self.area, "warn", f"{what}: older than what was tried", "Update WooCommerce.")
        else:
            yield self.ok(what)

    def _plugins(self, plugins: Iterable[dict[str, Any]]) -> Iterator[Finding]:
        rivals = [one for one in plugins if str(one.get("plugin", "")).startswith(RIVAL)]
        if rivals:
            what = f"the official Square plugin is active ({rivals[0].get('version', '')})"
            advice = (
                "It may stay for payments, but switch its product and inventory sync off: two programs on one stock "
                "number undo each other."
            )
            yield Finding(self.area, "warn", what, advice)
        else:
            yield self.ok("no other Square sync is active")

    def money(self) -> Iterator[Finding]:
        """Decimals beyond the currency's own cannot go to Square."""
        money = read_shop_money(self._caller)
        digits = minor_digits(money.currency)
        what = f"{money.currency}, {money.decimals} decimals"
        if money.decimals == digits:
            yield self.ok(what)
        else:
            advice = f"Square counts {money.currency} with {digits} decimals; prices are rounded to that."
            yield Finding(self.area, "warn", what, advice)

    def listings(self) -> Iterator[Finding]:
        """The shop-wide listings that make reading fast."""
        missing = []
        for path in ("wc-analytics/variations", "wc-analytics/reports/stock"):
            outcome, _ = self._caller.ask(Call("GET", path, (("per_page", "1"),)))
            if not isinstance(outcome, Done):
                missing.append(path)
        if missing:
            advice = "Everything works without, only slower: one call per product with variations."
            yield Finding(self.area, "warn", f"not offered to this key: {', '.join(missing)}", advice)
        else:
            yield self.ok("shop-wide listings of variations and stock are offered")

    def bells(self) -> Iterator[Finding]:
        """Webhooks are doorbells: without them changes are found by the timetable alone."""
        outcome, _ = self._caller.ask(Call("GET", "wc/v3/webhooks", (("per_page", "100"),)))
        if not isinstance(outcome, Done):
            yield Finding(self.area, "warn", "the key may not see the webhooks", "Make the key as an administrator.")
            return
        hooks: list[dict[str, Any]] = outcome.answer
        yield from bells(self.area, [str(one.get("status", "")) == "active" for one in hooks])


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int(part) for part in parts if part.isdigit())


# -- Square ---------------------------------------------------------------------------


class SquareDoctor:
    """The checks of the Square account through ``caller``; ``stores`` lists its locations."""

    area = "Square"

    def __init__(
        self, caller: Caller, stores: Callable[[], list[SquareStore]], settings: Settings, clock: Clock, version: str
    ) -> None:
        self._caller, self._read_stores, self._settings, self._clock = caller, stores, settings, clock
        self._version = version
        self.stores: list[SquareStore] = []

    def checks(self) -> list[Check]:
        """All of them, the ones without which the others make no sense first."""
        return [self.token, self.locations, self.time, self.bells]

    def ok(self, what: str) -> Finding:
        """All is well with this."""
        return Finding(self.area, "ok", what)

    def token(self) -> Iterator[Finding]:
        """What the token may do, and for how long."""
        status: dict[str, Any] = self._caller.read(Call("POST", "oauth2/token/status"))
        held = set(status.get("scopes") or ())
        missing = [scope for scope in SCOPES if scope not in held]
        if missing:
            may_not = ", ".join(f"{SCOPES[scope]} ({scope})" for scope in missing)
            yield Finding(
                self.area, "bad", f"the token may not {may_not}", "Grant these permissions and connect again."
            )
        else:
            yield self.ok(f"the token works and may do all that is needed; version {self._version}")
        unwanted = [f"{why} ({scope})" for scope, why in WANTED_SCOPES.items() if scope not in held]
        mirrors = self._settings.orders_mode != "stock"
        if unwanted:
            advice = f"Needed for `orders.mode: {self._settings.orders_mode}`: grant these permissions, connect again."
            advice = advice if mirrors else "Only needed when `orders.mode` is not `stock`."
            what = f"the token may not {', '.join(unwanted)}"
            yield Finding(self.area, "bad" if mirrors else "warn", what, advice)
        if mirrors:
            what = f"`orders.mode` is {self._settings.orders_mode}: Square may take a fee on each order made there"
            yield self.ok(f"{what} (1 % by its guide)")
        yield from self._end(str(status.get("expires_at") or ""))

    def _end(self, expires_at: str) -> Iterator[Finding]:
        if not expires_at:
            yield self.ok("the token does not expire")
            return
        left = parse_time(expires_at) - self._clock.now()
        what = f"the token expires on {expires_at[:10]}"
        if left < EXPIRES_SOON:
            yield Finding(self.area, "warn", what, "Renew it before that day; nothing can be synced afterwards.")
        else:
            yield self.ok(what)

    def locations(self) -> Iterator[Finding]:
        """The stores there are, and whether the configuration names them rightly."""
        self.stores = self._read_stores()
        active = [one for one in self.stores if one.active]
        names = ", ".join(f"{one.name} ({one.store_id})" for one in active)
        if active:
            yield self.ok(f"{len(active)} active stores: {names}")
        else:
            yield Finding(self.area, "bad", "no store is active", "Activate a location in the Square Dashboard.")
        yield from self._mapping(names)

    def _mapping(self, names: str) -> Iterator[Finding]:
        chosen = [one.store_id for one in self._settings.stores]
        for store_id in unknown_stores(self.stores, chosen):
            yield Finding(
                self.area, "bad", f"`stores` names {store_id}, which Square does not have", f"It has: {names}"
            )
        asleep = {one.store_id: one.name for one in self.stores if not one.active}
        for store_id in chosen:
            if store_id in asleep:
                what = f"`stores` names {asleep[store_id]} ({store_id}), which is not active"
                yield Finding(self.area, "warn", what, "Take it out of the configuration, or activate it at Square.")
        if chosen and not any(one.online for one in self._settings.stores):
            yield Finding(self.area, "bad", "no store sells online", "Set `online: true` for at least one of `stores`.")
        edits = self._settings.staff_edit_store
        if edits and edits in unknown_stores(self.stores, [edits]):
            yield Finding(self.area, "bad", f"`stock.staff_edit_store` is {edits}, which Square does not have", names)

    def time(self) -> Iterator[Finding]:
        """Clocks that differ shift every “changed since”."""
        yield from skew(self.area, self._caller.clock_skew(), signed=False)

    def bells(self) -> Iterator[Finding]:
        """Webhook subscriptions, where the token may see them."""
        outcome, _ = self._caller.ask(Call("GET", "v2/webhooks/subscriptions", (("include_disabled", "true"),)))
        if not isinstance(outcome, Done):
            what = "this token may not see the webhook subscriptions"
            yield Finding(self.area, "warn", what, "They belong to the application: its own token sees them.")
            return
        found: list[dict[str, Any]] = outcome.answer.get("subscriptions") or []
        yield from bells(self.area, [bool(one.get("enabled")) for one in found])


# -- both -----------------------------------------------------------------------------


def skew(area: str, seconds: float, *, signed: bool) -> Iterator[Finding]:
    """How far the side's clock is from this machine's."""
    off = f"the clocks differ by {abs(seconds):.0f} seconds"
    if abs(seconds) >= SKEW_BAD and signed:
        yield Finding(area, "bad", f"{off}: signed calls are refused", "Set the clock of this machine or of the shop.")
    elif abs(seconds) >= SKEW_WARN:
        yield Finding(area, "warn", off, "Let both machines set their clocks by NTP.")
    else:
        yield Finding(area, "ok", "the clocks agree")


def bells(area: str, alive: Sequence[bool]) -> Iterator[Finding]:
    """Webhooks that are there, and whether each still rings."""
    if not alive:
        what = "no webhook: changes are found by the timetable only"
        yield Finding(area, "warn", what, "Nothing is lost by that, only later; webhooks make it a matter of seconds.")
    elif not all(alive):
        advice = "It was switched off after too many failed deliveries, or by hand. Switch it on again."
        yield Finding(area, "warn", f"{alive.count(False)} of {len(alive)} webhooks are switched off", advice)
    else:
        yield Finding(area, "ok", f"{len(alive)} webhooks are on")


def one_currency(shop: Caller, stores: Sequence[SquareStore], settings: Settings) -> Iterator[Finding]:
    """The same currency everywhere: prices are never converted."""
    currency = read_shop_money(shop).currency
    foreign = foreign_stores(currency, stores, [one.store_id for one in settings.stores])
    if foreign:
        where = ", ".join(f"{one.name} in {one.currency}" for one in foreign)
        advice = "Both must use one currency: prices are never converted. No run will write."
        yield Finding("currency", "bad", f"the shop sells in {currency}, at Square {where}", advice)
    else:
        yield Finding("currency", "ok", f"{currency} on both sides")
