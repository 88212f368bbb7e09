"""One life of a small business: people trade and edit on both sides, everything goes wrong, a bridge keeps step.

What is right is judged from the simulators' journals and state alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bridge.engine.settings import Settings
from bridge.errors import BridgeError
from bridge.ledger import cursors, decisions, inbox, rewind
from bridge.ledger.database import Database
from bridge.ledger.decisions import open_ones
from bridge.sim import proof
from tests.machine.people import People
from tests.world import TEST_SETTINGS, World

WIRE = (
    "timeout_applied",
    "timeout_not_applied",
    "reset_applied",
    "reset_not_applied",
    "rate_limited",
    "server_error",
    "server_error_applied",
    "html_200",
    "html_200_applied",
    "html_503",
    "truncated_json",
    "empty_200",
)
# a stale number that hides an edit by hand, with an order inside the very write decided on it, has two explanations
# that nothing read afterwards can tell apart (docs/why): stale numbers of the shop have scenarios of their own
WOO_OWN = ("php_fatal_json",)
SQUARE_OWN = ("stale_read", "empty_page_with_cursor", "expired_cursor", "version_mismatch", "catalog_partly_applied")


class Crash(BaseException):
    """The bridge's process ended here; not an ``Exception``, so nothing in the engine can swallow it."""


class Interrupted:
    """A transport that may end the process before or after a call."""

    def __init__(self, inner: Any, life: Life) -> None:
        self._inner, self._life = inner, life

    def send(self, call: Any) -> Any:
        self._life.effect()
        reply = self._inner.send(call)
        self._life.effect()
        return reply


class Life(People):
    """A world with two or three products and the people in it."""

    def __init__(
        self,
        seed: int,
        *,
        products: int = 2,
        stock: tuple[int, ...] = (5, 3, 8),
        settings: Settings = TEST_SETTINGS,
    ) -> None:
        super().__init__()
        self.world = World(seed=seed, settings=settings)
        self.world.wrap = lambda transport, _: Interrupted(transport, self)
        self.crash_in = -1
        self.crashes = 0
        self.passes = 0
        self.backup: Database | None = None
        self.restored = 0
        self.ids = [self.world.simple(f"SKU-{n}", stock[n % len(stock)], price=f"{10 + n}.00") for n in range(products)]
        self._start()

    def _start(self) -> None:
        world = self.world
        world.restart()
        world.sync(full=True)
        self.pairs = [proof.Pair(str(one), world.twin(one)) for one in self.ids]
        self.opening = proof.take_opening(world.woo, world.square, self.pairs)
        world.db.before_commit = self.effect
        world.db.after_commit = self.effect

    # -- the bridge ---------------------------------------------------------------------
    def effect(self) -> None:
        """A point where the process may end."""
        if self.crash_in > 0:
            self.crash_in -= 1
            if self.crash_in == 0:
                self.crash_in = -1
                raise Crash

    def sync(self, full: bool = False) -> None:
        """One pass; a crash restarts the bridge, a side that is down is tried again next time."""
        self.passes += 1
        try:
            self.world.sync(full=full)
        except Crash:
            self.crashes += 1
            self.world.restart()
        except BridgeError:
            self.refused += 1

    def arm_crash(self, after: int) -> None:
        """End the process at the n-th effect from now."""
        self.crash_in = 1 + after

    # -- what goes wrong ----------------------------------------------------------------
    def fault(self, side: int, kind: int, skip: int, writes_only: bool) -> None:
        service = (self.world.woo, self.world.square)[side % 2]
        names = WIRE + (WOO_OWN, SQUARE_OWN)[side % 2]
        name = names[kind % len(names)]
        reads = name in ("stale_read", "empty_page_with_cursor", "expired_cursor")
        service.faults.add(name, skip=skip, method="POST|PUT" if writes_only and not reads else ".*")

    def buy_during_write(self, product: int, quantity: int) -> None:
        """A shopper buys inside the bridge's next read-modify-write of a stock number."""
        self.world.woo.between.append(lambda: self.buy(product, quantity))

    def skew(self, minutes: int) -> None:
        """The clock of the bridge's own machine goes wrong by some minutes, or is put right."""
        self.world.clock.wrong_by = timedelta(minutes=minutes)

    def lock_out(self, side: int) -> None:
        """The key or token stops working until somebody puts it right (in ``calm``, or the next time)."""
        if side % 2:
            token = next(iter(self.world.square.state.tokens.values()))
            token.revoked = not token.revoked
        else:
            key = next(iter(self.world.woo.state.keys.values()))
            key.permissions = "read" if key.permissions == "read_write" else "read_write"

    def ring(self, side: int, product: int, times: int) -> None:
        """Webhooks come, in any number and order, about anything: they only say *look*."""
        shop, till = (
            ("product.updated", "order.updated", "product.deleted"),
            ("inventory.count.updated", "refund.created"),
        )
        armed, self.crash_in = self.crash_in, -1  # the doorbell is a process of its own
        with self.world.db.transaction() as conn:
            for n in range(times):
                topic = till[(product + n) % 2] if side % 2 else shop[(product + n) % 3]
                inbox.store(
                    conn, side=("woo", "square")[side % 2], topic=topic, dedupe=f"{topic}:{product}:{n % 2}",
                    object_id=str(self._woo(product)), body="{}", now=self.world.bridge.now(),
                )  # fmt: skip
        self.crash_in = armed

    def trash_product(self, product: int) -> None:
        """The shop's staff put a product into the trash, or take it out again."""
        one = self._woo(product)
        trashed = self.world.woo.state.items[one].status == "trash"
        self._people(lambda: self.world.woo.acts["staff_untrash" if trashed else "staff_trash"](one))

    def wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    def back_up(self) -> None:
        """Keep a copy of the ledger, as a nightly backup does."""
        self.backup = self.world.db.copy_aside()

    def put_back(self, noticed: bool) -> None:
        """Put the kept copy in the ledger's place, with or without telling the bridge.

        Calm passes run before and after it: what a person types into the shop while the bridge has forgotten what the
        number was cannot be told from what it forgot, and is asked (I13); that is a scenario of its own.
        """
        if self.backup is None:
            return
        self._put_right()
        self.world.clock.advance(60)
        self.sync()
        self.world.clock.advance(60)
        self.sync()
        self.world.db = self.backup.copy_aside()
        self.world.db.before_commit = self.world.db.after_commit = self.effect
        if noticed:
            rewind.mark_restored(self.world.db, "a test put an old copy back")
        self.world.bridge = self.world.make_bridge()
        self.restored += 1
        for _ in range(2):
            self.world.clock.advance(60)
            self.sync(full=True)

    # -- ends ---------------------------------------------------------------------------
    def calm(self) -> None:
        """Nobody trades and nothing fails any more: two passes must be enough, once what was unanswered is old."""
        world = self.world
        self._put_right()
        world.clock.advance(600)
        for _ in range(2):
            world.sync(full=True)
            world.clock.advance(400)
        if self.restored and self._answer_openings():
            world.sync(full=True)
            world.clock.advance(400)

    def _put_right(self) -> None:
        """Nothing fails any more, keys and tokens work, nothing is in the trash."""
        world = self.world
        world.woo.faults.clear()
        world.square.faults.clear()
        world.woo.between.clear()
        self.crash_in = -1
        for token in world.square.state.tokens.values():
            token.revoked = False
        for key in world.woo.state.keys.values():
            key.permissions = "read_write"
        for product, one in enumerate(self.ids):
            if world.woo.state.items[one].status == "trash":
                self.trash_product(product)

    def _answer_openings(self) -> int:
        """After a restored backup a person says whose number is true where the bridge could not know."""
        with self.world.db.transaction() as conn:
            asked = [row for row in open_ones(conn) if row.kind == "opening"]
            for row in asked:
                cursors.note_fact(conn, f"opening:{row.subject}", "square")
                decisions.close(conn, row.id, "square", now=self.world.bridge.now())
        return len(asked)

    def complaints(self) -> list[str]:
        """Everything that is not as it should be after calm."""
        world = self.world
        wrong = [*self._stock_complaints(), *self._order_complaints()]
        wrong += [f"doubled item {sku}" for sku in proof.doubled_items(world.square)]
        wrong += self._field_complaints()
        before = len(world.woo.journal), len(world.square.journal)
        calls = self._writes()
        report = world.sync(full=True)
        if report.writes or self._writes() != calls or before != (len(world.woo.journal), len(world.square.journal)):
            wrong.append(f"a pass over an unchanged world wrote: {report.counts}")
        if report.waiting:
            wrong.append(f"still in the outbox: {report.waiting}")
        return wrong

    def _stock_complaints(self) -> list[str]:
        world = self.world
        wrong = [f"stock {v}" for v in proof.judge(world.woo, world.square, self.opening) if not v.ok]
        return wrong + self._lost_and_doubled(proof.order_faults(world.woo, world.square, self.opening))

    def _lost_and_doubled(self, found: tuple[list[str], list[str]]) -> list[str]:
        # an order that went to the trash unseen, with its goods typed back in, leaves nothing to be told
        trashed = {f"order:{one.id}" for one in self.world.woo.state.orders.values() if one.status == "trash"}
        words = zip(("lost", "doubled"), found, strict=True)
        return [f"{word} {name}" for word, names in words for name in names if name not in trashed]

    def _order_complaints(self) -> list[str]:
        """What is wrong with orders beyond their stock; judged where orders matter at the tills."""
        return []

    def _writes(self) -> int:
        return sum(
            number
            for service in (self.world.woo, self.world.square)
            for name, number in service.calls.items()
            if name.startswith(("PUT", "DELETE"))
            or (
                name.startswith("POST")
                and name.endswith(("batch-create", "batch-upsert", "/batch", "products", "object"))
            )
        )

    def _field_complaints(self) -> list[str]:
        with self.world.db.reading() as conn:
            asked = {(row.pid, str((row.detail_json and row.subject) or "").split(":")[-1]) for row in open_ones(conn)}
        fields_asked = {field for _, field in asked}
        wrong = []
        for one, pair in zip(self.ids, self.pairs, strict=True):
            item = self.world.woo.state.items[one]
            row = self.world.square.state.catalog.item_of(pair.square_id)
            variation = self.world.square.state.catalog.live(pair.square_id)
            assert row is not None and variation is not None
            name = row["item_data"]["name"]
            cents = variation["item_variation_data"]["price_money"]["amount"]
            if item.name != name and "name" not in fields_asked:
                wrong.append(f"name {item.name!r} / {name!r}")
            if round(float(item.regular_price) * 100) != cents and "price" not in fields_asked:
                wrong.append(f"price {item.regular_price} / {cents}")
        return wrong
