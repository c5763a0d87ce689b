"""MP3, Vorbis and Opus through the real command: taken by the decoder made for them, and whole through its deaths."""

from __future__ import annotations

import numpy as np
import pytest

from tests.e2e.conftest import Stellatune
from tests.e2e.numbered import render
from tests.support.direct_decoder import DirectDecoder
from tests.support.encoded import ENCODINGS, Encoding
from tests.support.failpoints import Action, Failpoints

SECONDS = 6
BY_NAME = {each.name: each for each in ENCODINGS}
ONE_OF_EACH = tuple(BY_NAME[name] for name in ("mp3_variable", "mp3_low_rate", "vorbis", "opus", "opus_speech"))


@pytest.mark.parametrize("encoding", ONE_OF_EACH, ids=str)
def test_killed_in_the_middle_it_goes_on_at_the_very_sample(
    stellatune: Stellatune, failpoints: Failpoints, encoding: Encoding
) -> None:
    path, _ = encoding.make(stellatune.place, SECONDS)
    with DirectDecoder(encoding.type_id, path) as made:
        expected = made.rest()
    plugin = f"stellatune.decoder.{encoding.type_id}"
    blocks = len(expected) // 4096
    kills = failpoints.arm("publish", Action.KILL, let_pass=blocks // 4, every=blocks // 3, plugin=plugin)
    done = render(stellatune, path, PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert kills.fired >= 2
    assert done.repairs == [("decoder", plugin, "A")] * kills.fired
    assert done.track["decoder"]["plugin"] == plugin
    assert done.track["frames_out"] == len(expected)
    assert np.array_equal(done.samples, expected)


def test_what_the_first_decoder_refuses_goes_to_the_next(stellatune: Stellatune) -> None:
    """Opus in a file that is named like Vorbis."""
    path, frames = BY_NAME["opus"].make(stellatune.place, 1)
    named = path.rename(path.with_suffix(".ogg"))
    done = render(stellatune, named)
    assert done.code == 0, done.err
    assert done.track["decoder"]["plugin"] == "stellatune.decoder.opus"
    assert done.track["frames_out"] == frames
