"""When the daemon does things without being rung for: jobs that only ring (APScheduler, kept in memory).

The truth about what is due is in the ledger; a timetable lost with its process loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from bridge.clock import Clock
from bridge.engine.bells import FULL, HOOKS, LOOK, TIDY

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

HOOKS_SECONDS = 60.0
"""Asking the shop for its webhooks is also the traffic without which an idle shop sends none."""
TIDY_SECONDS = 3600.0
_FULL_JITTER = 600


@dataclass(frozen=True, slots=True)
class Job:
    """What to ring for: every so many ``seconds``, or ``daily`` at a time of day in ``zone``; ``jitter`` in seconds."""

    word: str
    seconds: float = 0.0
    daily: time | None = None
    zone: str = "UTC"
    jitter: int = 0


def usual_jobs(*, full_at: time, zone: str, hooks: bool) -> tuple[Job, ...]:
    """The daemon's jobs beside looking, whose interval changes (``Timetable.look_in``)."""
    jobs = [Job(FULL, daily=full_at, zone=zone, jitter=_FULL_JITTER), Job(TIDY, seconds=TIDY_SECONDS, jitter=60)]
    if hooks:
        jobs.append(Job(HOOKS, seconds=HOOKS_SECONDS, jitter=5))
    return tuple(jobs)


class Timetable(Protocol):
    """Rings by itself."""

    def look_in(self, seconds: float) -> None:
        """Ring for a look once, in ``seconds`` from now; replaces the one arranged before."""
        ...


class Alarm:
    """A timetable by the machine's clock; ``with Alarm(jobs, ring, clock): …``.

    Late is better than never (no misfire limit), several missed times ring once, and no job runs beside itself.
    """

    def __init__(self, jobs: tuple[Job, ...], ring: Callable[[str], None], clock: Clock) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        self._ring, self._clock = ring, clock
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        # a job only rings: one thread does them all
        one = {"default": {"type": "threadpool", "max_workers": 1}}
        self.scheduler: BackgroundScheduler = BackgroundScheduler(timezone="UTC", job_defaults=defaults, executors=one)
        for job in jobs:
            self.scheduler.add_job(ring, trigger_of(job), args=(job.word,), id=job.word, name=job.word)

    def look_in(self, seconds: float) -> None:
        """Arrange the next look."""
        from apscheduler.triggers.date import DateTrigger

        when: datetime = self._clock.now() + timedelta(seconds=seconds)
        trigger = DateTrigger(run_date=when, timezone="UTC")
        self.scheduler.add_job(self._ring, trigger, args=(LOOK,), id=LOOK, name=LOOK, replace_existing=True)

    def __enter__(self) -> Alarm:
        self.scheduler.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.scheduler.shutdown(wait=False)


def trigger_of(job: Job) -> Any:
    """A job's APScheduler trigger."""
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    jitter = job.jitter or None
    if job.daily is not None:
        return CronTrigger(hour=job.daily.hour, minute=job.daily.minute, timezone=job.zone, jitter=jitter)
    return IntervalTrigger(seconds=job.seconds, jitter=jitter, timezone="UTC")
