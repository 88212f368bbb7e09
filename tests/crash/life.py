"""One life of a bridge: people act, passes run and may die, the bridge is started again, and a judge looks at the end.

The judge believes the simulators alone: their journals, their items, their products. The ledger is asked for one
thing only, that nothing is left open in its outbox.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from bridge.ledger import outbox
from bridge.ledger.database import MEMORY
from bridge.sim.proof import Opening, Pair, doubled_items, judge, order_faults
from tests.crash.points import Crash, Points, start_again, watch
from tests.world import World

People = Callable[[World], None]


class Build(Protocol):
    """Makes a world on a ledger of its own: in memory, or the file of that name."""

    def __call__(self, ledger: str = MEMORY) -> World: ...


CALM_PASSES = 1
MOST_STARTS = 6


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story: ``build`` makes the world as it stands, then people act and after each act a pass runs.

    ``full`` says whether those passes read everything. ``truth`` gives stock numbers by SKU where the world's own
    at the start are not the answer (two sides that differ). ``check`` says what else must be so in the end.
    """

    name: str
    build: Build
    acts: tuple[People, ...] = (lambda _: None,)
    full: bool = False
    truth: Mapping[str, int] = field(default_factory=dict)
    check: Callable[[World], None] = lambda _: None
    opens: bool = False
    """Stock is opened within the life: orders before that are in the opening count, and are not carried."""


@dataclass(slots=True)
class Life:
    """What happened in one life."""

    world: World
    points: Points
    faults: list[str]


def live(
    scenario: Scenario,
    crash_at: Collection[int] = (),
    *,
    world: World | None = None,
    unanswered: int = -1,
    while_down: People | None = None,
) -> Life:
    """Play a scenario with crashes at these points; ``faults`` of the result are what the judge found."""
    world = world or scenario.build()
    points = Points(crash_at, unanswered=unanswered)
    watch(world, points)
    start = _start(world, scenario)
    for act in scenario.acts:
        act(world)
        _pass(world, points, full=scenario.full, while_down=while_down)
    return Life(world, points, settle(world, points, scenario, start))


def _pass(world: World, points: Points, *, full: bool, while_down: People | None) -> None:
    """A pass, and after a crash another one, until one comes to its end."""
    points.armed = True
    for _ in range(MOST_STARTS):
        try:
            world.sync(full=full)
            break
        except Crash:
            if while_down is not None:
                while_down(world)
            start_again(world, points)
    else:
        raise AssertionError(f"died {MOST_STARTS} times in one pass")
    points.armed = False


@dataclass(frozen=True, slots=True)
class Start:
    """Where the world stood before the bridge came to life: stock by SKU, and how far the journals were."""

    stock: Mapping[str, Decimal]
    woo_seq: int
    square_seq: int


def _start(world: World, scenario: Scenario) -> Start:
    stock: dict[str, Decimal] = {}
    for sku, square_id in square_skus(world).items():
        stock[sku] = world.on_hand(square_id)
    for sku, woo_id in woo_skus(world).items():
        number = world.woo_stock(woo_id)
        if number is not None:
            stock[sku] = Decimal(number)
    stock |= {sku.lower(): Decimal(number) for sku, number in scenario.truth.items()}
    return Start(stock, len(world.woo.journal), len(world.square.journal))


def settle(world: World, points: Points, scenario: Scenario, start: Start) -> list[str]:
    """Let calm passes run, then judge; the faults in words (none is right)."""
    for _ in range(CALM_PASSES):
        world.clock.advance(60)
        world.sync(full=True)
    before = len(points.writes)
    marks = len(world.woo.journal), len(world.square.journal), world.square.state.catalog.version
    world.clock.advance(60)
    report = world.sync(full=True)
    faults = [f"a further pass wrote: {name}" for name in points.writes[before:]]
    if report.writes:
        faults.append(f"a further pass says it wrote {report.writes}")
    if marks != (len(world.woo.journal), len(world.square.journal), world.square.state.catalog.version):
        faults.append("a further pass changed something")
    faults += _outbox_faults(world) + _doubles(world) + _missing(world) + _stock_faults(world, scenario, start)
    try:
        scenario.check(world)
    except AssertionError as wrong:
        faults.append(f"check: {wrong}")
    return faults


def _outbox_faults(world: World) -> list[str]:
    with world.db.reading() as conn:
        left = outbox.in_states(conn, (*outbox.OPEN, "refused"))
    return [f"open in the outbox: {a.side} {a.kind} {a.state} {a.error}" for a in left]


def _missing(world: World) -> list[str]:
    shop, square = woo_skus(world), square_skus(world)
    return [f"{sku} stands on one side only" for sku in sorted(shop.keys() ^ square.keys())]


def woo_skus(world: World) -> dict[str, int]:
    """SKU → id of everything live in the shop that holds one."""
    items = world.woo.state.items.values()
    return {item.sku.lower(): item.id for item in items if item.sku and item.status != "trash"}


def square_skus(world: World) -> dict[str, str]:
    """SKU → id of every live Square variation that holds one."""
    catalog, found = world.square.state.catalog, {}
    for variation_id in catalog.live_ids("ITEM_VARIATION"):
        row = catalog.live(variation_id) or {}
        sku = str(row.get("item_variation_data", {}).get("sku", "")).lower()
        if sku:
            found[sku] = variation_id
    return found


def _names(world: World) -> dict[str, Counter[str]]:
    """Names that must stand only once, by what they name."""
    catalog, state = world.square.state.catalog, world.woo.state
    of_square = {
        kind: Counter(str((catalog.live(i) or {}).get(f"{kind.lower()}_data", {}).get("name")) for i in ids)
        for kind in ("ITEM", "CATEGORY", "IMAGE")
        if (ids := list(catalog.live_ids(kind)))
    }
    products = [item for item in state.items.values() if not item.is_variation and item.status != "trash"]
    terms = Counter(f"{term.parent}/{term.name}" for term in state.categories.values())
    return {**of_square, "product": Counter(item.name for item in products), "shop category": terms}


def _doubles(world: World) -> list[str]:
    faults = [f"Square holds {sku} {times} times" for sku, times in doubled_items(world.square).items()]
    for kind, names in _names(world).items():
        faults += [f"{kind} {name!r} stands {times} times" for name, times in names.items() if times > 1]
    held = Counter(i.sku.lower() for i in world.woo.state.items.values() if i.sku and i.status != "trash")
    return faults + [f"the shop holds {sku} {times} times" for sku, times in held.items() if times > 1]


def _stock_faults(world: World, scenario: Scenario, start: Start) -> list[str]:
    """Judge every variation that stands on both sides."""
    at_square = square_skus(world)
    stock = {
        Pair(str(woo_id), at_square[sku]): start.stock.get(sku, Decimal(0))
        for sku, woo_id in woo_skus(world).items()
        if sku in at_square
    }
    opening = Opening(stock, start.woo_seq, start.square_seq)
    faults = [str(verdict) for verdict in judge(world.woo, world.square, opening) if not verdict.ok]
    lost, doubled = order_faults(world.woo, world.square, opening)
    if not scenario.opens:
        faults += [f"lost: {one}" for one in lost]
    return faults + [f"carried twice: {one}" for one in doubled]
