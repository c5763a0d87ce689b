"""How a pipeline ends when nobody is left who could pad: nothing that is there is cut off."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from host.playback.dsp_seat import DspSeat
from host.playback.graph import Pipeline
from host.playback.opening import Opener
from host.playback.sink_seat import SinkSeat
from host.playback.sizes import Pacing, PipelineFormat
from tests.support.ring_end import RawWords

BLOCK = 64
PACING = Pacing(100, 100, 100, BLOCK, batched=True, checkpoint_bytes=64)


class Effect:
    def __init__(self, latency_frames: int) -> None:
        self.latency_frames = self.delay_frames = latency_frames

    def place(self, *_: object) -> None:
        """Nothing runs here."""


class Output:
    def __init__(self) -> None:
        self.told: list[int] = []

    def place(self, *_: object) -> None:
        """Nothing runs here."""

    async def finish(self, position: int) -> None:
        self.told.append(position)


@pytest.mark.parametrize(
    ("latencies", "written", "end"),
    [
        ((), 1000, None),
        ((0,), 1000, 15 * BLOCK),
        ((0,), 1010, 15 * BLOCK),
        ((0,), 1024, None),
        ((100,), 1100, 17 * BLOCK),
        ((100,), 1152, None),
    ],
    ids=[
        "the sink alone takes any frame",
        "effects take whole blocks",
        "padding had begun",
        "all was padded before the decoder was given up",
        "part of the latency is there",
        "all of it",
    ],
)
def test_without_a_decoder_what_is_there_is_played(latencies: tuple[int, ...], written: int, end: int | None) -> None:
    """``end`` None: the sink goes on to where it was told to stop before."""
    sink = Output()
    dsps = [cast(DspSeat, Effect(each)) for each in latencies]
    pipeline = Pipeline(PipelineFormat(48000, 2), PACING, cast(Opener, None), dsps, cast(SinkSeat, sink))
    words = RawWords(pipeline.rings[0].fd)
    try:
        words.set(write_pos=written, read_pos=0, retain_pos=0)
        found = asyncio.run(pipeline.finish_unpadded(1000))
        assert found == (1000 + sum(latencies) if end is None else end)
        assert sink.told == ([] if end is None else [end])
    finally:
        words.close()
        for ring in pipeline.rings:
            ring.close()
