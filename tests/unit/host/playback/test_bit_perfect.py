"""Bit-perfect: true where nothing touches the samples, else the first thing that does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from abi.kinds import DecoderFlag
from abi.wire import DecoderOpened
from host.jsontext import JsonObject
from host.playback.bit_perfect import SignalPath, why_not
from host.playback.sizes import PipelineFormat


def source(rate_hz: int = 44_100, channels: int = 2, bits: int = 16, flags: int = 0) -> DecoderOpened:
    return DecoderOpened(rate_hz, channels, 0, 0, 0, 0, bits, flags, seeks_frames=True, seeks_ms=False)


PERFECT = SignalPath(source(), PipelineFormat(44_100, 2), (), 1.0, {"format": "s16", "trim_db": 0})


@pytest.mark.parametrize(
    ("bits", "config"),
    [
        (16, {"format": "s16", "trim_db": 0.0}),
        (16, {"format": "int24"}),
        (8, {"format": "int16"}),
        (20, {"format": "s24"}),
        (24, {"format": "f32"}),
        (24, {"format": "float32"}),
        (24, {}),
        (0, {"format": "f32"}),
        (32, {"latency_ms": 100}),
    ],
    ids=str,
)
def test_nothing_touches_the_samples(bits: int, config: JsonObject) -> None:
    assert why_not(replace(PERFECT, source=source(bits=bits), output_config=config)) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": PipelineFormat(48_000, 2)}, "44.1 kHz becomes 48 kHz"),
        ({"source": source(channels=6)}, "6 channels become 2"),
        ({"source": source(channels=1)}, "1 channel becomes 2"),
        ({"source": source(bits=24)}, "24 bits of the source become 16"),
        ({"source": source(bits=0)}, "the source is decoded to float32, which becomes 16 bits"),
        ({"source": source(bits=32)}, "the source is decoded to float32, which becomes 16 bits"),
        (
            {"source": source(bits=32, flags=int(DecoderFlag.ROUNDED)), "output_config": {}},
            "32 bits of the source become the 24 that float32 holds",
        ),
        ({"effects": ("gain", "equalizer")}, "the effect gain is heard"),
        ({"volume": 10 ** (-3 / 20)}, "volume is -3 dB"),
        ({"volume": 0.0}, "volume is off"),
        ({"volume": 1 - 2**-20}, "volume is 0.999999046 times"),
        ({"track_gain": 10 ** (-6.25 / 20)}, "ReplayGain is -6.25 dB"),
        ({"crossfades": True}, "tracks are crossfaded"),
        ({"output_config": {"format": "s24", "trim_db": -3}}, "the output's own gain is -3 dB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does(change: dict[str, object], reason: str) -> None:
    assert why_not(replace(PERFECT, **change)) == reason  # type: ignore[arg-type]  # each fits its field


def test_the_first_on_the_way_is_told() -> None:
    """Source, conversion, gain, effects, volume, output."""
    path = SignalPath(source(48_000, 6, 24), PERFECT.format, ("gain",), 0.5, {"format": "s16", "trim_db": 6}, 0.5, True)
    told = []
    for change in (
        {"source": source(channels=6, bits=24)},
        {"source": source(bits=24)},
        {"track_gain": 1.0},
        {"crossfades": False},
        {"effects": ()},
        {"volume": 1.0},
        {"output_config": {"format": "s16"}},
        {"output_config": {"format": "s24"}},
    ):
        told.append(why_not(path).split(" ")[0])
        path = replace(path, **change)
    assert told == ["48", "6", "ReplayGain", "tracks", "the", "volume", "the", "24"]
    assert why_not(path) == ""
