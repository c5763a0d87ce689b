"""From a name to an open decoder: what is there is opened, then each candidate is asked until one takes it.

Owns the order of candidates and the reasons of those who refused. One instance per track; their generation is shared.
A track whose decoder has died is opened again from the same file or stream, by the same decoder or by the next one. A
stream has one reader at a time; one that only goes forwards is opened anew for each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from abi.kinds import CapabilityKind, DecoderFlag, StatusCode
from abi.wire import DecoderOpened
from host.capabilities import Candidate, Decoder
from host.errors import MediaError, Misuse, PluginRefused, StellaError
from host.ids import PluginId
from host.media import NO_TAGS, Tags, read_tags
from host.playback.deaths import counted, own_doing, try_again
from host.playback.faults import Fault
from host.playback.media_opening import MediaOpener
from host.playback.replay_gain import gain_for
from host.playback.source_stream import Readable, SourceStream, failure_of_source
from host.playback.stage_use import StageUse
from host.playback.tracks import WHOLE, Excerpt, OpenTrack, endless, window
from host.playback.type_configs import TypeConfigs
from host.records import record
from host.runtime import PluginRuntime
from host.settings import ReplayGain
from host.where import Where, about

__all__ = ["Opener", "Reopened"]

#: Then the next decoder gets its chance.
MOST_DEATHS_IN_OPEN = 2
#: A decoder waits for a byte this many times as long as a source may take for it: time for its successor.
PATIENCE_TIMES = 2

Candidates = Callable[[str], Sequence[Candidate]]


@record
class Reopened:
    """A decoder that goes on with a track: ``skip_frames`` of the source lie before the frame that was asked for.

    ``media``: what it reads.
    """

    decoder: Decoder
    use: StageUse
    skip_frames: int
    media: Readable

    async def close(self, *, unless_read_by: OpenTrack) -> None:
        """It is not wanted; what that track is read from stays open."""
        if self.media is not unless_read_by.media:
            self.media.close()
        await self.decoder.destroy()


@dataclass(slots=True)
class _Tried:
    """What one decoder after the other is tried on; ``read``: one of them was."""

    media: Readable
    read: bool = False


class Opener:
    """Opens tracks, from what ``media`` opens.

    ``candidates`` gives decoders for an extension, best first; ``configs``, how each is made.

    ``replay_gain``: how loud they are made; asked for each.
    """

    def __init__(
        self,
        runtime: PluginRuntime,
        candidates: Candidates,
        excerpt: Excerpt,
        media: MediaOpener,
        configs: TypeConfigs,
        replay_gain: Callable[[], ReplayGain] = ReplayGain,
    ) -> None:
        self.configs = configs
        #: What the tracks are read from.
        self.media = media
        self._runtime = runtime
        self._candidates = candidates
        self._excerpt = excerpt
        self._replay_gain = replay_gain

    async def open(self, index: int, where: Where, excerpt: Excerpt = WHOLE) -> OpenTrack:
        """An open track, standing at its first frame; the caller closes it. ``excerpt``: what there is of it.

        Raises:
            MediaError: it cannot be opened, or nobody can decode it.
        """
        wanted = self._excerpt.of(excerpt)
        if wanted.length_s == 0 and self._excerpt.length_s != 0:
            raise _begins_behind(where, self._excerpt)
        return await self._first_that_takes_it(index, await self.media.open(index, where), wanted)

    async def open_afresh(self, track: OpenTrack) -> OpenTrack:
        """The track once more, as nothing of it was played yet; its decoder is gone. What ``open`` raises.

        The one that was open is the caller's no more.
        """
        media = await self._from_the_begin(track.index, track.media)
        return await self._first_that_takes_it(track.index, media, track.excerpt)

    async def _from_the_begin(self, index: int, media: Readable) -> Readable:
        """The same, to be read by another decoder: itself, unless it only goes forwards."""
        if not isinstance(media, SourceStream) or media.seeks:
            return media
        media.close()
        return await self.media.open(index, media.where)

    def next_plugin(self, track: OpenTrack, avoided: Collection[PluginId]) -> PluginId | None:
        """Whose decoder goes on with a track: the same one's if it is not avoided, else the best of the others."""
        candidate = self._successor(track, avoided)
        return candidate.plugin_id if candidate is not None else None

    async def reopen(
        self, track: OpenTrack, frame: int, avoided: Collection[PluginId], *, beside: bool = False
    ) -> Reopened:
        """A decoder that stands at ``frame`` of the source or before it. ``beside``: another one still reads.

        Raises:
            MediaError: nobody is left who could. And what opening and seeking raise.
        """
        candidate = self._successor(track, avoided)
        if candidate is None:
            raise MediaError(f"{track.where}: no decoder is left that could go on", remedy="is the file whole?")
        media = track.media
        if beside and isinstance(media, SourceStream):
            media = await self.media.open(track.index, media.where)
        else:
            media = await self._from_the_begin(track.index, media)
        try:
            return await self._reopened(track, media, candidate, frame)
        except BaseException:
            if media is not track.media:
                media.close()
            raise

    async def _reopened(self, track: OpenTrack, media: Readable, candidate: Candidate, frame: int) -> Reopened:
        decoder, use, info = await self._decoder(candidate, media)
        try:
            if info.sample_rate_hz != track.info.sample_rate_hz:
                raise MediaError(
                    f"{track.where}: {candidate.plugin_id} sees {info.sample_rate_hz} Hz, "
                    f"the decoder before saw {track.info.sample_rate_hz} Hz",
                    remedy="report it to the plugin's author",
                )
            return Reopened(decoder, use, await self.seek(decoder, info, media, frame), media)
        except BaseException:
            await decoder.destroy()
            raise

    async def seek(self, decoder: Decoder, info: DecoderOpened, media: Readable, frame: int) -> int:
        """Goes to a frame or before it; gives how many frames are then still to be dropped."""
        if not _seekable(info, media):
            return frame
        target = min(frame, max(0, info.total_frames - 1)) if info.flags & DecoderFlag.HAS_FRAMES else frame
        landed = await decoder.seek(target)
        return max(0, frame - landed.frame)

    async def seek_back(self, decoder: Decoder, info: DecoderOpened, media: Readable, frame: int) -> int:
        """As ``seek``, for one that has been read from. Raises: PluginRefused: it cannot seek, or is no more."""
        if decoder.cut or not decoder.instance.alive or not _seekable(info, media):
            raise PluginRefused("it reads forwards only", status=StatusCode.UNSUPPORTED)
        return await self.seek(decoder, info, media, frame)

    def _all_candidates(self, media: Readable) -> Sequence[Candidate]:
        """Best first. What a server says of a stream may be wrong, so that all others come after those it says."""
        likely = self._candidates(media.extension)
        if not isinstance(media, SourceStream):
            return likely
        tried = {(each.plugin_id, each.type_id) for each in likely}
        return (*likely, *(each for each in self._candidates("") if (each.plugin_id, each.type_id) not in tried))

    def _successor(self, track: OpenTrack, avoided: Collection[PluginId]) -> Candidate | None:
        same = Candidate(track.use.plugin_id, track.use.type_id, 0)
        others = (each for each in self._all_candidates(track.media) if each.plugin_id != same.plugin_id)
        return next((each for each in (same, *others) if each.plugin_id not in avoided), None)

    async def _first_that_takes_it(self, index: int, media: Readable, excerpt: Excerpt) -> OpenTrack:
        """Takes the media over, and closes it if nobody does."""
        tried = _Tried(media)
        try:
            return await self._ask_each(index, tried, excerpt)
        except BaseException as error:
            why = failure_of_source(tried.media)
            tried.media.close()
            if why is not None and isinstance(error, StellaError):
                remedy = why.remedy or "is the file whole?"
                raise MediaError(about(media.where, why.message), remedy=remedy) from error
            raise

    async def _ask_each(self, index: int, tried: _Tried, excerpt: Excerpt) -> OpenTrack:
        media = tried.media
        refusals: list[str] = []
        faults: list[Fault] = []
        untold: dict[PluginId, Fault] = {}
        for candidate in self._all_candidates(media):
            try:
                track = await try_again(
                    self._runtime.supervisor,
                    candidate.plugin_id,
                    partial(self._try, index, tried, candidate, excerpt, untold),
                    MOST_DEATHS_IN_OPEN,
                )
                return replace(track, faults=(*faults, *untold.values()))
            except (MediaError, Misuse):
                raise
            except StellaError as error:
                if failure_of_source(tried.media) is not None:
                    raise
                refusals.append(error.message)
                if counted(error):  # no answer at all, which the success of the next must not hide
                    faults.append(Fault(error.code, f"{media.where}: {error.message}; the next decoder was tried"))
        if not refusals:
            raise MediaError(f"{media.where}: no decoder is installed", remedy="see `stellatune doctor`")
        reasons = "; ".join(dict.fromkeys(refusals))
        raise MediaError(f"{media.where}: no decoder can read it: {reasons}", remedy="is it an audio file, and whole?")

    async def _try(
        self, index: int, tried: _Tried, candidate: Candidate, excerpt: Excerpt, untold: dict[PluginId, Fault]
    ) -> OpenTrack:
        if tried.read:
            tried.media = await self._from_the_begin(index, tried.media)
        media, tried.read = tried.media, True
        decoder, use, info = await self._decoder(candidate, media)
        try:
            tags = await self._tags(decoder, media, untold)
            wanted = window(info, excerpt)
            if wanted is None:
                raise _begins_behind(media.where, excerpt)
            needs_seek = wanted.first_frame > info.encoder_delay_frames
            skip = await self.seek(decoder, info, media, wanted.first_frame) if needs_seek else wanted.first_frame
        except BaseException:
            await decoder.destroy()
            raise
        gain = gain_for(tags, self._replay_gain())
        return OpenTrack(index, media, decoder, info, use, wanted, skip, excerpt, tags=tags, gain=gain)

    async def _tags(self, decoder: Decoder, media: Readable, untold: dict[PluginId, Fault]) -> Tags:
        """What the decoder tells; none where it cannot, which is no reason not to play. Who died of it is not asked.

        Raises:
            Supervised: the worker is gone.
        """
        plugin, worker = decoder.instance.plugin_id, decoder.instance.worker
        if plugin in untold:
            return NO_TAGS
        try:
            return read_tags(await decoder.metadata())
        except StellaError as error:
            gone = worker.exited.done() or bool(worker.doomed)
            if own_doing(error):
                untold[plugin] = Fault("no_tags", f"{media.where}: {plugin} cannot tell its tags: {error.message}")
            if gone:
                raise
            return NO_TAGS

    async def _decoder(self, candidate: Candidate, media: Readable) -> tuple[Decoder, StageUse, DecoderOpened]:
        spec = self.configs.of(candidate.plugin_id, candidate.type_id)
        instance = await self._runtime.create(spec.plugin_id, CapabilityKind.DECODER, spec.type_id, spec.config)
        decoder = Decoder(instance)
        try:
            if media.closed:  # it ended while its decoder was about to be exchanged
                raise MediaError(f"{media.where}: it has ended meanwhile", remedy="nothing needs to be done")
            if isinstance(media, SourceStream):
                stream, wait_s = media.seat.stream, instance.limits.source_ms / 1000 * PATIENCE_TIMES
                info = await decoder.open_stream(stream, media.label, media.extension, wait_s)
                info = endless(info) if media.live else info
            else:
                info = await decoder.open(media.fd, media.label, media.extension)
        except BaseException:
            await decoder.destroy()
            raise
        use = StageUse(
            "decoder", candidate.plugin_id, candidate.type_id, instance.generation, instance.pid, instance.id
        )
        return decoder, use, info


def _seekable(info: DecoderOpened, media: Readable) -> bool:
    return bool(info.flags & DecoderFlag.SEEKABLE) and (not isinstance(media, SourceStream) or media.seeks)


def _begins_behind(where: Where, excerpt: Excerpt) -> MediaError:
    return MediaError(f"{where}: ends before {float(excerpt.start_s):g} s", remedy="start earlier")
