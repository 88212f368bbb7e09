"""Try many endings of one beginning: the world as it stands is branched into child processes, and nothing they do
comes back but what they say.

A branch is a fork of this process, simulators and in-memory ledger included: building the same world again for each
of some thousand lives would take most of the time.
"""

from __future__ import annotations

import gc
import os
import traceback
from collections.abc import Callable
from typing import Any

import orjson


def branch(work: Callable[[], Any]) -> Any:
    """What ``work`` returns (JSON values) when it is done in a copy of this process; its exceptions are raised here."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_end(work, theirs)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    if not said:
        raise AssertionError("the branch ended without a word")
    result = orjson.loads(said)
    if "problem" in result:
        raise AssertionError(result["problem"])
    return result["said"]


def _work_and_end(work: Callable[[], Any], pipe: int) -> None:
    gc.disable()
    try:
        said = orjson.dumps({"said": work()})
    except BaseException:  # whatever it is, it is told to the parent
        said = orjson.dumps({"problem": traceback.format_exc()})
    with os.fdopen(pipe, "wb") as out:
        out.write(said)
    os._exit(0)
