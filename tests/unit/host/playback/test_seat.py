"""Which positions of a ring the host believes."""

from __future__ import annotations

import pytest

from host.playback.seat import MAX_POSITION, RingsBroken, words_of
from shm_audio import Ring
from tests.support.stage_rings import FORMAT


def test_positions_that_agree_and_are_nonsense_are_broken_rings() -> None:
    with Ring.create(FORMAT) as ring:
        ring.set_words(MAX_POSITION - 1)
        assert words_of(ring).read_pos == MAX_POSITION - 1
        ring.set_words(MAX_POSITION)
        with pytest.raises(RingsBroken, match=f"position {MAX_POSITION}"):
            words_of(ring)
