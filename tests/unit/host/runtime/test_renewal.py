"""Renewal: the successor first, the old generation serves until it is left, and a failure changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from signal import SIGSEGV

import pytest

from abi.wire import CreateInstance, Failed, FaultKind, InstanceCreated, LoadModule, Packet, Ping, Pong, Shutdown
from host.errors import LoadFailed, ManifestError, PluginQuarantined, StellaError, WorkerLost
from host.ids import Role
from host.packages import PluginManifest
from host.runtime import Phase
from host.supervise import Rules
from host.worker import ExitStatus
from tests.unit.host.packages.plugin_folder import named
from tests.unit.host.runtime.rig import LIMITS, LONG_S, Rig, run
from tests.unit.host.runtime.workers import GAIN, MANIFEST, Workers, module_info, obey
from tests.unit.host.worker.peer import Answer, Peer, ending, replying, requests_of, silent


def phases_now(rig: Rig) -> list[tuple[int, Phase]]:
    return [(one.generation, one.state) for one in rig.runtime.list()]


def test_the_old_generation_serves_until_what_lives_in_it_has_left(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        old = await rig.create()
        renewal = await rig.runtime.renew(GAIN)
        assert (renewal.plugin_id, renewal.old, renewal.new) == (GAIN, 1, 2)
        assert (renewal.old_pid, renewal.new_pid) == (4242, 4242)
        assert phases_now(rig) == [(1, Phase.DRAINING), (2, Phase.ACTIVE)]
        assert await old.request(Ping(), LONG_S) == Pong()
        new = await rig.create()
        assert new.generation == 2
        assert requests_of(rig.workers.peers[0], Shutdown) == 0
        await old.destroy()
        await rig.runtime.unload(GAIN, Role.SCAN)
        while rig.runtime.list()[0].generation == 1:
            await asyncio.sleep(0)
        assert phases_now(rig) == [(2, Phase.ACTIVE)]
        assert [phase for phase in rig.phases() if phase[0] == 1][-2:] == [(1, "draining"), (1, "retired")]
        assert not rig.faults()

    run(tmp_path, body)


def test_without_an_old_generation_it_is_a_load(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        renewal = await rig.runtime.renew(GAIN, Role.SCAN)
        assert (renewal.old, renewal.new, renewal.old_pid) == (None, 1, 0)
        assert await rig.runtime.load(GAIN, Role.SCAN) == 1

    run(tmp_path, body)


def test_after_a_loss_it_is_a_load_as_well(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.create()
        rig.workers.peer.process.end(ExitStatus(signal=SIGSEGV))
        while rig.runtime.list():
            await asyncio.sleep(0)
        renewal = await rig.runtime.renew(GAIN)
        assert (renewal.old, renewal.new) == (None, 2)

    run(tmp_path, body)


FAILURES: dict[str, tuple[Answer, int]] = {
    "refused": (replying(Failed(FaultKind.LOAD, 0, "dlopen", "broken")), 0),
    "another id": (replying(module_info("x.y")), 0),
    "crash": (ending(ExitStatus(signal=SIGSEGV)), 1),
    "silence": (silent, 1),
    "garbage": (lambda peer, _packet: peer.send_raw(peer.control, b"\xc1"), 1),
}


@pytest.mark.parametrize(("answer", "faults"), FAILURES.values(), ids=FAILURES)
def test_a_successor_of_no_use_leaves_everything_as_it_is(tmp_path: Path, answer: Answer, faults: int) -> None:
    async def body(rig: Rig) -> None:
        old = await rig.create()
        rig.workers.answer = answer
        for _ in range(8):
            with pytest.raises(LoadFailed):
                await rig.runtime.renew(GAIN)
        assert phases_now(rig) == [(1, Phase.ACTIVE)]
        assert await old.request(Ping(), LONG_S) == Pong()
        assert (await rig.create()).generation == 1
        assert rig.runtime.supervisor.restarts(GAIN) == 0, "what was commanded does not count"
        assert [fault.action for fault in rig.faults()] == ["none"] * faults * 8
        assert len(await rig.rows(faults * 8)) == faults * 8
        rig.workers.answer = obey
        assert (await rig.runtime.renew(GAIN)).old == 1

    run(tmp_path, body, limits=replace(LIMITS, load_ms=50))


def test_the_old_one_may_die_while_its_successor_starts(tmp_path: Path) -> None:
    held: list[tuple[Peer, Packet]] = []

    def hold_load(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, LoadModule):
            held.append((peer, packet))
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        old = await rig.create()
        rig.workers.answer = hold_load
        renewing = asyncio.ensure_future(rig.runtime.renew(GAIN))
        while not held:
            await asyncio.sleep(0.001)
        rig.workers.peers[0].process.end(ExitStatus(signal=SIGSEGV))
        with pytest.raises(WorkerLost):
            await old.request(Ping(), LONG_S)
        loading = asyncio.ensure_future(rig.runtime.load(GAIN))
        await asyncio.wait((loading,), timeout=0)
        obey(*held.pop())
        renewal = await renewing
        assert (renewal.old, renewal.new) == (1, 2)
        assert await loading == 2, "who needs it now shares the start"
        assert len(rig.workers.peers) == 2

    run(tmp_path, body)


def test_two_renewals_at_once_come_one_after_the_other(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        first, second = await asyncio.gather(rig.runtime.renew(GAIN), rig.runtime.renew(GAIN))
        assert [(first.old, first.new), (second.old, second.new)] == [(1, 2), (2, 3)]
        await rig.runtime.unload(GAIN)
        assert [phase for phase in rig.phases() if phase[1] == "lost"] == []

    run(tmp_path, body)


def test_a_create_that_a_renewal_overtakes_goes_to_the_new_generation(tmp_path: Path) -> None:
    held: list[tuple[Peer, Packet]] = []

    def hold_create(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, CreateInstance):
            held.append((peer, packet))
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        creating = asyncio.ensure_future(rig.create())
        while not held:
            await asyncio.sleep(0.001)
        rig.workers.answer = obey
        await rig.runtime.renew(GAIN)
        peer, packet = held.pop()
        peer.reply(packet, InstanceCreated(0, 3, False))
        assert (await creating).generation == 2
        assert rig.runtime.instances() == (creating.result(),)

    run(tmp_path, body, Workers(hold_create))


# ---- reading the file again ----


@pytest.fixture
def in_folder(tmp_path: Path) -> PluginManifest:
    """The plugin as a folder on disk."""
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "plugin.toml").write_text(named(GAIN, "gain"))
    entry = folder / "gain.so"
    entry.write_bytes(b"first build")
    return replace(MANIFEST, folder=folder, entry=entry)


def test_a_reload_reads_the_manifest_again(tmp_path: Path, in_folder: PluginManifest) -> None:
    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        (in_folder.folder / "plugin.toml").write_text(named(GAIN, "gain").replace("1.0.0", "2.0.0"))
        with pytest.raises(LoadFailed, match="version"):
            await rig.runtime.renew(GAIN, reload=True)
        assert [manifest.version for manifest in rig.runtime.manifests()] == ["1.0.0"]
        rig.workers.answer = lambda peer, packet: (
            peer.reply(packet, module_info(version="2.0.0"))
            if isinstance(packet.message, LoadModule)
            else obey(peer, packet)
        )
        assert (await rig.runtime.renew(GAIN, reload=True)).old == 1
        assert [manifest.version for manifest in rig.runtime.manifests()] == ["2.0.0"]

    run(tmp_path, body, manifest=in_folder)


BROKEN: dict[str, tuple[Callable[[str], str], type[StellaError]]] = {
    "no TOML": (lambda text: "[" + text, ManifestError),
    "another plugin": (lambda text: text.replace(GAIN, "test.dsp.other"), LoadFailed),
}


@pytest.mark.parametrize(("spoil", "error"), BROKEN.values(), ids=BROKEN)
def test_a_reload_of_a_broken_folder_changes_nothing(
    tmp_path: Path, in_folder: PluginManifest, spoil: Callable[[str], str], error: type[StellaError]
) -> None:
    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        file = in_folder.folder / "plugin.toml"
        file.write_text(spoil(file.read_text()))
        with pytest.raises(error):
            await rig.runtime.renew(GAIN, reload=True)
        assert phases_now(rig) == [(1, Phase.ACTIVE)]
        assert len(rig.workers.peers) == 1

    run(tmp_path, body, manifest=in_folder)


def test_another_file_ends_a_quarantine_and_the_same_does_not(tmp_path: Path, in_folder: PluginManifest) -> None:
    async def body(rig: Rig) -> None:
        rig.workers.answer = ending(ExitStatus(signal=SIGSEGV))
        with pytest.raises(LoadFailed):
            await rig.runtime.load(GAIN)
        rig.workers.answer = obey
        for reload in (False, True):
            with pytest.raises(PluginQuarantined):
                await rig.runtime.renew(GAIN, reload=reload)
        in_folder.entry.write_bytes(b"second build, repaired")
        assert (await rig.runtime.renew(GAIN, reload=True)).new == 2
        assert rig.runtime.supervisor.restarts(GAIN) == 0

    run(tmp_path, body, manifest=in_folder, rules=Rules(row=1, terms_s=()))
