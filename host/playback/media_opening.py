"""From where something is to what a decoder reads: a local file, or what a source says of its track.

An instance of the source is made for each track alone. One that answers with a local path is not needed any more: the
file is opened as any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from host.capabilities import OpenedStream
from host.errors import MediaError, StellaError
from host.events import EventBus
from host.jsontext import JsonObject, parse_json
from host.media import Media
from host.media.opening import open_media
from host.packages import CapabilityManifest, PluginManifest, merge_config
from host.playback.deaths import try_again
from host.playback.repairs import Repair, told
from host.playback.source_seat import SourceSeat, made_source
from host.playback.source_stream import SourceStream
from host.playback.stage_spec import StageSpec
from host.playback.type_configs import TypeConfigs
from host.runtime import PluginRuntime
from host.where import SourceTrack, Where, about, remedy_for
from shm_audio import ByteStream, ShmError

__all__ = ["MediaOpener", "Serves"]

#: Of a source, over one track; then it is not tried again.
MOST_DEATHS_IN_OPEN = 2

#: Whose a track is. Raises: NotFound, Usage: nobody's, or nobody can tell.
Serves = Callable[[SourceTrack], tuple[PluginManifest, CapabilityManifest]]


class MediaOpener:
    """Of one playback. The loop's thread.

    ``configs``: how sources are made; ``ahead_bytes``: of a stream, so much is held. ``on_mended`` is told of each
    source that was replaced under a stream.
    """

    def __init__(
        self,
        runtime: PluginRuntime,
        bus: EventBus,
        serves: Serves,
        configs: TypeConfigs,
        ahead_bytes: int,
    ) -> None:
        self.configs = configs
        self.on_mended: Callable[[Repair], None] = lambda repair: bus.publish(told(repair))
        self._runtime = runtime
        self._bus = bus
        self._serves = serves
        self._ahead_bytes = ahead_bytes

    async def open(self, index: int, where: Where) -> Media | SourceStream:
        """For track ``index``; the caller closes it. Raises: MediaError: it cannot be had."""
        if isinstance(where, Path):
            return await open_media(where, self._runtime.limits.open_ms / 1000)
        try:
            spec = self._spec(where)
            attempt = partial(self._open, index, where, spec)
            return await try_again(self._runtime.supervisor, spec.plugin_id, attempt, MOST_DEATHS_IN_OPEN)
        except MediaError:
            raise
        except StellaError as error:
            remedy = error.remedy or remedy_for(where)
            raise MediaError(about(where, error.message), remedy=remedy) from error

    def _spec(self, track: SourceTrack) -> StageSpec:
        plugin, capability = self._serves(track)
        spec = self.configs.of(plugin.id, capability.type_id)
        if not track.config:
            return spec
        owner = f"{plugin.id} ({capability.type_id})"
        return replace(
            spec, config=merge_config(owner, capability.config_schema, spec.config, parse_json(track.config))
        )

    async def _open(self, index: int, track: SourceTrack, spec: StageSpec) -> Media | SourceStream:
        source, item = await made_source(self._runtime, spec), item_of(track)
        try:
            opened = await source.open_stream(item)
            if isinstance(opened, OpenedStream):
                adopted = _nobody if track.config else self.configs.adopt
                seat = SourceSeat(self._runtime, spec, item, source, opened, self._ring(opened), adopted)
                return await self._stream(index, track, seat)
        except BaseException:
            await source.instance.destroy()
            raise
        await source.instance.destroy()
        return await open_media(opened, self._runtime.limits.open_ms / 1000, track)

    def _ring(self, opened: OpenedStream) -> ByteStream:
        try:
            return ByteStream(opened.format()._replace(capacity_bytes=self._ahead_bytes))
        except ShmError as error:
            raise MediaError(f"no memory for the stream: {error}", remedy="free some memory") from error

    async def _stream(self, index: int, track: SourceTrack, seat: SourceSeat) -> SourceStream:
        stream = SourceStream(track, index, seat, self._runtime, self._bus, lambda repair: self.on_mended(repair))
        await stream.begin()
        return stream


def _nobody(_: StageSpec) -> None:
    """What was said of one track alone is no other's."""


def item_of(track: SourceTrack) -> JsonObject:
    """What ``open_stream`` takes."""
    item = parse_json(track.item) if track.item else None
    return {"id": track.id} | (item if isinstance(item, dict) else {})
