"""The page of the daemon's figures says what was missed, too."""

from __future__ import annotations

from tests.daemon.figures import Figure, page, queue, strangers


def test_a_page_names_budget_figure_and_whether_it_was_held() -> None:
    figures = [Figure("a", "< 1 s", "0.5 s", True), Figure("b", "< 1 s", "2 s", False), Figure("c", "", "3")]
    rows = [line for line in page(figures, "how").splitlines() if line.startswith("| ")]
    assert rows[1:] == ["| a | < 1 s | 0.5 s | yes |", "| b | < 1 s | 2 s | no |", "| c |  | 3 |  |"]


def test_a_backlog_is_drained_whole_and_strangers_leave_nothing_behind() -> None:
    assert all(one.held is not False for one in [*queue(2_000, 40), *strangers(500)])
