"""Print what a run would do, and later do exactly that or nothing (I20).

A plan is made by the real steps on a copy of the ledger. Applying it plans once more: when today's plan is not the one
that was read, nothing is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bridge.engine.context import Bridge, Run
from bridge.engine.planned import PlannedAction, describe
from bridge.engine.rehearsal import rehearsal
from bridge.engine.settle import recover, settle
from bridge.engine.sync import Report, Scope, Step, decide, observe, sync
from bridge.errors import InputError, PlanOutdated
from bridge.ledger import decisions, history, subjects

_FORMAT = 1
_NAMED = 10
_NOTHING = frozenset({"nothing"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do now.

    ``counts`` are what reading and deciding counted, ``decisions`` the questions that would stand open, ``brakes``
    what would be stopped; ``scope`` and ``skus`` are what it was asked for.
    """

    made_at: str
    actions: tuple[PlannedAction, ...]
    counts: Mapping[str, int]
    decisions: tuple[str, ...]
    brakes: tuple[str, ...]
    scope: Scope = field(default_factory=Scope)
    skus: tuple[str, ...] = ()


def make_plan(bridge: Bridge, scope: Scope, *, skus: Sequence[str] = (), step: Step = lambda _: None) -> Plan:
    """Plan a run without writing anything anywhere; ``skus`` limits it to the products they belong to.

    Raises ``InputError`` for a SKU nobody shows, ``RemoteDown`` or ``AccessRefused`` when a side cannot be read.
    """
    with rehearsal(bridge) as rehearsed:
        with rehearsed.db.transaction() as conn:
            run = Run(history.begin_run(conn, "plan", now=bridge.now()), "plan")
        recover(rehearsed, run)
        settle(rehearsed, run)
        observe(rehearsed, run, scope, step=step)
        decide(rehearsed, run, scope, step=step, all_creations=scope.full)
        return _read_off(rehearsed, run, scope, tuple(skus))


def _read_off(bridge: Bridge, run: Run, scope: Scope, skus: tuple[str, ...]) -> Plan:
    with bridge.db.reading() as conn:
        only, unknown = subjects.keys_of_skus(conn, skus)
        if unknown:
            raise InputError(f"Neither side shows the SKU {', '.join(unknown)}.")
        due = [
            (action, keys)
            for action, keys in subjects.due_with_products(conn, bridge.now())
            if (keys & only or not skus) and _is_asked_for(bridge, scope, action.vid is not None)
        ]
        actions = tuple(describe(bridge, conn, due))
        waiting = decisions.open_ones(conn)
    questions = tuple(str(row.question) for row in waiting if row.kind != "brake")
    brakes = tuple(str(row.question) for row in waiting if row.kind == "brake")
    return Plan(bridge.now(), actions, dict(run.counts), questions, brakes, scope, skus)


def _is_asked_for(bridge: Bridge, scope: Scope, is_stock: bool) -> bool:
    if is_stock:
        return scope.stock and bridge.settings.stock_enabled
    return scope.products and bridge.settings.products_enabled


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """A plan as JSON values."""
    return {
        "bridge_plan": _FORMAT,
        "made_at": plan.made_at,
        "scope": {"products": plan.scope.products, "stock": plan.scope.stock, "full": plan.scope.full},
        "skus": list(plan.skus),
        "actions": [asdict(action) for action in plan.actions],
        "counts": dict(plan.counts),
        "decisions": list(plan.decisions),
        "brakes": list(plan.brakes),
    }


def plan_from_json(body: Any) -> Plan:
    """The plan of JSON values; raises ``InputError`` when they are not one."""
    if not isinstance(body, dict) or body.get("bridge_plan") != _FORMAT:
        raise InputError("This is not a plan made by `bridge plan --out`.")
    try:
        return Plan(
            made_at=str(body["made_at"]),
            actions=tuple(PlannedAction(**action) for action in body["actions"]),
            counts={str(name): int(number) for name, number in body["counts"].items()},
            decisions=tuple(map(str, body["decisions"])),
            brakes=tuple(map(str, body["brakes"])),
            scope=_scope_of(body["scope"]),
            skus=tuple(map(str, body["skus"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"This plan file is damaged ({type(error).__name__}: {error}).") from error


def _scope_of(body: Mapping[str, Any]) -> Scope:
    return Scope(products=bool(body["products"]), stock=bool(body["stock"]), full=bool(body["full"]))


def apply_plan(bridge: Bridge, plan: Plan, *, step: Step = lambda _: None) -> Report:
    """Do what a plan says, limited to its products; raises ``PlanOutdated`` when today's plan is another one."""
    today = make_plan(bridge, plan.scope, skus=plan.skus, step=step)
    changed = differences(plan, today)
    if changed:
        more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        raise PlanOutdated(f"The world changed since {plan.made_at}: {'; '.join(changed[:_NAMED])}{more}.")
    return sync(bridge, replace(plan.scope, only=products_of(plan)), step=step)


def products_of(plan: Plan) -> frozenset[str]:
    """The keys of all products a plan speaks of, as the limit of a run."""
    return frozenset(action.product for action in plan.actions) or _NOTHING


def differences(plan: Plan, today: Plan) -> list[str]:
    """What is new in today's plan and what is no longer in it, in words; empty when they are the same."""
    then, now = ({action.fingerprint: action.text for action in one.actions} for one in (plan, today))
    new = [f"new: {text}" for key, text in now.items() if key not in then]
    return new + [f"no longer: {text}" for key, text in then.items() if key not in now]
