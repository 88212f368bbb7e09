"""``bridge demo``: a simulated shop and three stores, a busy day with everything going wrong, and a proof at its end.

No account, no configuration, no question. The engine is a real process on a real ledger; the proof is computed from
the simulators' own journals and never asks the engine what it believes.
"""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.clock import SystemClock
from bridge.errors import BridgeError

if TYPE_CHECKING:
    from bridge.engine.planning import Plan
    from bridge.sim.demo_world import DemoWorld
    from bridge.sim.prove import Proof

AT_LEAST = 300
KILL_AFTER = (0.3, 0.7)
"""The share of the day after which the engine is killed lies between these."""
FIGURES = (
    "products",
    "variations",
    "stores",
    "online_orders",
    "till_sales",
    "pickups",
    "shipments",
    "picked_up",
    "cancelled",
    "refunds_in_shop",
    "refunds_at_tills",
    "customer_notes",
    "faults",
    "restarts",
    "duplicates",
    "lost",
    "drift",
    "unexplained",
    "oversold",
    "oversold_beyond_window",
    "orders_wrong",
    "money_wrong",
    "seconds",
)
"""What the last table shows, in this order."""


class DemoFailed(BridgeError):
    """The demo could not be played to its end."""

    advice = "Run it again with --seed and report what it printed."


@click.command(cls=BridgeCommand, examples=("bridge demo", "bridge demo --seed 42 --json", "bridge demo --serve"))
@click.option("--seed", type=int, default=1, show_default=True, help="Another number, another day.")
@click.option("--seconds", type=click.IntRange(5, 3600), default=14, show_default=True, help="How long people trade.")
@click.option("--serve", is_flag=True, help="Leave both simulators and the engine running until Ctrl-C.")
@click.pass_obj
def demo(cli: Cli, /, seed: int, seconds: int, serve: bool) -> int:
    """Play a busy day on a simulated shop and three stores, and prove the result.

    Starts both simulators and the engine on this machine, brings them in step, lets shoppers, tills and staff trade
    (orders sent and fetched, cancelled, refunded in the shop and at any till) while the network fails, webhooks get
    lost and the engine is killed and started again, then compares what both sides show with what truly happened. Ends
    with 0 when every number, every order and every cent is right.
    """
    from bridge.sim.demo_world import DemoWorld

    with tempfile.TemporaryDirectory(prefix="bridge-demo-") as folder, DemoWorld(Path(folder), seed=seed) as world:
        told = _Play(cli, world).whole(seconds)
        right = bool(told.pop("ok"))
        cli.output.result(told, ok=right)
        if serve:
            _serve(world)
    return 0 if right else 1


class _Play:
    """The acts of the demo, each telling what it does."""

    def __init__(self, cli: Cli, world: DemoWorld) -> None:
        self.out, self.world = cli.output, world
        self.clock = SystemClock()
        self.began = self.clock.monotonic()

    def whole(self, seconds: int) -> dict[str, Any]:
        """Everything in order; the answer for programs."""
        self.first_day()
        self.bring_in_step()
        settled = self.busy_day(seconds)
        proof = self.world.prove()
        told = self.figures(proof)
        told["ok"] = bool(proof.ok and not told["money_wrong"] and settled and told["restarts"])
        self.tell(proof, told, settled)
        return told

    def say(self, text: str) -> None:
        self.out.line(f"{self.clock.monotonic() - self.began:5.1f} s  {text}")

    # -- acts ---------------------------------------------------------------------------
    def first_day(self) -> None:
        """What the bridge would say on the first day: nothing is written."""
        from bridge.app import open_bridge
        from bridge.config.load import load_config
        from bridge.engine.context import Run
        from bridge.engine.linking import report
        from bridge.engine.planning import make_plan
        from bridge.engine.sync import Scope, observe
        from bridge.report.logs import set_up_logs

        set_up_logs("warning")
        self.say(f"A shop at {self.world.servers[0].url}, a Square account at {self.world.servers[1].url}.")
        with open_bridge(load_config(self.world.config)) as bridge:
            plan = make_plan(bridge, Scope())
            # there is no ledger yet: what is read here stays in memory
            observe(bridge, Run(0, "match"), Scope(stock=False))
            found = report(bridge).counts()
        words = {
            "pairs": "linked by SKU",
            "doubled": "SKU on several variations: linked to nothing",
            "missing_sku": "without SKU: to be linked by hand",
            "alone_woo": "only in the shop",
            "alone_square": "only at Square",
        }
        self.say("The match report of the first day (variations):\n")
        self.out.table(("Variations", "What"), [(found[name], what) for name, what in words.items() if found[name]])
        self._tell_plan(plan)

    def _tell_plan(self, plan: Plan) -> None:
        kinds = Counter((action.side, action.kind.replace("_", " ")) for action in plan.actions)
        self.out.line()
        self.say("The plan:\n")
        self.out.table(("Writes", "Side", "What"), [(n, side, kind) for (side, kind), n in sorted(kinds.items())])
        self.out.line()

    def bring_in_step(self) -> None:
        """Start the engine's process and let it do the plan."""
        engine = self.world.engine
        engine.start()
        if engine.wait_for("started", after=0, seconds=30) is None or not self.world.settle():
            raise DemoFailed(f"The engine did not bring both sides in step. {engine.last_words()}")
        self.say(f"In step: the engine (process {engine.pid}) made both sides agree; another full pass writes nothing.")

    def busy_day(self, seconds: int) -> bool:
        """Trade under faults with a kill in the middle, then calm; whether the engine came to rest."""
        world = self.world
        world.open_for_trade()
        world.storm()
        self.say("Open for trade: timeouts, 429s, 5xx, broken answers; webhooks lost, late, doubled, forged.")
        world.trade(seconds, AT_LEAST * max(1, seconds // 14), self._killer(world.dice.uniform(*KILL_AFTER)))
        orders, sales = world.trades()
        self.say(f"Closed: {orders} online orders and {sales} till sales. The pickup counters serve on.")
        served = world.close()
        self.say("Everybody is served. The network recovers." if served else "Somebody still waits at a counter.")
        settled = world.calm()
        self.say("Quiet: two full passes found nothing to do." if settled else "The engine did not come to rest.")
        return served and settled

    def _killer(self, share: float) -> Callable[[float], None]:
        done = False

        def meanwhile(over: float) -> None:
            nonlocal done
            if over >= share and not done:
                done = True
                pid = self.world.engine.pid
                self.world.restart_engine(pause=0.3)
                self.say(f"The engine (process {pid}) was killed with SIGKILL and started again; trade goes on.")

        return meanwhile

    # -- the end ------------------------------------------------------------------------
    def figures(self, proof: Proof) -> dict[str, Any]:
        """The answer for programs, every figure counted in journals, state and fault counters."""
        world = self.world
        orders, sales = world.trades()
        faults, became, books = world.faults(), world.became(), world.books()
        return {
            "products": world.products(),
            "variations": len(world.pairs),
            "stores": len(world.square.state.locations),
            "online_orders": orders,
            "till_sales": sales,
            **became,
            "other_events": world.happenings(),
            "faults": sum(faults.values()),
            "faults_by_name": faults,
            "restarts": world.engine.kills,
            "duplicates": proof.duplicates,
            "lost": proof.lost,
            "drift": proof.drift,
            "unexplained": proof.unexplained,
            "oversold": proof.oversold,
            "oversold_beyond_window": proof.oversold_beyond_window,
            "window_seconds": proof.window,
            "orders_wrong": proof.orders_wrong,
            "money_wrong": books.apart,
            "money_in_shop": books.shop,
            "money_at_tills": books.tills,
            "orders_edited": books.unsettled,
            "lost_updates_provoked": world.overwritten(),
            "notes": list(proof.notes),
            "seconds": round(self.clock.monotonic() - self.began, 1),
        }

    def tell(self, proof: Proof, told: dict[str, Any], settled: bool) -> None:
        """The result for a person."""
        self.out.line("\nUnits per store, from Square's own journal and counts:\n")
        rows = [(*row, "yes" if sum(row[1:4]) == row[4] else "NO") for row in self.world.by_store(proof.verdicts)]
        self.out.table(("Store", "Opening", "By people", "Online orders, edits", "Now", "Adds up"), rows)
        truth, shop = sum(v.truth for v in proof.verdicts), sum(v.woo or 0 for v in proof.verdicts)
        stores = sum(v.square for v in proof.verdicts)
        self.out.line(f"\nTrue history {truth} units; all stores show {stores}; the shop shows {shop}.")
        here, there = (f"{told[name] / 100:,.2f}" for name in ("money_in_shop", "money_at_tills"))
        self.out.line(f"Orders at the tills, refunds taken off: {here} by the shop's books, {there} by Square's.\n")
        self.out.table(("Figure", "Value"), [(name.replace("_", " "), told[name]) for name in FIGURES])
        for note in proof.notes:
            self.out.line(f"WRONG  {note}")
        verdict = "PROVED: every number on both sides is what truly happened." if told["ok"] else "NOT PROVED."
        self.out.line(f"\n{verdict}")


def _serve(world: DemoWorld) -> None:
    """Leave everything running until Ctrl-C. The keys open simulators only, so they are shown as they are."""
    key = next(iter(world.woo.state.keys.values()))
    lines = (
        f"Shop       {world.servers[0].url}   key {key.key}   secret {key.secret}",
        f"Square     {world.servers[1].url}   token {next(iter(world.square.state.tokens))}",
        f"Doorbells  {world.hooks.url('woo')}",
        f"           {world.hooks.url('square')}",
        f"Engine     process {world.engine.pid}; look at its ledger with: bridge --config {world.config} status",
        "Both simulators have a control plane: /_sim/acts, /_sim/state, /_sim/journal. Runs until Ctrl-C.",
    )
    for line in lines:
        click.echo(line, err=True)
    threading.Event().wait()
