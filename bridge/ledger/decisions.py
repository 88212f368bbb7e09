"""What waits for a person: one open question per kind and subject, with the answers that are possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, text, update
from sqlalchemy.dialects.sqlite import insert

from bridge.ledger.schema import decision
from bridge.ledger.text import to_json

_ADD = insert(decision).on_conflict_do_nothing().returning(decision.c.id)
# in the words of the partial index ``decision_one_open``, which a bound parameter would hide from SQLite
_IS_OPEN = text("decision.state = 'open'")
_OPEN_OF_PRODUCT = select(decision).where(
    _IS_OPEN, decision.c.pid == bindparam("p"), decision.c.kind.in_(bindparam("kinds", expanding=True))
)
_OPEN_ONE = select(decision.c.id).where(
    _IS_OPEN, decision.c.kind == bindparam("k"), decision.c.subject == bindparam("s")
)
_WITHDRAW = (
    update(decision)
    .where(_IS_OPEN, decision.c.kind == bindparam("k"), decision.c.subject == bindparam("s"))
    .values(state="dismissed", answer="no longer so", resolved_at=bindparam("at"))
)


def ask(
    conn: Connection,
    kind: str,
    subject: str,
    question: str,
    *,
    choices: Sequence[str],
    now: str,
    vid: int | None = None,
    pid: int | None = None,
    run_id: int | None = None,
    detail: dict[str, Any] | None = None,
) -> int | None:
    """Open a question; ``None`` when the same one is open already."""
    row = conn.execute(
        _ADD,
        {
            "kind": kind,
            "subject": subject,
            "question": question,
            "choices_json": to_json(list(choices)),
            "detail_json": to_json(detail or {}),
            "vid": vid,
            "pid": pid,
            "opened_at": now,
            "run_id": run_id,
        },
    ).first()
    return int(row[0]) if row else None


def open_ones(conn: Connection, kind: str = "") -> Sequence[Any]:
    """Every open question (of one kind, if named), oldest first."""
    found = select(decision).where(_IS_OPEN).order_by(decision.c.id)
    return conn.execute(found.where(decision.c.kind == kind) if kind else found).all()


def open_ones_of(conn: Connection, pid: int, kinds: Sequence[str]) -> Sequence[Any]:
    """Open questions of some kinds about a product."""
    return conn.execute(_OPEN_OF_PRODUCT, {"p": pid, "kinds": list(kinds)}).all()


def last_id(conn: Connection) -> int:
    """The number of the newest question, 0 when there is none."""
    return int(conn.execute(select(func.max(decision.c.id))).scalar() or 0)


def since(conn: Connection, after: int) -> Sequence[Any]:
    """Open questions asked after a number, oldest first."""
    return conn.execute(select(decision).where(_IS_OPEN, decision.c.id > after).order_by(decision.c.id)).all()


def is_open(conn: Connection, kind: str, subject: str) -> bool:
    """True while this very question waits."""
    return conn.execute(_OPEN_ONE, {"k": kind, "s": subject}).first() is not None


def get(conn: Connection, decision_id: int) -> Row[Any] | None:
    """One question by its number."""
    return conn.execute(select(decision).where(decision.c.id == decision_id)).first()


def last_answer(conn: Connection, kind: str, subject: str) -> tuple[str, str]:
    """What a person last answered to this question and when; two empty texts when never."""
    found = (
        select(decision.c.answer, decision.c.resolved_at)
        .where(decision.c.kind == kind, decision.c.subject == subject, decision.c.state == "resolved")
        .order_by(decision.c.id.desc())
        .limit(1)
    )
    row = conn.execute(found).first()
    return (row.answer, row.resolved_at) if row else ("", "")


def close(conn: Connection, decision_id: int, answer: str, *, now: str, dismissed: bool = False) -> None:
    """Write down the answer."""
    conn.execute(
        update(decision)
        .where(decision.c.id == decision_id)
        .values(state="dismissed" if dismissed else "resolved", answer=answer, resolved_at=now)
    )


def withdraw(conn: Connection, kind: str, subject: str, *, now: str) -> None:
    """Close a question that answered itself (the difference is gone)."""
    conn.execute(_WITHDRAW, {"k": kind, "s": subject, "at": now})


def count_open(conn: Connection) -> int:
    """How many questions wait."""
    return int(conn.execute(select(func.count()).select_from(decision).where(decision.c.state == "open")).scalar() or 0)
