"""Says what is wrong with a world, from the simulators' own journals; and small looks at what the bridge asks."""

from __future__ import annotations

from typing import Any

from bridge.engine.answers import resolve
from bridge.ledger import decisions, outbox
from bridge.sim.proof import Pair, doubled_items, judge, order_faults, take_opening
from tests.crash.life import square_skus, woo_skus
from tests.world import World


class Witness:
    """Remembers where a world in step stood. ``online`` are the stores that sell online (all when left out)."""

    def __init__(self, world: World, *, online: tuple[str, ...] | None = None, buffer: int = 0) -> None:
        self.world, self.online, self.buffer = world, online, buffer
        shop, square = woo_skus(world), square_skus(world)
        pairs = [Pair(str(shop[sku]), square[sku]) for sku in sorted(shop.keys() & square.keys())]
        self.opening = take_opening(world.woo, world.square, pairs)

    def faults(self) -> list[str]:
        """Everything wrong now; empty when both sides show the truth, each sale was carried once, nothing is open."""
        world = self.world
        verdicts = judge(world.woo, world.square, self.opening, online=self.online, buffer=self.buffer)
        lost, doubled = order_faults(world.woo, world.square, self.opening)
        return [
            *(str(one) for one in verdicts if not one.ok),
            *(f"lost: {one}" for one in lost),
            *(f"carried twice: {one}" for one in doubled),
            *(f"doubled at Square: {sku}" for sku in doubled_items(world.square)),
            *(f"left open: {action.kind} {action.state} {action.error}" for action in open_writes(world)),
        ]


def open_writes(world: World) -> list[outbox.Action]:
    """Writes whose end is not known, or that were refused."""
    with world.db.reading() as conn:
        return outbox.in_states(conn, (*outbox.OPEN, "refused"))


def questions(world: World, kind: str = "") -> list[Any]:
    """Open questions, all or of one kind."""
    with world.db.reading() as conn:
        return [row for row in decisions.open_ones(conn) if not kind or row.kind == kind]


def answer(world: World, kind: str, word: str) -> None:
    """A person answers every open question of a kind."""
    waiting = questions(world, kind)
    assert waiting, f"nobody asks about {kind}"
    for row in waiting:
        resolve(world.bridge, row.id, word)


def stock_reason(world: World, sku: str) -> tuple[str, str]:
    """(state, reason) of a variation's stock in the ledger."""
    with world.db.reading() as conn:
        row = conn.exec_driver_sql(
            "SELECT stock.state, stock.reason FROM stock JOIN variation USING (vid) WHERE variation.sku = ?", (sku,)
        ).one()
    return str(row[0]), str(row[1])
