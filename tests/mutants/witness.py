"""A plugin of pytest for the copies: one JSON line per phase of a test, with the exception that ended it."""

from __future__ import annotations

import json
from collections.abc import Generator
from functools import partial
from pathlib import Path

import pytest

from tests import census

__all__ = ["IMPATIENT_OPTION", "SEEN_OPTION"]

SEEN_OPTION = "--mutant-seen"
IMPATIENT_OPTION = "--mutant-impatient"
_PATIENCE_S = 0.5


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the lines go; and whether a test that failed is waited for long, until what it left has ended by itself."""
    parser.addoption(SEEN_OPTION, required=True)
    parser.addoption(IMPATIENT_OPTION, action="store_true")


def pytest_configure(config: pytest.Config) -> None:
    """What a mutant leaves behind is nobody's concern."""
    if config.getoption(IMPATIENT_OPTION):
        pytest.MonkeyPatch().setattr(census, "left_behind", partial(census.left_behind, patience_s=_PATIENCE_S))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Writes what is reported."""
    report = yield
    error = call.excinfo
    row = {
        "test": item.nodeid,
        "when": report.when,
        "outcome": report.outcome,
        "error": error.typename if error is not None else "",
        "asserted": error is not None and issubclass(error.type, AssertionError | pytest.fail.Exception),
        "text": str(error.value) if error is not None else "",
    }
    with Path(item.config.getoption(SEEN_OPTION)).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    return report
