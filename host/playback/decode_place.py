"""The place at the head of a pipeline: who decodes there now, and who goes on when that one dies or is exchanged.

What a successor needs is in the track's record: where on the clock it began, at which frame of its source, how much of
it is wanted, and the open file itself. Nobody knows how long a stream takes to give the bytes of another place: a
decoder of one is moved off the ring at once, and *settles* at its place later, unless it is wished elsewhere before.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from host.capabilities import Decoder
from host.errors import PluginRefused, StellaError
from host.ids import InstanceId, PluginId
from host.playback.decode_record import DecodeRecord
from host.playback.format_policy import FormatPolicy
from host.playback.opening import Opener, Reopened
from host.playback.resume import Resumption
from host.playback.seat import NotAtWork, Remade, Seat, words_of
from host.playback.source_stream import SourceStream
from host.playback.stage_spec import StageSpec
from host.playback.tracks import OpenTrack
from host.runtime import Instance, hand_over
from shm_audio import Ring

__all__ = ["DecodePlace"]


class DecodePlace(Seat):
    """One decoder at a time, or none between tracks. Which track is at hand, ``DecodeSeat`` says."""

    def __init__(self, opener: Opener, rate_hz: int, ring: Ring, formats: FormatPolicy) -> None:
        super().__init__("decoder")
        self._opener = opener
        self._rate_hz = rate_hz
        self.ring = ring
        self._formats = formats
        self._track: OpenTrack | None = None
        self._decoder: Decoder | None = None
        self._known: DecodeRecord | None = None
        self._finish_at: int | None = None
        #: Whether the decoder has said that it gives no more.
        self.ended = False
        #: Whether a decoder of a stream is still to find its place, and is not in the ring.
        self.unsettled = False
        #: Who does that, or puts another decoder there, and may be asked to give way.
        self.settling: asyncio.Task[None] | asyncio.Task[Reopened] | None = None

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
    def stream(self) -> SourceStream | None:
        """What the decoder reads, where a source serves it."""
        media = None if self._track is None else self._track.media
        return media if isinstance(media, SourceStream) else None

    @property
    def live(self) -> bool:
        """Whether nobody can go back in what is decoded: of a successor something is missing."""
        return self._known is not None and self._known.live

    @property
    def waits(self) -> bool:
        """Whether it gives nothing as it waits for bytes."""
        stream = self.stream if self._decoder is not None and not self.ended else None
        return stream is not None and (self.unsettled or stream.waits)

    @property
    def begun_at(self) -> int:
        """Where on the clock the track began, or would have."""
        return 0 if self._known is None else self._known.start

    @property
    def _record(self) -> DecodeRecord:
        if self._known is None:
            raise RuntimeError("no track has been joined")
        return self._known

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

    def _begin_record(self, start: int) -> None:
        """The track began at ``start``, and nothing is known against it."""
        self._known = DecodeRecord(self.track, start, self._rate_hz)
        self.failure, self._finish_at = None, None
        self.ended = self.unsettled = False

    def lost_its_place(self, instance: InstanceId, epoch: int) -> None:
        """This decoder was called out while it waited for its stream: unless it was told since, another one settles."""
        if self._decoder is not None and (self.instance.id, self._epoch) == (instance, epoch):
            self._decoder.cut = self.unsettled = True

    async def settle(self) -> None:
        """A decoder of a stream goes to its place, or another one does. Cancelled, that is still to be done.

        Raises:
            StellaError: it could not, this time.
        """
        async with self.lock:
            decoder = self._decoder
            if decoder is None or not self.unsettled or self.lost:
                return
            track, resumption = self.track, self._resumption()
            frame = resumption.source_frame
            try:
                skip = await self._opener.seek_back(decoder, track.info, track.media, frame)
                fresh = Reopened(decoder, track.use, skip, track.media)
            except PluginRefused:
                decoder.cut = True
                await decoder.destroy()
                fresh = await self._opener.reopen(track, frame, self._record.avoided)
            await self._occupy(fresh, resumption)

    async def give_way(self) -> None:
        """Who settles here stops that: the place is about to be another one."""
        if self.settling is not None:
            self.settling.cancel()
            await asyncio.wait((self.settling,))
            self.settling = None

    def died_reading(self) -> None:
        """A death inside ``read`` of its own doing: who dies twice at one place is not tried there again."""
        self.failure = self._record.died_reading(self.position, self.instance.plugin_id, self.next_plugin)

    @property
    def silent_until(self) -> int:
        """Up to this position a poisoned place was made silence; at most where the track began when there was none."""
        return self._record.silent_until

    def avoid(self, plugin_id: PluginId) -> None:
        """This decoder is not to be tried for the rest of the track."""
        self._record.avoided.add(plugin_id)

    def next_plugin(self) -> PluginId | None:
        """Whose decoder is to be tried next; None when there is none left."""
        return self._opener.next_plugin(self.track, self._record.avoided)

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
            reopened = await self._opener.reopen(self.track, resumption.source_frame, self._record.avoided)
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
            old, before, note = self._decoder, self.track, ""
            if old is None or self.unsettled:
                raise NotAtWork("no decoder is at work")
            frame = self._resumption().source_frame
            fresh = await self._beside(frame)
            at = self.position
            try:
                self.coming = fresh.decoder.instance
                at = await old.hold()
                if fresh.decoder.instance.config != old.instance.config:
                    note = await hand_over(old.instance, fresh.decoder.instance)
                resumption = self._resumption()
                skip = fresh.skip_frames + resumption.source_frame - frame
                if self.stream is None:
                    skip = await self._opener.seek(fresh.decoder, before.info, fresh.media, resumption.source_frame)
                await self._occupy(replace(fresh, skip_frames=skip), resumption)
            except BaseException as error:
                await fresh.close(unless_read_by=before)
                if not isinstance(error, StellaError):
                    raise
                if self._decoder is not old or self.position != at or old.cut:  # the old one's past is no use
                    old.instance.worker.terminate("its successor died in its place")
                elif not self.lost:
                    await old.release(self._epoch)
                raise
            finally:
                self.coming = None
            await before.decoder.destroy()
            return Remade(at, note)

    async def _beside(self, frame: int) -> Reopened:
        """Another decoder, while the old one works. Raises: NotAtWork: it gave way, as another place is wished for."""
        if self.stream is None:
            return await self._opener.reopen(self.track, frame, self._record.avoided)
        opening = asyncio.create_task(self._opener.reopen(self.track, frame, self._record.avoided, beside=True))
        self.settling = opening
        try:
            await asyncio.wait((opening,))
        except asyncio.CancelledError:
            opening.cancel()
            opening.add_done_callback(_unwanted)
            raise
        finally:
            self.settling = None
        if opening.cancelled():
            raise NotAtWork("it was on its way to another place")
        return opening.result()

    def _resumption(self) -> Resumption:
        return self._record.resumption(self.position)

    async def _occupy(self, reopened: Reopened, resumption: Resumption) -> None:
        decoder = reopened.decoder
        try:
            await decoder.attach(
                self.ring,
                self._epoch,
                silence_frames=max(0, self._record.silent_until - self.position),
                skip_frames=reopened.skip_frames,
                take_frames=resumption.take_frames,
                drop_frames=resumption.drop_frames,
                gain=self.track.gain.factor,
                resampler=self._formats.resampler,
                mix_lfe=self._formats.mix_lfe,
            )
        except BaseException:
            await reopened.close(unless_read_by=self.track)
            raise
        before, self._decoder, self.ended, self.unsettled = self.track.media, decoder, False, False
        self._track = replace(self.track, decoder=decoder, use=reopened.use, media=reopened.media)
        if before is not reopened.media:
            before.close()
        if self._finish_at is not None:
            await decoder.finish(self._finish_at)


def _unwanted(opening: asyncio.Task[Reopened]) -> None:
    """It was open in the very moment in which nobody wanted it any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().media.close()
        opening.result().decoder.instance.destroy_soon()
