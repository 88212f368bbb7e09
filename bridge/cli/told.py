"""Says what a run did: done, seen, left out with reasons, brakes, what waits; and the exit code that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.cli.output import Output

if TYPE_CHECKING:
    from bridge.engine.sync import Report

OK, DRIFT, BRAKE, DOWN = 0, 3, 4, 5
_SKIPPED, _BRAKE, _MATCH = "skipped: ", "brake: ", "match: "
_DONE = ("written", "created", "sent to square", "healed", "linked variations", "opening counts", "settled: it had")
_QUIET = ("planned ", "to be tried again", "unanswered", "changed while", "variations to be added", "batches split")


def sorted_counts(report: Report) -> dict[str, dict[str, int]]:
    """The counts of a run by what they mean: done, seen, skipped (by reason), brakes, match."""
    told: dict[str, dict[str, int]] = {"done": {}, "seen": {}, "skipped": {}, "brakes": {}, "match": {}, "inside": {}}
    for name, number in sorted(report.counts.items()):
        if not number:
            continue
        for prefix, group in ((_SKIPPED, "skipped"), (_BRAKE, "brakes"), (_MATCH, "match")):
            if name.startswith(prefix):
                told[group][name.removeprefix(prefix)] = number
                break
        else:
            group = "done" if any(word in name for word in _DONE) else "inside" if name.startswith(_QUIET) else "seen"
            told[group][name] = number
    return told


def report_json(report: Report) -> dict[str, Any]:
    """A run for programs."""
    counts = sorted_counts(report)
    return {
        "run": report.run_id,
        "writes": report.writes,
        **counts,
        "waiting": report.waiting,
        "open_decisions": report.open_decisions,
        "notes": report.notes,
    }


def tell_report(output: Output, report: Report, *, idle: str = "Nothing had to be written: both sides agree.") -> None:
    """A run for a person; ``idle`` is what is said when nothing was written."""
    counts = sorted_counts(report)
    if counts["done"]:
        output.table(("Done", "Times"), list(counts["done"].items()))
    else:
        output.line(idle)
    if counts["skipped"]:
        output.line()
        output.table(("Left out, because", "Times"), list(counts["skipped"].items()))
    for name in counts["brakes"]:
        output.line(f"\nBrake on: {name.replace('_', ' ')}. Nothing of it was written; see `bridge decisions`.")
    for note in report.notes:
        output.line(f"\n{note}")
    if report.waiting:
        output.line(f"\n{report.waiting} writes wait to be tried again: they stay in the outbox.")
    if report.open_decisions:
        output.line(f"\n{report.open_decisions} decisions wait for you: bridge decisions")


def exit_code(report: Report, *, brakes: int) -> int:
    """What a run ends with: a brake outranks what still waits, which outranks open decisions."""
    if report.brakes or brakes:
        return BRAKE
    if any("refused access" in note for note in report.notes):
        return 1
    if report.waiting:
        return DOWN
    return DRIFT if report.open_decisions else OK
