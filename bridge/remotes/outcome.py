"""What becomes of a call: the plain values every transport and every write answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# -- outcomes -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """The side did it; ``answer`` is what it said."""

    answer: Any = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The side will never do this as asked. ``code`` is the side's word, ``message`` is for the shopkeeper.

    ``conflict`` is true when the object changed meanwhile (a version clash): read again, decide again.
    ``gone`` is true when the object is no longer there. ``access`` is true for a key/token problem.
    ``holder`` names the object that stands in the way (WooCommerce's ``resource_id`` of a doubled SKU).
    """

    code: str
    message: str
    conflict: bool = False
    gone: bool = False
    access: bool = False
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing happened; worth trying again after ``seconds``."""

    reason: str
    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have happened.

    ``answered`` is true when an answer came and was itself of no help: the side gives that very answer again to the
    same key, so that once a read-back has shown that nothing happened, the next try needs a new one.
    """

    reason: str
    answered: bool = False


Outcome = Done | Refused | Later | Unknown


# -- transport ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call to a side: ``path`` below the side's base, ``query`` in order, JSON ``body`` or multipart."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    files: Any = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: status, lower-case header names, raw bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoReply(Exception):
    """No answer came: ``sent`` is False only when the call certainly never reached the side (refused connect)."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class Transport(Protocol):
    """Sends one call and returns the reply, whatever its status; raises ``NoReply``."""

    def send(self, call: Call) -> Reply:
        """Send once; no retries here."""
        ...
