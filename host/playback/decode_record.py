"""What is known of the track at the head of a pipeline: where it began, which place of it kills, where to go on.

A place that kills whoever reads it is tried by the next decoder, then it becomes silence, then the track is over.
"""

from __future__ import annotations

from collections.abc import Callable

from host.errors import MediaError
from host.ids import PluginId
from host.playback.poison import MAX_DEATHS_AT_ONE_PLACE, POISON_S, READ_AHEAD_FRAMES, Poison
from host.playback.resume import Resumption, periods_of, resume
from host.playback.sizes import on_grid
from host.playback.source_stream import SourceStream
from host.playback.tracks import OpenTrack

__all__ = ["DecodeRecord"]


class DecodeRecord:
    """Of one track in one pipeline of ``rate_hz``. Positions are the pipeline's."""

    def __init__(self, track: OpenTrack, start: int, rate_hz: int) -> None:
        #: Where on the clock the track began, or would have.
        self.start = start
        #: Up to there a poisoned place was made silence; at most where the track began when there was none.
        self.silent_until = start
        #: Decoders that are not to be tried for the rest of the track.
        self.avoided: set[PluginId] = set()
        self._track = track
        self._rate_hz = rate_hz
        self._poison: Poison | None = None

    @property
    def live(self) -> bool:
        """Whether nobody can go back in it: who goes on takes what there is by then."""
        media = self._track.media
        return isinstance(media, SourceStream) and media.live

    def died_reading(
        self, position: int, plugin_id: PluginId, next_plugin: Callable[[], PluginId | None]
    ) -> MediaError | None:
        """A death inside ``read`` of its own doing, with so much written; an error when that was one too many."""
        frame = self.resumption(position).source_frame
        if self._poison is None or abs(frame - self._poison.source_frame) > READ_AHEAD_FRAMES:
            self._poison = Poison(frame)
        self._poison.deaths += 1
        if self._poison.deaths == MAX_DEATHS_AT_ONE_PLACE - 1:
            self.avoided.add(plugin_id)
            if next_plugin() is None:
                self._poison.deaths = MAX_DEATHS_AT_ONE_PLACE
        if self._poison.deaths == MAX_DEATHS_AT_ONE_PLACE:
            self._silence(position)
        elif self._poison.deaths > MAX_DEATHS_AT_ONE_PLACE:
            text = f"{plugin_id} and every other decoder died near frame {frame}"
            return MediaError(text, remedy="is the file whole?")
        return None

    def _silence(self, position: int) -> None:
        """The place that kills whoever reads it is skipped: as many frames of silence at the same positions.

        Whoever dies right after it, too, has died at this place.
        """
        source_rate = self._track.info.sample_rate_hz
        frames = max(int(self._rate_hz * POISON_S), -(-2 * READ_AHEAD_FRAMES * self._rate_hz // source_rate))
        _, period = periods_of(source_rate, self._rate_hz)
        span = on_grid(position + frames - self.start, period)
        length = self._track.frames_at(self._rate_hz)
        self.silent_until = self.start + (span if length is None else min(span, length))
        self.avoided.clear()
        self._poison = Poison(self.resumption(position).source_frame, MAX_DEATHS_AT_ONE_PLACE)

    def resumption(self, position: int) -> Resumption:
        """Where in its source a decoder goes on when so much is written."""
        track = self._track
        done = max(position, self.silent_until) - self.start
        first, take, rate_hz = track.window.first_frame, track.window.take_frames, track.info.sample_rate_hz
        silent = self.silent_until - self.start
        if 0 < silent == track.frames_at(self._rate_hz):
            return Resumption(first, 0, 0)  # it ends in silence
        if self.live:
            return Resumption(0, take if take < 0 else max(0, take - done * rate_hz // self._rate_hz), 0)
        return resume(first, take, done, rate_hz, self._rate_hz, silent)
