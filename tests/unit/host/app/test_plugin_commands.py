"""Plugin commands over workers that are peers in this process, and a player that only remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind, LogLevel
from abi.wire import Failed, FaultKind, LoadModule, Packet, PluginLog
from host.app.plugin_commands import PluginCommands
from host.errors import LoadFailed, NotFound, NotRunning, PluginDisabled, PluginRefused, StellaError
from host.events import EventBus, PluginLogLine
from host.ids import Generation, PluginId, Role
from host.jsontext import JsonObject
from host.packages import Discovery, Needs
from host.runtime import PluginRuntime, loading
from host.settings import Limits, Settings
from host.supervise import CrashHistory, Supervisor
from tests.unit.host.runtime.workers import GAIN, MANIFEST, TYPE, Workers, obey
from tests.unit.host.worker.peer import Peer

LONG_S = 30.0
POOR = replace(MANIFEST, id=PluginId("test.dsp.poor"), needs=Needs(("absent",), ("libabsent-dev",)), is_there=False)
LIMITS = replace(Limits(), shutdown_ms=50, terminate_ms=20, drain_ms=20)


@pytest.fixture(autouse=True)
def _no_library_to_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "copy_library", lambda _: None)


@dataclass(frozen=True)
class Move:
    name: str
    old_generation: Generation
    new_generation: Generation
    frames_lost: int


@dataclass
class Player:
    """Remembers which plugins it was to move; ``error`` is what it fails with."""

    moved: list[PluginId] = field(default_factory=list)
    error: StellaError | None = None
    gate: asyncio.Event | None = None

    async def swap(self, plugin_id: PluginId, /) -> tuple[Move, ...]:
        self.moved.append(plugin_id)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return (Move("a", Generation(1), Generation(2), 3), Move("b", Generation(1), Generation(2), 4))


class Rig:
    """A runtime and the commands over it."""

    def __init__(self, place: Path, workers: Workers) -> None:
        self.workers = workers
        self.bus = EventBus()
        self.player: Player | None = None
        self.history = CrashHistory(place / "crashes.jsonl")
        self.runtime = PluginRuntime(
            {GAIN: MANIFEST},
            self.bus,
            Settings(limits=LIMITS),
            state_dir=place,
            spawner=workers.spawn,
            supervisor=Supervisor(seed=1),
        )
        self.commands = PluginCommands(
            self.runtime, Discovery({GAIN: MANIFEST}, (), (POOR,)), self.bus, self.history, lambda: self.player, 0.02
        )


def run(place: Path, body: Callable[[Rig], Awaitable[None]], workers: Workers | None = None) -> None:
    """Runs the body and closes everything."""

    async def whole() -> None:
        rig = Rig(place, workers or Workers())
        try:
            async with asyncio.timeout(LONG_S):
                await body(rig)
        finally:
            rig.commands.close()
            await rig.runtime.close()

    asyncio.run(whole())


def only(document: JsonObject, name: str) -> JsonObject:
    """The one object in a list."""
    found = document[name]
    assert isinstance(found, list)
    (one,) = found
    assert isinstance(one, dict)
    return one


def test_a_restart_moves_what_plays(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        rig.player = Player()
        first = await rig.commands.restart("gain", Role.PLAY, reload=False)
        assert (first["old_generation"], first["old_pid"], first["new_pid"]) == (None, None, 4242)
        second = await rig.commands.restart("dsp.gain", Role.PLAY, reload=False)
        assert (second["old_generation"], second["plugin"]) == (first["new_generation"], GAIN)
        assert second["frames_lost"] == 7
        assert second["moved"] == [{"name": "a", "frames_lost": 3}, {"name": "b", "frames_lost": 4}]
        assert rig.player.moved == [GAIN, GAIN]

    run(tmp_path, body)


def test_a_restart_for_the_scan_leaves_the_player_alone(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        rig.player = Player()
        done = await rig.commands.restart("gain", Role.SCAN, reload=False)
        assert (done["role"], done["frames_lost"], rig.player.moved) == ("scan", 0, [])

    run(tmp_path, body)


def test_two_restarts_of_one_plugin_wait_for_each_other(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        rig.player = Player(gate=asyncio.Event())
        both = [asyncio.create_task(rig.commands.restart("gain", Role.PLAY, reload=False)) for _ in range(2)]
        while not rig.player.moved:
            await asyncio.sleep(0)
        assert len(rig.workers.peers) == 1
        assert rig.player.gate is not None
        rig.player.gate.set()
        first, second = await asyncio.gather(*both)
        assert second["old_generation"] == first["new_generation"]

    run(tmp_path, body)


def test_a_failing_successor_is_refused_and_nothing_is_moved(tmp_path: Path) -> None:
    starts = 0

    def answer(peer: Peer, packet: Packet) -> None:
        nonlocal starts
        if isinstance(packet.message, LoadModule):
            starts += 1
            if starts > 1:
                peer.reply(packet, Failed(FaultKind.LOAD, 0, "load", "no symbol"))
                return
        obey(peer, packet)

    async def body(rig: Rig) -> None:
        first = await rig.commands.restart("gain", Role.PLAY, reload=False)
        rig.player = Player()
        with pytest.raises(LoadFailed, match="no symbol"):
            await rig.commands.restart("gain", Role.PLAY, reload=False)
        assert rig.player.moved == []
        assert [one.generation for one in rig.runtime.list()] == [first["new_generation"]]

    run(tmp_path, body, Workers(answer))


def test_a_player_that_cannot_move_is_the_answer(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        rig.player = Player(error=PluginRefused("said no"))
        with pytest.raises(PluginRefused, match="said no"):
            await rig.commands.restart("gain", Role.PLAY, reload=False)

    run(tmp_path, body)


def test_unloading_what_is_in_use_says_that_it_drains(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.runtime.create(GAIN, CapabilityKind.DSP, TYPE, {}, rate=48000, channels=2)
        done = await rig.commands.unload("gain", Role.PLAY, force=False)
        assert done["ended"] == []
        row = only(done, "draining")
        assert (row["state"], row["live_instances"]) == ("draining", 1)
        forced = await rig.commands.unload("gain", Role.PLAY, force=True)
        assert only(forced, "ended")["generation"] == row["generation"]
        assert forced["draining"] == []
        await instance.destroy()

    run(tmp_path, body)


def test_rows_tell_what_lives_and_what_is_held_against_it(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        done = await rig.commands.restart("gain", Role.PLAY, reload=False)
        row = only(await rig.commands.rows("gain"), "plugins")
        assert (row["id"], row["disabled"], row["standing"]) == (GAIN, False, [])
        assert only(row, "generations")["generation"] == done["new_generation"]
        rig.workers.peer.process.kill_group()
        while rig.runtime.list():
            await asyncio.sleep(0)
        row = only(await rig.commands.rows("gain"), "plugins")
        standing = only(row, "standing")
        assert (standing["role"], standing["restarts"]) == ("play", 1)
        assert only(rig.commands.reset("gain", None), "before") == standing
        assert rig.commands.reset("gain", Role.PLAY)["before"] == []
        while not (rows := (await rig.commands.crashes("gain", 5))["rows"]):
            await asyncio.sleep(0)
        assert isinstance(rows, list) and isinstance(rows[0], dict)
        assert rows[0]["generation"] == done["new_generation"]

    run(tmp_path, body)


def test_what_is_not_built_is_shown_with_what_brings_it(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        rows = (await rig.commands.rows(None))["plugins"]
        assert isinstance(rows, list)
        assert [row["id"] for row in rows if isinstance(row, dict)] == [GAIN, POOR.id]
        absent = only(await rig.commands.rows("poor"), "plugins")["not_built"]
        assert isinstance(absent, dict)
        assert (absent["libraries"], absent["packages"]) == (["absent"], ["libabsent-dev"])
        assert only(await rig.commands.rows("gain"), "plugins")["not_built"] is None
        with pytest.raises(NotFound):
            await rig.commands.restart("poor", Role.PLAY, reload=False)

    run(tmp_path, body)


def test_a_switched_off_plugin_is_shown_so(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        assert await rig.commands.disable("gain") == {"plugin": GAIN, "disabled": True}
        assert only(await rig.commands.rows("gain"), "plugins")["disabled"] is True
        with pytest.raises(PluginDisabled) as refused:
            await rig.commands.restart("gain", Role.PLAY, reload=False)
        assert refused.value.exit_code == 7
        assert await rig.commands.enable("gain") == {"plugin": GAIN, "disabled": False}
        await rig.commands.restart("gain", Role.PLAY, reload=False)

    run(tmp_path, body)


def test_logs_are_those_of_the_generation_that_lives(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        with pytest.raises(NotRunning):
            rig.commands.logs("gain", 10)
        old = await rig.commands.restart("gain", Role.PLAY, reload=False)
        facts = rig.bus.subscribe(PluginLogLine)
        rig.workers.peer.tell(PluginLog(0, int(LogLevel.INFO), "of the old one"))
        await anext(facts)
        new = await rig.commands.restart("gain", Role.PLAY, reload=False)
        while len(rig.runtime.list()) > 1:
            await asyncio.sleep(0)
        for index in range(3):
            rig.workers.peer.tell(PluginLog(0, int(LogLevel.INFO), f"line {index}"))
            await anext(facts)
        facts.close()
        worker = only(rig.commands.logs("gain", 2), "workers")
        assert worker["generation"] == new["new_generation"] != old["new_generation"]
        assert worker["logged"] == ["line 1", "line 2"]

    run(tmp_path, body)


def test_an_unknown_name(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        with pytest.raises(NotFound, match=r"test\.dsp\.gain"):
            await rig.commands.restart("gaim", Role.PLAY, reload=False)

    run(tmp_path, body)
