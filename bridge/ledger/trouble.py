"""SQLite's result codes as errors a shopkeeper can act on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from bridge.errors import LedgerBusy, LedgerError

_RESTORE = "Stop the bridge and put the newest backup back with `bridge restore FILE`; the damaged file is kept."
_PERMISSION = (
    "Give the user the bridge runs as the right to write the ledger and its folder "
    "(`ls -l` shows the owner), then run the command again."
)

# https://www.sqlite.org/rescode.html; a primary result code is the low byte of the extended one
_MEANINGS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_PERM: ("may not be opened", _PERMISSION),
    sqlite3.SQLITE_READONLY: ("cannot be written: the file or its folder is read-only", _PERMISSION),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened: its folder is missing or may not be entered",
        "Check `ledger.path` in the configuration and the rights of that folder, then run the command again.",
    ),
    sqlite3.SQLITE_FULL: (
        "cannot grow: the disk is full",
        "Free some space and run the command again. What could not be saved was undone as a whole.",
    ),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written: the disk answers with an error",
        "Check the disk (full, failing, or a network folder?). Keep the ledger on a local disk. " + _RESTORE,
    ),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _RESTORE),
    sqlite3.SQLITE_NOTADB: ("is not a ledger, or its first bytes are damaged", _RESTORE),
}
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextmanager
def said_plainly(name: str) -> Iterator[None]:
    """Turn SQLite's refusals into ``LedgerBusy`` or ``LedgerError``; broken SQL and constraints stay as
    they are.

    ``name`` is the ledger's path, as it should be shown.
    """
    try:
        yield
    except sqlite3.Error as error:
        _raise_plainly(name, error, error)
    except DBAPIError as error:
        _raise_plainly(name, error.orig, error)


def _raise_plainly(name: str, cause: BaseException | None, shown: Exception) -> None:
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if code in _BUSY:
        raise LedgerBusy(f"Another program is writing the ledger {name} and did not finish in time.") from shown
    if code in _MEANINGS:
        meaning, advice = _MEANINGS[code]
        raise LedgerError(f"The ledger {name} {meaning} ({cause}).", advice=advice) from shown
    raise shown
