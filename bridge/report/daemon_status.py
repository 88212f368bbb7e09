"""What only the running daemon knows, as plain values for ``/status`` and in words for ``bridge status``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES = {"woo": "WooCommerce", "square": "Square"}
_TRUST = {"proved": "prove alive", "unproved": "not proved yet", "silent": "silent"}
_TAKEN = ("stored", "repeated", "ping")
"""Words of the doorbell's count that are no refusals."""


def in_words(told: Mapping[str, Any] | None, where: str) -> list[tuple[str, str]]:
    """One line each; ``told`` is ``None`` when nobody answered at ``where``."""
    if told is None:
        return [("Daemon", f"does not run (nobody answers at {where})")]
    passes = told["passes"]
    lines = [("Daemon", f"{told['words']}; {passes} pass{'' if passes == 1 else 'es'} since its start")]
    if told["next_look_seconds"]:
        lines.append(("Looks by itself", f"every {told['next_look_seconds']:.0f} s at present"))
    for side, name in _NAMES.items():
        lines.append((f"Calls to {name}", _calls(told["sides"][side])))
    lines += _doorbells(told)
    return lines


def _calls(side: Mapping[str, Any]) -> str:
    slowed = f", asked {side['protests']} times to slow down" if side["protests"] else ""
    rate = f", {side['calls_per_second_allowed']:g} a second allowed" if side["calls_per_second_allowed"] else ""
    return f"{side['calls']}{rate}, {1000 * side['answer_seconds']:.0f} ms each{slowed}"


def _doorbells(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not told["webhooks"]:
        return [("Doorbells", "none: `web.public_url` is not set")]
    counts: Mapping[str, int] = told["doorbells"]
    taken = f"{counts.get('stored', 0)} taken, {counts.get('repeated', 0)} repeated"
    refused = {word.replace("_", " "): number for word, number in counts.items() if word not in _TAKEN}
    words = ", ".join(f"{number} {word}" for word, number in sorted(refused.items()))
    lines = [("Doorbells", f"{taken}, {sum(refused.values())} refused{f' ({words})' if words else ''}")]
    hooks = ", ".join(f"{_NAMES[side]} {_TRUST.get(how, how)}" for side, how in told["trust"].items())
    lines.append(("Webhooks", hooks))
    lines += [(f"Webhooks of {_NAMES[side]}", f"cannot be kept: {why}") for side, why in told["hook_problems"].items()]
    return lines
