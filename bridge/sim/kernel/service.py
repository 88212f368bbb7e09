"""What both simulators share: the request log, call counters, faults and the control plane under ``/_sim/``."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.deliveries import Deliveries, Delivery, Sender
from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.kernel.faults import Faults, strike
from bridge.sim.kernel.ids import Ids
from bridge.sim.kernel.journal import Journal

LOG_LENGTH = 2000
Act = Callable[..., Any]


class BaseService:
    """A simulated service: subclasses answer in ``answer`` and list their acts in ``acts``.

    One lock makes each request atomic; a service that plays out a race does so through ``between``, a list
    of callables run inside the next read-modify-write window.
    """

    name = "service"

    def __init__(self, *, seed: int = 1, clock: SimClock | None = None) -> None:
        self.clock = clock or SimClock()
        self.ids = Ids(seed)
        self.faults = Faults(self.ids.dice)
        self.journal = Journal()
        self.deliveries = Deliveries(self.ids, self.clock.now)
        self.calls: Counter[str] = Counter()
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self.lock = threading.RLock()
        self.acts: dict[str, Act] = {}
        self.between: list[Callable[[], None]] = []

    # -- to be given by the service -------------------------------------------------
    def answer(self, request: SimRequest) -> SimResponse:
        """Answer a request of the real API."""
        raise NotImplementedError

    def dump(self) -> Any:
        """The whole state as JSON values."""
        raise NotImplementedError

    def delivered(self, delivery: Delivery, status: int) -> float | None:
        """Told how a webhook delivery went; seconds until the next attempt or ``None``."""
        return None

    # -- shared ---------------------------------------------------------------------
    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request, faults and control plane included."""
        with self.lock:
            if request.path.startswith("/_sim/"):
                return self._control(request)
            self.calls[f"{request.method} {request.path}"] += 1
            self.calls["total"] += 1
            entry: dict[str, Any] = {
                "at": self.clock.now().isoformat(),
                "method": request.method,
                "path": request.path,
                "query": request.query,
            }
            self.log.append(entry)
            rule = self.faults.take_wire(request)
            if rule is not None:
                entry["fault"] = rule.fault
                return strike(rule, request, self.answer)
            response = self.answer(request)
            entry["status"] = response.status
            return response

    def deliver_due(self, send: Sender) -> int:
        """Send the webhook deliveries that are due; returns how many."""
        return self.deliveries.run_due(send, self.delivered)

    def _control(self, request: SimRequest) -> SimResponse:
        verb = request.path.removeprefix("/_sim/")
        try:
            body = request.json() or {}
            if verb.startswith("act/"):
                act = self.acts.get(verb.removeprefix("act/"))
                if act is None:
                    return SimResponse.of_json(404, {"error": f"no act {verb}", "acts": sorted(self.acts)})
                return SimResponse.of_json(200, {"result": act(**body)})
            return SimResponse.of_json(200, self._plane(request.method, verb, body, request))
        except (KeyError, TypeError, ValueError, LookupError) as problem:
            return SimResponse.of_json(400, {"error": f"{type(problem).__name__}: {problem}"})

    def _plane(self, method: str, verb: str, body: dict[str, Any], request: SimRequest) -> Any:
        if verb == "state":
            return self.dump()
        if verb == "journal":
            return self.journal.as_json(int(request.arg("since", "0")))
        if verb == "log":
            return list(self.log)
        if verb == "calls":
            counted = dict(self.calls)
            if method == "DELETE":
                self.calls.clear()
            return counted
        if verb == "acts":
            return sorted(self.acts)
        if verb == "faults":
            return self._plane_faults(method, body)
        if verb == "clock":
            if "at" in body:
                self.clock.freeze(datetime.fromisoformat(body["at"]))
            if "advance" in body:
                self.clock.advance(float(body["advance"]))
            return {"now": self.clock.now().isoformat(), "virtual": self.clock.is_virtual}
        if verb == "deliveries":
            for name in ("lose", "double", "hold", "shuffle", "forge", "hold_seconds"):
                if name in body:
                    setattr(self.deliveries, name, float(body[name]))
            return {"counts": self.deliveries.counts, "pending": len(self.deliveries.pending)}
        raise LookupError(f"the control plane has no {verb}")

    def _plane_faults(self, method: str, body: dict[str, Any]) -> Any:
        if method == "DELETE":
            self.faults.clear()
        elif method == "POST":
            self.faults.add(body.pop("fault"), **body)
        return {
            "rules": [f"{r.fault} {r.method} {r.path} times={r.times}" for r in self.faults.rules],
            "struck": self.faults.struck,
        }
