"""A transport that answers from a script and remembers what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from bridge.clock import VirtualClock
from bridge.remotes.pace import Pace
from bridge.remotes.port import Call, NoReply, Reply
from bridge.remotes.square.client import SquareClient
from bridge.remotes.woo.client import WooClient

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HTML = {"content-type": "text/html; charset=UTF-8"}
Answer = Reply | NoReply | Callable[[Call], Reply]


def data(value: Any, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, {"content-type": "application/json", **named}, orjson.dumps(value))


def page(rows: list[Any], *, pages: int = 1, total: int | None = None) -> Reply:
    count = len(rows) if total is None else total
    return data(rows, x_wp_total=str(count), x_wp_totalpages=str(pages))


class Script:
    """Gives the answers in order; the last one is given for ever when ``repeat``."""

    def __init__(self, answers: Iterable[Answer], *, repeat: bool = False) -> None:
        self.answers = list(answers)
        self.repeat = repeat
        self.calls: list[Call] = []

    def send(self, call: Call) -> Reply:
        self.calls.append(call)
        last = self.repeat and len(self.answers) == 1
        answer = self.answers[0] if last else self.answers.pop(0)
        if isinstance(answer, NoReply):
            raise answer
        return answer if isinstance(answer, Reply) else answer(call)


def clock() -> VirtualClock:
    return VirtualClock(START)


def woo(*answers: Answer, **more: Any) -> tuple[WooClient, Script]:
    script, hands = Script(answers), clock()
    return WooClient(script, clock=hands, pace=Pace(hands, rate=float("inf")), **more), script


def square(*answers: Answer, **more: Any) -> tuple[SquareClient, Script]:
    script, hands = Script(answers), clock()
    return SquareClient(script, clock=hands, pace=Pace(hands, rate=float("inf")), **more), script
