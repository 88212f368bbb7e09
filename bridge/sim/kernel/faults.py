"""Faults by name: what may go wrong between a client and a service, switched on by rule.

A rule names a fault and the requests it strikes. Wire faults are applied here, around the service; faults
that a service must act out itself (a stale read, a half-applied batch) are asked for with ``Faults.take``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bridge.sim.kernel.exchange import SimRequest, SimResponse, Unanswered

HTML_PAGE = (
    b"<!DOCTYPE html><html><head><title>Briefly unavailable</title></head>"
    b"<body><p>Come back in a minute.</p></body></html>"
)
_HTML = {"Content-Type": "text/html; charset=UTF-8"}

WIRE_FAULTS = frozenset(
    {
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
    }
)


@dataclass(slots=True)
class FaultRule:
    """When ``fault`` strikes: method and path patterns, after how many matches, how often, how likely.

    ``method`` and ``path`` are regular expressions matched in full and from the start respectively; ``skip``
    matches pass unharmed first, then ``times`` are struck (``None`` = for ever), each with ``probability``. The
    ``options`` are
    the fault's own: ``status`` for server_error, ``retry_after`` for rate_limited …
    """

    fault: str
    method: str = ".*"
    path: str = ""
    skip: int = 0
    times: int | None = 1
    probability: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)
    struck: int = 0

    def matches(self, request: SimRequest) -> bool:
        """True when this rule speaks of this request."""
        return bool(re.fullmatch(self.method, request.method) and re.match(self.path, request.path))


class Faults:
    """The rules in force, in order; the first that strikes wins."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.rules: list[FaultRule] = []
        self.struck: dict[str, int] = {}

    def add(self, fault: str, **when: Any) -> FaultRule:
        """Switch a fault on; keywords are those of ``FaultRule``."""
        rule = FaultRule(fault, **when)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Switch every fault off (the counts of what struck remain)."""
        self.rules.clear()

    def take(self, fault: str, request: SimRequest) -> FaultRule | None:
        """The rule by which ``fault`` strikes this request now, or ``None``; uses the rule up."""
        return self._take(lambda rule: rule.fault == fault, request)

    def take_wire(self, request: SimRequest) -> FaultRule | None:
        """Like ``take`` for the faults of the wire."""
        return self._take(lambda rule: rule.fault in WIRE_FAULTS, request)

    def _take(self, wanted: Callable[[FaultRule], bool], request: SimRequest) -> FaultRule | None:
        for rule in self.rules:
            if not wanted(rule) or rule.times == 0 or not rule.matches(request):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if rule.probability < 1.0 and self._dice.random() >= rule.probability:
                continue
            if rule.times is not None:
                rule.times -= 1
            rule.struck += 1
            self.struck[rule.fault] = self.struck.get(rule.fault, 0) + 1
            return rule
        return None


def strike(rule: FaultRule, request: SimRequest, answer: Callable[[SimRequest], SimResponse]) -> SimResponse:
    """Act out a wire fault around ``answer`` (the service itself, rate-limit body included)."""
    name, options = rule.fault, rule.options
    if name.endswith("_not_applied"):
        raise Unanswered("timeout" if name.startswith("timeout") else "reset")
    if name == "rate_limited":
        headers = {"Retry-After": str(options["retry_after"])} if "retry_after" in options else {}
        return SimResponse.of_json(429, options.get("body", {}), headers)
    if name == "server_error":
        return SimResponse.of_json(options.get("status", 500), options.get("body", {}))
    if name == "html_503":
        return SimResponse(503, HTML_PAGE, {**_HTML, "Retry-After": "600"})
    if name == "html_200":
        return SimResponse(200, HTML_PAGE, dict(_HTML))
    real = answer(request)
    if name in ("timeout_applied", "reset_applied"):
        raise Unanswered("timeout" if name.startswith("timeout") else "reset")
    if name == "server_error_applied":
        return SimResponse.of_json(options.get("status", 500), options.get("body", {}))
    if name == "html_200_applied":
        return SimResponse(200, HTML_PAGE, dict(_HTML))
    if name == "truncated_json":
        return SimResponse(real.status, real.body[: len(real.body) // 2], real.headers)
    return SimResponse(200, b"", real.headers)  # empty_200
