"""The command line with both simulators on loopback, as the tests of the other commands have it."""

from __future__ import annotations

from tests.cli.conftest import accounts, bridge

__all__ = ["accounts", "bridge"]
