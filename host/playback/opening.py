"""From a name to an open decoder: what is there is opened, then each candidate is asked until one takes it.

Owns the order of candidates and the reasons of those who refused. One instance per track; their generation is shared.
A track whose decoder has died is opened again from the same file, by the same decoder or by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from abi.kinds import CapabilityKind, DecoderFlag, StatusCode
from abi.wire import DecoderOpened
from host.capabilities import Candidate, Decoder
from host.errors import MediaError, Misuse, PluginRefused, StellaError
from host.ids import PluginId
from host.media import NO_TAGS, Media, Tags, read_tags
from host.playback.deaths import counted, own_doing, try_again
from host.playback.faults import Fault
from host.playback.media_opening import MediaOpener
from host.playback.replay_gain import gain_for
from host.playback.tracks import WHOLE, Excerpt, OpenTrack, StageUse, window
from host.playback.type_configs import TypeConfigs
from host.records import record
from host.runtime import PluginRuntime
from host.settings import ReplayGain
from host.where import Where

__all__ = ["Opener", "Reopened"]

#: Then the next decoder gets its chance.
MOST_DEATHS_IN_OPEN = 2

Candidates = Callable[[str], Sequence[Candidate]]


@record
class Reopened:
    """A decoder that goes on with a track: ``skip_frames`` of the source lie before the frame that was asked for."""

    decoder: Decoder
    use: StageUse
    skip_frames: int


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
        self._runtime = runtime
        self._candidates = candidates
        self._excerpt = excerpt
        self._media = media
        self._replay_gain = replay_gain

    async def open(self, index: int, where: Where, excerpt: Excerpt = WHOLE) -> OpenTrack:
        """An open track, standing at its first frame; the caller closes it. ``excerpt``: what there is of it.

        Raises:
            MediaError: it cannot be opened, or nobody can decode it.
        """
        wanted = self._excerpt.of(excerpt)
        if wanted.length_s == 0 and self._excerpt.length_s != 0:
            raise _begins_behind(where, self._excerpt)
        media = await self._media.open(where)
        try:
            return await self._first_that_takes_it(index, media, wanted)
        except BaseException:
            media.close()
            raise

    async def open_afresh(self, track: OpenTrack) -> OpenTrack:
        """The track once more, from the same file, as nothing of it was played yet. What ``open`` raises."""
        return await self._first_that_takes_it(track.index, track.media, track.excerpt)

    def next_plugin(self, track: OpenTrack, avoided: Collection[PluginId]) -> PluginId | None:
        """Whose decoder goes on with a track: the same one's if it is not avoided, else the best of the others."""
        candidate = self._successor(track, avoided)
        return candidate.plugin_id if candidate is not None else None

    async def reopen(self, track: OpenTrack, frame: int, avoided: Collection[PluginId]) -> Reopened:
        """A decoder that stands at ``frame`` of the source or before it.

        Raises:
            MediaError: nobody is left who could. And what opening and seeking raise.
        """
        candidate = self._successor(track, avoided)
        if candidate is None:
            raise MediaError(f"{track.where}: no decoder is left that could go on", remedy="is the file whole?")
        decoder, use, info = await self._decoder(candidate, track.media)
        try:
            if info.sample_rate_hz != track.info.sample_rate_hz:
                raise MediaError(
                    f"{track.where}: {candidate.plugin_id} sees {info.sample_rate_hz} Hz, "
                    f"the decoder before saw {track.info.sample_rate_hz} Hz",
                    remedy="report it to the plugin's author",
                )
            return Reopened(decoder, use, await self.seek(decoder, info, frame))
        except BaseException:
            await decoder.destroy()
            raise

    async def seek(self, decoder: Decoder, info: DecoderOpened, frame: int) -> int:
        """Goes to a frame or before it; gives how many frames are then still to be dropped."""
        if not info.flags & DecoderFlag.SEEKABLE:
            return frame
        target = min(frame, max(0, info.total_frames - 1)) if info.flags & DecoderFlag.HAS_FRAMES else frame
        landed = await decoder.seek(target)
        return max(0, frame - landed.frame)

    async def seek_back(self, decoder: Decoder, info: DecoderOpened, frame: int) -> int:
        """As ``seek``, for one that has been read from. Raises: PluginRefused: it cannot seek."""
        if not info.flags & DecoderFlag.SEEKABLE:
            raise PluginRefused("it reads forwards only", status=StatusCode.UNSUPPORTED)
        return await self.seek(decoder, info, frame)

    def _successor(self, track: OpenTrack, avoided: Collection[PluginId]) -> Candidate | None:
        same = Candidate(track.use.plugin_id, track.use.type_id, 0)
        others = (each for each in self._candidates(track.media.extension) if each.plugin_id != same.plugin_id)
        return next((each for each in (same, *others) if each.plugin_id not in avoided), None)

    async def _first_that_takes_it(self, index: int, media: Media, excerpt: Excerpt) -> OpenTrack:
        refusals: list[str] = []
        faults: list[Fault] = []
        untold: dict[PluginId, Fault] = {}
        for candidate in self._candidates(media.extension):
            try:
                track = await try_again(
                    self._runtime.supervisor,
                    candidate.plugin_id,
                    partial(self._try, index, media, candidate, excerpt, untold),
                    MOST_DEATHS_IN_OPEN,
                )
                return replace(track, faults=(*faults, *untold.values()))
            except (MediaError, Misuse):
                raise
            except StellaError as error:
                refusals.append(error.message)
                if counted(error):  # no answer at all, which the success of the next must not hide
                    faults.append(Fault(error.code, f"{media.where}: {error.message}; the next decoder was tried"))
        if not refusals:
            raise MediaError(f"{media.where}: no decoder is installed", remedy="see `stellatune doctor`")
        reasons = "; ".join(dict.fromkeys(refusals))
        raise MediaError(f"{media.where}: no decoder can read it: {reasons}", remedy="is it an audio file, and whole?")

    async def _try(
        self, index: int, media: Media, candidate: Candidate, excerpt: Excerpt, untold: dict[PluginId, Fault]
    ) -> OpenTrack:
        decoder, use, info = await self._decoder(candidate, media)
        try:
            tags = await self._tags(decoder, media, untold)
            wanted = window(info, excerpt)
            if wanted is None:
                raise _begins_behind(media.where, excerpt)
            needs_seek = wanted.first_frame > info.encoder_delay_frames
            skip = await self.seek(decoder, info, wanted.first_frame) if needs_seek else wanted.first_frame
        except BaseException:
            await decoder.destroy()
            raise
        gain = gain_for(tags, self._replay_gain())
        return OpenTrack(index, media, decoder, info, use, wanted, skip, excerpt, tags=tags, gain=gain)

    async def _tags(self, decoder: Decoder, media: Media, untold: dict[PluginId, Fault]) -> Tags:
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

    async def _decoder(self, candidate: Candidate, media: Media) -> tuple[Decoder, StageUse, DecoderOpened]:
        spec = self.configs.of(candidate.plugin_id, candidate.type_id)
        instance = await self._runtime.create(spec.plugin_id, CapabilityKind.DECODER, spec.type_id, spec.config)
        decoder = Decoder(instance)
        try:
            if media.closed:  # it ended while its decoder was about to be exchanged
                raise MediaError(f"{media.where}: it has ended meanwhile", remedy="nothing needs to be done")
            info = await decoder.open(media.fd, media.label, media.extension)
        except BaseException:
            await decoder.destroy()
            raise
        use = StageUse(
            "decoder", candidate.plugin_id, candidate.type_id, instance.generation, instance.pid, instance.id
        )
        return decoder, use, info


def _begins_behind(where: Where, excerpt: Excerpt) -> MediaError:
    return MediaError(f"{where}: ends before {float(excerpt.start_s):g} s", remedy="start earlier")
