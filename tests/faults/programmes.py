"""What storms are played through: music with real effects, or frame-numbered audio whose parts end themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host.cli.chain_options import DspOption
from host.ids import PluginId
from host.jsontext import JsonObject
from tests.e2e.audio import write_wav
from tests.faults.hosted import Hosted, Programme
from tests.support.faulty import Order, copy_id, copy_plugin
from tests.support.frames import make_frames

__all__ = ["DECODER", "EQUALIZER", "GAIN", "Ordered", "music", "ordered", "ordered_plugins"]

DECODER = PluginId("stellatune.decoder.flac")
EQUALIZER = PluginId("stellatune.dsp.equalizer")
GAIN = PluginId("stellatune.dsp.gain")
RATE_HZ = 44_100

_FAULT = PluginId("stellatune.fault")
_EQUALIZER: JsonObject = {
    "bands": [
        {"type": "peaking", "freq_hz": 1000, "q": 1, "gain_db": 3},
        {"type": "low_shelf", "freq_hz": 80, "q": 0.7, "gain_db": -4},
    ]
}
#: So many calls of its own each generation lives: more than it may have to replay.
_PROCESS_CALLS = 200
_READ_CALLS = 20
_SEED = 3
_TONES_HZ = (55.0, 440.3, 3001.7)


async def music(host: Hosted, folder: Path, seconds: float) -> Programme:
    """A FLAC of so many seconds: a few tones and noise, no two blocks alike."""
    frames = int(seconds * RATE_HZ)
    time = np.arange(frames) / RATE_HZ
    tones = np.sum([np.sin(2 * np.pi * hz * time + hz) for hz in _TONES_HZ], axis=0)
    hiss = np.random.default_rng(_SEED).uniform(-1, 1, (frames, 2))
    samples = (tones[:, None] * 6000 + hiss * 2000).astype(np.int16)
    wav, flac = write_wav(folder / "music.wav", samples, RATE_HZ), folder / "music.flac"
    await host.render(Programme(wav, (), ()), flac, "s16")
    wav.unlink()
    effects = (DspOption("equalizer", "equalizer", _EQUALIZER), DspOption("gain", "gain", {"gain_db": -1.5}))
    return Programme(flac, effects, (DECODER, EQUALIZER, GAIN))


@dataclass(frozen=True, slots=True)
class Ordered:
    """A programme whose parts end themselves; ``orders``: by plugin. ``calm``: the same, and nobody does."""

    programme: Programme
    calm: Programme
    orders: dict[PluginId, Order]

    def fired(self) -> int:
        """Strikes so far."""
        return sum(len(order.fired()) for order in self.orders.values())


def ordered_plugins(folder: Path) -> tuple[Path, ...]:
    """Two copies of the fault plugin, to be two effects."""
    return tuple(copy_plugin(folder / f"effect{number}", number=number) for number in (1, 2))


def ordered(folder: Path, kind: str, deaths: int, frames: int) -> Ordered:
    """A decoder and two effects with a state; each of the three strikes ``deaths`` times, once in each generation."""
    effects = (PluginId(copy_id(1)), PluginId(copy_id(2)))
    orders: dict[PluginId, Order] = {}
    struck = ((_FAULT, "read", _READ_CALLS), *((each, "process", _PROCESS_CALLS) for each in effects))
    for plugin, phase, calls in struck:
        marks = folder / f"marks-{plugin}"
        marks.mkdir()
        orders[plugin] = Order(kind, phase, marks, at_call=calls, generations=deaths)
    wild = make_frames(folder / "wild.frames", frames, RATE_HZ, fault=orders[_FAULT].json)
    calm = make_frames(folder / "calm.frames", frames, RATE_HZ)
    parts = (_FAULT, *effects)
    return Ordered(
        Programme(wild, tuple(_effect(each, orders[each].config) for each in effects), parts),
        Programme(calm, tuple(_effect(each, {}) for each in effects), parts),
        orders,
    )


def _effect(plugin: PluginId, config: JsonObject) -> DspOption:
    return DspOption(plugin, f"{plugin}:fault", {"state": True, **config})
