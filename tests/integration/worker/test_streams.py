"""A source's worker feeds a decoder's through a byte stream: the same samples as from the file, whoever dies."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from abi.wire import At, AtCut, DetachStage, SeekDecoder, StageStopped, StopReason
from tests.integration.worker.streaming import Files, Start, from_file, through_deaths
from tests.support.streamed import AHEAD_FRAMES, Heard, Streamed, frames_of
from tests.support.waiting import until

SMALL, NEAR = 1 << 16, 1 << 12
SOON_S = 20.0
KINDS = ("flac", "wav", "mp3_constant", "vorbis")


def small(start: Start, served: Path, files: Files, kind: str, **config: int) -> Streamed:
    """Through a segment that is much shorter than the file."""
    path, type_id = files.of(kind)
    return Streamed(start, served, path, type_id, capacity=SMALL, history=NEAR, **config)


@pytest.mark.parametrize("kind", [*KINDS, "opus"])
def test_the_samples_are_those_of_the_file(start_worker: Start, served: Path, files: Files, kind: str) -> None:
    with small(start_worker, served, files, kind) as streamed:
        expected = from_file(streamed)
        worker = streamed.make_decoder()
        with Heard(worker, streamed.open(worker)) as heard:
            heard.attach()
            samples, stopped = heard.listen()
        assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
        np.testing.assert_array_equal(samples, expected)
        assert streamed.stream.words().ended


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_that_cannot_seek_and_knows_no_size(
    start_worker: Start, served: Path, files: Files, kind: str
) -> None:
    with small(start_worker, served, files, kind, seeks=0, sized=0, chunk=1000) as streamed:
        assert (streamed.opened.seeks, streamed.opened.size_bytes) == (False, -1)
        expected = from_file(streamed)
        worker = streamed.make_decoder()
        with Heard(worker, streamed.open(worker)) as heard:
            heard.attach()
            samples, stopped = heard.listen()
        assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
        np.testing.assert_array_equal(samples, expected)


def test_a_station_goes_on_behind_the_length_of_the_file_that_it_begins_with(
    start_worker: Start, served: Path, files: Files, tmp_path: Path
) -> None:
    """Without that file's padding, and to the last frame of what follows."""
    first, type_id = files.of("mp3_variable")
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(first.read_bytes() * 2)

    def of(path: Path, **config: int) -> Streamed:
        return Streamed(start_worker, served, path, type_id, capacity=SMALL, history=NEAR, **config)

    with of(first) as streamed:
        song = from_file(streamed)
    with of(joined, seeks=0, sized=0) as streamed:
        everything = from_file(streamed)
        worker = streamed.make_decoder()
        with Heard(worker, streamed.open(worker)) as heard:
            heard.attach()
            samples, stopped = heard.listen()
    assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
    behind = len(samples) - len(song)
    padding = len(everything) - len(samples)
    assert 0 < padding < 2 * 1152 * 2
    np.testing.assert_array_equal(samples[: len(song)], song)
    np.testing.assert_array_equal(samples[len(song) :], everything[-behind:])


@pytest.mark.parametrize("length", [100_000, 2_500_000])
def test_behind_its_claimed_length_a_file_that_cannot_seek_may_hold_what_is_no_sound(
    start_worker: Start, served: Path, files: Files, tmp_path: Path, length: int
) -> None:
    """A tag with a picture, say."""
    first, type_id = files.of("mp3_variable")
    tagged = tmp_path / "tagged.mp3"
    tagged.write_bytes(first.read_bytes() + random.Random(1).randbytes(length))
    with Streamed(start_worker, served, tagged, type_id, capacity=SMALL, history=NEAR, seeks=0) as streamed:
        expected = from_file(streamed)
        worker = streamed.make_decoder()
        with Heard(worker, streamed.open(worker)) as heard:
            heard.attach()
            samples, stopped = heard.listen()
    assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
    np.testing.assert_array_equal(samples, expected)


@pytest.mark.parametrize("kind", ["flac", "mp3_constant"])
def test_the_source_dies_at_any_moment(start_worker: Start, served: Path, files: Files, kind: str) -> None:
    with small(start_worker, served, files, kind, chunk=3001) as streamed:
        expected = from_file(streamed)
        samples = through_deaths(streamed, 3, 12, len(expected) // 2, lambda _: streamed.replace_source())
        np.testing.assert_array_equal(samples, expected)


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_what_cannot_seek_is_read_again_to_where_the_dead_source_was(
    start_worker: Start, served: Path, files: Files, kind: str
) -> None:
    with small(start_worker, served, files, kind, seeks=0, chunk=3001) as streamed:
        expected = from_file(streamed)

        def die(left: int) -> None:
            streamed.replace_source(pause_us=500)
            if left % 2:  # called away while it reads again what is known: it is not that quick
                streamed.source.ask(DetachStage(1))
                streamed.attach_source()

        samples = through_deaths(streamed, 5, 8, len(expected) // 2, die)
        np.testing.assert_array_equal(samples, expected)


def test_what_cannot_seek_and_is_shorter_now_has_changed(
    start_worker: Start, served: Path, files: Files, tmp_path: Path
) -> None:
    path, type_id = files.of("wav")
    copy = tmp_path / "copy.wav"
    copy.write_bytes(path.read_bytes())
    with Streamed(start_worker, served, copy, type_id, capacity=SMALL, history=NEAR, seeks=0) as streamed:
        worker = streamed.make_decoder()
        with Heard(worker, streamed.open(worker)) as heard:
            heard.attach()
            assert until(lambda: streamed.stream.words().write_pos > SMALL, SOON_S)
            copy.write_bytes(path.read_bytes()[: SMALL // 2])
            streamed.replace_source()
            told = streamed.source.event(StageStopped)
            assert (StopReason(told.reason), "it has changed" in told.text) == (StopReason.PLUGIN_ERROR, True)
            _, stopped = heard.listen()
        assert StopReason(stopped.reason) is StopReason.PLUGIN_ERROR


@pytest.mark.parametrize("kind", ["flac", "mp3_constant"])
def test_seeks_and_deaths_in_any_order(start_worker: Start, served: Path, files: Files, kind: str) -> None:
    """Each seek is heard for a while; source and decoder die now and then."""
    dice = random.Random(4)
    deaths = heard_frames = 0
    with small(start_worker, served, files, kind) as streamed:
        expected = from_file(streamed)
        worker = streamed.make_decoder()
        opened = streamed.open(worker)
        frames = frames_of(expected, opened)
        for turn in range(24):
            if turn % 6 == 3:
                streamed.replace_source()
            if turn % 8 == 5:
                worker.kill()
                assert worker.ended() == -9
                deaths += 1
                worker = streamed.make_decoder()
                assert streamed.open(worker) == opened
            landed = worker.ask(SeekDecoder(1, dice.randrange(frames)))
            assert landed.exact
            left = frames - landed.frame
            with Heard(worker, opened) as heard:
                heard.attach()
                assert until(lambda heard=heard, left=left: heard.end.frames() >= min(left, AHEAD_FRAMES), SOON_S)  # type: ignore[misc]
                detached = worker.ask(DetachStage(1))
                there = heard.end.frames()
                begin = landed.frame * opened.channels
                np.testing.assert_array_equal(heard.end.take(there), expected[begin : begin + there * opened.channels])
                heard_frames += there
            if isinstance(detached, AtCut):  # it waited for bytes already of what comes next: it is of no use any more
                worker.kill()
                assert worker.ended() == -9
                worker = streamed.make_decoder()
                assert streamed.open(worker) == opened
    assert (streamed.deaths, deaths) == (4, 3)
    assert heard_frames > 24 * AHEAD_FRAMES // 2


def test_who_need_not_wait_is_not_cut(start_worker: Start, served: Path, files: Files) -> None:
    path, type_id = files.of("wav")
    with Streamed(start_worker, served, path, type_id, capacity=1 << 22) as streamed:
        worker = streamed.make_decoder()
        opened = streamed.open(worker)
        assert until(lambda: streamed.stream.words().ended, SOON_S)
        for _ in range(6):
            with Heard(worker, opened) as heard:
                heard.attach()
                assert until(lambda heard=heard: heard.end.frames() > 0, SOON_S)  # type: ignore[misc]
                heard.end.take(heard.end.frames())
                assert worker.ask_any(DetachStage(1)) == At(heard.ring.words().write_pos)


def test_a_decoder_that_died_in_the_midst_is_followed_by_another(
    start_worker: Start, served: Path, files: Files
) -> None:
    with small(start_worker, served, files, "flac") as streamed:
        expected = from_file(streamed)
        parts, at = [], 0
        for death in range(4):
            worker = streamed.make_decoder()
            opened = streamed.open(worker)
            assert worker.ask(SeekDecoder(1, at)).frame == at
            with Heard(worker, opened) as heard:
                heard.attach()
                if death < 3:
                    assert until(lambda heard=heard: heard.end.frames() == AHEAD_FRAMES, SOON_S)  # type: ignore[misc]
                    parts.append(heard.end.take(AHEAD_FRAMES))
                    worker.kill()
                    assert worker.ended() == -9
                    there = heard.end.frames()
                    parts.append(heard.end.take(there))
                    at += AHEAD_FRAMES + there
                else:
                    parts.append(heard.listen()[0])
        np.testing.assert_array_equal(np.concatenate(parts), expected)
