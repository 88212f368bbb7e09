"""The match sheet: every variation of both sides as CSV for a spreadsheet, and what a person wrote into it.

Only the ids and the column ``decision`` are read back. It may hold ``link``, ``ignore``, ``opening: woo`` or
``opening: square``, several separated by ``;``. A sheet is taken as a whole or not at all.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bridge.domain.match import MatchRow
from bridge.domain.money import format_amount
from bridge.engine.context import Bridge
from bridge.engine.first_day import FirstDay
from bridge.engine.linking import HAND, IGNORE
from bridge.engine.observe_catalog import LINK
from bridge.errors import InputError
from bridge.ledger import cursors, decisions

_SHOWN = ("sku", "gtin", "name", "title", "price", "stock")
COLUMNS = (
    "woo_id",
    *(f"woo_{name}" for name in _SHOWN),
    "square_id",
    *(f"square_{name}" for name in _SHOWN),
    "proposal",
    "decision",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WORDS = ("link", "ignore", "opening: woo", "opening: square")


def write_sheet(found: FirstDay, *, decimals: int) -> str:
    """The sheet as text: comma separated, with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO(newline="")
    sheet = csv.writer(out)
    sheet.writerow(COLUMNS)
    for row in found.sheet():
        sheet.writerow([*_cells(row.woo, decimals), *_cells(row.square, decimals), row.proposal, ""])
    return "\ufeff" + out.getvalue()


def _cells(row: MatchRow | None, decimals: int) -> list[str]:
    if row is None:
        return [""] * (len(_SHOWN) + 1)
    amount = format_amount(row.price, decimals)
    counted = "" if row.stock is None else format(row.stock.normalize(), "f")
    return [row.variation_id, *map(_inert, (row.sku, row.gtin, row.name, row.title)), amount, counted]


def _inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


@dataclass(slots=True)
class SheetTaken:
    """What a sheet decides: links (woo id → Square id), ignored (side, id), openings (woo id → side)."""

    links: dict[str, str] = field(default_factory=dict)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    openings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    woo_id: str
    square_id: str
    words: tuple[str, ...]


def read_sheet(text: str, found: FirstDay) -> SheetTaken:
    """What a person decided; raises ``InputError`` naming every bad line when there is one."""
    lines = list(_lines(text))
    problems = [(line.number, why) for line in lines for why in _faults(line, found)]
    problems += _clashes(lines)
    if problems:
        listed = "\n".join(f"line {number}: {why}" for number, why in sorted(problems))
        raise InputError(
            f"The sheet cannot be taken:\n{listed}", advice="Nothing of it was taken. Correct these lines."
        )
    taken = SheetTaken()
    for line in lines:
        _take(line, taken)
    return taken


def _take(line: _Line, taken: SheetTaken) -> None:
    if "link" in line.words:
        taken.links[line.woo_id] = line.square_id
    if "ignore" in line.words:
        both = (("woo", line.woo_id), ("square", line.square_id))
        taken.ignored += [(side, one) for side, one in both if one]
    for word in line.words:
        if word.startswith("opening: "):
            taken.openings[line.woo_id] = word.removeprefix("opening: ")


def _lines(text: str) -> Iterator[_Line]:
    """Lines with a decision. A spreadsheet may have saved it with semicolons or tabs instead of commas."""
    text = text.removeprefix("\ufeff")
    head = text.split("\n", 1)[0]
    between = max(",;\t", key=head.count)
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=between)
        missing = [name for name in ("woo_id", "square_id", "decision") if name not in (rows.fieldnames or ())]
        if missing:
            raise InputError(
                f"The sheet has no column {', '.join(missing)}.", advice="Make one with `bridge match --out FILE.csv`."
            )
        for row in rows:
            words = _words(row.get("decision") or "")
            if words:
                yield _Line(rows.line_num, (row["woo_id"] or "").strip(), (row["square_id"] or "").strip(), words)
    except csv.Error as problem:
        raise InputError(f"The sheet is not CSV: {problem}.") from None


def _words(text: str) -> tuple[str, ...]:
    parts = (" ".join(part.replace(":", ": ").lower().split()) for part in text.replace(",", ";").split(";"))
    return tuple(part for part in parts if part)


def _faults(line: _Line, found: FirstDay) -> Iterator[str]:
    """What is wrong with one line by itself."""
    unknown = [word for word in line.words if word not in _WORDS]
    if unknown:
        yield f"`{unknown[0]}` is not a decision; there are {', '.join(_WORDS)}"
    if line.woo_id and line.woo_id not in found.woo:
        yield f"the shop has no variation {line.woo_id}"
    if line.square_id and line.square_id not in found.square:
        yield f"Square has no variation {line.square_id}"
    if not line.woo_id and not line.square_id:
        yield "it names no variation"
    if "link" in line.words and "ignore" in line.words:
        yield "link and ignore exclude each other"
    if len([word for word in line.words if word.startswith("opening")]) > 1:
        yield "only one side can be true at the opening"
    yield from _faults_with_links(line, found)


def _faults_with_links(line: _Line, found: FirstDay) -> Iterator[str]:
    """What is wrong with one line given what is linked and open already."""
    elsewhere = {square: woo for woo, square in found.linked.items()}
    if "link" in line.words:
        if not (line.woo_id and line.square_id):
            yield "to link, both ids are needed"
        elif found.linked.get(line.woo_id, line.square_id) != line.square_id:
            yield f"{line.woo_id} is linked to {found.linked[line.woo_id]} already"
        elif elsewhere.get(line.square_id, line.woo_id) != line.woo_id:
            yield f"{line.square_id} is linked to {elsewhere[line.square_id]} already"
        else:
            yield from _unbridgeable(line, found)
    if "ignore" in line.words and (line.woo_id in found.linked or line.square_id in elsewhere):
        yield "it is linked already and cannot be ignored any more"
    if any(word.startswith("opening") for word in line.words):
        if not line.woo_id:
            yield "an opening is decided by the shop's id"
        elif line.woo_id in found.opened:
            yield "its opening count was taken already"


def _unbridgeable(line: _Line, found: FirstDay) -> Iterator[str]:
    for row in (found.woo.get(line.woo_id), found.square.get(line.square_id)):
        if row is not None and row.unrepresentable:
            yield f"{row.variation_id} cannot be bridged: {row.unrepresentable}"


def _clashes(lines: Iterable[_Line]) -> list[tuple[int, str]]:
    """Lines that say different things of the same variation."""
    named = [(line.number, side_id) for line in lines for side_id in _ids(line)]
    often = Counter(side_id for _, side_id in named)
    return [(number, f"{one} is decided on in several lines") for number, (_, one) in named if often[(_, one)] > 1]


def _ids(line: _Line) -> list[tuple[str, str]]:
    return [(side, one) for side, one in (("woo", line.woo_id), ("square", line.square_id)) if one]


def keep(bridge: Bridge, taken: SheetTaken) -> None:
    """Write the decisions into the ledger, all in one transaction; the next run acts on them."""
    with bridge.db.transaction() as conn:
        for woo_id, square_id in taken.links.items():
            cursors.note_fact(conn, f"{HAND}{woo_id}", square_id)
            cursors.forget_fact(conn, f"{IGNORE}woo:{woo_id}")
            cursors.forget_fact(conn, f"{IGNORE}square:{square_id}")
        for side, one in taken.ignored:
            cursors.note_fact(conn, f"{IGNORE}{side}:{one}", "1")
            if side == "woo":
                cursors.forget_fact(conn, f"{HAND}{one}")
        for woo_id, side in taken.openings.items():
            cursors.note_fact(conn, f"opening:{woo_id}", side)
            decisions.withdraw(conn, "opening", woo_id, now=bridge.now())
        # whatever was shown before may find its twin now
        cursors.note_fact(conn, LINK, "1")
