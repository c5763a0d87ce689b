"""What is done with the instrumented copy: commands as people type them, damaged files, kills, parts of the tests."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from tests.e2e.audio import noise, write_wav

__all__ = ["PLAIN_RENDER", "TESTS", "Scene", "damaged", "music", "scenes"]

DONE, NOTHING_PLAYED, SOME_FAILED = 0, 5, 6
CHAIN = (
    "--dsp",
    'gain:{"gain_db": -6}',
    "--dsp",
    'equalizer:{"preamp_db": -3, "bands": [{"type": "peaking", "freq_hz": 1000, "gain_db": 6, "q": 1},'
    ' {"type": "low_shelf", "freq_hz": 100, "gain_db": -4}, {"type": "notch", "freq_hz": 5000}]}',
)
DAMAGED_EACH = 6
DAMAGED_OURS = 40  # of the formats that no library reads for us
MOST_BYTES = 200_000

#: Parts of the suite that meet much of the C; none whose processes fall by intention.
TESTS: tuple[tuple[str, ...], ...] = (
    ("tests/unit/native_plugins", "tests/unit/abi"),
    ("tests/unit/shm_audio", "--ignore=tests/unit/shm_audio/test_protection.py"),
    (
        "tests/integration/worker",
        "--ignore=tests/integration/worker/test_fault_kinds.py",
        "--ignore=tests/integration/worker/test_stream_faults.py",
        "--ignore=tests/integration/worker/test_huge_tags.py",  # whose deadlines are those of uninstrumented code
        "-k",
        "not killed_it and not took_the_handler_away",
    ),
    ("tests/integration/library/test_scan_folders.py",),
    (
        "tests/e2e/test_bad_input.py",
        "tests/e2e/test_control.py",
        "tests/e2e/test_damage_told.py",
        "tests/e2e/test_render_exact.py",
        "tests/e2e/test_render_gapless.py",
        "tests/e2e/test_render_sndfile.py",
        "tests/e2e/test_planned.py",
    ),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Arguments of Python, and the exit codes with which it may end."""

    name: str
    arguments: tuple[object, ...]
    codes: tuple[int, ...] = (DONE,)


def music(place: Path, corpora: Path) -> list[Path]:
    """Files of all formats that are here; at least one, made on the spot."""
    found = [path for end in ("flac", "mp3", "ogg") for path in sorted(corpora.glob(f"*/*.{end}"))]
    samples = noise(100_000)
    return [write_wav(place / "noise.wav", samples), _write_aiff(place / "noise.aiff", samples), *found]


def _write_aiff(path: Path, samples: NDArray[np.int16]) -> Path:
    frames, channels = samples.shape
    rate = struct.pack(">HQ", 16383 + 15, 44100 << 48)  # an extended float: its exponent, then its digits
    common = b"COMM" + struct.pack(">IHIH", 18, channels, frames, 16) + rate
    data = samples.astype(">i2").tobytes()
    sound = b"SSND" + struct.pack(">III", len(data) + 8, 0, 0) + data
    path.write_bytes(b"FORM" + struct.pack(">I", 4 + len(common) + len(sound)) + b"AIFF" + common + sound)
    return path


def damaged(place: Path, files: list[Path], random: Random) -> list[Path]:
    """Copies that were cut short, overwritten and bent, mostly near their heads."""
    folder = place / "damaged"
    folder.mkdir()
    made = []
    for number, path in enumerate(files):
        whole = path.read_bytes()[:MOST_BYTES]
        for copy in range(DAMAGED_OURS if path.parent == place else DAMAGED_EACH):
            made.append(folder / f"{number}-{copy}{path.suffix}")
            made[-1].write_bytes(_damage(bytearray(whole), random))
    return made


def _damage(data: bytearray, random: Random) -> bytes:
    reach = random.choice((64, 4096, len(data)))
    for _ in range(random.randrange(1, 40)):
        data[random.randrange(min(reach, len(data)))] = random.choice((0, 0x7F, 0x80, 0xFF, random.randrange(256)))
    if random.random() < 0.3:
        del data[random.randrange(len(data)) :]
    if random.random() < 0.3:
        at = random.randrange(len(data) + 1)
        data[at:at] = random.randbytes(random.randrange(1, 5000))
    return bytes(data)


PLAIN_RENDER = Scene("render", ("-m", "host", "render", "noise.wav", "-o", "plain.wav", "--dsp", "gain"))


def scenes(place: Path, corpora: Path, seed: int) -> Iterator[Scene]:
    """Commands, for ``place`` to be run in."""
    files = music(place, corpora)
    render = ("-m", "host", "render")
    yield Scene("render to flac", (*render, *files, "-o", "all.flac", *CHAIN))
    yield Scene("render at 96 kHz", (*render, *files[:4], "-o", "high.wav", "--rate", "96000", "--format", "s24"))
    yield Scene("render 16 bits", (*render, *files[-2:], "-o", "low.flac", "--format", "s16", "--report", "low.json"))
    yield Scene("what was rendered", (*render, "all.flac", "high.wav", "low.flac", "-o", "again.wav"))
    bent = damaged(place, files, Random(seed))
    yield Scene("damaged files", (*render, *bent, "-o", "bent.wav", *CHAIN), (DONE, NOTHING_PLAYED, SOME_FAILED))
    yield Scene("demo", ("-m", "host", "demo"))
    play = ("-m", "host", "play", "--no-control", "--output", "null")
    yield Scene("play into null", (*play, *files, "--volume", "50", "--length", "0:10", *CHAIN))
    yield Scene("list plugins", ("-m", "host", "plugins", "list"))
    if shutil.which("flac"):
        yield Scene("kills", ("-m", "tests.faults", "storm", "--kills", "40", "--seconds", "60", "--seed", str(seed)))
