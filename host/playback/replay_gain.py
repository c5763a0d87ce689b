"""How loud a track is made, by its tags and what is wished for: pure arithmetic (ReplayGain 2.0; RFC 7845 for Opus)."""

from __future__ import annotations

from math import log10

from host.media import Tags
from host.records import record
from host.settings import ReplayGain, ReplayGainMode

__all__ = ["AS_IT_IS", "Gain", "gain_for"]


@record
class Gain:
    """``factor`` is what each sample is multiplied by; ``reason``: why, for people; empty: nothing is wished for."""

    factor: float
    reason: str = ""


AS_IT_IS = Gain(1.0)


def gain_for(tags: Tags, wished: ReplayGain) -> Gain:
    """The gain of one track. Where the wished one is not in its tags the other one counts, before the fallback does."""
    if wished.mode is ReplayGainMode.OFF:
        return AS_IT_IS
    track, album = ("track", tags.track), ("album", tags.whole_album)
    scopes = (track, album) if wished.mode is ReplayGainMode.TRACK else (album, track)
    own, other = (loudness for _, loudness in scopes)
    peak = other.peak if own.peak is None else own.peak  # neither lies below what is in this track
    for scope, loudness in scopes:
        if loudness.gain_db is not None:
            words = f"{scope} {_db(loudness.gain_db)}"
            if wished.preamp_db:
                words += f", preamp {_db(wished.preamp_db)}"
            return _guarded(loudness.gain_db + wished.preamp_db, peak, wished, words)
    return _guarded(wished.fallback_db, peak, wished, f"no tags, fallback {_db(wished.fallback_db)}")


def _guarded(gain_db: float, peak: float | None, wished: ReplayGain, words: str) -> Gain:
    """No louder than takes the peak to full scale."""
    factor = 10 ** (gain_db / 20)
    if not wished.clip_guard or peak is None or factor * peak <= 1:
        return Gain(factor, words)
    limit = 1 / peak
    return Gain(limit, f"{words}, limited by the peak to {_db(20 * log10(limit))}")


def _db(value: float) -> str:
    return f"{value:+.1f} dB".replace("-0.0", "+0.0")
