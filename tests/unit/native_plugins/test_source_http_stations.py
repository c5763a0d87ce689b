"""Internet radio through source_http: the audio without a byte of metadata, every title once, and no end."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from abi.kinds import StatusCode
from tests.support.direct_events import DirectEvents
from tests.support.direct_instance import Refused
from tests.support.direct_source import DirectSource, DirectStream
from tests.support.http_server import Exchange, HttpServer, redirect
from tests.support.icy_station import IcyStation, metadata

PROGRAMME = random.Random(4).randbytes(300_000)
TITLES = {
    0: b"StreamTitle='One - First';StreamUrl='http://x/';",
    100_000: "StreamTitle='Café del Mar';".encode(),
    200_000: "StreamTitle='Motörhead's \u2013 Ace';".encode("cp1252"),
    300_000: b"StreamTitle='';",
    400_000: b"StreamTitle='Four\n\x01  here';StreamTitle='not this';",
}
TOLD = ["One - First", "Café del Mar", "Motörhead's \u2013 Ace", "", "Four here"]


@pytest.fixture
def radio() -> Iterator[DirectEvents]:
    """What the source emits."""
    with DirectEvents("source_http") as events:
        yield events


def tuned(source: DirectSource, server: HttpServer, station: IcyStation) -> DirectStream:
    server.routes["/live"] = station
    return source.open(id=server.url("/live"))


def heard(size: int) -> bytes:
    return (PROGRAMME * (size // len(PROGRAMME) + 1))[:size]


@pytest.mark.parametrize("protocol", ["ICY", "HTTP/1.0", "HTTP/1.1"])
@pytest.mark.parametrize("metaint", [1, 17, 8192, 65_537])
def test_audio_and_titles_are_parted(server: HttpServer, radio: DirectEvents, protocol: str, metaint: int) -> None:
    titles = TITLES if metaint > 1 else {0: TITLES[0], 2500: TITLES[100_000]}
    size = 500_000 if metaint > 1 else 5000
    with DirectSource("http") as source:
        stream = tuned(source, server, IcyStation(PROGRAMME, titles, metaint, protocol=protocol))
        assert stream.take(size) == heard(size)
    assert [event["title"] for event in radio.events] == TOLD[: len(titles)]
    for event, at in zip(radio.events, titles, strict=True):
        assert event["type"] == "stream.title"
        assert at <= event["offset"] <= at + metaint


def test_what_it_says_of_itself(server: HttpServer) -> None:
    headers = {
        "icy-name": "Rock \xe9",
        "icy-genre": "Rock",
        "icy-br": "128",
        "icy-url": "http://x/",
        "icy-description": "D",
    }
    with DirectSource("http") as source:
        stream = tuned(source, server, IcyStation(PROGRAMME, headers=headers))
        assert stream.meta == {
            "extension": "mp3",
            "mime": "audio/mpeg",
            "title": "Rock é",
            "live": True,
            "seekable": False,
            "station": "Rock é",
            "genre": "Rock",
            "description": "D",
            "homepage": "http://x/",
            "bitrate_kbps": "128",
        }
        assert not stream.seeks
        with pytest.raises(Refused) as refused:
            stream.size()
        assert refused.value.code is StatusCode.UNSUPPORTED
    assert server.requests[0].headers["icy-metadata"] == "1"


def test_a_broken_connection_is_made_anew_and_no_title_is_told_twice(server: HttpServer, radio: DirectEvents) -> None:
    station = IcyStation(PROGRAMME, TITLES, drops_after=45_000)
    with DirectSource("http") as source:
        assert tuned(source, server, station).take(450_000) == heard(450_000)
    assert len(server.requests) >= 10
    assert [event["title"] for event in radio.events] == TOLD


def test_a_station_that_falls_silent_is_given_up(server: HttpServer) -> None:
    with DirectSource("http", stall_timeout_ms=200, give_up_ms=1000) as source:
        stream = tuned(source, server, IcyStation(PROGRAMME, ends_at=81_920))
        assert stream.take(81_920) == PROGRAMME[:81_920]
        with pytest.raises(Refused) as refused:
            stream.read()
    assert "no answer in time" in refused.value.text
    assert 2 <= len(server.requests) <= 10


def test_a_station_that_changes_its_format_is_another_one(server: HttpServer) -> None:
    station = IcyStation(PROGRAMME, drops_after=50_000)
    with DirectSource("http") as source:
        stream = tuned(source, server, station)
        station.content_type = "audio/aac"
        with pytest.raises(Refused) as refused:
            stream.take(100_000)
    assert "another format" in refused.value.text


def test_ogg_stations_have_no_blocks_between(server: HttpServer, radio: DirectEvents) -> None:
    station = IcyStation(PROGRAMME, TITLES, metaint=0, content_type="application/ogg", protocol="HTTP/1.0")
    with DirectSource("http") as source:
        stream = tuned(source, server, station)
        assert (stream.meta["extension"], stream.meta["live"]) == ("ogg", True)
        assert stream.take(250_000) == heard(250_000)
    assert radio.events == []


@pytest.mark.parametrize("metaint", ["99999999999999999999", "-8192", "x"])
def test_an_impossible_distance_between_titles(server: HttpServer, metaint: str) -> None:
    server.routes["/live"] = IcyStation(PROGRAMME, metaint=0, headers={"icy-metaint": metaint})
    with DirectSource("http") as source, pytest.raises(Refused) as refused:
        source.open(id=server.url("/live"))
    assert "impossible distance between its titles" in refused.value.text


@pytest.mark.parametrize(
    "block",
    [
        b"\xff" + b"\xff" * 4080,
        metadata(b"StreamTitle='" + b"x" * 4000),
        metadata(b"StreamTitle='"),
        metadata(b"StreamTitle"),
        metadata(b"';'StreamTitle=;"),
        metadata("StreamTitle='\ud800\0abc';".encode("utf-8", "surrogatepass")),
    ],
    ids=["all ones", "long", "cut", "name", "turned round", "no text"],
)
def test_hostile_metadata(server: HttpServer, radio: DirectEvents, block: bytes) -> None:
    def route(exchange: Exchange) -> None:
        exchange.head("200 OK", {"icy-metaint": 1000, "icy-name": "x", "Content-Type": "audio/mpeg"}, "ICY")
        for at in range(0, 100_000, 1000):
            exchange.send(PROGRAMME[at : at + 1000] + block)
        exchange.hang()

    server.routes["/live"] = route
    with DirectSource("http") as source:
        assert source.open(id=server.url("/live")).take(100_000) == PROGRAMME[:100_000]
    assert len(radio.events) <= 1
    for event in radio.events:
        title = event["title"]
        assert len(title.encode()) < 1024 and title.isprintable()


def test_a_cancelled_call_ends_soon_and_the_next_one_goes_on(server: HttpServer, radio: DirectEvents) -> None:
    station = IcyStation(PROGRAMME, ends_at=81_920)
    with DirectSource("http") as source:
        stream = tuned(source, server, station)
        assert stream.take(81_920) == PROGRAMME[:81_920]
        radio.cancelled = True
        with pytest.raises(Refused) as refused:
            stream.read()
        assert refused.value.code is StatusCode.CANCELLED
        looks = radio.looks
        server.routes["/loop"] = redirect("/live")
        with pytest.raises(Refused) as refused:
            source.open(id=server.url("/loop"))
        assert refused.value.code is StatusCode.CANCELLED
        assert looks >= 1 and radio.looks - looks < 20
        radio.cancelled = False
        station.ends_at = None
        server.drop_all()
        assert stream.take(40_000) == PROGRAMME[81_920:121_920]
