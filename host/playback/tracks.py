"""Facts about inputs on their way: opened, joined to the chain, ended. And what a whole playback came to."""

from __future__ import annotations

from fractions import Fraction

from abi.kinds import DecoderFlag
from abi.wire import DecoderOpened
from host.capabilities import Decoder
from host.errors import StellaError
from host.media import NO_TAGS, Tags
from host.playback.faults import Fault
from host.playback.repairs import Repair
from host.playback.replay_gain import AS_IT_IS, Gain
from host.playback.sizes import PipelineFormat
from host.playback.source_stream import Readable, SourceStream
from host.playback.stage_use import StageUse
from host.records import record
from host.where import Where

__all__ = ["WHOLE", "Excerpt", "OpenTrack", "PlaybackResult", "TrackResult", "Window", "endless", "window"]


@record
class Excerpt:
    """Which part of every input is wanted, in seconds; ``length_s`` None: to the end."""

    start_s: Fraction = Fraction(0)
    length_s: Fraction | None = None

    def of(self, other: Excerpt) -> Excerpt:
        """This part of another part; never more than that."""
        left_s = None if other.length_s is None else max(Fraction(0), other.length_s - self.start_s)
        wanted = [length_s for length_s in (self.length_s, left_s) if length_s is not None]
        return Excerpt(other.start_s + self.start_s, min(wanted, default=None))


WHOLE = Excerpt()


def endless(info: DecoderOpened) -> DecoderOpened:
    """What a decoder tells of a station, without the length: that is of a file that the station began with."""
    lengths = DecoderFlag.HAS_FRAMES | DecoderFlag.HAS_DURATION
    without = {"duration_ms": 0, "total_frames": 0, "encoder_padding_frames": 0, "flags": info.flags & ~lengths}
    return DecoderOpened(**{**vars(info), **without})


@record
class Window:
    """Frames of the source as its decoder counts them: begin there, take so many (negative: to the end)."""

    first_frame: int
    take_frames: int


def window(info: DecoderOpened, excerpt: Excerpt) -> Window | None:
    """What of a source is to be played: without the encoder's delay and padding, cut to the excerpt.

    Of excerpts that follow each other the frames do, too, whatever the rate. None: it begins behind a known end.
    """
    start = int(excerpt.start_s * info.sample_rate_hz)
    first = info.encoder_delay_frames + start
    take = -1
    if info.flags & DecoderFlag.HAS_FRAMES:
        left = info.total_frames - info.encoder_padding_frames - first
        if left < 0 or (left == 0 and start > 0):
            return None
        if info.encoder_padding_frames:
            take = left
    if excerpt.length_s is not None:
        wanted = int((excerpt.start_s + excerpt.length_s) * info.sample_rate_hz) - start
        take = wanted if take < 0 else min(take, wanted)
    return Window(first, take)


@record
class OpenTrack:
    """An input whose decoder is open and stands at its first frame; ``faults``: what others did that were asked.

    The file or stream stays open as long as the track is played: a successor of the decoder goes on in it, and with the
    same ``gain``.
    """

    index: int
    media: Readable
    decoder: Decoder
    info: DecoderOpened
    use: StageUse
    window: Window
    skip_frames: int
    excerpt: Excerpt = WHOLE
    faults: tuple[Fault, ...] = ()
    tags: Tags = NO_TAGS
    gain: Gain = AS_IT_IS

    @property
    def where(self) -> Where:
        """Where it was found."""
        return self.media.where

    @property
    def served_by(self) -> tuple[StageUse, ...]:
        """The source that serves what it is read from; none where that is a file."""
        return (self.media.use,) if isinstance(self.media, SourceStream) else ()

    @property
    def live(self) -> bool:
        """Whether it has no end, and nobody can go back in it."""
        return isinstance(self.media, SourceStream) and self.media.live

    async def close(self) -> None:
        """Ends the decoder and lets go of the file; twice is fine."""
        self.media.close()
        await self.decoder.destroy()

    def close_soon(self) -> None:
        """As ``close``, which then happens by itself."""
        self.media.close()
        self.decoder.instance.destroy_soon()

    @property
    def duration_s(self) -> float | None:
        """How long it will play, where that is known."""
        known = self._left_s()
        if self.window.take_frames < 0:
            return known
        wanted = self.window.take_frames / self.info.sample_rate_hz
        return wanted if known is None else min(wanted, known)

    @property
    def source_frames(self) -> int | None:
        """How many frames of the source are to be played, where that is known."""
        take = self.window.take_frames
        if not self.info.flags & DecoderFlag.HAS_FRAMES:
            return take if take >= 0 else None
        left = max(0, self.info.total_frames - self.info.encoder_padding_frames - self.window.first_frame)
        return left if take < 0 else min(left, take)

    def frames_at(self, rate_hz: int) -> int | None:
        """How many frames of that rate it will be, where that is known."""
        frames = self.source_frames
        return None if frames is None else frames * rate_hz // self.info.sample_rate_hz

    def _left_s(self) -> float | None:
        """From the first frame that is played to the end of the source, where that is known."""
        if self.info.flags & DecoderFlag.HAS_FRAMES:
            end = self.info.total_frames - self.info.encoder_padding_frames
            return (end - self.window.first_frame) / self.info.sample_rate_hz
        if self.info.flags & DecoderFlag.HAS_DURATION:
            return max(0.0, self.info.duration_ms / 1000 - self.window.first_frame / self.info.sample_rate_hz)
        return None


@record
class TrackResult:
    """What became of one input. ``failure`` is why it was not played, or not to its end.

    ``frames_in`` counts the source's frames, ``frames_out`` those of the pipeline; ``sha256`` is of the float32 samples
    that entered the sink, where that was asked for. ``faults`` are what its decoder did beside that. ``gain``: by how
    much it was made louder or softer. ``touched_by``: what changes its samples on their way; empty: nothing.
    """

    index: int
    where: Where
    failure: StellaError | None = None
    decoder: StageUse | None = None
    frames_in: int = 0
    frames_out: int = 0
    sha256: str = ""
    wall_s: float = 0.0
    faults: tuple[Fault, ...] = ()
    gain: Gain = AS_IT_IS
    touched_by: str = ""


@record
class PlaybackResult:
    """All inputs in order. ``format`` is None when nothing could be played; ``faults`` are those of the chain.

    ``repairs``: every replacement in the pipeline, in order.
    """

    tracks: tuple[TrackResult, ...]
    format: PipelineFormat | None = None
    stages: tuple[StageUse, ...] = ()
    frames: int = 0
    wall_s: float = 0.0
    faults: tuple[Fault, ...] = ()
    repairs: tuple[Repair, ...] = ()

    @property
    def played(self) -> tuple[TrackResult, ...]:
        """Inputs of which something was heard, or that were played to their end and hold nothing."""
        return tuple(track for track in self.tracks if track.frames_out or track.failure is None)

    @property
    def failed(self) -> tuple[TrackResult, ...]:
        """Inputs that were not played, or not to their end."""
        return tuple(track for track in self.tracks if track.failure is not None)
