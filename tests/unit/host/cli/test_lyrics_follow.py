"""Lines as they are sung, on a terminal of some width."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from host.cli import lyrics_follow


@pytest.mark.parametrize("columns", [1, 2, 9, 10, 11, 80])
@pytest.mark.parametrize(
    "line", ["", "plain words", "\u5149\u308b" * 12, "a\u5149" * 9, "e\u0301" * 20, "\U0001f3b5 la"]
)
def test_a_line_fits_and_is_cut_no_shorter_than_it_must_be(line: str, columns: int) -> None:
    shown = lyrics_follow._fitting(line, columns)
    assert line.startswith(shown)
    assert cell_len(shown) <= columns
    assert shown == line or cell_len(line[: len(shown) + 1]) > columns
