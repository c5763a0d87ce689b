"""Loading: one start for all who ask, and what a load that fails leaves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from signal import SIGSEGV

import pytest

from abi.wire import (
    Failed,
    FaultKind,
)
from host.errors import (
    IncompatibleVersion,
    LoadFailed,
    NotFound,
    StellaError,
)
from host.ids import PluginId, Role
from host.runtime import Phase
from host.worker import ExitStatus
from tests.unit.host.runtime.rig import LIMITS, Rig, run
from tests.unit.host.runtime.workers import GAIN, TYPE, Workers, module_info
from tests.unit.host.worker.peer import Answer, ending, replying, silent


def test_concurrent_loads_share_one_start(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        numbers = await asyncio.gather(*(rig.runtime.load(GAIN) for _ in range(5)))
        assert numbers == [1] * 5
        assert len(rig.workers.peers) == 1
        assert await rig.runtime.load(GAIN, Role.SCAN) == 2
        assert [(one.generation, one.role, one.state) for one in rig.runtime.list()] == [
            (1, Role.PLAY, Phase.ACTIVE),
            (2, Role.SCAN, Phase.ACTIVE),
        ]

    run(tmp_path, body)


FAILURES: dict[str, tuple[Answer, type[StellaError], str]] = {
    "another id": (replying(module_info("x.y")), LoadFailed, "id is 'test.dsp.gain'"),
    "another version": (replying(module_info(version="2.0.0")), LoadFailed, "version"),
    "another api": (replying(module_info(api=5)), LoadFailed, "api_version is 6"),
    "another type": (replying(module_info(types=("x",))), LoadFailed, "dsp x"),
    "one type more": (replying(module_info(types=(TYPE, "x"))), LoadFailed, "dsp x"),
    "no library": (
        replying(Failed(FaultKind.LOAD, 0, "dlopen", "no such file")),
        LoadFailed,
        "no such file",
    ),
    "incompatible": (
        replying(Failed(FaultKind.INCOMPATIBLE, 0, "entry", "api_version 5")),
        IncompatibleVersion,
        "api_version 5",
    ),
    "crash": (ending(ExitStatus(signal=SIGSEGV)), LoadFailed, "SIGSEGV"),
    "exit": (ending(ExitStatus(code=3)), LoadFailed, "exit status 3"),
    "silence": (silent, LoadFailed, r"LoadModule took longer than 0\.05 s"),
    "garbage": (lambda peer, _packet: peer.send_raw(peer.control, b"\xc1"), LoadFailed, "cannot be"),
}


@pytest.mark.parametrize(("answer", "error", "text"), FAILURES.values(), ids=FAILURES)
def test_a_load_that_fails_names_the_plugin_and_leaves_nothing(
    tmp_path: Path, answer: Answer, error: type[StellaError], text: str
) -> None:
    async def body(rig: Rig) -> None:
        outcomes = await asyncio.gather(*(rig.runtime.load(GAIN) for _ in range(2)), return_exceptions=True)
        for outcome in outcomes:
            assert type(outcome) is error
            assert "test.dsp.gain" in str(outcome)
        with pytest.raises(error, match=text) as caught:
            await rig.runtime.load(GAIN)
        assert caught.value.exit_code == 7
        assert caught.value.remedy
        assert rig.runtime.list() == ()
        assert [fact for fact in rig.phases() if fact[1] == "lost"] == [(1, "lost"), (2, "lost")]
        assert len(rig.workers.peers) == 2

    run(tmp_path, body, Workers(answer), replace(LIMITS, load_ms=50) if answer is silent else LIMITS)


def test_a_worker_that_cannot_start_leaves_no_generation(tmp_path: Path) -> None:
    def refuse() -> None:
        raise LoadFailed("no process left")

    async def body(rig: Rig) -> None:
        rig.workers.before_start = refuse
        with pytest.raises(LoadFailed, match="no process left"):
            await rig.runtime.load(GAIN)
        assert rig.phases() == [(1, "starting"), (1, "lost")]

    run(tmp_path, body)


def test_a_plugin_that_nobody_knows(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        with pytest.raises(NotFound, match=r"x\.y"):
            await rig.runtime.load(PluginId("x.y"))
        with pytest.raises(NotFound):
            await rig.runtime.unload(PluginId("x.y"))

    run(tmp_path, body)
