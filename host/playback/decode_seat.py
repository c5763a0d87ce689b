"""The head of a pipeline: tracks follow each other here, or give way to another one at another place of the clock."""

from __future__ import annotations

from host.errors import PluginRefused, StellaError, Supervised
from host.playback.decode_place import DecodePlace
from host.playback.opening import Reopened
from host.playback.tracks import OpenTrack

__all__ = ["DecodeSeat"]


class DecodeSeat(DecodePlace):
    """Owns the tracks that join it, until they leave."""

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

    async def _begin(self, track: OpenTrack, begun_at: int | None) -> None:
        skip, take, drop = track.skip_frames, track.window.take_frames, 0
        in_its_midst = begun_at is not None and not self._record.live
        if in_its_midst and self.stream is not None:
            self.unsettled = True
            return
        if in_its_midst:
            resumption = self._resumption()
            skip = await self._opener.seek(track.decoder, track.info, track.media, resumption.source_frame)
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
            self.unsettled = False
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
        if self._decoder is not None and not self.unsettled:  # else it is in no ring, maybe in a call, or no more
            await self._leave_rings(self._decoder)

    async def move(self, done_frames: int) -> None:
        """For who has the lock, the ring set to another position: goes on ``done_frames`` after the begin of the track.

        One that cannot is followed by another decoder; where nobody can, that is the ``failure`` of the track.
        """
        self._epoch += 1
        self._begin_record(self.position - done_frames)
        if self.lost or self._decoder is None:
            return
        if self.stream is not None:
            self.unsettled = True
            return
        resumption = self._resumption()
        try:
            try:
                skip = await self._opener.seek_back(
                    self._decoder, self.track.info, self.track.media, resumption.source_frame
                )
                fresh = Reopened(self._decoder, self.track.use, skip, self.track.media)
            except PluginRefused:
                fresh = await self._opener.reopen(self.track, resumption.source_frame, self._record.avoided)
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
