"""A decoder is forgiven what damaged files do to it, and not that it dies of everything."""

from __future__ import annotations

from host.ids import PluginId
from host.library.budget import COINS, DeathBudget

ONE, OTHER = PluginId("one"), PluginId("other")


def test_who_dies_of_every_file_runs_out_and_that_is_told_once() -> None:
    budget = DeathBudget()
    told = [budget.died(ONE) for _ in range(50)]
    assert told.index(True) == COINS - 1
    assert told.count(True) == 1
    assert not budget.allows(ONE)
    assert budget.allows(OTHER)
    budget.read(ONE, 10_000)
    assert not budget.allows(ONE)


def test_who_reads_nine_of_ten_goes_on_for_ever() -> None:
    budget = DeathBudget()
    for _ in range(1000):
        assert not budget.died(ONE)
        budget.read(ONE, 9)
    assert budget.allows(ONE)


def test_who_dies_of_every_second_file_comes_to_an_end() -> None:
    budget = DeathBudget()
    deaths = 0
    while budget.allows(ONE):
        budget.died(ONE)
        budget.read(ONE, 1)
        deaths += 1
        assert deaths < 1000
    assert deaths > COINS
