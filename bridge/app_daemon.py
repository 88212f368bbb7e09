"""Composes the daemon: one working thread, the timetable, the doorbells' server, and signs of life for systemd."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bridge.app import Sides, held_lease, new_id, open_ledger, open_sides, settings_of, square_transport
from bridge.app import dice as roll
from bridge.app_alerts import open_overseer, probe_of
from bridge.clock import Clock, SystemClock
from bridge.config.doors import door_token, square_hook_keys, woo_hook_secrets
from bridge.config.model import Config
from bridge.domain.rhythm import Rhythm
from bridge.engine.adaptive import Watchfulness
from bridge.engine.bells import DOOR, Bells
from bridge.engine.breaker import SideHealth, Sparing, Watched
from bridge.engine.context import Bridge
from bridge.engine.currency import check_currency
from bridge.engine.daemon import Daemon, Held, Surroundings, no_more_reading
from bridge.engine.hook_keeper import HookKeeper
from bridge.engine.systemd_notify import Notify
from bridge.engine.timetable import Alarm, Timetable, usual_jobs
from bridge.ledger.database import Database
from bridge.ledger.lend import LENDER
from bridge.remotes.port import Call, Transport
from bridge.report.eyes import Eyes
from bridge.report.health import Probe
from bridge.report.logs import log
from bridge.report.overseer import Watch

if TYPE_CHECKING:
    from bridge.remotes.square.hooks import SquareHooks
    from bridge.remotes.woo.hooks import WooHooks
    from bridge.web.doorbell import Doorbell

HUNG_SECONDS = 900.0
"""Without a sign of life for this long the watchdog is no longer told that all is well. Every call gives one."""
PROBES = {"woo": Call("GET", "wc/v3/data/currencies/current"), "square": Call("GET", "v2/locations")}


class DrainingClock(SystemClock):
    """The machine's clock whose waits end as soon as the daemon is told to stop."""

    def __init__(self, bells: Bells) -> None:
        self._bells = bells

    def sleep(self, seconds: float) -> None:
        """Wait, unless stopping."""
        self._bells.pause(seconds)


@dataclass(slots=True)
class Running:
    """A daemon and what runs beside it."""

    daemon: Daemon
    bells: Bells
    doorbell: Doorbell | None = None
    url: str = ""
    drain_seconds: float = 20.0
    crash: BaseException | None = None
    """What ended the worker, when it was not told to end."""

    def work_until_stopped(self, notify: Notify) -> bool:
        """Work in a thread of its own, and tell the service manager; True when it ended within the drain time.

        The watchdog is fed by this thread, but only while the worker lives and gives signs of it: one that hangs for
        ``HUNG_SECONDS`` has the daemon started anew. What killed the worker is raised here, for the same end.
        """
        worker = threading.Thread(target=self._work, name="worker", daemon=True)
        worker.start()
        notify.tell("READY=1", f"STATUS={self.daemon.pulse.words}")
        every = notify.watchdog_seconds / 3 if notify.watchdog_seconds else 5.0
        while not self.bells.stopping:
            self.bells.pause(every)
            if self.daemon.bridge.clock.monotonic() - self.daemon.pulse.beat < HUNG_SECONDS and worker.is_alive():
                notify.tell("WATCHDOG=1")
        notify.tell("STOPPING=1", "STATUS=ending what is under way")
        worker.join(self.drain_seconds)
        if self.crash is not None:
            raise self.crash
        return not worker.is_alive()

    def _work(self) -> None:
        try:
            self.daemon.run()
        except BaseException as crash:
            self.crash = crash  # raised where the process ends
        finally:
            self.bells.stop()


@contextmanager
def open_daemon(config: Config, *, notify: Notify | None = None, alarm: bool = True) -> Iterator[Running]:
    """Everything `bridge run` needs, opened; nothing is called before ``work_until_stopped``."""
    notify = notify or Notify(os.environ)
    bells = Bells()
    clock = DrainingClock(bells)
    with ExitStack() as stack:
        db = stack.enter_context(open_ledger(config, clock, write=True))
        beat: list[Callable[[str], None]] = [lambda _: None]
        sides = {side: SideHealth(side, clock, dice=roll) for side in PROBES}

        eyes = {side: Eyes(side) for side in PROBES}

        def watched(transport: Transport, side: str) -> Transport:
            seen = eyes[side].around(transport)
            return Watched(seen, sides[side], lambda name: beat[0](name), no_more_reading(bells))

        opened = stack.enter_context(open_sides(config, clock, wrap=watched))
        bridge = _bridge(config, db, opened, clock, stack)
        bridge.ahead = Sparing(sides)
        keeper = keeper_of(config, opened, clock, stack) if config.web.public_url else None
        timetable = _alarm(config, bells, clock, hooks=keeper is not None)
        if alarm:
            stack.enter_context(timetable)
        around = _surroundings(config, bridge, bells, timetable, sides, keeper, opened, notify)
        daemon = Daemon(bridge, around)
        beat[0] = daemon.beat
        running = Running(daemon, bells, drain_seconds=config.timetable.drain_seconds)
        if keeper is not None:
            running.doorbell = _doorbell(config, running, keeper, clock, stack)
        probe = _probe(config, running, keeper, clock)
        _serve(config, running, probe, stack)
        overseer = stack.enter_context(open_overseer(config, bridge, probe, eyes=eyes))
        if alarm:
            stack.enter_context(Watch(overseer))
        yield running


def _bridge(config: Config, db: Database, sides: Sides, clock: Clock, stack: ExitStack) -> Bridge:
    from bridge.app import _picture_fetch

    return Bridge(
        db=db,
        woo=sides.woo,
        square=sides.square,
        clock=clock,
        settings=settings_of(config),
        ids=new_id,
        fetch=_picture_fetch(config, clock, stack),
    )


def _alarm(config: Config, bells: Bells, clock: Clock, *, hooks: bool) -> Alarm:
    jobs = usual_jobs(full_at=config.timetable.full_at, zone=config.timetable.zone, hooks=hooks)
    return Alarm(jobs, bells.ring, clock)


def rhythm_of(config: Config) -> Rhythm:
    """The configured rhythm."""
    chosen = config.timetable
    return Rhythm(
        quick=chosen.when_silent,
        usual=chosen.when_unsure,
        slow=chosen.when_alive,
        longest=chosen.longest,
        quiet_from=chosen.quiet_from,
        quiet_until=chosen.quiet_until,
        zone=chosen.zone,
    )


def _surroundings(
    config: Config,
    bridge: Bridge,
    bells: Bells,
    timetable: Timetable,
    sides: dict[str, SideHealth],
    keeper: HookKeeper | None,
    opened: Sides,
    notify: Notify,
) -> Surroundings:
    def prepare() -> None:
        check_currency(bridge, opened.woo.caller, remember=True)
        opened.woo.decimals = bridge.settings.decimals

    def hold() -> AbstractContextManager[Held]:
        return held_lease(bridge.db, LENDER, bridge.clock)

    def tell(words: str) -> None:
        notify.tell(f"STATUS={words}")
        log("daemon").info("state", words=words)

    callers = {"woo": opened.woo.caller, "square": opened.square.caller}
    return Surroundings(
        bells=bells,
        timetable=timetable,
        watch=Watchfulness(bridge, rhythm_of(config), SIDES_THAT_RING if keeper is not None else ()),
        sides=sides,
        hold=hold,
        prepare=prepare,
        probes={side: partial(callers[side].exchange, call) for side, call in PROBES.items()},
        keeper=keeper,
        tell=tell,
    )


SIDES_THAT_RING = ("woo", "square")


# -- webhooks -----------------------------------------------------------------------------


def registries(config: Config, sides: Sides, clock: Clock, stack: ExitStack) -> tuple[WooHooks, SquareHooks]:
    """Both lists of webhooks; Square's with the application's own token when one is configured."""
    from bridge.remotes.square.hooks import SquareHooks
    from bridge.remotes.woo.hooks import WooHooks

    square = sides.square.caller
    if config.web.square_app_token is not None:
        from bridge.remotes.square.client import SquareClient

        mine = config.model_copy(
            update={"square": config.square.model_copy(update={"token": config.web.square_app_token})}
        )
        transport = square_transport(mine, clock)
        stack.callback(transport.close)
        # one application, one limit: both tokens share it
        square = SquareClient(transport, clock=clock, version=config.square.version, pace=square.pace).caller
    return WooHooks(sides.woo.caller, lambda: woo_hook_secrets(config)[0]), SquareHooks(square, new_id)


def keeper_of(config: Config, sides: Sides, clock: Clock, stack: ExitStack) -> HookKeeper:
    """The keeper of a configuration that has ``web.public_url``."""
    woo, square = registries(config, sides, clock, stack)
    return HookKeeper(
        woo,
        square,
        public_url=config.web.public_url or "",
        token=lambda: door_token(config),
        clock=clock,
        given_keys=(lambda: square_hook_keys(config)) if config.web.square_key is not None else None,
    )


def _doorbell(config: Config, running: Running, keeper: HookKeeper, clock: Clock, stack: ExitStack) -> Doorbell:
    """Doorbells write through a ledger connection of their own: they need no lease, and ring also while it is lent."""
    from bridge.web.doorbell import Doorbell, SquareBell, WooBell

    db = stack.enter_context(open_ledger(config, clock, write=True))
    token = door_token(config)
    return Doorbell(
        db,
        clock,
        woo=WooBell(token, lambda: woo_hook_secrets(config)),
        square=SquareBell(token, keeper.square_keys, keeper.url("square")),
        rang=lambda: running.bells.ring(DOOR),
    )


# -- health -------------------------------------------------------------------------------


def _probe(config: Config, running: Running, keeper: HookKeeper | None, clock: Clock) -> Probe:
    """What the daemon alone knows, for health pages, metrics and alerts."""
    pulse = running.daemon.pulse

    def counts() -> dict[str, int]:
        bells = running.doorbell.counts if running.doorbell is not None else {}
        return {"pass ended": pulse.passes, **{f"doorbell {word}": number for word, number in bells.items()}}

    return probe_of(
        config,
        running.daemon.bridge,
        heartbeat=lambda: clock.monotonic() - pulse.beat,
        counts=counts,
        hooks=lambda: dict(keeper.problems) if keeper is not None else {},
    )


def _told(running: Running, probe: Probe) -> dict[str, Any]:
    """What only this process knows, for ``bridge status`` (see ``bridge.report.daemon_status``)."""
    pulse, around = running.daemon.pulse, running.daemon.around
    sides = {
        side: {
            "calls": calls["calls"],
            "protests": calls["protests"],
            "calls_per_second_allowed": calls["rate"],
            "answer_seconds": around.sides[side].answer_seconds,
            "resting": around.sides[side].open,
        }
        for side in around.sides
        if (calls := probe.calls(side))
    }
    return {
        "state": pulse.state,
        "words": pulse.words,
        "problem": pulse.problem,
        "passes": pulse.passes,
        "last_pass": pulse.last_pass,
        "last_full": pulse.last_full,
        "next_look_seconds": pulse.next_look,
        "sides": sides,
        "webhooks": running.doorbell is not None,
        "doorbells": dict(running.doorbell.counts) if running.doorbell is not None else {},
        "trust": around.watch.trusts(),
        "hook_problems": dict(around.keeper.problems) if around.keeper is not None else {},
    }


def _serve(config: Config, running: Running, probe: Probe, stack: ExitStack) -> None:
    """Health pages, and behind them the doorbells when there are any."""
    from bridge.web.health import Health
    from bridge.web.server import WebServer

    host, port = config.web.host_and_port
    health = Health(probe, behind=running.doorbell, status=partial(_told, running, probe))
    server = stack.enter_context(WebServer(health, host=host, port=port))
    running.url = server.url
