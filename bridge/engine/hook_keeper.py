"""Looks after the webhooks of both sides while the daemon runs: repairs them and knows Square's signature key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from bridge.clock import Clock
from bridge.engine.registration import Mended, mend, ours
from bridge.errors import BridgeError
from bridge.remotes.hooks import HookRegistry
from bridge.remotes.square.hooks import SquareHooks
from bridge.remotes.woo.hooks import WooHooks
from bridge.report.logs import log

SQUARE_EVERY = 3600.0
ANEW_EVERY = 6 * 3600.0
"""Silent hooks are made anew this often at most: where the address cannot be reached, new ones are no better."""


class HookKeeper:
    """Both registries and where they should ring. ``given_keys`` are Square's keys as configured, if they are."""

    def __init__(
        self,
        woo: WooHooks,
        square: SquareHooks,
        *,
        public_url: str,
        token: Callable[[], str],
        clock: Clock,
        given_keys: Callable[[], Sequence[str]] | None = None,
    ) -> None:
        self.woo, self.square = woo, square
        self.public_url, self._token, self._clock = public_url.rstrip("/"), token, clock
        self._given_keys = given_keys
        self._keys: list[str] = []
        self._square_checked = float("-inf")
        self._anew: dict[str, float] = {}
        self.problems: dict[str, str] = {}

    def url(self, side: str) -> str:
        """The address a side delivers to, to the byte."""
        return f"{self.public_url}/hooks/{side}/{self._token()}"

    def square_keys(self) -> Sequence[str]:
        """Square's signature keys in force, newest first; the one before is kept for what was under way."""
        return self._given_keys() if self._given_keys is not None else list(self._keys)

    def check(self, silent: Collection[str] = ()) -> list[Mended]:
        """Repair what is wrong; a side that refuses is noted in ``problems`` and tried again next time."""
        told: list[Mended] = []
        now = self._clock.monotonic()
        registries: list[HookRegistry] = [self.woo]
        if now - self._square_checked >= SQUARE_EVERY or not self.square_keys() or "square" in silent:
            registries.append(self.square)
        for registry in registries:
            try:
                told.append(self._mend(registry, registry.side in silent, now))
                self.problems.pop(registry.side, None)
            except BridgeError as problem:
                self.problems[registry.side] = str(problem)
                log("webhooks").warning("not looked after", side=registry.side, reason=str(problem))
        return told

    def _mend(self, registry: HookRegistry, silent: bool, now: float) -> Mended:
        side = registry.side
        anew = silent and now - self._anew.get(side, float("-inf")) >= ANEW_EVERY
        if anew:
            self._anew[side] = now
        told = mend(registry, self.public_url, self.url(side), silent=anew)
        if side == "square":
            self._learn_key()
            self._square_checked = now
        if told.changed or told.problems:
            log("webhooks").info(
                "repaired", side=side, created=len(told.created), deleted=len(told.deleted),
                revived=len(told.revived), problems=told.problems,
            )  # fmt: skip
        return told

    def _learn_key(self) -> None:
        if self._given_keys is not None:
            return
        mine = [hook for hook in ours(self.square.standing(), self.public_url) if hook.url == self.url("square")]
        if not mine:
            return
        key = self.square.signature_key(mine[0])
        if key and key not in self._keys[:1]:
            self._keys = [key, *self._keys[:1]]
