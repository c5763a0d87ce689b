"""From a path to an open decoder: the file is opened, then each candidate is asked until one takes it.

Owns the order of candidates and the reasons of those who refused. One instance per track; their generation is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from abi.kinds import CapabilityKind, DecoderFlag
from abi.wire import DecoderOpened
from host.capabilities import Candidate, Decoder
from host.errors import MediaError, Misuse, StellaError, Supervised, WorkerLost
from host.playback.faults import Fault
from host.playback.media import Media, open_media
from host.playback.tracks import Excerpt, OpenTrack, StageUse, window
from host.runtime import PluginRuntime

__all__ = ["Opener"]

Candidates = Callable[[str], Sequence[Candidate]]


class Opener:
    """Opens tracks. ``candidates`` gives decoders for an extension, best first."""

    def __init__(
        self, runtime: PluginRuntime, candidates: Candidates, excerpt: Excerpt, media_timeout_s: float
    ) -> None:
        self._runtime = runtime
        self._candidates = candidates
        self._excerpt = excerpt
        self._media_timeout_s = media_timeout_s

    async def open(self, index: int, path: Path) -> OpenTrack:
        """An open track, standing at its first frame; the caller destroys its decoder.

        Raises:
            MediaError: the file cannot be opened, or nobody can decode it.
        """
        with await open_media(path, self._media_timeout_s) as media:
            refusals: list[str] = []
            faults: list[Fault] = []
            for candidate in self._candidates(media.extension):
                try:
                    track = await self._try_twice(index, media, candidate)
                    return replace(track, faults=tuple(faults))
                except (MediaError, Misuse):
                    raise
                except StellaError as error:
                    refusals.append(error.message)
                    if isinstance(error, Supervised):  # no answer at all, which the success of the next must not hide
                        faults.append(Fault(error.code, f"{path}: {error.message}; the next decoder was tried"))
        if not refusals:
            raise MediaError(f"{path}: no decoder is installed", remedy="see `stellatune doctor`")
        reasons = "; ".join(dict.fromkeys(refusals))
        raise MediaError(f"{path}: no decoder can read it: {reasons}", remedy="is it an audio file, and whole?")

    async def _try_twice(self, index: int, media: Media, candidate: Candidate) -> OpenTrack:
        """The worker is shared with the track that plays: if that one took it along, a fresh one gets its chance."""
        try:
            return await self._try(index, media, candidate)
        except WorkerLost:
            return await self._try(index, media, candidate)

    async def _try(self, index: int, media: Media, candidate: Candidate) -> OpenTrack:
        instance = await self._runtime.create(candidate.plugin_id, CapabilityKind.DECODER, candidate.type_id, {})
        decoder = Decoder(instance)
        try:
            info = await decoder.open(media.fd, media.label, media.extension)
            wanted = window(info, self._excerpt)
            if wanted is None:
                raise MediaError(
                    f"{media.path}: ends before {float(self._excerpt.start_s):g} s", remedy="start earlier"
                )
            skip = await self._seek(decoder, info, wanted.first_frame)
        except BaseException:
            await decoder.destroy()
            raise
        use = StageUse("decoder", candidate.plugin_id, candidate.type_id, instance.generation, instance.pid)
        return OpenTrack(index, media.path, decoder, info, use, wanted, skip)

    async def _seek(self, decoder: Decoder, info: DecoderOpened, frame: int) -> int:
        """Goes to a frame or before it; gives how many frames are then still to be dropped."""
        worth_it = frame - info.encoder_delay_frames > 0
        if not worth_it or not info.flags & DecoderFlag.SEEKABLE:
            return frame
        landed = await decoder.seek(frame)
        return max(0, frame - landed.frame)
