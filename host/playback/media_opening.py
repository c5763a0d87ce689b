"""From where something is to what a decoder reads: a local file, or what a source says of its track.

An instance of the source is made for each track alone. One that answers with a local path is not needed any more: the
file is opened as any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from abi.kinds import CapabilityKind
from host.capabilities import Source
from host.errors import MediaError, StellaError
from host.jsontext import JsonObject, parse_json
from host.media import Media, open_media
from host.packages import CapabilityManifest, PluginManifest, merge_config
from host.playback.deaths import try_again
from host.playback.stage_spec import StageSpec
from host.playback.type_configs import TypeConfigs
from host.runtime import PluginRuntime
from host.where import SourceTrack, Where

__all__ = ["MediaOpener", "Serves"]

#: Of a source, over one track; then it is not tried again.
MOST_DEATHS_IN_OPEN = 2

#: Whose a track is. Raises: NotFound, Usage: nobody's, or nobody can tell.
Serves = Callable[[SourceTrack], tuple[PluginManifest, CapabilityManifest]]


class MediaOpener:
    """Of one playback. ``configs``: how sources are made. The loop's thread."""

    def __init__(self, runtime: PluginRuntime, timeout_s: float, serves: Serves, configs: TypeConfigs) -> None:
        self._runtime = runtime
        self._timeout_s = timeout_s
        self._serves = serves
        self._configs = configs

    async def open(self, where: Where) -> Media:
        """The caller closes it. Raises: MediaError: it cannot be had."""
        if isinstance(where, Path):
            return await open_media(where, self._timeout_s)
        try:
            spec = self._spec(where)
            attempt = partial(self._open, where, spec)
            return await try_again(self._runtime.supervisor, spec.plugin_id, attempt, MOST_DEATHS_IN_OPEN)
        except MediaError:
            raise
        except StellaError as error:
            remedy = error.remedy or "see `stellatune sources list`"
            raise MediaError(f"{where}: {error.message}", remedy=remedy) from error

    def _spec(self, track: SourceTrack) -> StageSpec:
        plugin, capability = self._serves(track)
        spec = self._configs.of(plugin.id, capability.type_id)
        if not track.config:
            return spec
        owner = f"{plugin.id} ({capability.type_id})"
        return replace(
            spec, config=merge_config(owner, capability.config_schema, spec.config, parse_json(track.config))
        )

    async def _open(self, track: SourceTrack, spec: StageSpec) -> Media:
        kind = CapabilityKind.SOURCE_CATALOG
        instance = await self._runtime.create(spec.plugin_id, kind, spec.type_id, spec.config)
        try:
            path = await Source(instance).open_stream(item_of(track))
        finally:
            await instance.destroy()
        return await open_media(path, self._timeout_s, track)


def item_of(track: SourceTrack) -> JsonObject:
    """What ``open_stream`` takes."""
    item = parse_json(track.item) if track.item else None
    return {"id": track.id} | (item if isinstance(item, dict) else {})
