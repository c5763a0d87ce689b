"""Who has the words of a track: in real workers, in order, with a server that errs and a provider that hangs."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from host.app import Application, PlaybackSetup
from host.cli.chain_options import OutputOption
from host.cli.wiring import wire_output
from host.errors import NotFound, PluginRefused, Supervised
from host.events import LyricsCursor
from host.ids import PluginId, TypeId
from host.jsontext import Json, JsonObject
from host.settings import LyricsSettings, SavedConfig, SavedConfigs
from tests.e2e.audio import noise, write_wav
from tests.faults.hosted import Hosted, hosted
from tests.support.faulty import Order, copy_id, copy_plugin
from tests.support.http_file import HttpFile
from tests.support.http_server import HttpServer
from tests.support.lrclib_server import LrclibServer, entry, lrclib
from tests.support.patient import PATIENT
from tests.support.worker_peer import ROOT

LRCLIB, FAULT = PluginId("stellatune.lyrics.lrclib"), PluginId(copy_id(1))
ONLINE = LyricsSettings(online=True)
BUILT = (ROOT / "native_plugins/lyrics_lrclib/lyrics_lrclib.so").exists()
HAS_HTTP = (ROOT / "native_plugins/source_http/source_http.so").exists()
online = pytest.mark.skipif(not BUILT, reason="lyrics_lrclib is not built: no libcurl")


def run(body: Coroutine[None, None, None]) -> None:
    asyncio.run(body)


def song(place: Path, title: str = "Song", artist: str = "Band", seconds: int = 1) -> Path:
    """So many seconds of a tagged song."""
    path = write_wav(place / "song.wav", noise(44_100 * seconds))
    info = {b"INAM": title, b"IART": artist}
    texts = [(name, text.encode() + b"\0" * (1 + (len(text) + 1) % 2)) for name, text in info.items()]
    body = b"INFO" + b"".join(name + struct.pack("<I", len(text)) + text for name, text in texts)
    data = path.read_bytes() + b"LIST" + struct.pack("<I", len(body)) + body
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    return path


def configured(app: Application, server: LrclibServer, settings: LyricsSettings = ONLINE, **more: Json) -> None:
    config: JsonObject = {"base_url": server.url, "timeout_ms": 5000, "spacing_ms": 0, "rest_s": 300}
    saved = SavedConfigs((SavedConfig(LRCLIB, TypeId("lrclib"), config | more),))
    app.settings = replace(app.settings, lyrics=settings, plugins=saved)


@asynccontextmanager
async def asking(place: Path, server: LrclibServer, settings: LyricsSettings = ONLINE) -> AsyncIterator[Hosted]:
    async with hosted(place / "host", PATIENT) as host:
        configured(host.app, server, settings)
        yield host


async def died(host: Hosted) -> None:
    """The faulty provider, and nobody else."""
    async with asyncio.timeout(30):
        while not host.witness.deaths:
            await asyncio.sleep(0.01)
    assert [death.plugin_id for death in host.witness.deaths] == [FAULT]


@online
def test_nobody_online_is_asked_unless_the_user_says_so(tmp_path: Path) -> None:
    async def body() -> None:
        with lrclib(entry(1, "Song", "Band", seconds=1)) as server:
            async with asking(tmp_path, server, LyricsSettings()) as host:
                with pytest.raises(NotFound, match="nobody knows its words"):
                    await host.app.lyrics.of_file(song(tmp_path))
                assert (await host.app.lyrics.file_candidates(song(tmp_path)))["candidates"] == []
            assert server.asked == []

    run(body())


@online
@pytest.mark.parametrize("named", [ONLINE, LyricsSettings(("lrclib", "cache"))])
def test_what_a_server_answered_is_remembered_also_that_it_knows_nothing(tmp_path: Path, named: LyricsSettings) -> None:
    async def body() -> None:
        with lrclib(entry(1, "Song", "Band", seconds=1)) as server:
            for remembered in (False, True):
                async with asking(tmp_path, server, named) as host:
                    found = await host.app.lyrics.of_file(song(tmp_path))
                    assert (found["provider"], found["label"], found["timed"]) == ("lrclib", "Band - Song", True)
                    assert found["remembered"] is remembered or named is not ONLINE
                    known = len(server.asked)
                    with pytest.raises(NotFound):
                        await host.app.lyrics.of_file(song(tmp_path, "Unheard of"))
                    misses = len(server.asked) - known
                    assert misses == (0 if remembered else 1), "without album and length it is searched for at once"
            assert server.most_at_once == 1

    run(body())


@online
def test_what_fails_is_told_and_not_remembered(tmp_path: Path) -> None:
    async def body() -> None:
        with lrclib(entry(1, "Song", "Band", seconds=1), behaviour="500") as server:
            async with asking(tmp_path, server) as host:
                with pytest.raises(PluginRefused, match="HTTP status 500"):
                    await host.app.lyrics.of_file(song(tmp_path))
                server.behaviour = "well"
                assert (await host.app.lyrics.of_file(song(tmp_path)))["provider"] == "lrclib"

    run(body())


@online
def test_the_user_chooses_and_that_counts_from_then_on(tmp_path: Path) -> None:
    async def body() -> None:
        track = song(tmp_path)
        track.with_suffix(".lrc").write_text("[00:00.50]beside it\n")
        entries = (entry(1, "Song", "Band", seconds=1), entry(2, "Song (live)", "Band", seconds=90, syncedLyrics=None))
        with lrclib(*entries) as server:
            async with asking(tmp_path, server) as host:
                ask = host.app.lyrics
                assert (await ask.of_file(track))["provider"] == "sidecar"
                assert server.asked == []
                listed = (await ask.file_candidates(track))["candidates"]
                assert isinstance(listed, list)
                rows = [row for row in listed if isinstance(row, dict)]
                assert [(row["number"], row["provider"], row["title"]) for row in rows] == [
                    (1, "sidecar", None),
                    (2, "lrclib", "Song"),
                    (3, "lrclib", "Song (live)"),
                ]
                assert rows[2]["timed"] is False
                chosen = await ask.choose_for_file(track, 3)
                assert (chosen["text"], chosen["label"]) == ("plain 2", "Band - Song (live)")
                assert chosen["remembered"] is True
                with pytest.raises(NotFound, match="no candidate 4, but 3"):
                    await ask.choose_for_file(track, 4)
            asked = len(server.asked)
            async with asking(tmp_path, server, LyricsSettings()) as host:
                assert (await host.app.lyrics.of_file(track))["text"] == "plain 2"
                assert (await host.app.lyrics.choose_for_file(track, 0))["provider"] == "sidecar"
            assert len(server.asked) == asked

    run(body())


def test_a_cache_that_cannot_be_written_is_told_and_harms_nobody(tmp_path: Path) -> None:
    async def body() -> None:
        track = song(tmp_path)
        track.with_suffix(".txt").write_text("words")
        async with hosted(tmp_path / "host", PATIENT) as host:
            host.app.paths.cache_dir.parent.mkdir(exist_ok=True)
            host.app.paths.cache_dir.write_text("in the way")
            found = await host.app.lyrics.of_file(track)
            assert found["provider"] == "sidecar"
            assert isinstance(found["problems"], list)
            assert ["lyrics are not remembered" in str(each) for each in found["problems"]] == [True]
            assert (await host.app.lyrics.of_file(track))["problems"] == [], "once"

    run(body())


def test_one_that_hangs_costs_its_own_worker_and_a_moment(tmp_path: Path) -> None:
    """First in the order, it is waited for a little longer than the others; then they are heard."""

    async def body() -> None:
        track = song(tmp_path)
        track.with_suffix(".txt").write_text("words")
        marks = tmp_path / "marks"
        marks.mkdir()
        order = Order("deadlock", "search", marks)
        limits = replace(PATIENT, cancel_ms=100)
        async with hosted(tmp_path / "host", limits, plugins=[copy_plugin(tmp_path / "copy", number=1)]) as host:
            app = host.app
            saved = SavedConfigs((SavedConfig(FAULT, TypeId("fault"), order.config),))
            names = LyricsSettings((f"{FAULT}:fault", "nosuch", "sidecar"))
            app.settings = replace(app.settings, lyrics=names, plugins=saved)
            found = await app.lyrics.of_file(track)
            assert (found["provider"], found["text"], found["timed"]) == ("sidecar", "words", False)
            assert isinstance(found["problems"], list)
            assert [str(each).partition(":")[0] for each in found["problems"]] == ["nosuch"]
            await died(host)
            assert len(order.fired()) == 1

    run(body())


def test_one_that_hangs_alone_is_told_at_its_limit(tmp_path: Path) -> None:
    async def body() -> None:
        marks = tmp_path / "marks"
        marks.mkdir()
        limits = replace(PATIENT, lyrics_ms=200, cancel_ms=100)
        async with hosted(tmp_path / "host", limits, plugins=[copy_plugin(tmp_path / "copy", number=1)]) as host:
            saved = SavedConfigs((SavedConfig(FAULT, TypeId("fault"), Order("deadlock", "search", marks).config),))
            names = LyricsSettings((f"{FAULT}:fault",))
            host.app.settings = replace(host.app.settings, lyrics=names, plugins=saved)
            with pytest.raises(Supervised, match="SearchLyrics took longer"):
                await host.app.lyrics.of_file(song(tmp_path, "fault"))
            await died(host)
            found = await host.app.lyrics.of_file(song(tmp_path, "fault"))
            assert found["text"] == "asked 2 times, configured 0 times", "another worker answers"

    run(body())


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"[00:01.00]" + b"x" * (1 << 20), "longer than 1 MiB"),
        (b"\0" * 100, "holds no text"),
        (b"", ""),
    ],
)
def test_files_that_are_no_words(tmp_path: Path, data: bytes, text: str) -> None:
    async def body() -> None:
        track = song(tmp_path)
        track.with_suffix(".lrc").write_bytes(data)
        async with hosted(tmp_path / "host", PATIENT) as host:
            if text:
                with pytest.raises(PluginRefused, match=text):
                    await host.app.lyrics.of_file(track)
            else:
                assert (await host.app.lyrics.of_file(track))["lines"] == []
            assert host.witness.deaths == []

    run(body())


def test_a_sparse_file_of_100_mib_is_refused_and_one_that_vanishes_is_told(tmp_path: Path) -> None:
    async def body() -> None:
        track = song(tmp_path)
        words = track.with_suffix(".lrc")
        with words.open("wb") as made:
            made.truncate(100 << 20)
        async with hosted(tmp_path / "host", PATIENT) as host:
            with pytest.raises(PluginRefused, match="longer than 1 MiB"):
                await host.app.lyrics.of_file(track)
            words.unlink()
            with pytest.raises(NotFound, match=r"put them into song\.lrc"):
                await host.app.lyrics.of_file(track)
            track.unlink()
            with pytest.raises(NotFound):
                await host.app.lyrics.of_file(track)

    run(body())


@online
@pytest.mark.skipif(not HAS_HTTP, reason="source_http is not built: no libcurl")
def test_a_track_of_a_source_is_known_by_its_tags(tmp_path: Path) -> None:
    """It has no path, and nothing lies beside it."""

    async def body() -> None:
        track = song(tmp_path, seconds=30)
        track.with_suffix(".lrc").write_text("[00:01]not for it")
        with lrclib(entry(1, "Song", "Band", seconds=30)) as server, HttpServer() as music:
            music.routes["/song.wav"] = HttpFile(track.read_bytes(), "audio/wav")
            async with asking(tmp_path, server) as host:
                app = host.app
                output = wire_output(OutputOption("null", None), {"paced": True}, app.discovery.plugins)
                app.play_through(PlaybackSetup((), output))
                await app.transport.goto(await app.queueing.add_next(music.url("/song.wav")))
                with app.bus.subscribe(LyricsCursor) as facts:
                    async with asyncio.timeout(30):
                        while not (told := await anext(facts)).text:
                            pass
                found = await app.lyrics.current()
                assert (found["provider"], found["file"], told.text) == ("lrclib", None, "synced 1")
                assert [each.path for each in server.asked] == ["/api/search"]

    run(body())
