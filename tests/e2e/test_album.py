"""An album of twelve files in six formats, played as a user plays it; every join is looked at sample by sample.

The twelve are one programme, cut at odd places. What a format keeps is the programme itself, across each join; what it
loses is compared with a decode of the same file without a worker, and may not be shifted against the programme.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e.audio import Samples, as_float, write_wav
from tests.e2e.conftest import Stellatune
from tests.support.c_plugins import build_plugin
from tests.support.capture import load_capture
from tests.support.direct_decoder import DirectDecoder
from tests.support.encoded import ENCODINGS, programme
from tests.support.ffmpeg_tool import encoded
from tests.support.patient import DEEP, DEEP_DEVICE

pytestmark = pytest.mark.paced

#: What Opus always has: nothing is converted on the way.
RATE_HZ = 48_000
#: A lossy piece may be shifted by less than a frame, and would be found if it were by so many.
MOST_SHIFT = 40
BY_NAME = {each.name: each for each in ENCODINGS}


def _by(name: str) -> Callable[[NDArray[np.int16], Path], Path]:
    """With the encoder of that name, at the rate of the album."""

    def encode(samples: NDArray[np.int16], path: Path) -> Path:
        return replace(BY_NAME[name], rate_hz=RATE_HZ).encode(samples, path.parent, name=path.name)

    return encode


@dataclass(frozen=True, slots=True)
class Format:
    """``type_id``: of the decoder that has to take it."""

    type_id: str
    encode: Callable[[NDArray[np.int16], Path], Path]
    is_lossless: bool = False


FLAC = Format("flac", lambda samples, path: encoded(path.with_suffix(".flac"), samples, rate_hz=RATE_HZ), True)
WAV = Format("wav", lambda samples, path: write_wav(path.with_suffix(".wav"), samples, RATE_HZ), True)
ALAC = Format(
    "ffmpeg",
    lambda samples, path: encoded(path.with_suffix(".m4a"), samples, "-c:a", "alac", rate_hz=RATE_HZ),
    True,
)
MP3 = Format("mpg123", _by("mp3_variable"))
VORBIS = Format("vorbis", _by("vorbis"))
OPUS = Format("opus", _by("opus"))
#: Each beside others than before, and how many frames: no whole number of blocks of anybody, some less than one.
ALBUM = (
    (FLAC, 20_001),
    (WAV, 1_153),
    (ALAC, 24_007),
    (MP3, 30_011),
    (VORBIS, 24_001),
    (OPUS, 21_003),
    (FLAC, 577),
    (ALAC, 10_009),
    (WAV, 8_807),
    (OPUS, 19_111),
    (MP3, 17_989),
    (VORBIS, 26_003),
)


def shift_of(heard: Samples, wanted: Samples) -> int:
    """By how many frames the one is late against the other."""
    middle = slice(MOST_SHIFT, len(wanted) - MOST_SHIFT)
    likeness = [
        float(np.sum(np.roll(heard, -shift, axis=0)[middle] * wanted[middle]))
        for shift in range(-MOST_SHIFT, MOST_SHIFT + 1)
    ]
    return int(np.argmax(likeness)) - MOST_SHIFT


def test_every_join_of_an_album_is_seamless(stellatune: Stellatune, tmp_path: Path) -> None:
    stellatune.sizes = DEEP
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    build_plugin("capture", plugins, DEEP_DEVICE)
    ends = list(accumulate(frames for _, frames in ALBUM))
    whole = programme(ends[-1], 2, RATE_HZ)
    spans = [slice(end - frames, end) for end, (_, frames) in zip(ends, ALBUM, strict=True)]
    paths = [
        format_.encode(whole[span], tmp_path / f"{number:02}")
        for number, ((format_, _), span) in enumerate(zip(ALBUM, spans, strict=True), 1)
    ]
    heard_path = tmp_path / "heard"
    played = stellatune.ok(
        "--json", "play", *paths, "--output", f"capture:{heard_path}", STELLATUNE_PLUGIN_PATH=str(plugins)
    ).document
    assert [each["frames"] for each in played["inputs"]] == [frames for _, frames in ALBUM]

    capture = load_capture(heard_path, zeros_are_programme=True)
    assert (capture.rate, capture.start, capture.frames) == (RATE_HZ, 0, ends[-1])
    assert (capture.lost, capture.doubled, capture.restarts, capture.flushed) == ((), (), (), True)
    assert not {silence.position for silence in capture.inserted_silence} & set(ends[:-1])
    heard, wanted = capture.samples().reshape(-1, 2), as_float(whole)
    joins = 0
    for number, ((format_, frames), span, path) in enumerate(zip(ALBUM, spans, paths, strict=True)):
        with DirectDecoder(format_.type_id, path) as decoder:
            decoded = decoder.rest()
        assert len(decoded) == frames, path.name
        assert np.array_equal(heard[span], decoded), path.name
        if format_.is_lossless:
            assert np.array_equal(decoded, wanted[span]), path.name
        else:
            assert shift_of(decoded, wanted[span]) == 0, path.name
        if number and format_.is_lossless and ALBUM[number - 1][0].is_lossless:
            across = slice(spans[number - 1].start, span.stop)
            assert np.array_equal(heard[across], wanted[across]), f"the join before {path.name}"
            joins += 1
    assert joins == 4
    assert len({format_.type_id for format_, _ in ALBUM}) == 6
