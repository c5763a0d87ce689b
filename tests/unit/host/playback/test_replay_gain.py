"""ReplayGain: from tags and settings to one factor, and why."""

from __future__ import annotations

import pytest

from host.media.tags import NO_TAGS, Loudness, Tags
from host.playback.replay_gain import AS_IT_IS, gain_for
from host.settings import ReplayGain, ReplayGainMode

OFF, TRACK, ALBUM = ReplayGainMode
BOTH = Tags(track=Loudness(-6.0, 0.5), whole_album=Loudness(-4.0, 0.75))
QUIET = Tags(track=Loudness(6.3, 0.624))


@pytest.mark.parametrize(
    ("tags", "wished", "gain_db", "reason"),
    [
        (BOTH, ReplayGain(TRACK), -6.0, "track -6.0 dB"),
        (BOTH, ReplayGain(ALBUM), -4.0, "album -4.0 dB"),
        (BOTH, ReplayGain(TRACK, preamp_db=2.5), -3.5, "track -6.0 dB, preamp +2.5 dB"),
        (Tags(track=Loudness(-6.0)), ReplayGain(ALBUM), -6.0, "track -6.0 dB"),
        (Tags(whole_album=Loudness(-4.0)), ReplayGain(TRACK), -4.0, "album -4.0 dB"),
        (NO_TAGS, ReplayGain(TRACK), 0.0, "no tags, fallback +0.0 dB"),
        (NO_TAGS, ReplayGain(ALBUM, preamp_db=3.0, fallback_db=-6.0), -6.0, "no tags, fallback -6.0 dB"),
        (QUIET, ReplayGain(TRACK), 4.096, "track +6.3 dB, limited by the peak to +4.1 dB"),
        (QUIET, ReplayGain(TRACK, clip_guard=False), 6.3, "track +6.3 dB"),
        (Tags(track=Loudness(20.0)), ReplayGain(TRACK), 20.0, "track +20.0 dB"),
        (
            Tags(track=Loudness(6.0), whole_album=Loudness(None, 1.0)),
            ReplayGain(TRACK),
            0.0,
            "track +6.0 dB, limited by the peak to +0.0 dB",
        ),
        (
            Tags(track=Loudness(None, 2.0)),
            ReplayGain(TRACK),
            -6.02,
            "no tags, fallback +0.0 dB, limited by the peak to -6.0 dB",
        ),
    ],
)
def test_the_gain_and_its_reason(tags: Tags, wished: ReplayGain, gain_db: float, reason: str) -> None:
    gain = gain_for(tags, wished)
    assert gain.reason == reason
    assert gain.factor == pytest.approx(10 ** (gain_db / 20), rel=1e-4)
    peaks = [each for each in (tags.track.peak, tags.whole_album.peak) if each is not None]
    assert not wished.clip_guard or gain.factor * min(peaks, default=0.0) <= 1.0


def test_nothing_is_exactly_one() -> None:
    assert gain_for(BOTH, ReplayGain(OFF, preamp_db=9, fallback_db=9)) == AS_IT_IS
    assert gain_for(Tags(track=Loudness(0.0, 1.0)), ReplayGain(TRACK)).factor == 1.0
    assert gain_for(NO_TAGS, ReplayGain(TRACK)).factor == 1.0
