"""Plugins that crash in real workers: each end is told with its signal, its call, its instance and who was running."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGSEGV

import pytest

from abi.wire import EXIT_HOST_LOST, DestroyInstance, Ping, Pong
from host.errors import LoadFailed, RequestTimeout, StellaError, WorkerLost
from host.runtime.loading import load_plugin
from host.supervise import Autopsy, Cause
from host.worker import KillKind, WorkerHandle
from tests.integration.worker.stages import dsp_attach
from tests.support.c_plugins import FLAGS, INCLUDES, SOURCES
from tests.support.deaths import LONG_S, Deaths, creation, dying
from tests.support.stage_rings import BLOCK, StageRings

WAYS = {
    "segv": ("SIGSEGV", "die_by_segv"),
    "bus": ("SIGBUS", "die_by_bus"),
    "ill": ("SIGILL", "die_by_ill"),
    "fpe": ("SIGFPE", "die_by_fpe"),
    "abort": ("SIGABRT", "die_by_abort"),
    "trap": ("SIGTRAP", "die_by_trap"),
    "sys": ("SIGSYS", "die_by_sys"),
    "jump": ("SIGSEGV", "die_by_jump"),
    "ruined stack": ("SIGABRT", "die_by_abort"),
    "overflow": ("SIGSEGV", "die_by_overflow"),
}


def names(autopsy: Autopsy, function: str) -> bool:
    """Whether the backtrace names a function of the plugin."""
    return any(line.startswith(function) and "(dies.so+0x" in line for line in autopsy.backtrace)


def test_every_signal_is_told_with_call_instance_and_function(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        for how, (name, function) in WAYS.items():
            found = await deaths.by(how)
            assert (found.cause, found.signal, found.external) == (Cause.CRASH, name, False), how
            assert (found.call, found.instance, found.exit_status) == ("create", 1, None), how
            assert names(found, function), (how, found.backtrace)
            assert found.reason.startswith(name)
            assert not found.progress

    dying(tmp_path, body)


def test_reasons_say_what_they_can(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        assert (await deaths.by("segv")).reason == "SIGSEGV at address 0x8"
        assert (await deaths.by("segv")).address == 8
        assert (await deaths.by("overflow")).reason == "SIGSEGV: its stack overflowed"
        assert (await deaths.by("abort")).reason == "SIGABRT, raised by itself"

    dying(tmp_path, body)


def test_the_chain_of_callers_is_told_as_far_as_it_is_the_plugins(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        found = await deaths.by("segv")
        assert [line.split(" (")[0] for line in found.backtrace] == ["die_by_segv", "die", "create_dsp"]

    dying(tmp_path, body)


def test_a_crash_in_a_pump(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        handle = await deaths.start()
        with StageRings() as rings:
            await handle.request(creation("segv", "process"), LONG_S)
            await handle.request(dsp_attach(), LONG_S, rings.around)
            rings.feed(BLOCK)
            found = await deaths.of(handle)
        assert (found.cause, found.signal, found.call, found.instance) == (Cause.CRASH, "SIGSEGV", "process", 1)
        assert names(found, "die_by_segv")

    dying(tmp_path, body)


def test_progress_is_a_block_that_was_published(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        handle = await deaths.start()
        with StageRings() as rings:
            await handle.request(creation("", ""), LONG_S)
            await handle.request(dsp_attach(), LONG_S, rings.around)
            rings.feed(3 * BLOCK)
            rings.taste(3 * BLOCK)
            os.kill(handle.pid, SIGKILL)
            found = await deaths.of(handle)
        assert found.progress
        assert handle.blocks in (2, 3)  # the last may have been published, and not counted yet

    dying(tmp_path, body)


def test_a_crash_in_a_constructor(tmp_path: Path) -> None:
    """Of its code nothing is known yet: the host looks at the maps when the bell rings, if it is quick enough."""

    async def body(deaths: Deaths) -> None:
        build = ["gcc", *FLAGS, *INCLUDES, '-DCONSTRUCTOR="segv"', "-o", str(deaths.manifest.entry)]
        subprocess.run([*build, str(SOURCES / "dies/plugin.c")], check=True)
        handle = await deaths.start(load=False)
        with pytest.raises(LoadFailed, match="SIGSEGV"):
            await load_plugin(handle, deaths.manifest, LONG_S)
        found = await deaths.of(handle)
        assert (found.cause, found.signal, found.call, found.instance) == (Cause.CRASH, "SIGSEGV", "entry", 0)
        assert found.backtrace

    dying(tmp_path, body)


def test_a_crash_in_destroy(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        handle = await deaths.start()
        await handle.request(creation("abort", "destroy", 7), LONG_S)
        with suppress(StellaError):
            await handle.request(DestroyInstance(7), LONG_S)
        found = await deaths.of(handle)
        assert (found.signal, found.call, found.instance) == ("SIGABRT", "destroy", 7)

    dying(tmp_path, body)


def test_handlers_that_the_plugin_replaced_are_put_back(tmp_path: Path) -> None:
    """Its own would hang; and it turns the alternate stack off, which an overflow needs."""

    async def body(deaths: Deaths) -> None:
        for how in ("segv", "abort", "overflow"):
            handle = await deaths.start()
            await handle.request(creation("handlers", instance=1), LONG_S)
            await handle.request(creation(how, "destroy", instance=1 + 1), LONG_S)
            with suppress(StellaError):
                await handle.request(DestroyInstance(2), LONG_S)
            found = await deaths.of(handle)
            assert (found.cause, found.signal, found.call) == (Cause.CRASH, WAYS[how][0], "destroy"), how
            assert names(found, WAYS[how][1]), how

    dying(tmp_path, body)


def test_a_crash_in_a_thread_of_the_plugins_own(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        found = await deaths.by("thread")
        assert (found.cause, found.signal, found.call, found.instance) == (Cause.CRASH, "SIGSEGV", "", 0)
        assert found.reason == "SIGSEGV at address 0x8, in a thread of the plugin's own"
        assert names(found, "die_in_a_thread")

    dying(tmp_path, body)


def test_a_thread_of_the_plugins_own_that_overflows_still_ends_the_worker(tmp_path: Path) -> None:
    """It has no alternate stack: nothing can be recorded, and nothing is made worse."""

    async def body(deaths: Deaths) -> None:
        found = await deaths.by("thread overflow")
        assert (found.cause, found.signal, found.backtrace) == (Cause.CRASH, "SIGSEGV", ())

    dying(tmp_path, body)


def test_of_threads_that_crash_together_the_first_tells(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        for _ in range(5):
            found = await deaths.by("together")
            assert (found.cause, found.signal) == (Cause.CRASH, "SIGSEGV")
            assert [line.split(" (")[0] for line in found.backtrace] == ["die_by_segv", "die_at_once"]

    dying(tmp_path, body)


def test_a_child_that_the_plugin_forked_and_that_crashes_is_not_the_workers_end(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        handle = await deaths.start()
        await handle.request(creation("child"), LONG_S)
        assert await handle.request(Ping(), LONG_S) == Pong()
        assert handle.status.crash() is None
        handle.terminate()
        assert (await deaths.of(handle)).cause is Cause.ASKED

    dying(tmp_path, body)


@pytest.mark.parametrize(("how", "code"), [("exit 3", 3), ("exit 0", 0), ("exit 68", EXIT_HOST_LOST)])
def test_an_exit_with_live_instances(tmp_path: Path, how: str, code: int) -> None:
    async def body(deaths: Deaths) -> None:
        found = await deaths.by(how)
        assert (found.cause, found.signal, found.exit_status) == (Cause.EXIT, "", code)
        assert (found.call, found.instance, found.how) == ("create", 1, f"exit status {code}")
        assert found.reason == f"it called exit and ended with exit status {code}"
        assert names(found, "die_by_exit")

    dying(tmp_path, body)


@pytest.mark.parametrize("number", [SIGKILL, SIGSEGV, signal.SIGABRT, signal.SIGTERM])
def test_signals_from_outside(tmp_path: Path, number: signal.Signals) -> None:
    async def body(deaths: Deaths) -> None:
        handle = await deaths.start()
        os.kill(handle.pid, number)
        found = await deaths.of(handle)
        assert (found.cause, found.signal, found.external) == (Cause.KILLED, number.name, True)
        if number in (SIGSEGV, signal.SIGABRT):
            assert found.reason == f"{number.name} was sent by process {os.getpid()}"

    dying(tmp_path, body)


def test_what_the_host_killed_says_for_what(tmp_path: Path) -> None:
    async def hang(handle: WorkerHandle) -> None:
        """Two are in a call: the one that was too long is named."""
        other = asyncio.create_task(handle.request(creation("hang", instance=2), LONG_S))
        with pytest.raises(RequestTimeout):
            await handle.request(creation("hang"), 0.3)
        with pytest.raises(WorkerLost):
            await other

    async def body(deaths: Deaths) -> None:
        handle = await deaths.start()
        await hang(handle)
        found = await deaths.of(handle)
        assert (found.cause, found.signal, found.external) == (Cause.HANG, "SIGKILL", False)
        assert (found.call, found.instance) == ("create", 1)
        assert found.reason == "CreateInstance took longer than 0.3 s"
        handle = await deaths.start()
        handle.condemn("says that a block has 7 frames")
        assert (await deaths.of(handle)).cause is Cause.PROTOCOL
        handle = await deaths.start()
        handle.terminate("unloaded by force")
        found = await deaths.of(handle)
        assert (found.cause, found.reason) == (Cause.ASKED, "unloaded by force")
        handle = await deaths.start()
        handle.terminate("process stood still", KillKind.HANG)
        assert (await deaths.of(handle)).cause is Cause.HANG

    dying(tmp_path, body)


def test_without_addr2line_there_are_modules_and_offsets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    async def body(deaths: Deaths) -> None:
        found = await deaths.by("segv")
        assert len(found.backtrace) == 3
        assert all(line.startswith("dies.so+0x") for line in found.backtrace)

    dying(tmp_path, body)


def test_the_interpreters_own_fault_handler_stays_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")

    async def body(deaths: Deaths) -> None:
        found = await deaths.by("segv")
        assert (found.signal, found.last_lines) == ("SIGSEGV", ())
        assert names(found, "die_by_segv")

    dying(tmp_path, body)
