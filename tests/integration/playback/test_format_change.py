"""Tracks of other formats: the output is opened in each, from the first frame of each on; or in one, where that is set.

The device takes every format, is faster than a real one, and keeps all it was given, whatever its rate.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from host.app import PlaybackSetup
from host.cli.chain_options import OutputOption
from host.cli.wiring import wire_output
from host.playback import Entry, FormatPolicy, Heard, Input
from tests.integration.playback.edited_chain import effect
from tests.integration.playback.playing_queue import RATE_HZ, Music, Run, music
from tests.support.frames import frames_said, make_frames

HIGHER_HZ = 48_000
LONG = 60 * RATE_HZ
SHORT = RATE_HZ
CHANNELS = 2


@dataclass(frozen=True, slots=True)
class Opened:
    """One opening of the output, and the frames it was given then."""

    rate_hz: int
    frames: int


def openings(made: Music) -> list[Opened]:
    """All of them, in order."""
    found: list[Opened] = []
    for line in made.heard_path.with_name(made.heard_path.name + ".journal").read_text().splitlines():
        kind, _, frames, *_ = line.split()
        if kind == "open":
            found.append(Opened(int(frames), 0))
        elif kind == "write":
            found[-1] = replace(found[-1], frames=found[-1].frames + int(frames))
    return found


def heard(made: Music) -> list[Run]:
    """Runs of frames that follow each other, over all openings."""
    samples = np.fromfile(made.heard_path.with_name(made.heard_path.name + ".f32"), np.float32)
    said = frames_said(samples)[::CHANNELS]
    begins = [0, *(np.flatnonzero(np.diff(said) != 1) + 1).tolist(), len(said)]
    return [Run(int(said[at]), int(said[end - 1]) + 1) for at, end in pairwise(begins)]


def queue(made: Music, folder: Path, *tracks: tuple[int, int]) -> tuple[Entry, ...]:
    """More tracks, of so many frames and that rate."""
    return made.app.queue.add(
        Input(make_frames(folder / f"more{index}.frames", frames, rate)) for index, (frames, rate) in enumerate(tracks)
    )


def test_the_output_follows_the_tracks(tmp_path: Path) -> None:
    """Two of one format without a gap; all frames of all, and the effect is in every pipeline."""

    async def body() -> None:
        async with music(tmp_path, [SHORT], effect("same")) as made:
            lengths = (SHORT + 17, SHORT + 1, SHORT + 5)
            queue(made, tmp_path, *zip(lengths, (HIGHER_HZ, HIGHER_HZ, RATE_HZ), strict=True))
            await made.transport.play()
            result = await made.transport.ended()
            assert result is not None and result.frames == SHORT + sum(lengths)
            assert result.repairs == () and [use.name for use in result.stages] == ["same", "output"]
        assert openings(made) == [
            Opened(RATE_HZ, SHORT),
            Opened(HIGHER_HZ, lengths[0] + lengths[1]),
            Opened(RATE_HZ, lengths[2]),
        ]
        assert heard(made) == [Run(0, frames) for frames in (SHORT, *lengths)]
        assert [why for _, why in made.played] == [""] * 4

    asyncio.run(body())


@pytest.mark.parametrize("output", ["capture", "file"])
def test_one_format_where_that_is_set_and_in_a_file(tmp_path: Path, output: str) -> None:
    async def body() -> None:
        async with music(tmp_path, [SHORT]) as made:
            queue(made, tmp_path, (HIGHER_HZ, HIGHER_HZ))
            if output == "file":
                target = OutputOption("file", str(tmp_path / "out.wav"))
                made.app.play_through(PlaybackSetup((), wire_output(target, None, made.app.discovery.plugins)))
            else:
                made.app.play_through(replace(made.app.setup, formats=FormatPolicy(rate_hz=RATE_HZ)))
            await made.transport.play()
            result = await made.transport.ended()
            assert result is not None and result.format is not None
            assert (result.format.sample_rate_hz, result.frames) == (RATE_HZ, SHORT + RATE_HZ)
            if output == "capture":
                assert openings(made) == [Opened(RATE_HZ, SHORT + RATE_HZ)]

    asyncio.run(body())


def test_who_changes_to_a_track_of_another_format_waits_for_nothing(tmp_path: Path) -> None:
    """What was not heard of the track before is not; a place in the new one counts there; then back again."""
    goal = 20 * HIGHER_HZ

    async def body() -> None:
        async with music(tmp_path, [LONG]) as made:
            (first,), (second,) = made.entries, queue(made, tmp_path, (LONG, HIGHER_HZ))
            transport = made.transport
            await transport.play()
            await made.until_heard(first, 3000)
            await transport.next()
            await transport.seek(goal / HIGHER_HZ + 0.5 / HIGHER_HZ)
            await made.until_heard(second, goal + 1)
            await transport.goto(first.id)
            await made.until_heard(first, 100)
        assert [each.rate_hz for each in openings(made)][:2] == [RATE_HZ, HIGHER_HZ]
        assert openings(made)[-1].rate_hz == RATE_HZ
        assert openings(made)[0].frames < LONG
        assert goal in [run.start for run in heard(made)]

    asyncio.run(body())


def test_what_was_chosen_holds_over_a_change_of_format(tmp_path: Path) -> None:
    """A pause, the volume and an edit of the chain."""

    async def body() -> None:
        async with music(tmp_path, [LONG], effect("same")) as made:
            (first,), (second,) = made.entries, queue(made, tmp_path, (LONG, HIGHER_HZ))
            transport = made.transport
            await transport.play()
            await made.until_heard(first, 3000)
            assert transport.player is not None
            await transport.player.edits.leave_out("same")
            await transport.set_volume(0.5)
            await transport.pause()
            await transport.next()
            await made.until(lambda: len(openings(made)) == 2)
            assert openings(made)[1] == Opened(HIGHER_HZ, 0)
            await made.until(lambda: transport.player is not None and transport.player.running is not None)
            await transport.resume()
            await made.until_heard(second, 3000)
            assert [each.heard for each in transport.player.effects()] == [Heard.LEFT_OUT]
        samples = np.fromfile(made.heard_path.with_name(made.heard_path.name + ".f32"), np.float32)[::CHANNELS]
        tail = samples[openings(made)[0].frames :]
        assert np.array_equal(tail[:3000], np.arange(3000, dtype=np.float32) / 2)

    asyncio.run(body())
