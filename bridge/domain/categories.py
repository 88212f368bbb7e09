"""Finds the settings a product's categories select: the most specific category that has one.

A setting's key is a category's path ("Clothing > Hoodies") or a bare name ("Hoodies"); it covers everything below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from bridge.domain.fields import PATH_MARK, plain_path

Setting = TypeVar("Setting")


def most_specific(settings: Mapping[str, Setting], categories: Iterable[str]) -> list[Setting]:
    """The settings found at the deepest level of any of the category paths, a whole path before a bare name.

    ``categories`` are "A > B" texts, compared without regard to case. Several equally specific categories give
    several settings, in the order of their paths; none gives an empty list.
    """
    by_key = {plain_path(key): setting for key, setting in settings.items()}
    found: dict[tuple[int, bool], dict[str, Setting]] = {}
    for category in categories:
        names = plain_path(category).split(PATH_MARK)
        for depth, name in enumerate(names, start=1):
            path = PATH_MARK.join(names[:depth])
            if path in by_key:
                found.setdefault((depth, True), {})[path] = by_key[path]
            elif name in by_key:
                found.setdefault((depth, False), {})[name] = by_key[name]
    return [setting for _, setting in sorted(found[max(found)].items())] if found else []
