"""source_http in a worker of its own, a decoder behind it: the samples of the file, whoever breaks off or dies."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from abi.kinds import CapabilityKind, StatusCode
from abi.wire import (
    CancelCall,
    DetachStage,
    Failed,
    FaultKind,
    ListItems,
    OpenStream,
    Payload,
    PluginEvent,
    StageStopped,
    StopReason,
)
from tests.e2e.audio import write_wav
from tests.integration.worker.streaming import from_file, through_deaths
from tests.support.encoded import ENCODINGS, programme
from tests.support.http_file import HttpFile
from tests.support.http_server import HttpServer, answer, silent
from tests.support.icy_station import IcyStation
from tests.support.streamed import Heard, Streamed
from tests.support.waiting import until
from tests.support.worker_peer import ROOT, WorkerPeer

SOURCE = CapabilityKind.SOURCE_CATALOG
LIBRARY = ROOT / "native_plugins/source_http/source_http.so"
RATE_HZ = 44_100
PATIENCE_S = 20.0
Start = Callable[[], WorkerPeer]

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="source_http is not built: libcurl is not here")


class HttpStreamed(Streamed):
    """A file behind an address; ``path`` is the same file here."""

    def __init__(self, start: Start, url: str, path: Path, type_id: str, capacity: int = 1 << 16) -> None:
        self._url = url
        super().__init__(start, LIBRARY, path, type_id, capacity=capacity, history=1 << 12)

    def make_source(self) -> WorkerPeer:
        worker = http_source(self._start())
        self.opened = worker.ask(OpenStream(1, Payload(json.dumps({"id": self._url}).encode())))
        assert self.opened.serves
        return worker


def http_source(worker: WorkerPeer, **config: object) -> WorkerPeer:
    """Instance 1."""
    worker.load(LIBRARY)
    worker.ask(worker.creation(SOURCE, "http", config))
    return worker


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    """Reached directly, whatever proxy this machine has."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with HttpServer() as made:
        yield made


@pytest.fixture(scope="module")
def flac(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few hundred kilobytes."""
    folder = tmp_path_factory.mktemp("flac")
    wav = write_wav(folder / "programme.wav", programme(6 * RATE_HZ, 2, RATE_HZ), RATE_HZ)
    subprocess.run(["flac", "-s", "-f", "-o", str(folder / "programme.flac"), str(wav)], check=True)
    return folder / "programme.flac"


def test_a_server_that_breaks_off_and_sources_that_die(start_worker: Start, server: HttpServer, flac: Path) -> None:
    served = HttpFile(flac.read_bytes(), close_every=200_000)
    server.routes["/programme.flac"] = served
    with HttpStreamed(start_worker, server.url("/programme.flac"), flac, "flac") as streamed:
        assert (streamed.opened.seeks, streamed.opened.size_bytes) == (True, flac.stat().st_size)
        expected = from_file(streamed)
        samples = through_deaths(streamed, 9, 8, len(expected) // 2, lambda _: streamed.replace_source())
        np.testing.assert_array_equal(samples, expected)
    assert served.served >= 8 + len(served.data) // 200_000


def test_a_server_that_goes_for_good_ends_the_stream_with_its_reason(
    start_worker: Start, server: HttpServer, flac: Path
) -> None:
    served = HttpFile(flac.read_bytes(), close_every=100_000)
    server.routes["/programme.flac"] = served
    with HttpStreamed(start_worker, server.url("/programme.flac"), flac, "flac") as streamed:
        server.routes["/programme.flac"] = answer(b"", status="410 Gone")
        worker = streamed.make_decoder()
        with Heard(worker, streamed.open(worker)) as heard:
            heard.attach()
            samples, _ = heard.listen()
        assert len(samples) > 10_000, "what came before is played"
        stopped = streamed.source.event(StageStopped)
        assert StopReason(stopped.reason) is StopReason.PLUGIN_ERROR
        assert "/programme.flac: HTTP status 410: there is nothing at this address" in stopped.text


def test_a_station_is_decoded_and_its_titles_are_events(
    start_worker: Start, server: HttpServer, tmp_path: Path
) -> None:
    encoding = next(each for each in ENCODINGS if each.name == "mp3_no_header")
    path, _ = encoding.make(tmp_path, seconds=5)
    size = path.stat().st_size
    titles = {0: b"StreamTitle='One';", size // 2: "StreamTitle='Zwölf';".encode(), size: b"StreamTitle='Again';"}
    station = IcyStation(path.read_bytes(), titles, drops_after=30_000)
    server.routes["/live"] = station
    wanted = 12 * RATE_HZ
    with HttpStreamed(start_worker, server.url("/live"), path.with_name("live.mp3"), "mpg123") as streamed:
        assert (streamed.opened.seeks, streamed.opened.size_bytes) == (False, -1)
        meta = json.loads(streamed.opened.meta)
        assert (meta["title"], meta["live"], meta["extension"]) == ("Test FM", True, "mp3")
        worker = streamed.make_decoder()
        with Heard(worker, streamed.open(worker)) as heard:
            heard.attach()
            heard_frames = 0
            while heard_frames < wanted:
                heard.end.before_sleep()
                heard.end.wait(512, 5.0)
                frames = heard.end.frames()
                assert frames, "the station never stops"
                heard.end.take(min(frames, 512))
                heard_frames = heard.end.position
        told = [json.loads(streamed.source.event(PluginEvent).text) for _ in titles]
        assert [(event["type"], event["title"]) for event in told] == [
            ("stream.title", "One"),
            ("stream.title", "Zwölf"),
            ("stream.title", "Again"),
        ]
        assert len(server.asked("/live")) > 3, "it was connected anew again and again"


@pytest.mark.parametrize("question", [OpenStream, ListItems])
def test_a_cancelled_question_costs_nothing_but_itself(
    worker: WorkerPeer, server: HttpServer, question: type[OpenStream] | type[ListItems]
) -> None:
    server.routes |= {"/silent": silent, "/list": answer(b"#EXTM3U\nhttp://x/\n")}
    http_source(worker)
    url = server.url("/silent")
    asked = worker.send(question(1, Payload(json.dumps({"id": url, "path": url}).encode())))
    assert until(lambda: len(server.requests) == 1, PATIENCE_S)
    worker.send(CancelCall(1))
    failed = worker.answer(asked)
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.code) == (FaultKind.PLUGIN, StatusCode.CANCELLED)
    page = json.loads(worker.ask(ListItems(1, Payload(json.dumps({"path": server.url("/list")}).encode()))).text)
    assert [item["id"] for item in page["items"]] == ["http://x/"]


def test_a_stream_that_waits_for_its_server_is_called_out_at_once(
    start_worker: Start, server: HttpServer, flac: Path
) -> None:
    served = HttpFile(flac.read_bytes(), stall_at=100_000)
    server.routes["/programme.flac"] = served
    with HttpStreamed(start_worker, server.url("/programme.flac"), flac, "flac", capacity=1 << 18) as streamed:
        assert until(lambda: streamed.stream.words().write_pos == 100_000, PATIENCE_S)
        assert streamed.source.ask(DetachStage(1)).position == 100_000
        served.stall_at = None
        server.drop_all()
        assert streamed.attach_source() == 100_000
        assert until(lambda: streamed.stream.words().write_pos > 180_000, PATIENCE_S)
