"""A track that ended while its decoder was about to be exchanged: its descriptor is another file's by then."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from abi.wire import DecoderOpened
from host.capabilities import Candidate, Decoder
from host.errors import MediaError
from host.ids import Generation, PluginId, TypeId
from host.media.files import open_regular
from host.playback.media_opening import MediaOpener
from host.playback.opening import Opener
from host.playback.stage_use import StageUse
from host.playback.tracks import Excerpt, OpenTrack, Window
from host.playback.type_configs import TypeConfigs
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


def test_a_closed_file_is_never_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"x")
    media = open_regular(path)
    use = StageUse("decoder", PluginId("test.wav"), TypeId("wav"), Generation(1), 1)
    track = OpenTrack(0, media, cast(Decoder, None), cast(DecoderOpened, None), use, Window(0, -1), 0)
    made = Made()
    runtime = cast(PluginRuntime, Runtime(track, made))
    nobody = cast(MediaOpener, None)
    configs = TypeConfigs("decoder", lambda *_: {})
    opener = Opener(runtime, lambda _: (Candidate(use.plugin_id, use.type_id, 1),), Excerpt(), nobody, configs)
    with pytest.raises(MediaError, match="ended meanwhile"):
        asyncio.run(opener.reopen(track, 0, ()))
    assert made.destroyed == 1
