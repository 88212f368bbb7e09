"""The timetable: jobs that only ring, never beside themselves, never all at once after a pause."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bridge.clock import VirtualClock
from bridge.engine.bells import Bells
from bridge.engine.timetable import Alarm, Job, trigger_of, usual_jobs

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def rung() -> list[str]:
    return []


@pytest.fixture
def alarm(rung: list[str]) -> Alarm:
    """Never started here: what its jobs do is called by hand."""
    made = Alarm(usual_jobs(full_at=time(3, 10), zone="Europe/Oslo", hooks=True), rung.append, VirtualClock(NOW))
    made.scheduler.start(paused=True)
    return made


def test_every_job_only_rings_its_word(alarm: Alarm, rung: list[str]) -> None:
    alarm.look_in(60)
    for job in alarm.scheduler.get_jobs():
        job.func(*job.args)
    assert sorted(rung) == ["full", "hooks", "look", "tidy"]
    alarm.scheduler.shutdown(wait=False)


def test_missed_times_ring_once_however_late_and_no_job_runs_beside_itself(alarm: Alarm) -> None:
    alarm.look_in(60)
    jobs = alarm.scheduler.get_jobs()
    assert len(jobs) == 4
    assert all(job.coalesce and job.max_instances == 1 and job.misfire_grace_time is None for job in jobs)
    alarm.scheduler.shutdown(wait=False)


def test_a_new_look_replaces_the_one_arranged_before(alarm: Alarm) -> None:
    alarm.look_in(180)
    alarm.look_in(20)
    (look,) = [job for job in alarm.scheduler.get_jobs() if job.id == "look"]
    assert look.next_run_time == NOW + timedelta(seconds=20)
    alarm.scheduler.shutdown(wait=False)


def test_the_daily_comparison_is_at_the_shops_own_hour_with_jitter() -> None:
    full = next(job for job in usual_jobs(full_at=time(3, 10), zone="Europe/Oslo", hooks=False) if job.word == "full")
    assert full.jitter > 0
    exact = trigger_of(Job("full", daily=full.daily, zone=full.zone))
    assert exact.get_next_fire_time(None, NOW).astimezone(UTC) == datetime(2026, 3, 3, 2, 10, tzinfo=UTC)
    # the night the clocks go forward: 02:30 does not exist, the job still comes once that day
    lost = trigger_of(Job("full", daily=time(2, 30), zone="Europe/Oslo"))
    found = lost.get_next_fire_time(None, datetime(2026, 3, 28, 23, 30, tzinfo=UTC))
    assert found - datetime(2026, 3, 28, 23, 30, tzinfo=UTC) < timedelta(days=1, hours=2)


def test_without_webhooks_nobody_looks_after_them() -> None:
    assert [job.word for job in usual_jobs(full_at=time(3), zone="UTC", hooks=False)] == ["full", "tidy"]


def test_ringing_twice_is_ringing_once_and_stop_wakes_whoever_waits() -> None:
    bells = Bells()
    bells.ring("door")
    bells.ring("door")
    bells.wait(60)  # returns at once: something was rung for
    assert bells.take() == {"door"}
    assert bells.take() == set()
    bells.stop()
    bells.wait(60)
    bells.pause(60)
    assert bells.stopping
