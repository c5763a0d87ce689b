"""Which ends of workers are told as crashes in destroy, and in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from host.events import WorkerExited
from host.ids import Generation, PluginId, Role
from host.playback.faults import crash_in_destroy

CRASH = WorkerExited(
    PluginId("a.gain"), Role.PLAY, Generation(1), 101, False, "signal SIGSEGV", "", "in destroy of instance 3", 1, ()
)


@pytest.mark.parametrize(
    ("exited", "words"),
    [
        (CRASH, "plugin a.gain crashed while it was being destroyed (signal SIGSEGV)"),
        (
            replace(CRASH, reason="DestroyInstance took longer than 0.5 s"),
            "plugin a.gain hung while it was being destroyed (DestroyInstance took longer than 0.5 s)",
        ),
        (replace(CRASH, call="in read of instance 2 and in destroy of instance 3"), "crashed while"),
    ],
)
def test_an_end_in_destroy(exited: WorkerExited, words: str) -> None:
    fault = crash_in_destroy(exited)
    assert fault is not None
    assert (fault.code, fault.spoils) == ("lost_in_destroy", False)
    assert words in fault.message


@pytest.mark.parametrize("exited", [replace(CRASH, expected=True), replace(CRASH, call="in process of instance 3")])
def test_other_ends_are_told_elsewhere(exited: WorkerExited) -> None:
    assert crash_in_destroy(exited) is None
