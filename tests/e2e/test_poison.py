"""What kills whoever touches it is given up at that place only: before and after it the music is exact, all is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.conftest import Stellatune
from tests.e2e.numbered import FRAMES, RATE_HZ, numbers, render, text_of
from tests.support.c_plugins import build_plugin

DEADLY = 200_000
TENTH_S = RATE_HZ // 10
#: An effect comes back with a ramp of 10 ms.
RAMP_FRAMES = RATE_HZ // 100
#: A decoder reads so many frames ahead at most; twice of it is skipped around a frame that kills.
MOST_SILENT = 2 * 4096


@pytest.fixture
def touchy(tmp_path: Path) -> str:
    """The plugin, for STELLATUNE_PLUGIN_PATH."""
    build_plugin("touchy", tmp_path)
    return str(tmp_path)


def rows(stellatune: Stellatune) -> list[dict[str, Any]]:
    """The crash history."""
    found: list[dict[str, Any]] = stellatune.ok("--json", "plugins", "crashes").document["rows"]
    return found


def test_the_next_decoder_takes_over_where_two_died(stellatune: Stellatune, tmp_path: Path, touchy: str) -> None:
    done = render(stellatune, text_of(tmp_path, deadly=(DEADLY, DEADLY + 1)), STELLATUNE_PLUGIN_PATH=touchy)
    assert done.code == 0, done.err
    assert np.array_equal(done.samples, numbers(FRAMES))
    assert done.repairs == [("decoder", "test.touchy", "A"), ("decoder", "stellatune.fault", "A")]
    assert (done.track["restarts"], done.track["gaps"]) == (2, [])
    deaths = rows(stellatune)
    assert [(each["call"], each["signal"], each["cause"]) for each in deaths] == [("read", "SIGSEGV", "crash")] * 2
    assert all("die_of_it" in each["backtrace"][0] for each in deaths), deaths


@pytest.mark.parametrize("deadly", [0, DEADLY, FRAMES - 1000, FRAMES - 1])
def test_a_place_that_no_decoder_survives_is_silent(
    stellatune: Stellatune, tmp_path: Path, touchy: str, deadly: int
) -> None:
    """At the same positions: nothing moves, also where the end is near."""
    source = text_of(tmp_path, deadly=(deadly, deadly + 1))
    done = render(stellatune, source, "--decoder", "touchy", STELLATUNE_PLUGIN_PATH=touchy)
    assert done.code == 7, done.err
    assert len(done.samples) == FRAMES
    (gap,) = done.track["gaps"]
    first, last = gap["first"], gap["last"]
    assert (gap["class"], gap["stage"]) == ("C", "decoder")
    assert first <= deadly <= last < first + max(MOST_SILENT, TENTH_S)
    assert not done.samples[first : last + 1].any()
    expected = numbers(FRAMES)
    expected[first : last + 1] = 0
    assert np.array_equal(done.samples, expected)
    assert done.repairs == [("decoder", "test.touchy", "A"), ("decoder", "test.touchy", "C")]
    (fault,) = done.report["faults"]
    assert fault["code"] == "gap" and f"{last - first + 1} frames" in fault["message"]


def test_a_converter_does_not_warm_up_on_what_kills(stellatune: Stellatune, tmp_path: Path, touchy: str) -> None:
    rate = 48_000
    chain = ("--rate", str(rate), "--decoder", "touchy")
    golden = render(stellatune, text_of(tmp_path), *chain, STELLATUNE_PLUGIN_PATH=touchy)
    source = text_of(tmp_path, deadly=(DEADLY, DEADLY + 1))
    done = render(stellatune, source, *chain, STELLATUNE_PLUGIN_PATH=touchy)
    assert (golden.code, done.code) == (0, 7), done.err
    assert len(done.samples) == len(golden.samples) == FRAMES * rate // RATE_HZ
    (gap,) = done.track["gaps"]
    first, last = gap["first"], gap["last"]
    assert first <= DEADLY * rate // RATE_HZ <= last < first + rate // 5
    assert not done.samples[first : last + 1].any()
    assert done.track["restarts"] == 2
    assert np.array_equal(done.samples[: first - rate // 4], golden.samples[: first - rate // 4])
    error = np.abs(done.samples.astype(np.float64) - golden.samples)
    error[first : last + 1 + rate // 20] = 0  # and the edge that silence is for a filter
    assert error.max() <= np.abs(golden.samples).max() * 1e-6  # -120 dB


def test_a_track_that_kills_on_and_on_is_given_up_and_the_next_one_plays(
    stellatune: Stellatune, tmp_path: Path, touchy: str
) -> None:
    bad = text_of(tmp_path, deadly=(DEADLY, FRAMES), name="bad")
    good = text_of(tmp_path, name="good", frames=50_000)
    done = render(stellatune, bad, good, "--decoder", "touchy", STELLATUNE_PLUGIN_PATH=touchy)
    assert done.code == 7, done.err
    lost, played = done.report["inputs"]
    assert lost["faults"][0]["code"] == "media", lost["faults"]
    assert played["faults"] == [] and played["frames_out"] == 50_000
    whole = lost["frames_out"]
    assert DEADLY - MOST_SILENT < whole < DEADLY + 2 * MOST_SILENT
    assert np.array_equal(done.samples[whole:], numbers(50_000))
    (gap,) = lost["gaps"]
    assert np.array_equal(done.samples[: gap["first"]], numbers(gap["first"]))
    assert not done.samples[gap["first"] : whole].any()
    assert [each["action"] for each in rows(stellatune)] == ["restart"] * 3


def test_an_effect_that_dies_twice_in_one_block_is_left_out_for_a_tenth_of_a_second(
    stellatune: Stellatune, tmp_path: Path, touchy: str
) -> None:
    effect = f"fx=touchy:{json.dumps({'deadly': [DEADLY, DEADLY + 1]})}"
    source = text_of(tmp_path)
    done = render(stellatune, source, "--decoder", "fault", "--dsp", effect, STELLATUNE_PLUGIN_PATH=touchy)
    assert done.code == 7, done.err
    assert done.repairs == [("fx", "test.touchy", "A"), ("fx", "test.touchy", "B")]
    (gap,) = done.track["gaps"]
    first, last = gap["first"], gap["last"]
    assert (gap["class"], gap["stage"], first % 512) == ("B", "fx", 0)
    assert first <= DEADLY < first + 512
    assert TENTH_S <= last + 1 - first < TENTH_S + 512
    dry, wet = numbers(FRAMES), numbers(FRAMES) / 2
    ramp = slice(last + 1, last + 1 + RAMP_FRAMES)
    # The seam to the last wet frame is evened out over 10 ms, too.
    assert np.array_equal(done.samples[:first], wet[:first])
    assert np.array_equal(done.samples[first + RAMP_FRAMES : last + 1], dry[first + RAMP_FRAMES : last + 1])
    assert np.array_equal(done.samples[ramp.stop :], wet[ramp.stop :])
    assert (done.samples[ramp] <= dry[ramp]).all() and (done.samples[ramp] >= wet[ramp]).all()
    (fault,) = done.report["faults"]
    assert fault["code"] == "bypassed" and "0.10 s" in fault["message"]
    assert {(each["call"], each["signal"]) for each in rows(stellatune)} == {("process", "SIGSEGV")}


def test_where_a_protective_effect_is_left_out_there_is_silence(stellatune: Stellatune, tmp_path: Path) -> None:
    """Others rely on it: not a frame is heard without it, the ramp back to it included."""
    folder = build_plugin("touchy", tmp_path).folder
    manifest = folder / "plugin.toml"
    manifest.write_text(f"protective = true\n{manifest.read_text()}")
    effect = f"fx=touchy:{json.dumps({'deadly': [DEADLY, DEADLY + 1]})}"
    chain = ("--decoder", "fault", "--dsp", effect)
    done = render(stellatune, text_of(tmp_path), *chain, STELLATUNE_PLUGIN_PATH=str(tmp_path))
    assert done.code == 7, done.err
    (gap,) = done.track["gaps"]
    first, last = gap["first"], gap["last"]
    assert first <= DEADLY < first + 512
    wet = numbers(FRAMES) / 2
    ramp = slice(last + 1 - RAMP_FRAMES, last + 1)
    assert np.array_equal(done.samples[:first], wet[:first])
    assert not done.samples[first + RAMP_FRAMES : ramp.start].any()
    assert (done.samples[ramp] >= 0).all() and (done.samples[ramp] <= wet[ramp]).all()
    assert np.array_equal(done.samples[last + 1 + RAMP_FRAMES :], wet[last + 1 + RAMP_FRAMES :])


def test_a_decoder_takes_the_effect_of_its_plugin_along(stellatune: Stellatune, tmp_path: Path, touchy: str) -> None:
    """Both work in one process: a death costs two seats, and both are mended side by side.

    The second death may come before the effect was back in the first successor: then it was mended once.
    """
    source = text_of(tmp_path, deadly=(DEADLY, DEADLY + 1))
    done = render(stellatune, source, "--dsp", "touchy", STELLATUNE_PLUGIN_PATH=touchy)
    assert done.code == 0, done.err
    assert np.array_equal(done.samples, numbers(FRAMES) / 2)
    of_decoder = [each for each in done.repairs if each[0] == "decoder"]
    of_effect = [each for each in done.repairs if each[0] == "touchy"]
    assert of_decoder == [("decoder", "test.touchy", "A"), ("decoder", "stellatune.fault", "A")]
    assert set(of_effect) == {("touchy", "test.touchy", "A")} and len(of_effect) <= 2
