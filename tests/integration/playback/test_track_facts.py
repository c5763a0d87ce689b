"""What is told of a track that begins: its tags, and the gain that settings of that moment give it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from host.app import Application
from host.app.status import playback_facts
from host.cli.chain_options import OutputOption
from host.cli.wiring import wire_output
from host.events import TrackStarted
from host.jsontext import JsonObject
from host.playback import Chain, Excerpt, Input, Pacing, PlaybackResult
from host.settings import Paths, ReplayGain, ReplayGainMode, Settings
from tests.support.c_plugins import build_plugin
from tests.support.patient import PATIENT

TAGS = {"title": "One", "artist": "Two", "album": "Three", "replaygain_track_gain": "-6 dB"}


def test_tags_are_told_and_settings_hold_from_the_next_track_that_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plugin("touchy", tmp_path)
    monkeypatch.setenv("STELLATUNE_PLUGIN_PATH", str(tmp_path))
    source = tmp_path / "in.frames"
    source.write_text(json.dumps({"rate": 44_100, "channels": 2, "frames": 5000, "tags": json.dumps(TAGS)}))
    started: list[TrackStarted] = []
    shown: list[JsonObject] = []

    async def body() -> PlaybackResult:
        paths = Paths(*(tmp_path / name for name in ("config.toml", "state", "data", "cache", "runtime")))
        settings = Settings(limits=PATIENT, replay_gain=ReplayGain(ReplayGainMode.TRACK))
        async with Application(settings, paths) as app:
            output = wire_output(OutputOption("null", None), None, app.discovery.plugins)
            player = app.player(Chain((), output, Pacing.unpaced(settings.pipeline)), Excerpt(), None)

            async def look() -> None:
                with app.bus.subscribe(TrackStarted) as facts:
                    async for fact in facts:
                        started.append(fact)
                        app.settings = replace(app.settings, replay_gain=ReplayGain(ReplayGainMode.OFF))
                        now = player.now()
                        if now is not None:
                            shown.append(playback_facts(now))

            looking = asyncio.create_task(look())
            result = await player.play((Input(source),) * 3)
            looking.cancel()
            await asyncio.wait([looking])
            return result

    result = asyncio.run(body())
    assert {(fact.title, fact.artist, fact.album) for fact in started} == {("One", "Two", "Three")}
    reasons = [track.gain.reason for track in result.tracks]
    assert [fact.gain for fact in started] == reasons
    assert (reasons[0], reasons[2]) == ("track -6.0 dB", ""), "the second was opened while the first began"
    track = shown[0]["track"]
    assert isinstance(track, dict)
    assert [track[name] for name in ("title", "artist", "album", "gain")] == ["One", "Two", "Three", "track -6.0 dB"]
