"""Files through source_http: every byte in its place, whatever the server does, or a line that says why not."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abi.kinds import StatusCode
from tests.support.direct_instance import Refused
from tests.support.direct_source import DirectSource
from tests.support.http_file import HttpFile
from tests.support.http_server import Exchange, HttpServer, Route, answer, redirect, silent

DATA = random.Random(6).randbytes(1_500_000)
#: Short, so that a server that fails has failed soon; one that works is never so slow.
HASTY = {"stall_timeout_ms": 300, "give_up_ms": 1500, "reconnects": 3}


def read(server: HttpServer, route: Route, **config: object) -> tuple[bytes, dict[str, Any]]:
    """All of it. Raises: Refused."""
    server.routes["/song.flac"] = route
    with DirectSource("http", **config) as source:
        stream = source.open(id=server.url("/song.flac"))
        return stream.rest(), stream.meta


def refusal(server: HttpServer, route: Route, **config: object) -> str:
    """Why it fails, in the opening or on the way."""
    with pytest.raises(Refused) as refused:
        read(server, route, **(HASTY | config))
    assert refused.value.code in (StatusCode.IO, StatusCode.INVALID_ARG)
    assert "/song.flac: " in refused.value.text
    return refused.value.text


def chunked(exchange: Exchange) -> None:
    exchange.head("200 OK", {"Transfer-Encoding": "chunked", "Content-Type": "audio/flac"})
    exchange.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(DATA), DATA))


def test_a_file_says_what_it_is(server: HttpServer) -> None:
    got, meta = read(server, HttpFile(DATA))
    assert got == DATA
    assert meta == {
        "extension": "flac",
        "mime": "audio/flac",
        "title": "song.flac",
        "live": False,
        "seekable": True,
        "size_bytes": len(DATA),
        "version": '"1"',
    }
    (request,) = server.requests
    assert request.headers["range"] == "bytes=0-"
    assert request.headers["user-agent"] == "StellaTune"
    assert request.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("file", "requests"),
    [
        (HttpFile(DATA, close_every=200_000), 8),
        (HttpFile(DATA, close_every=100_000, etag=""), 15),
        (HttpFile(DATA, ranges=False), 1),
        (HttpFile(DATA, ranges=False, has_length=False), 1),
        (HttpFile(DATA, length_off=5000), 1),
        (HttpFile(DATA, refusals=2), 3),
        (HttpFile(DATA, refusals=1, refusal="429 Too Many Requests"), 2),
        (HttpFile(DATA, part_bytes=777), 1),
        (HttpFile(DATA, headers={"Content-Type": "application/octet-stream", "X-Long": "x" * 60_000}), 1),
    ],
    ids=[
        "closes",
        "closes untagged",
        "no ranges",
        "no length",
        "says more",
        "busy",
        "hurried",
        "crumbs",
        "long header",
    ],
)
def test_what_servers_do_and_may(server: HttpServer, file: HttpFile, requests: int) -> None:
    got, meta = read(server, file)
    assert got == DATA
    assert len(server.requests) == requests
    assert meta["extension"] == "flac"


def test_a_connection_that_is_reset_costs_no_byte(server: HttpServer) -> None:
    """A reset throws away what is on its way, so how often it comes to that is open."""
    got, _ = read(server, HttpFile(DATA, close_every=200_000, resets=True))
    assert got == DATA
    assert len(server.requests) >= 8


def test_a_file_without_end_mark_or_in_chunks(server: HttpServer) -> None:
    got, meta = read(server, chunked)
    assert (got, meta["seekable"], meta.get("size_bytes")) == (DATA, False, None)


@pytest.mark.parametrize(
    ("route", "words"),
    [
        (HttpFile(DATA, start_off=7), "other bytes than were asked for"),
        (HttpFile(DATA, total_off=900), "shorter than the server said"),
        (HttpFile(DATA, close_every=200_000, changes_at=3, changed=DATA), "has changed on the server"),
        (HttpFile(DATA, close_every=200_000, changes_at=3, changed=DATA[1:], etag=""), "has changed on the server"),
        (HttpFile(DATA, refusals=99), "HTTP status 503: the server is in trouble"),
        (HttpFile(DATA, refusals=99, refusal="404 Not Found"), "HTTP status 404: there is nothing at this address"),
        (HttpFile(DATA, refusals=99, refusal="401 Unauthorized"), "HTTP status 401: it needs a user and password"),
        (HttpFile(b""), "the file is empty"),
        (HttpFile(DATA, stall_at=100_000), "no answer in time"),
        (HttpFile(DATA, part_bytes=1, pause_s=0.05), "no answer in time"),
        (HttpFile(DATA, headers={"Content-Encoding": "gzip"}), "packs the file"),
        (HttpFile(DATA, ranges=False, close_every=200_000), "the connection broke"),
        (silent, "no answer in time"),
        (redirect("/song.flac"), "leads on to another address again and again"),
        (redirect("ftp://127.0.0.1/song.flac"), "something else than http or https"),
        (redirect("file:///etc/passwd"), "something else than http or https"),
        (answer(b"<html>", "text/html; charset=utf-8"), "a web page, not audio"),
        (answer(b"#EXTM3U", "audio/x-mpegurl"), "a list, not a track"),
        (lambda exchange: exchange.send(b"\0\1 what is this\r\n\r\n"), "speaks no HTTP"),
        (lambda exchange: exchange.reset(), "the connection broke"),
    ],
    ids=[
        *("wrong start", "wrong size", "changes", "changes size", "busy for ever", "gone", "locked", "empty", "stalls"),
        *("drips", "packed", "breaks without ranges", "silent", "in a circle", "to ftp", "to a file", "a page"),
        *("a list", "garbage", "resets"),
    ],
)
def test_what_servers_may_not(server: HttpServer, route: Route, words: str) -> None:
    assert words in refusal(server, route)
    assert 1 <= len(server.requests) <= 12


def test_headers_without_end(server: HttpServer) -> None:
    sent = 0

    def route(exchange: Exchange) -> None:
        nonlocal sent
        exchange.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            exchange.send(b"X-More: " + b"x" * 1000 + b"\r\n")
            sent += 1

    assert "headers are longer than 262144 bytes" in refusal(server, route, connect_timeout_ms=300)
    assert sent > 200
    assert len(server.requests) == 1, "it ends at once, and does not wait for the last one"


def test_a_body_without_end_is_read_to_the_size_that_was_told(server: HttpServer) -> None:
    def route(exchange: Exchange) -> None:
        exchange.head("206 Partial Content", {"Content-Range": f"bytes 0-{len(DATA) - 1}/{len(DATA)}"})
        exchange.send(DATA)
        while True:
            exchange.send(bytes(1 << 16))

    assert read(server, route)[0] == DATA


def test_nobody_listens(server: HttpServer) -> None:
    server.close()
    with DirectSource("http") as source, pytest.raises(Refused) as refused:
        source.open(id=server.url("/song.flac"))
    assert "does not let us connect: is it running?" in refused.value.text


@pytest.mark.parametrize("track", [{}, {"id": "song.flac"}, {"id": "file:///etc/passwd"}, {"id": "http://"}, {"id": 7}])
def test_only_addresses_are_opened(track: dict[str, object]) -> None:
    with DirectSource("http") as source, pytest.raises(Refused) as refused:
        source.open(**track)
    assert (refused.value.code, "http:// or https://" in refused.value.text) == (StatusCode.INVALID_ARG, True)


def test_passwords_are_used_and_not_told(server: HttpServer) -> None:
    server.routes["/song.flac"] = HttpFile(DATA, refusals=1, refusal="403 Forbidden")
    secret = server.url("/song.flac?token=hidden").replace("//", "//me:secret@")
    with DirectSource("http") as source, pytest.raises(Refused) as refused:
        source.open(id=secret)
    assert "secret" not in refused.value.text and "hidden" not in refused.value.text and "me:" not in refused.value.text
    assert server.requests[0].headers["authorization"] == "Basic bWU6c2VjcmV0"


def test_the_way_goes_through_a_proxy_that_the_environment_names(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url(""))
    server.routes["http://far.invalid/song.flac"] = HttpFile(DATA)
    with DirectSource("http") as source:
        assert source.open(id="http://far.invalid/song.flac").rest() == DATA


# ---- seeks ----


def seeks(server: HttpServer, file: HttpFile, count: int, seed: int) -> int:
    """So many seeks, near and far, each followed by a read; how many requests they took."""
    dice = random.Random(seed)
    server.routes["/song.flac"] = file
    with DirectSource("http") as source:
        stream = source.open(id=server.url("/song.flac"))
        for _ in range(count):
            near = min(max(stream.tell() + dice.randrange(-40_000, 90_000), 0), len(DATA))
            at = dice.choice((near, near, dice.randrange(len(DATA))))
            whence = dice.randrange(3)
            assert stream.seek(at - (0, stream.tell(), len(DATA))[whence], whence) == at
            size = dice.randrange(50_000)
            assert stream.take(size) == DATA[at : at + size]
            assert stream.tell() == min(at + size, len(DATA))
        assert stream.size() == len(DATA)
    return len(server.requests)


@pytest.mark.parametrize(
    "file",
    [HttpFile(DATA), HttpFile(DATA, close_every=150_000), HttpFile(DATA, ranges=False)],
    ids=["ranges", "closes", "no ranges"],
)
def test_seeks_land_on_the_byte(server: HttpServer, file: HttpFile) -> None:
    requests = seeks(server, file, 200, 3)
    assert 20 < requests < 200 if file.ranges else requests > 20


def test_a_short_way_takes_no_request(server: HttpServer) -> None:
    server.routes["/song.flac"] = HttpFile(DATA)
    with DirectSource("http") as source:
        stream = source.open(id=server.url("/song.flac"))
        for at in (0, 4, 12_000, 200_000, 199_990):
            stream.seek(at)
            assert stream.take(5000) == DATA[at : at + 5000]
            stream.seek(-4000, 1)
            assert stream.take(10) == DATA[at + 1000 : at + 1010]
        assert len(server.requests) == 1
        stream.seek(1_000_000)
        stream.seek(1_200_000)
        assert stream.take(10) == DATA[1_200_000:1_200_010]
        assert len(server.requests) == 2
        assert server.requests[1].headers["range"] == "bytes=1200000-"


def test_seeks_out_of_bounds(server: HttpServer) -> None:
    server.routes["/song.flac"] = HttpFile(DATA)
    with DirectSource("http") as source:
        stream = source.open(id=server.url("/song.flac"))
        for offset, whence in ((-1, 0), (-(2**63), 1), (-len(DATA) - 1, 2), (2**63 - 1, 2), (0, 3)):
            with pytest.raises(Refused) as refused:
                stream.seek(offset, whence)
            assert refused.value.code is StatusCode.INVALID_ARG
        assert stream.seek(100, 2) == len(DATA) + 100
        assert stream.read() == b""
        assert stream.seek(-5, 2) == len(DATA) - 5
        assert stream.rest() == DATA[-5:]


def test_a_long_file_of_a_server_without_ranges_cannot_be_sought_in(server: HttpServer) -> None:
    def route(exchange: Exchange) -> None:
        exchange.head("200 OK", {"Content-Length": 65 << 20, "Content-Type": "audio/flac"})
        exchange.send(DATA)

    server.routes["/song.flac"] = route
    with DirectSource("http") as source:
        stream = source.open(id=server.url("/song.flac"))
        assert not stream.seeks and not stream.meta["seekable"]
        assert stream.take(1000) == DATA[:1000]


def test_a_server_that_was_away_for_a_while(server: HttpServer) -> None:
    """Its failures are waited out, and counted anew for every stretch that went well."""
    file = HttpFile(DATA, close_every=300_000)

    def route(exchange: Exchange) -> None:
        if len(server.requests) % 2 == 0:
            exchange.head("502 Bad Gateway", {"Content-Length": 0})
        else:
            file(exchange)

    got, _ = read(server, route, reconnects=2)
    assert got == DATA
    assert len(server.requests) == 9


def test_streams_of_one_source_are_apart(server: HttpServer) -> None:
    other = DATA[::-1]
    server.routes |= {"/song.flac": HttpFile(DATA), "/other.flac": HttpFile(other)}
    with DirectSource("http") as source:
        first, second = source.open(id=server.url("/song.flac")), source.open(id=server.url("/other.flac"))
        taken = [first.take(10_000), second.take(20_000), first.take(10_000), second.take(1000)]
    assert taken == [DATA[:10_000], other[:20_000], DATA[10_000:20_000], other[20_000:21_000]]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=st.binary(max_size=400), status=st.sampled_from([b"200 OK", b"206 X", b"", b"999", b"-1 x"]))
def test_whatever_headers_are(server: HttpServer, head: bytes, status: bytes) -> None:
    """It plays, or says why not; it never does anything else."""
    server.routes["/song.flac"] = _sends(b"HTTP/1.1 " + status + b"\r\n" + head + b"\r\n\r\n" + DATA[:50])
    with DirectSource("http", **(HASTY | {"reconnects": 0})) as source:
        try:
            got = source.open(id=server.url("/song.flac")).rest()
        except Refused as refused:
            assert refused.text
        else:
            assert len(got) < 500


def _sends(data: bytes) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.send(data)
