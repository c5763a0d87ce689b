"""Where in its source a decoder goes on when the pipeline stands at a position: pure arithmetic.

Without conversion frames are frames. A rate converter has a past: its successor begins a while earlier, on a whole
period of both rates, and what it gives until the position is thrown away.
"""

from __future__ import annotations

from math import gcd

from host.records import record

__all__ = ["Resumption", "periods_of", "resume"]

#: How long a converter's past can still be heard, in frames of the slower rate; twice of what the longest filter needs.
WARM_UP_FRAMES = 256


@record
class Resumption:
    """``source_frame``: the first to be read. ``take_frames``: of the source, negative: all. ``drop_frames``: of what
    the conversion gives."""

    source_frame: int
    take_frames: int
    drop_frames: int


def resume(
    first_frame: int, take_frames: int, done_frames: int, source_rate_hz: int, rate_hz: int, not_before: int = 0
) -> Resumption:
    """After ``done_frames`` pipeline frames of a source that began with ``first_frame`` and is to give ``take_frames``.

    ``take_frames`` negative: to its end. ``not_before``: what gives pipeline frames before this, a whole number of
    periods, may not be read again.
    """
    source_period, period = periods_of(source_rate_hz, rate_hz)
    periods = max(not_before, done_frames - _warm_up(source_rate_hz, rate_hz), 0) // period
    read = periods * source_period
    left = take_frames if take_frames < 0 else max(0, take_frames - read)
    return Resumption(first_frame + read, left, done_frames - periods * period)


def _warm_up(source_rate_hz: int, rate_hz: int) -> int:
    """Pipeline frames that a converter gives before it has forgotten that it has no past."""
    if source_rate_hz == rate_hz:
        return 0
    return -(-WARM_UP_FRAMES * rate_hz // min(source_rate_hz, rate_hz))


def periods_of(source_rate_hz: int, rate_hz: int) -> tuple[int, int]:
    """The fewest frames of either rate that last equally long."""
    common = gcd(source_rate_hz, rate_hz)
    return source_rate_hz // common, rate_hz // common
