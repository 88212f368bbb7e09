"""The composition root: makes a ``Bridge`` out of a configuration, and takes it apart again.

Nothing is connected before it is used: a command that only looks into the ledger needs no keys and no network.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from bridge.clock import Clock, SystemClock
from bridge.config.model import Config
from bridge.config.trade import span_of
from bridge.domain.brakes import Limits
from bridge.domain.hours import Span
from bridge.domain.order import StatusWords
from bridge.domain.rules import DEFAULT_OWNERS, FieldRules
from bridge.domain.stock import Buffers
from bridge.engine.context import Bridge
from bridge.engine.currency import check_currency
from bridge.engine.settings import CustomerSettings, PlaceSettings, Settings, StoreSetting
from bridge.errors import BridgeError, ConfigError, LedgerBusy
from bridge.ledger import lend
from bridge.ledger.database import MEMORY, Database
from bridge.ledger.lease import Lease
from bridge.remotes.ahead import read_ahead
from bridge.remotes.pace import Pace
from bridge.remotes.port import Call, NoReply, Reply, Transport
from bridge.report.logs import log

if TYPE_CHECKING:
    from bridge.remotes.pictures import PictureFetcher
    from bridge.remotes.square.client import SquareClient
    from bridge.remotes.woo.client import WooClient

LEASE_SECONDS = 60.0
RENEW_SECONDS = 15.0


def new_id() -> str:
    """Random text for keys, epochs and runs."""
    return str(uuid.uuid4())


def dice() -> float:
    """A random number from 0 to 1, for pauses that should not coincide."""
    return random.random()


# -- settings -------------------------------------------------------------------------


def settings_of(config: Config) -> Settings:
    """The retailer's choices in the engine's words; every key of the configuration that it knows is named here."""
    products, stock = config.products, config.stock
    return Settings(
        stores=tuple(StoreSetting(s.id, s.online, s.priority, s.pickup_place) for s in config.stores),
        stock_enabled=stock.enabled,
        products_enabled=products.enabled,
        opening=stock.opening,
        staff_edits=stock.staff_edits,
        staff_edit_store=stock.staff_edit_store or "",
        buffers=Buffers(
            default=stock.buffer.default,
            by_store={store.id: store.buffer for store in config.stores if store.buffer},
            by_category=dict(stock.buffer.by_category),
            by_sku=dict(stock.buffer.by_sku),
        ),
        owners=FieldRules(
            {**DEFAULT_OWNERS, **products.owners.chosen()},
            {category: owners.chosen() for category, owners in products.by_category.items()},
        ),
        create_in_square=products.create_in_square,
        create_in_woo=products.create_in_woo,
        options_mode=products.options,
        follow_hide=products.follow_hide,
        images=products.images,
        allocate=config.orders.allocate,
        may_split=config.orders.may_split,
        orders_mode=config.orders.mode,
        till=config.orders.till,
        till_sales_in_woo=config.orders.till_sales_in_woo,
        delivered_by=config.orders.delivered_by,
        status_words=StatusWords(**config.orders.statuses.model_dump()),
        limits=Limits(
            zero_share=config.brakes.zero_share,
            zero_at_least=config.brakes.zero_at_least,
            price_jump=config.brakes.price_jump,
            shrink_share=config.brakes.shrink_share,
        ),
        places={
            **{store.pickup_place: store.id for store in config.stores if store.pickup_place},
            **config.places.map,
        },
        pickup_lead_minutes=config.places.lead_minutes,
        pickup=place_settings(config),
        customers=CustomerSettings(config.customers.sync, config.customers.create_at_square, config.customers.country),
    )


def place_settings(config: Config) -> PlaceSettings:
    """Pickup places in the engine's words."""
    holidays: dict[str, dict[date, tuple[Span, ...]]] = {}
    for holiday in config.places.holidays:
        spans = tuple(Span(*span_of(text)) for text in holiday.open)
        for store_id in holiday.stores or ("",):
            holidays.setdefault(store_id, {})[holiday.day] = spans
    return PlaceSettings(config.places.sync, config.places.transfer_hours, holidays)


# -- the two sides --------------------------------------------------------------------


class _Closing(Protocol):
    def send(self, call: Call) -> Reply: ...
    def close(self) -> None: ...


class LazyTransport:
    """A transport made at its first call, so that keys are read and libraries loaded only when they are needed."""

    def __init__(self, side: str, make: Callable[[], _Closing], clock: Clock) -> None:
        self._side, self._make, self._clock = side, make, clock
        self._made: _Closing | None = None
        self._making = threading.Lock()

    def send(self, call: Call) -> Reply:
        """Send once, and note it in the log (at level debug; without query and body, which may be anybody's data)."""
        with self._making:
            if self._made is None:
                self._made = self._make()
        began = self._clock.monotonic()
        try:
            reply = self._made.send(call)
        except NoReply as lost:
            log("calls").info("no reply", side=self._side, method=call.method, path=call.path, reason=str(lost))
            raise
        took = round((self._clock.monotonic() - began) * 1000)
        log("calls").debug(
            "call", side=self._side, method=call.method, path=call.path, status=reply.status, milliseconds=took
        )
        return reply

    def close(self) -> None:
        """Close what was opened."""
        if self._made is not None:
            self._made.close()


def woo_transport(config: Config, clock: Clock) -> LazyTransport:
    """The way to the shop."""

    def make() -> _Closing:
        from bridge.remotes.woo.transport import RequestsTransport

        woo = config.woo
        return RequestsTransport(
            woo.url,
            woo.key.reveal(),
            woo.secret.reveal(),
            ca_file=str(woo.ca_file) if woo.ca_file else None,
            timeout=woo.timeout,
            clock=clock,
        )

    return LazyTransport("woo", make, clock)


def admin_transport(config: Config, clock: Clock) -> LazyTransport | None:
    """The way to WordPress's own settings (pickup places), ``None`` without an application password."""
    user, password = config.woo.app_user, config.woo.app_password
    if user is None or password is None:
        return None

    def make() -> _Closing:
        from bridge.remotes.woo.transport import RequestsTransport

        woo = config.woo
        if not woo.url.startswith("https://"):
            raise ConfigError("`woo.app_password` is sent over https only.", advice="Give `woo.url` with https://.")
        ca_file = str(woo.ca_file) if woo.ca_file else None
        return RequestsTransport(woo.url, user, password.reveal(), ca_file=ca_file, timeout=woo.timeout, clock=clock)

    return LazyTransport("woo", make, clock)


def square_transport(config: Config, clock: Clock) -> LazyTransport:
    """The way to Square; the token is read anew for each call, so that it can be replaced while running."""

    def make() -> _Closing:
        from bridge.remotes.square.transport import SdkTransport

        square = config.square
        square.access_token()  # a missing token is a matter of the configuration, not of the first call
        return SdkTransport(square.access_token, square.address, version=square.version, timeout=square.timeout)

    return LazyTransport("square", make, clock)


@dataclass(frozen=True, slots=True)
class Sides:
    """Both clients over lazy transports, and the clock they wait by."""

    woo: WooClient
    square: SquareClient
    clock: Clock


@contextmanager
def open_sides(
    config: Config,
    clock: Clock | None = None,
    *,
    attempts: int = 4,
    wrap: Callable[[Transport, str], Transport] = lambda transport, _: transport,
) -> Iterator[Sides]:
    """Both sides, paced as configured; ``attempts`` is how often a read is tried before its side counts as down.

    ``wrap`` puts something around each side's transport (the daemon's circuit breaker).
    """
    from bridge.remotes.square.client import SquareClient
    from bridge.remotes.woo.client import WooClient

    clock = clock or SystemClock()
    with ExitStack() as stack:
        woo, square = woo_transport(config, clock), square_transport(config, clock)
        admin = admin_transport(config, clock)
        stack.callback(woo.close)
        stack.callback(square.close)
        if admin is not None:
            stack.callback(admin.close)
        yield Sides(
            WooClient(
                wrap(_as_port(woo), "woo"),
                clock=clock,
                pace=Pace(clock, rate=config.pace.woo_per_second),
                batch_size=config.woo.batch_size,
                attempts=attempts,
                admin=wrap(_as_port(admin), "woo") if admin is not None else None,
            ),
            SquareClient(
                wrap(_as_port(square), "square"),
                clock=clock,
                pace=Pace(clock, rate=config.pace.square_per_second),
                version=config.square.version,
                attempts=attempts,
            ),
            clock,
        )


def _as_port(transport: LazyTransport) -> Transport:
    return transport


def _picture_fetch(config: Config, clock: Clock, stack: ExitStack) -> Callable[[str], tuple[bytes, str] | None]:
    """``fetch`` for the engine; made at the first picture."""
    made: list[PictureFetcher] = []

    def fetch(url: str) -> tuple[bytes, str] | None:
        if not made:
            from bridge.remotes.pictures import PictureFetcher

            ca_file = str(config.woo.ca_file) if config.woo.ca_file else None
            made.append(PictureFetcher(ca_file=ca_file, timeout=config.woo.timeout, clock=clock))
            stack.callback(made[0].close)
        return made[0].fetch(url)

    return fetch


# -- the ledger -----------------------------------------------------------------------


def open_ledger(config: Config, clock: Clock, *, write: bool) -> Database:
    """The ledger; for reading only, a missing one is an empty one in memory, and none is made or upgraded."""
    path = config.ledger.path
    if write:
        return Database.open(path, clock=clock, ids=new_id)
    if not path.exists():
        return Database.open(MEMORY, clock=clock, ids=new_id)
    return Database.open(path, clock=clock, ids=new_id, migrate=False)


@contextmanager
def held_lease(db: Database, owner: str, clock: Clock) -> Iterator[Lease]:
    """Hold the right to write (I17), renewed beside the work; every commit of the ledger asks whether it still holds.

    A command asks a daemon to lend it the ledger between two passes. Raises ``LedgerBusy`` with the holder's name
    while another bridge works on this ledger.
    """
    lease = Lease(db, owner, clock, LEASE_SECONDS)
    try:
        lease.acquire()
    except LedgerBusy:
        if owner == lend.LENDER or not lend.lent_by_daemon(db):
            raise
        lend.borrow(db, lease, owner, clock)
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(lease, done), name="lease", daemon=True)
    before = db.before_commit
    db.before_commit = lease.check
    try:
        keeper.start()
        yield lease
    finally:
        done.set()
        keeper.join()
        db.before_commit = before
        lease.release()


def _keep(lease: Lease, done: threading.Event) -> None:
    while not done.wait(RENEW_SECONDS):
        try:
            lease.renew()
        except BridgeError as problem:
            # a lost lease is told by the next commit; a busy ledger is tried again while the lease still lasts
            log("lease").warning("not renewed", reason=str(problem))


# -- the whole ------------------------------------------------------------------------


@contextmanager
def open_bridge(
    config: Config, *, writes_as: str = "", remotes: bool = True, clock: Clock | None = None
) -> Iterator[Bridge]:
    """The bridge of a configuration.

    ``writes_as`` is the word under which the ledger is held ("sync", "daemon"); "" only reads it. With ``remotes``
    both sides are asked for their currency first (at most once a day); without, neither is called. Raises
    ``ConfigError`` (currencies, stores), ``LedgerBusy``, ``LedgerError``, ``RemoteDown``, ``AccessRefused``.
    """
    clock = clock or SystemClock()
    with ExitStack() as stack:
        db = stack.enter_context(open_ledger(config, clock, write=bool(writes_as)))
        if writes_as:
            stack.enter_context(held_lease(db, writes_as, clock))
        sides = stack.enter_context(open_sides(config, clock))
        bridge = Bridge(
            db=db,
            woo=sides.woo,
            square=sides.square,
            clock=clock,
            settings=settings_of(config),
            ids=new_id,
            fetch=_picture_fetch(config, clock, stack),
            ahead=read_ahead,
        )
        if remotes:
            check_currency(bridge, sides.woo.caller, remember=bool(writes_as))
            sides.woo.decimals = bridge.settings.decimals
        yield bridge
