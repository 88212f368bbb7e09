"""Runs of one part alone: pickup places, or customers, with a run of their own in the ledger."""

from __future__ import annotations

from collections.abc import Callable

from bridge.engine.context import Bridge, Run
from bridge.engine.observe_square import observe_stores
from bridge.engine.settle import recover
from bridge.engine.sync import Report, Step, report_of
from bridge.engine.sync_customers import decide_customers, deliver_customers, settle_customers
from bridge.engine.sync_places import decide_places, deliver_places, settle_places
from bridge.errors import BridgeError
from bridge.ledger import history

Part = Callable[[Bridge, Run], object]


def sync_places(bridge: Bridge, *, step: Step = lambda _: None) -> Report:
    """Bring the shop's pickup places into step with Square's locations."""
    steps: tuple[tuple[str, Part], ...] = (
        ("settling", settle_places),
        ("reading stores", observe_stores),
        ("comparing places", decide_places),
        ("writing places", deliver_places),
        ("settling", settle_places),
    )
    return _run(bridge, "places", steps, step)


def sync_customers(bridge: Bridge, *, step: Step = lambda _: None) -> Report:
    """Recognise customers, and make known at Square whom the configuration allows."""
    steps: tuple[tuple[str, Part], ...] = (
        ("settling", settle_customers),
        ("recognising customers", decide_customers),
        ("writing customers", deliver_customers),
        ("settling", settle_customers),
    )
    return _run(bridge, "customers", steps, step)


def _run(bridge: Bridge, kind: str, steps: tuple[tuple[str, Part], ...], step: Step) -> Report:
    with bridge.db.transaction() as conn:
        run = Run(history.begin_run(conn, kind, now=bridge.now()), kind)
    state = "failed"
    try:
        recover(bridge, run)
        for name, part in steps:
            step(name)
            part(bridge, run)
        state = "done"
    except BridgeError as problem:
        run.notes.append(str(problem))
        raise
    finally:
        # a crash must look like a crash: nothing more is written then
        if state == "done" or run.notes:
            with bridge.db.transaction() as conn:
                history.end_run(conn, run.id, state, dict(run.counts), now=bridge.now())
    return report_of(bridge, run)
