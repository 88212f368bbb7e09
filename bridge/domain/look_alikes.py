"""Finds rows of both sides with similar names among those nothing else has linked: hints for a person.

Work is bounded: rows meet only in small buckets (a shared word, the same beginning), so 100,000 rows stay seconds.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from bridge.domain.fields import plain_name

MAX_BUCKET = 50
"""Words shared by more rows than this say nothing about a product (colours, sizes, "shirt")."""
CANDIDATES = 5
SHOWN = 3
LIKE_ENOUGH = 0.6

_WORD = re.compile(r"\w+")


def like(woo: Sequence[str], square: Sequence[str]) -> list[tuple[int, int, float]]:
    """(index in woo, index in square, score) of texts that look alike, best first for each woo text.

    The score is the share of common three-letter pieces (Dice), 0.6-1.0; at most three per woo text.
    """
    square_texts = [_plain(text) for text in square]
    buckets = _buckets(square_texts)
    pieces = [_pieces(text) for text in square_texts]
    found: list[tuple[int, int, float]] = []
    for here, text in enumerate(_plain(text) for text in woo):
        own = _pieces(text)
        scored = [(_dice(own, pieces[there]), there) for there in _candidates(text, buckets)]
        best = sorted((-score, there) for score, there in scored if score >= LIKE_ENOUGH)
        found.extend((here, there, -score) for score, there in best[:SHOWN])
    return found


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(plain_name(text).casefold()))


def _keys(text: str) -> set[str]:
    """Where a text is looked for: its words, its first four letters, and as a whole."""
    return {*text.split(), f"^{text.replace(' ', '')[:4]}", f"={text}"} if text else set()


def _buckets(texts: Sequence[str]) -> dict[str, list[int]]:
    buckets: dict[str, list[int]] = defaultdict(list)
    for index, text in enumerate(texts):
        for key in _keys(text):
            buckets[key].append(index)
    return {key: rows for key, rows in buckets.items() if len(rows) <= MAX_BUCKET}


def _candidates(text: str, buckets: Mapping[str, Sequence[int]]) -> list[int]:
    """The rows that share most buckets with a text, few enough to look at closely."""
    shared = Counter(index for key in _keys(text) for index in buckets.get(key, ()))
    return [index for index, _ in sorted(shared.items(), key=lambda row: (-row[1], row[0]))[:CANDIDATES]]


def _pieces(text: str) -> frozenset[str]:
    padded = f"  {text} "
    return frozenset(padded[n : n + 3] for n in range(len(padded) - 2))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))
