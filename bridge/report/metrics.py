"""The reading of ``health`` as Prometheus metrics; each is described in ``METRICS``, where its page takes it from.

Numbers only: nothing in here names a product, a customer or a key.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from bridge.report.health import SIDES, SideHealth, Vitals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SIDE, _NONE = ("side",), ()

METRICS: dict[str, tuple[str, tuple[str, ...]]] = {
    "bridge_up": ("1 while the ledger can be read, else 0.", _NONE),
    "bridge_side_up": ("1 while the side answered the last pass, 0 while it is down or refuses us.", _SIDE),
    "bridge_lag_seconds": ("How long the oldest news on its way to a side has waited.", _SIDE),
    "bridge_outbox_writes": (
        "Writes by where they stand: waiting, in_doubt (among them), held, refused.",
        ("side", "state"),
    ),
    "bridge_in_doubt_seconds": ("Age of the oldest write whose end is not known.", _SIDE),
    "bridge_hook_silence_seconds": ("Since the last webhook; absent before the first one.", _SIDE),
    "bridge_calls_total": ("Calls made since the start.", _SIDE),
    "bridge_limit_protests_total": ("Answers 429 since the start.", _SIDE),
    "bridge_calls_per_second_allowed": ("How fast the side may be called now.", _SIDE),
    "bridge_doorbells_unread": ("Webhooks stored and not looked at yet.", _NONE),
    "bridge_decisions_open": ("Questions that wait for a person.", ("kind",)),
    "bridge_brakes_on": ("Brakes that stopped something.", _NONE),
    "bridge_drift_suspects": ("Shop numbers that are not explained yet.", _NONE),
    "bridge_drift_found": ("Numbers that differed in the last whole comparison; absent before the first.", _NONE),
    "bridge_pass_age_seconds": ("Since the last whole pass ended well; absent before the first.", _NONE),
    "bridge_backup_age_seconds": ("Since the last backup; absent before the first.", _NONE),
    "bridge_token_seconds_left": ("Until Square's OAuth token ends; absent without one.", _NONE),
    "bridge_heartbeat_age_seconds": ("Since the daemon's worker showed that it lives.", _NONE),
    "bridge_disk_free_bytes": ("Free space where the ledger lies.", _NONE),
    "bridge_ledger_bytes": ("Size of the ledger's file.", _NONE),
    "bridge_events_total": ("What the daemon counted since its start: doorbells, passes, alerts.", ("kind", "what")),
}
"""Every metric: what it means, and its labels."""


def metrics_text(vitals: Vitals) -> bytes:
    """One reading in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reading(vitals))
    return generate_latest(registry)


class _Reading:
    """A Prometheus collector of one reading."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for name, labels, value in samples(self._vitals):
            if name not in families:
                families[name] = _family(name)
            families[name].add_metric(list(labels), value)  # type: ignore[attr-defined]
        yield from families.values()


def _family(name: str) -> Metric:
    meaning, labels = METRICS[name]
    if name.endswith("_total"):
        return CounterMetricFamily(name, meaning, labels=labels)
    return GaugeMetricFamily(name, meaning, labels=labels)


Sample = tuple[str, tuple[str, ...], float]


def samples(vitals: Vitals) -> Iterable[Sample]:
    """(name, label values, value) of everything that is known."""
    yield "bridge_up", (), float(not vitals.ledger)
    for side in SIDES:
        yield from _of_side(side, vitals.sides[side], read=not vitals.ledger)
    if not vitals.ledger:
        yield from _of_ledger(vitals)
    yield from _known(
        ("bridge_heartbeat_age_seconds", vitals.heartbeat_age),
        ("bridge_disk_free_bytes", vitals.disk_free),
        ("bridge_token_seconds_left", vitals.token.seconds_left if vitals.token else None),
    )
    yield "bridge_ledger_bytes", (), vitals.ledger_bytes
    for what, number in sorted(vitals.counts.items()):
        kind, _, rest = what.partition(" ")
        yield "bridge_events_total", (kind, rest), number


def _of_side(side: str, health: SideHealth, *, read: bool) -> Iterable[Sample]:
    yield "bridge_calls_total", (side,), health.calls
    yield "bridge_limit_protests_total", (side,), health.protests
    yield "bridge_calls_per_second_allowed", (side,), health.rate
    if not read:
        return
    if health.state != "unknown":
        yield "bridge_side_up", (side,), float(health.state == "up")
    pulse = health.pulse
    yield "bridge_lag_seconds", (side,), pulse.lag
    for state in ("waiting", "in_doubt", "held", "refused"):
        yield "bridge_outbox_writes", (side, state), getattr(pulse, state)
    yield "bridge_in_doubt_seconds", (side,), pulse.in_doubt_age
    if health.silent is not None:
        yield "bridge_hook_silence_seconds", (side,), health.silent


def _of_ledger(vitals: Vitals) -> Iterable[Sample]:
    yield "bridge_doorbells_unread", (), vitals.doorbells
    for kind, number in sorted(vitals.decisions.items()):
        yield "bridge_decisions_open", (kind,), number
    yield "bridge_brakes_on", (), vitals.brakes
    yield "bridge_drift_suspects", (), vitals.drift.suspects
    if vitals.drift.compared_at:
        yield "bridge_drift_found", (), vitals.drift.found
    yield from _known(("bridge_pass_age_seconds", vitals.pass_age), ("bridge_backup_age_seconds", vitals.backup_age))


def _known(*pairs: tuple[str, float | None]) -> Iterable[Sample]:
    return ((name, (), value) for name, value in pairs if value is not None)


def page() -> str:
    """The page ``docs/reference/metrics.md``."""
    rows = [
        f"| `{name}` | {', '.join(f'`{label}`' for label in labels) or '–'} | {meaning} |"
        for name, (meaning, labels) in METRICS.items()
    ]
    return "\n".join(
        [
            "# Metrics",
            "",
            "Made by `python -m bridge.report.metrics`; do not edit by hand. The daemon answers `/metrics` at "
            "`web.listen`, to the machine itself only.",
            "",
            "| metric | labels | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    Path("docs/reference/metrics.md").write_text(page(), encoding="utf-8")
