"""Facts as lines."""

from __future__ import annotations

from dataclasses import replace

from host.events import PluginFault, StageBypassed, StageGivenUp, StageMended, words_of
from host.ids import Generation, InstanceId, PluginId, Role, TypeId

FX = PluginId("a.fx")
MENDED = StageMended(
    "fx", FX, TypeId("fx"), Generation(1), Generation(2), 512, "A", "crashed in process", None, None, 0, False
)


def test_what_was_heard_is_told() -> None:
    assert words_of(MENDED) == "fx: generation 1 -> 2 at frame 512: crashed in process; nothing was heard of it"
    late = replace(MENDED, grade="B", first=100, last=511)
    assert words_of(late).endswith("crashed in process; heard from frame 100 to 511")
    assert words_of(replace(late, gap_frames=7)).endswith("to 511, 7 frames lost")


def test_faults_and_ends() -> None:
    fault = PluginFault(
        FX, Role.PLAY, Generation(1), 9, InstanceId(3), "process", "crash", "SIGSEGV", "at 0x0", (), (), "restart", 1
    )
    assert words_of(fault) == "a.fx#1: crash in process: at 0x0; restart"
    assert words_of(StageBypassed("fx", FX, 5, "late")) == "fx: left out from frame 5 on: late"
    assert words_of(StageGivenUp("fx", FX, InstanceId(3), "no more")) == "fx: given up: no more"
