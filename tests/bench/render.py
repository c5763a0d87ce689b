"""T9: a long FLAC through two effects into a WAV, by the command, beside one process that calls the same libraries.

Each in a session of its own, as the host starts its workers: so both stand equal to whatever else the machine does.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.bench.compiled import ROOT, plugin_library
from tests.bench.rows import Better, Context, Rounds, Row, Target

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("T9",)
T9 = Target("T9", "-", Better.MORE, 0.90, 1.0)
RATE_HZ = 44100
MINUTES = 25
GAIN_CONFIG = '{"gain_db": -3}'
EQ_CONFIG = (
    '{"preamp_db": -2, "bands": ['
    '{"type": "low_shelf", "freq_hz": 120, "gain_db": 3, "q": 0.7}, '
    '{"type": "peaking", "freq_hz": 1200, "gain_db": -2.5, "q": 1.1}, '
    '{"type": "high_shelf", "freq_hz": 8000, "gain_db": 1.5, "q": 0.7}]}'
)
SINK_CONFIG = '{"format": "s16"}'


def measure(context: Context) -> Iterator[Row]:
    """Wall time of the whole command, and of the programme alone as its report tells it."""
    minutes = 3 if context.quick else MINUTES
    media = context.folder / "programme.flac"
    _make_media(media, minutes)
    whole: list[float] = []
    steady: list[float] = []
    reference: list[float] = []
    for turn in range(context.rounds):
        ours, theirs = context.folder / "ours.wav", context.folder / "reference.wav"
        reference.append(_run_reference(context, media, theirs))
        command_s, programme_s = _run_command(context, media, ours)
        whole.append(command_s)
        steady.append(programme_s)
        if turn == 0 and _digest(ours) != _digest(theirs):
            raise RuntimeError("render and the reference wrote different files")
        ours.unlink()
        theirs.unlink()
    chain = f"{minutes} min of FLAC, gain, equalizer, WAV"
    yield Row(T9, f"render, whole command: {chain}", "s", Rounds(tuple(whole), tuple(reference), True))
    yield Row(T9, f"render, the programme by its report: {chain}", "s", Rounds(tuple(steady), tuple(reference), True))


def _make_media(path: Path, minutes: int) -> None:
    """A minute of tremolo saws over noise, over and over: no compressor finds the repetition."""
    seconds = np.arange(60 * RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(7).standard_normal((2, seconds.size))
    smooth = np.apply_along_axis(lambda row: np.convolve(row, np.ones(8) / 8, "same"), 1, noise)
    saws = np.stack([np.mod(seconds * pitch, 1.0) - 0.5 for pitch in (110.7, 164.3)])
    tremolo = 0.6 + 0.4 * np.sin(2 * np.pi * 3.1 * seconds)
    samples = np.round((0.5 * saws * tremolo + 0.12 * smooth).clip(-0.99, 0.99) * 32767).astype("<i2")
    minute = samples.T.tobytes()
    form = ["--force-raw-format", "--endian=little", "--sign=signed", "--channels=2", "--bps=16"]
    command = ["flac", "--silent", "--force", *form, f"--sample-rate={RATE_HZ}", "-o", str(path), "-"]
    encoder = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert encoder.stdin is not None
    for _ in range(minutes):
        encoder.stdin.write(minute)
    encoder.stdin.close()
    if encoder.wait() != 0:
        raise RuntimeError("flac could not encode the programme; apt-get install flac")


def _run_reference(context: Context, media: Path, out: Path) -> float:
    effects = (plugin_library("dsp_gain"), GAIN_CONFIG, plugin_library("dsp_equalizer"), EQ_CONFIG)
    arguments = (plugin_library("decoder_flac"), "flac", media, *effects, plugin_library("sink_file"), SINK_CONFIG, out)
    began = time.perf_counter()
    context.programs.run("decode_chain", *arguments, session=True)
    return time.perf_counter() - began


def _run_command(context: Context, media: Path, out: Path) -> tuple[float, float]:
    report = context.folder / "report.json"
    effects = ["--dsp", f"gain:{GAIN_CONFIG}", "--dsp", f"equalizer:{EQ_CONFIG}"]
    command = [sys.executable, "-m", "host", "render", str(media), "-o", str(out), *effects, "--format", "s16"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    subprocess.run(
        [*command, "--report", str(report)], env=environment, check=True, capture_output=True, start_new_session=True
    )
    took = time.perf_counter() - began
    return took, float(json.loads(report.read_text(encoding="utf-8"))["inputs"][0]["wall_s"])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
