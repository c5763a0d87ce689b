"""Tracks opened again: by the configuration that was in force, and never from a descriptor that is another file's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from abi.wire import DecoderOpened
from host.capabilities import Candidate, Decoder
from host.errors import MediaError
from host.ids import Generation, PluginId, TypeId
from host.jsontext import JsonObject
from host.playback.media import open_regular
from host.playback.opening import Opener
from host.playback.tracks import Excerpt, OpenTrack, StageUse, Window
from host.runtime import Instance, PluginRuntime
from host.settings import Limits


class Made:
    """An instance that must not be asked for anything but its end."""

    limits = Limits()
    destroyed = 0

    async def destroy(self) -> None:
        self.destroyed += 1


class Runtime:
    """Makes it, and closes the file meanwhile."""

    def __init__(self, track: OpenTrack, made: Made) -> None:
        self._track = track
        self._made = made

    async def create(self, *_what: object) -> Instance:
        self._track.media.close()
        return cast(Instance, self._made)


USE = StageUse("decoder", PluginId("test.wav"), TypeId("wav"), Generation(1), 1)
OTHER = Candidate(PluginId("test.other"), TypeId("wav"), 1)


class Recording(Runtime):
    """Remembers what it was to make."""

    def __init__(self, track: OpenTrack) -> None:
        super().__init__(track, Made())
        self.wanted: list[tuple[PluginId, JsonObject]] = []

    async def create(self, *what: object) -> Instance:
        plugin_id, _, _, config = what
        self.wanted.append((cast(PluginId, plugin_id), cast(JsonObject, config)))
        return await super().create()


def test_a_successor_has_the_configuration_in_force_and_another_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"x")
    told = cast(DecoderOpened, None)
    track = OpenTrack(0, open_regular(path), cast(Decoder, None), told, USE, Window(0, -1), 0, {"old": True})
    runtime = Recording(track)
    opener = Opener(
        cast(PluginRuntime, runtime), lambda _: (OTHER,), lambda plugin, _: {"saved": plugin}, Excerpt(), 1.0
    )
    for avoided in ((), (USE.plugin_id,)):
        with pytest.raises(MediaError, match="ended meanwhile"):
            asyncio.run(opener.reopen(track, 0, avoided))
    assert runtime.wanted == [(USE.plugin_id, {"old": True}), (OTHER.plugin_id, {"saved": OTHER.plugin_id})]


def test_a_closed_file_is_never_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"x")
    media = open_regular(path)
    use = StageUse("decoder", PluginId("test.wav"), TypeId("wav"), Generation(1), 1)
    track = OpenTrack(0, media, cast(Decoder, None), cast(DecoderOpened, None), use, Window(0, -1), 0, {})
    made = Made()
    runtime = cast(PluginRuntime, Runtime(track, made))
    opener = Opener(runtime, lambda _: (Candidate(use.plugin_id, use.type_id, 1),), lambda *_: {}, Excerpt(), 1.0)
    with pytest.raises(MediaError, match="ended meanwhile"):
        asyncio.run(opener.reopen(track, 0, ()))
    assert made.destroyed == 1
