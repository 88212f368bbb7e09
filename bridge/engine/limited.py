"""Keep a run to some products: the writes of all others wait until it ends.

They wait by their due time alone, so that a crash in between costs a quarter of an hour at most and loses nothing.
"""

from __future__ import annotations

from bridge.engine.context import Bridge, Run
from bridge.ledger import subjects

_WAIT_SECONDS = 900.0


def let_others_wait(bridge: Bridge, run: Run, only: frozenset[str]) -> None:
    """Postpone every due write whose product is not among ``only`` (product keys)."""
    with bridge.db.transaction() as conn:
        others = [a.id for a, keys in subjects.due_with_products(conn, bridge.now()) if not keys & only]
        subjects.postpone(conn, others, bridge.after(_WAIT_SECONDS))
    run.waiting.update(others)


def take_up_others(bridge: Bridge, run: Run) -> None:
    """What waited is due again (it stays in ``run.waiting``, so that the report does not count it)."""
    with bridge.db.transaction() as conn:
        subjects.postpone(conn, sorted(run.waiting), bridge.now())
    if run.waiting:
        run.skip("not part of this run", len(run.waiting))
