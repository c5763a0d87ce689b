"""The head of a pipeline: tracks follow each other here, and a decoder that dies is followed by one that goes on.

What a successor needs is in the track's record: where on the clock it began, at which frame of its source, how much of
it is wanted, and the open file itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from host.capabilities import Decoder
from host.errors import MediaError, PluginRefused, StellaError, Supervised
from host.ids import PluginId
from host.playback.format_policy import FormatPolicy
from host.playback.opening import Opener, Reopened
from host.playback.poison import MAX_DEATHS_AT_ONE_PLACE, POISON_S, READ_AHEAD_FRAMES, Poison
from host.playback.resume import Resumption, periods_of, resume
from host.playback.seat import NotAtWork, Remade, Seat, words_of
from host.playback.sizes import on_grid
from host.playback.stage_spec import StageSpec
from host.playback.tracks import OpenTrack
from host.runtime import Instance, hand_over
from shm_audio import Ring

__all__ = ["DecodeSeat"]


class DecodeSeat(Seat):
    """One decoder at a time, or none between tracks."""

    def __init__(self, opener: Opener, rate_hz: int, ring: Ring, formats: FormatPolicy) -> None:
        super().__init__("decoder")
        self._opener = opener
        self._rate_hz = rate_hz
        self.ring = ring
        self._formats = formats
        self._track: OpenTrack | None = None
        self._decoder: Decoder | None = None
        self._start = 0
        self._finish_at: int | None = None
        self._silent_until = 0
        self._poison: Poison | None = None
        self._avoided: set[PluginId] = set()
        #: Whether the decoder has said that it gives no more.
        self.ended = False

    @property
    def instance(self) -> Instance:
        """The decoder's of the track that was joined last."""
        if self._track is None:
            raise RuntimeError("no track has been joined")
        return self._track.decoder.instance

    @property
    def position(self) -> int:
        """Frames that decoders have given."""
        return words_of(self.ring).write_pos

    @property
    def occupied(self) -> bool:
        """Whether a decoder is here, dead or alive."""
        return self._decoder is not None

    @property
    def lost(self) -> bool:
        """Whether a decoder is here and its worker is gone, or about to be."""
        return self._decoder is not None and super().lost

    @property
    def track(self) -> OpenTrack:
        """The track that was joined last, with the decoder that works on it now."""
        if self._track is None:
            raise RuntimeError("no track has been joined")
        return self._track

    @property
    def begun_at(self) -> int:
        """Where on the clock the track began, or would have."""
        return self._start

    @property
    def spec(self) -> StageSpec:
        """What a successor of this decoder is made from."""
        use = self.track.use
        return self._opener.configs.of(use.plugin_id, use.type_id)

    def as_configured(self, track: OpenTrack) -> bool:
        """Whether the decoder of a track that waits was made with what is in force now."""
        instance = track.decoder.instance
        return instance.config == self._opener.configs.of(instance.plugin_id, instance.type_id).config

    @property
    def finishing(self) -> bool:
        """Whether there will be no more tracks."""
        return self._finish_at is not None

    # ---- tracks come and go ----

    async def join(self, track: OpenTrack, begun_at: int | None = None) -> int:
        """Attaches a track's decoder where the last one ended; says where that is. The seat owns the track from now on.

        ``begun_at``: the track is in the midst of it, having begun there in a pipeline that was given up.

        Raises:
            StellaError: the decoder refused; the track is the caller's again.
        """
        async with self.lock:
            if self._decoder is not None:
                raise RuntimeError("the last decoder has not left")
            await self._enter(track, begun_at)
            return self.position

    async def _enter(self, track: OpenTrack, begun_at: int | None) -> None:
        self._track, self._decoder = track, track.decoder
        self._begin_record(self.position if begun_at is None else begun_at)
        try:
            await self._begin(track, begun_at)
        except Supervised:
            return  # dead by now: a successor begins here
        except StellaError:
            self._decoder = None
            raise

    def _begin_record(self, start: int) -> None:
        """The track began at ``start``, and nothing is known against it."""
        self._start = self._silent_until = start
        self._poison, self.failure, self._finish_at = None, None, None
        self._avoided.clear()
        self.ended = False

    async def _begin(self, track: OpenTrack, begun_at: int | None) -> None:
        skip, take, drop = track.skip_frames, track.window.take_frames, 0
        if begun_at is not None:
            resumption = self._resumption()
            skip = await self._opener.seek(track.decoder, track.info, resumption.source_frame)
            take, drop = resumption.take_frames, resumption.drop_frames
        await track.decoder.attach(
            self.ring,
            self._epoch,
            skip_frames=skip,
            take_frames=take,
            drop_frames=drop,
            gain=track.gain.factor,
            resampler=self._formats.resampler,
            mix_lfe=self._formats.mix_lfe,
        )

    async def leave(self) -> int:
        """Ends the decoder, which may be dead, and its track; says where its frames end.

        Raises:
            RingsBroken: they cannot be, or nothing ends it.
        """
        async with self.lock:
            decoder, self._decoder = self._decoder, None
            self._epoch += 1
            if decoder is not None:
                try:
                    await decoder.detach()
                except StellaError:
                    if super().lost:
                        await self.fence()
                finally:
                    await self.track.close()
            return self.position

    # ---- the clock is set to another position ----

    async def let_go(self) -> None:
        if self._decoder is not None:
            await self._leave_rings(self._decoder)

    async def move(self, done_frames: int) -> None:
        """For who has the lock, the ring set to another position: goes on ``done_frames`` after the begin of the track.

        One that cannot is followed by another decoder; where nobody can, that is the ``failure`` of the track.
        """
        self._epoch += 1
        self._begin_record(self.position - done_frames)
        if self.lost or self._decoder is None:
            return
        resumption = self._resumption()
        try:
            try:
                skip = await self._opener.seek_back(self._decoder, self.track.info, resumption.source_frame)
                fresh = Reopened(self._decoder, self.track.use, skip)
            except PluginRefused:
                fresh = await self._opener.reopen(self.track, resumption.source_frame, self._avoided)
                self._decoder.instance.destroy_soon()
            await self._occupy(fresh, resumption)
        except Supervised:
            if not self.lost:  # another one died, and the old one is on its way out
                self.instance.worker.terminate("its successor died in its place")
            return  # dead by now: a successor begins here
        except StellaError as error:
            self.failure = error

    async def change(self, track: OpenTrack, done_frames: int) -> None:
        """As ``move``, into another track, which the seat owns from now on; the one before is over.

        Raises:
            StellaError: the decoder refused; the track is the caller's again.
        """
        self._epoch += 1
        before, self._decoder = self._track, None
        if before is not None:
            before.close_soon()
        await self._enter(track, self.position - done_frames if done_frames else None)

    async def finish(self, position: int) -> None:
        """No more tracks: pads with silence up to ``position``. A decoder that is being replaced is told later.

        Raises:
            Supervised: there is no decoder, and none will come.
        """
        async with self.lock:
            self._finish_at, self.ended = position, False
            if self._decoder is None or self.failure is not None:
                raise Supervised("the decoder is gone")
            if not self.lost:
                try:
                    await self._decoder.finish(position)
                except Supervised:
                    return  # dead by now: its successor is told

    async def close(self) -> None:
        """Ends the decoder and its track; twice is fine."""
        async with self.lock:
            self._decoder = None
            if self._track is not None:
                await self._track.close()

    # ---- a decoder dies ----

    def died_reading(self) -> None:
        """A death inside ``read`` of its own doing: who dies twice at one place is not tried there again.

        The second time the next decoder tries; then the place becomes silence; then the track is over.
        """
        frame = self._resumption().source_frame
        if self._poison is None or abs(frame - self._poison.source_frame) > READ_AHEAD_FRAMES:
            self._poison = Poison(frame)
        self._poison.deaths += 1
        if self._poison.deaths == MAX_DEATHS_AT_ONE_PLACE - 1:
            self._avoided.add(self.instance.plugin_id)
            if self.next_plugin() is None:
                self._poison.deaths = MAX_DEATHS_AT_ONE_PLACE
        if self._poison.deaths == MAX_DEATHS_AT_ONE_PLACE:
            self._silence()
        elif self._poison.deaths > MAX_DEATHS_AT_ONE_PLACE:
            self.failure = MediaError(
                f"{self.instance.plugin_id} and every other decoder died near frame {frame}",
                remedy="is the file whole?",
            )

    def _silence(self) -> None:
        """The place that kills whoever reads it is skipped: as many frames of silence at the same positions.

        Whoever dies right after it, too, has died at this place.
        """
        source_rate = self.track.info.sample_rate_hz
        frames = max(int(self._rate_hz * POISON_S), -(-2 * READ_AHEAD_FRAMES * self._rate_hz // source_rate))
        _, period = periods_of(source_rate, self._rate_hz)
        span = on_grid(self.position + frames - self._start, period)
        length = self._length()
        self._silent_until = self._start + (span if length is None else min(span, length))
        self._avoided.clear()
        self._poison = Poison(self._resumption().source_frame, MAX_DEATHS_AT_ONE_PLACE)

    @property
    def silent_until(self) -> int:
        """Up to this position a poisoned place was made silence; at most where the track began when there was none."""
        return self._silent_until

    def avoid(self, plugin_id: PluginId) -> None:
        """This decoder is not to be tried for the rest of the track."""
        self._avoided.add(plugin_id)

    def next_plugin(self) -> PluginId | None:
        """Whose decoder is to be tried next; None when there is none left."""
        return self._opener.next_plugin(self.track, self._avoided)

    async def replace(self) -> bool:
        """A successor goes on where the dead one stopped. False when nobody is dead here any more.

        Raises:
            StellaError: nobody could be put there this time.
        """
        async with self.lock:
            if not self.lost:
                return False
            await self.fence()
            resumption = self._resumption()
            reopened = await self._opener.reopen(self.track, resumption.source_frame, self._avoided)
            await self._occupy(reopened, resumption)
            return True

    @property
    def updatable(self) -> Instance:
        """The decoder's, which another configuration is for. Raises: NotAtWork between tracks, and while it is dead."""
        if self._decoder is None:
            raise NotAtWork("no decoder is at work")
        return super().updatable

    def adopt(self, spec: StageSpec) -> None:
        """All decoders of this type are made with it from now on."""
        self._opener.configs.adopt(spec)

    async def recreate(self, spec: StageSpec) -> Remade:
        """Another decoder with another configuration goes on at the very frame.

        Raises:
            StellaError: the old one works on, with its own.
        """
        before = self.spec
        self.adopt(spec)
        try:
            return await self.swap()
        except BaseException:
            self.adopt(before)
            raise

    async def swap(self) -> Remade:
        """Successor first: it is open before the old one is held, and the old one goes on when anything fails.

        Raises:
            StellaError: the old one works on.
        """
        async with self.lock:
            old, note = self._decoder, ""
            if old is None:
                raise NotAtWork("no decoder is at work")
            fresh = await self._opener.reopen(self.track, self._resumption().source_frame, self._avoided)
            at = self.position
            try:
                self.coming = fresh.decoder.instance
                at = await old.hold()
                if fresh.decoder.instance.config != old.instance.config:
                    note = await hand_over(old.instance, fresh.decoder.instance)
                resumption = self._resumption()
                skip = await self._opener.seek(fresh.decoder, self.track.info, resumption.source_frame)
                before = self.track
                await self._occupy(replace(fresh, skip_frames=skip), resumption)
            except asyncio.CancelledError:
                await fresh.decoder.destroy()
                raise
            except StellaError:
                await fresh.decoder.destroy()
                if self._decoder is not old or self.position != at:  # it had begun: the old one's past is no use
                    old.instance.worker.terminate("its successor died in its place")
                elif not self.lost:
                    await old.release(self._epoch)
                raise
            finally:
                self.coming = None
            await before.decoder.destroy()
            return Remade(at, note)

    def _resumption(self) -> Resumption:
        track = self.track
        done = max(self.position, self._silent_until) - self._start
        first, take = track.window.first_frame, track.window.take_frames
        silent = self._silent_until - self._start
        if 0 < silent == self._length():
            return Resumption(first, 0, 0)  # it ends in silence
        return resume(first, take, done, track.info.sample_rate_hz, self._rate_hz, silent)

    def _length(self) -> int | None:
        """Pipeline frames of the whole track, where that is known."""
        return self.track.frames_at(self._rate_hz)

    async def _occupy(self, reopened: Reopened, resumption: Resumption) -> None:
        decoder = reopened.decoder
        try:
            await decoder.attach(
                self.ring,
                self._epoch,
                silence_frames=max(0, self._silent_until - self.position),
                skip_frames=reopened.skip_frames,
                take_frames=resumption.take_frames,
                drop_frames=resumption.drop_frames,
                gain=self.track.gain.factor,
                resampler=self._formats.resampler,
                mix_lfe=self._formats.mix_lfe,
            )
        except BaseException:
            await decoder.destroy()
            raise
        self._decoder, self.ended = decoder, False
        self._track = replace(self.track, decoder=decoder, use=reopened.use)
        if self._finish_at is not None:
            await decoder.finish(self._finish_at)
