"""Which format a chain has: what is wished for a track, what an output answers, when a chain must be built anew. Pure.

Asks nobody: who builds a chain asks its output, in the order that is given here, until one rate is taken as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from abi.wire import DecoderOpened, Resampler
from host.playback.sizes import PipelineFormat
from host.records import record
from host.settings import OutputSettings

__all__ = [
    "TRACK_FORMATS",
    "Agreement",
    "FormatPolicy",
    "candidates",
    "format_for",
    "needs_rebuild",
    "takes_rate",
    "wished_format",
]

#: Rates that devices have, of both families. A multiple of the track's own is reached without a fraction.
DEVICE_RATES_HZ = (44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 352_800, 384_000, 705_600, 768_000)

_RESAMPLERS = {
    "quick": Resampler.QUICK,
    "low": Resampler.LOW,
    "medium": Resampler.MEDIUM,
    "high": Resampler.HIGH,
    "very_high": Resampler.VERY_HIGH,
}


@record
class FormatPolicy:
    """What is wished. ``rate_hz``, ``channels`` None: the track's own. ``seeks_best``: if the output does not take that
    rate, another one that loses nothing, before what it answers itself."""

    rate_hz: int | None = None
    channels: int | None = None
    seeks_best: bool = False
    resampler: Resampler = Resampler.VERY_HIGH
    mix_lfe: bool = False

    @staticmethod
    def of(settings: OutputSettings) -> FormatPolicy:
        """What was set."""
        channels = settings.channels
        return FormatPolicy(
            settings.rate_hz if settings.rate == "fixed" else None,
            2 if channels == "stereo" else channels if isinstance(channels, int) else None,
            settings.rate == "best",
            _RESAMPLERS[settings.resampler],
            settings.lfe == "mix",
        )


#: Each track as it is, as far as the output takes that.
TRACK_FORMATS = FormatPolicy()


@record
class Agreement:
    """What a chain was wished to be, for the track it was built for, and what it became."""

    wished: PipelineFormat
    format: PipelineFormat


def wished_format(track: DecoderOpened, policy: FormatPolicy) -> PipelineFormat:
    """What the chain should be for this track, whatever its output."""
    return PipelineFormat(policy.rate_hz or track.sample_rate_hz, policy.channels or track.channels)


def candidates(wished: PipelineFormat, policy: FormatPolicy) -> tuple[PipelineFormat, ...]:
    """What an output is to be asked for, best first.

    The best is the wish itself; then its multiples, nearest first, which need no fractions; then the rates above it,
    which keep its whole band.
    """
    rate = wished.sample_rate_hz
    if not policy.seeks_best:
        return (wished,)
    above = [each for each in DEVICE_RATES_HZ if each > rate]
    multiples = [each for each in above if each % rate == 0]
    return tuple(PipelineFormat(each, wished.channels) for each in dict.fromkeys((rate, *multiples, *above)))


def format_for(
    wished: PipelineFormat, negotiated: Mapping[PipelineFormat, PipelineFormat], policy: FormatPolicy
) -> PipelineFormat:
    """What the chain becomes: the best rate that the output takes as it is, else its own answer to the wish.

    ``negotiated``: its answer to each candidate it was asked for, the wish among them. It may have fewer channels.
    """
    for each in candidates(wished, policy):
        if each in negotiated and takes_rate(each, negotiated[each]):
            return negotiated[each]
    return negotiated[wished]


def takes_rate(asked: PipelineFormat, answer: PipelineFormat) -> bool:
    """Whether nothing better is to be had by asking for another rate."""
    return asked.sample_rate_hz == answer.sample_rate_hz


def needs_rebuild(current: Agreement, track: DecoderOpened, policy: FormatPolicy) -> bool:
    """Whether a chain for this track might be a better one than ``current``, which its output then has to be asked.

    A wish that led to the chain as it is would lead there again. Fewer channels than there are lose nothing.
    """
    wished = wished_format(track, policy)
    other_rate = wished.sample_rate_hz not in (current.wished.sample_rate_hz, current.format.sample_rate_hz)
    more_channels = wished.channels > max(current.wished.channels, current.format.channels)
    return other_rate or more_channels
