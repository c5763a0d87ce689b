"""A library that is overwritten in place while it plays: a worker that has its private copy does not notice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from abi.wire import LoadModule
from host.errors import LoadFailed
from host.runtime.loading import load_plugin
from host.supervise import Cause
from host.worker import WorkerHandle
from tests.integration.worker.stages import dsp_attach
from tests.support.deaths import LONG_S, Deaths, creation, dying
from tests.support.ring_end import numbered
from tests.support.stage_rings import BLOCK, StageRings

BLOCKS = 40


def overwrite(library: Path) -> None:
    """As a compiler or a copy does that writes into the file that is there."""
    size = library.stat().st_size
    with library.open("r+b") as file:
        file.truncate(0)
        file.write(b"\xcc" * size)


async def attached(handle: WorkerHandle, rings: StageRings) -> None:
    await handle.request(creation("", ""), LONG_S)
    await handle.request(dsp_attach(), LONG_S, rings.around)
    rings.feed(BLOCK)
    assert np.array_equal(rings.taste(BLOCK), numbered(0, BLOCK, 2))


def test_nothing_happens_to_one_that_plays(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        handle = await deaths.start()
        with StageRings() as rings:
            await attached(handle, rings)
            overwrite(deaths.manifest.entry)
            for turn in range(1, BLOCKS):
                rings.feed(BLOCK)
                assert np.array_equal(rings.taste(BLOCK), numbered(turn * BLOCK, BLOCK, 2))
            await handle.request(creation("", "", 2), LONG_S)
            assert not handle.exited.done()
            handle.terminate()
            await deaths.of(handle)

    dying(tmp_path, body)


def test_names_come_from_the_copy_not_from_what_the_file_became(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        handle = await deaths.start()
        overwrite(deaths.manifest.entry)
        with pytest.raises(Exception, match="SIGSEGV"):
            await handle.request(creation("segv"), LONG_S)
        found = await deaths.of(handle)
        assert [line.split(" (")[0] for line in found.backtrace] == ["die_by_segv", "die", "create_dsp"]

    dying(tmp_path, body)


def test_without_the_copy_it_is_the_end(tmp_path: Path) -> None:
    """What the copy is for."""

    async def body(deaths: Deaths) -> None:
        handle = await deaths.start(load=False)
        manifest = deaths.manifest
        await handle.request(LoadModule(str(manifest.entry), str(manifest.folder), False, ()), LONG_S)
        with StageRings() as rings:
            await attached(handle, rings)
            overwrite(manifest.entry)
            rings.feed(BLOCK)
            found = await deaths.of(handle)
        assert (found.cause, found.call) == (Cause.CRASH, "process")
        assert found.signal in ("SIGBUS", "SIGTRAP", "SIGSEGV", "SIGILL")

    dying(tmp_path, body)


def test_a_library_that_is_gone_or_rubbish_is_refused_by_name(tmp_path: Path) -> None:
    async def body(deaths: Deaths) -> None:
        entry = deaths.manifest.entry
        overwrite(entry)
        handle = await deaths.start(load=False)
        with pytest.raises(LoadFailed, match=f"not a loadable library: {entry}: invalid ELF header"):
            await load_plugin(handle, deaths.manifest, LONG_S)
        entry.unlink()
        with pytest.raises(LoadFailed, match=r"dies\.so cannot be loaded from .*: No such file") as caught:
            await load_plugin(handle, deaths.manifest, LONG_S)
        assert caught.value.remedy == "install the plugin again"
        handle.terminate()
        await deaths.of(handle)

    dying(tmp_path, body)
