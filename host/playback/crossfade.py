"""The head of a pipeline in which one track fades into the next: two decoders with a ring each, and the mix of both.

Owns when the next track is to come, and from where to where both are heard. The mix never goes beyond the place where a
track begins to fade before it is known whether another one follows: however late that is, not a frame is wrong.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from host.capabilities import Crossing
from host.errors import StellaError
from host.playback.decode_seat import DecodeSeat
from host.playback.mix_seat import MixSeat
from host.playback.seat import RingsBroken
from host.playback.sizes import on_grid
from host.playback.tracks import OpenTrack
from shm_audio import Ring

__all__ = ["Crossfade"]

#: The next track joins so long before it is heard, at the latest: it has to give its first block by then.
LEAD_S = 1.0
LOOK_S = 0.05
UNPACED_LOOK_S = 0.005


class Crossfade:
    """Of one pipeline. The loop's thread; what changes it is the relay's alone."""

    def __init__(self, seats: tuple[DecodeSeat, DecodeSeat], mix: MixSeat, fade_frames: int, *, batched: bool) -> None:
        """Takes over all of it. ``batched``: nobody listens, and the time says nothing about the position."""
        self._here, self._other = seats
        self._leaving = False
        self._fade_frames = fade_frames
        self._batched = batched
        self._joins_at: int | None = None
        self._coming: Crossing | None = None
        self.mix = mix

    @property
    def decode(self) -> DecodeSeat:
        """Where the track decodes that joined last."""
        return self._here

    @property
    def leaving(self) -> DecodeSeat | None:
        """Where the track before it still decodes; None once its end is there."""
        return self._other if self._leaving else None

    @property
    def decoders(self) -> tuple[DecodeSeat, ...]:
        """The one that goes, or is about to come, if there is one; and the one that came last."""
        return (self._other, self._here) if self._other.occupied else (self._here,)

    @property
    def giving(self) -> tuple[DecodeSeat, ...]:
        """Those of the decoders whose end is still to be waited for; a broken ring is never waited past."""
        past = self.reached and not isinstance(self._here.failure, RingsBroken)
        return tuple(seat for seat in self.decoders if seat is not self._here or not past)

    @property
    def rings(self) -> tuple[Ring, ...]:
        """Those that decoders write, whether in use or not."""
        return self._here.ring, self._other.ring

    async def start(self) -> None:
        """The mix joins the rings; nothing comes out before the end of the first track is known."""
        await self.mix.start(self.mix.position)

    async def begin_anew(self) -> None:
        """For who has the locks of the seats, the rings set to another position: only the last track is left."""
        self._joins_at = None
        await self.mix.begin_anew(self._here.ring)

    async def expect(self, track: OpenTrack, begun_at: int) -> None:
        """A track begins there, alone: now it is known where the next one is to join, or that it is not to."""
        self._joins_at = self._join_of(track, begun_at, max(begun_at, self.mix.position, self._alone_from))
        await self.mix.allow(self._joins_at)

    async def forgo(self) -> None:
        """No track joins this one before its end."""
        self._joins_at = None
        await self.mix.allow(None)

    # ---- when there is something to do ----

    @property
    def due(self) -> bool:
        """Whether the next track is to join, or the one before has faded out though it gives more frames."""
        if self._leaving:
            return self.mix.crossing is None
        if self._joins_at is None or self.mix.crossing is not None:
            return False
        return self.reached and self.mix.position >= self._joins_at - self._lead_frames

    async def until_due(self, flowing: asyncio.Event) -> None:
        """Looks no more often than it must, and not at all while the music does not flow; it may never be due."""
        while not self.due:
            await flowing.wait()
            await asyncio.sleep(self._pause_s)

    @property
    def _pause_s(self) -> float:
        crossing = self.mix.crossing
        if crossing is None and self._joins_at is None:
            return LEAD_S
        if self._batched:
            return UNPACED_LOOK_S
        target = (self._joins_at or 0) - self._lead_frames if crossing is None else crossing.over_at
        return max(LOOK_S, (target - self.mix.position) / self._rate_hz)

    @property
    def patience_s(self) -> float | None:
        """How long to wait for the next track once it is due; None: as long as it takes."""
        return None if self._batched else LEAD_S

    @property
    def reached(self) -> bool:
        """Whether the track that decodes is where the next one is to join: wherever it ends, it ends in a fade."""
        return self._joins_at is not None and self.decode.position >= self._joins_at

    # ---- what is to be done ----

    def leaves_alone(self, track: OpenTrack) -> bool:
        """Whether a track is long enough, and known to be, to be heard alone once the one before it has faded out."""
        length = track.frames_at(self._rate_hz)
        return length is not None and length > self._fade_frames + self._block_frames

    async def make_room(self) -> int:
        """The next track is to join now: where, once its ring is ready."""
        await self.mix.settle()
        at = self._joins_at
        assert at is not None
        self._other.ring.set_words(at)
        self._coming = Crossing(self._other.ring, at, self._fade_frames)
        return at

    async def join(self, track: OpenTrack) -> None:
        """Where room was made, the track joins the one that decodes; from now on it is the one that decodes.

        Raises:
            StellaError: its decoder refused; the track is the caller's again, and all is as before.
        """
        before, seat, crossing = self._here, self._other, self._coming
        assert crossing is not None
        await seat.join(track)
        joins_at = self._join_of(track, crossing.at, on_grid(crossing.over_at, self._block_frames))
        try:
            await self.mix.join(crossing, joins_at)
        except StellaError:
            await seat.leave()
            raise
        self._here, self._other, self._leaving = seat, before, True
        self._joins_at = joins_at

    @property
    def faded_at(self) -> int:
        """Where the track that fades out is not heard any more."""
        assert self._coming is not None
        return self._coming.over_at

    async def see_out(self) -> None:
        """Ends the decoder of the track that fades out; what it gave by now is heard, then silence."""
        self._leaving = False
        await self.mix.end_first(await self._other.leave())

    async def close(self) -> None:
        """Ends decoders and mix, then lets go of the rings; twice is fine."""
        async with AsyncExitStack() as stack:
            for ring in self.rings:
                stack.callback(ring.close)
            for seat in (self.mix, self._other, self._here):
                stack.push_async_callback(seat.close)

    # ---- inside ----

    @property
    def _rate_hz(self) -> int:
        return self._here.ring.format.sample_rate_hz

    @property
    def _block_frames(self) -> int:
        return self._here.ring.format.block_frames

    @property
    def _lead_frames(self) -> int:
        return int(self._rate_hz * LEAD_S)

    @property
    def _alone_from(self) -> int:
        """From where on one ring alone is heard."""
        crossing = self.mix.crossing
        return 0 if crossing is None else on_grid(crossing.over_at, self._block_frames)

    def _join_of(self, track: OpenTrack, begun_at: int, not_before: int) -> int | None:
        """Where the one after a track is to join; None when its end is not known, or too near."""
        length = track.frames_at(self._rate_hz)
        at = begun_at + (length or 0) - self._fade_frames
        return None if length is None or at < not_before else at
