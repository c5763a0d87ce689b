"""The system output's own gain: taken in place over 10 ms, no trace at 0 dB; plan and apply through its vtable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import native_plugins
from abi.kinds import CapabilityKind, ConfigUpdateCost, ConfigUpdateMode, StatusCode
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, borrow, copy_text
from plugin_worker.python_module import PythonModule
from plugin_worker.python_vtables import make_vtables
from tests.support.direct_dsp import Frames
from tests.support.port_audio import CHANNELS, RATE_HZ, Audio, Host

LINE = RATE_HZ // 100 + 1
#: An object of a class in a module that is loaded by path.
Sink = Any


def noise(frames: int) -> Frames:
    return np.random.default_rng(1).uniform(-1, 1, (frames, CHANNELS)).astype(np.float32)


def write(sink: Sink, audio: Frames, block_frames: int = 512) -> None:
    for at in range(0, len(audio), block_frames):
        block = np.ascontiguousarray(audio[at : at + block_frames])
        assert sink.write(block.reshape(-1).data, len(block)) == len(block)


def line(start: float, target: float, frames: int) -> npt.NDArray[np.float64]:
    """What each frame is multiplied by; the product is rounded once."""
    done = np.minimum(np.arange(1, frames + 1), LINE)
    gains = start + (target - start) * (done / LINE)
    gains[LINE - 1 :] = target
    return gains[:, None]


def opened(plugin: ModuleType, host: Host, **config: object) -> Sink:
    sink = plugin.create("sink", "system", config, host)
    sink.open({}, RATE_HZ, CHANNELS, 0)
    return sink


@pytest.mark.parametrize("block_frames", [1, 37, 5000])
def test_a_change_follows_the_line_exactly(plugin: ModuleType, audio: Audio, host: Host, block_frames: int) -> None:
    sound = noise(900)
    sink = opened(plugin, host, trim_db=-20)
    write(sink, sound[:300], block_frames)
    sink.apply({"trim_db": 0})
    write(sink, sound[300:340], block_frames)
    sink.apply({"trim_db": 0.0})
    write(sink, sound[340:600], block_frames)
    sink.apply({"trim_db": 6})
    write(sink, sound[600:], block_frames)
    gains = [np.full((300, 1), 0.1), line(0.1, 1, 300), line(1, 10 ** (6 / 20), 300)]
    expected = (sound * np.concatenate(gains)).astype(np.float32)
    assert audio.stream.written == expected.tobytes()


def test_no_trim_passes_every_bit(plugin: ModuleType, audio: Audio, host: Host) -> None:
    sound = noise(500)
    sound[:4, 0] = [-0.0, np.nan, np.inf, 1e-45]
    sink = opened(plugin, host)
    write(sink, sound[:250])
    sink.apply({"trim_db": -0.0})
    write(sink, sound[250:])
    assert audio.stream.written == sound.tobytes()


def test_the_silence_behind_a_trimmed_sound_is_as_long_as_ever(plugin: ModuleType, audio: Audio, host: Host) -> None:
    lengths = []
    for db in (0, -6):
        audio.stream.written, audio.stream.queued_frames = b"", 0
        sink = opened(plugin, host, trim_db=db)
        write(sink, noise(100))
        sink.flush()
        lengths.append(len(audio.stream.written))
    assert lengths[0] == lengths[1] > 100 * CHANNELS * 4


def test_a_seek_and_the_next_opening_begin_at_the_full_gain(plugin: ModuleType, audio: Audio, host: Host) -> None:
    sound = np.ones((20, CHANNELS), np.float32)
    sink = opened(plugin, host)
    sink.apply({"trim_db": -20})
    sink.reset(7)
    write(sink, sound)
    sink.close()
    sink.apply({"trim_db": -40})
    sink.open({}, RATE_HZ, CHANNELS, 0)
    write(sink, sound)
    expected = np.concatenate([sound * np.float32(0.1), sound * np.float32(0.01)])
    assert audio.stream.written == expected.tobytes()


@pytest.fixture
def module(audio: Audio) -> Iterator[PythonModule]:
    """The plugin as a worker hosts it."""
    assert audio.devices
    root, keep = borrow(b"/")
    folder = Path(native_plugins.__path__[0], "sink_system")
    yield PythonModule(str(folder / "plugin.py"), str(folder), lib.st_host_table(root.ptr, root.len), make_vtables())
    del keep


def made(module: PythonModule, config: dict[str, object]) -> tuple[CData, CData]:
    return module.create(CapabilityKind.OUTPUT_SINK, "system", json.dumps(config)), module.vtables[
        CapabilityKind.OUTPUT_SINK
    ].instance


@pytest.mark.parametrize(
    ("config", "mode", "cost", "reason"),
    [
        ({"trim_db": -3.5, "latency_ms": 100}, ConfigUpdateMode.HOT_APPLY, ConfigUpdateCost.LOW, ""),
        ({"latency_ms": 100}, ConfigUpdateMode.HOT_APPLY, ConfigUpdateCost.LOW, ""),
        ({"trim_db": -3.5, "latency_ms": 50}, ConfigUpdateMode.RECREATE, ConfigUpdateCost.MEDIUM, ""),
        (
            {"trim_db": 25, "latency_ms": 100},
            ConfigUpdateMode.REJECT,
            ConfigUpdateCost.LOW,
            "system output: trim_db is 25, choose -60 to 24",
        ),
    ],
)
def test_how_it_would_take_a_configuration(
    module: PythonModule,
    config: dict[str, object],
    mode: ConfigUpdateMode,
    cost: ConfigUpdateCost,
    reason: str,
) -> None:
    handle, table = made(module, {"latency_ms": 100, "trim_db": 0})
    text, keep = borrow(json.dumps(config).encode())
    plan = ffi.new("StConfigUpdatePlan *")
    assert table.plan_config_update_json_utf8(handle, text, plan).code == StatusCode.OK
    assert (plan.mode, plan.cost, copy_text(plan.reason_utf8, 2000)) == (mode, cost, reason)
    lib.free(ffi.cast("void *", plan.reason_utf8.ptr))
    applied = table.apply_config_update_json_utf8(handle, text)
    assert (applied.code == StatusCode.OK) == (mode is ConfigUpdateMode.HOT_APPLY)
    if applied.code != StatusCode.OK:
        assert applied.code == StatusCode.INVALID_ARG
        assert copy_text(applied.message, 2000).startswith("system output: ")
        lib.free(ffi.cast("void *", applied.message.ptr))
    del keep
    table.destroy(handle)


def test_a_trim_out_of_range_makes_no_output(plugin: ModuleType, host: Host) -> None:
    for db in (-61, 24.5, "loud", True, None):
        with pytest.raises(ValueError, match="choose -60 to 24"):
            plugin.create("sink", "system", {"trim_db": db}, host)


class Plain:
    """An instance without hooks."""


def test_without_hooks_an_instance_is_made_anew(module: PythonModule) -> None:
    plain = ffi.new_handle(Plain())
    table = module.vtables[CapabilityKind.DSP].instance
    text, keep = borrow(b"{}")
    plan = ffi.new("StConfigUpdatePlan *")
    assert table.plan_config_update_json_utf8(plain, text, plan).code == StatusCode.OK
    assert (plan.mode, plan.cost) == (ConfigUpdateMode.RECREATE, ConfigUpdateCost.MEDIUM)
    lib.free(ffi.cast("void *", plan.reason_utf8.ptr))
    refused = table.apply_config_update_json_utf8(plain, text)
    assert refused.code == StatusCode.UNSUPPORTED
    lib.free(ffi.cast("void *", refused.message.ptr))
    del keep
