"""What source_http lists: playlists and podcasts as they are written, bookmarks, pages; and nothing without end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abi.kinds import StatusCode
from tests.support.direct_instance import Refused
from tests.support.direct_source import DirectSource
from tests.support.http_file import HttpFile
from tests.support.http_server import Exchange, HttpServer, Route, answer, redirect, silent
from tests.support.icy_station import IcyStation

Json = dict[str, Any]

M3U = """\ufeff#EXTM3U
#EXTINF:215,Sigur R\u00f3s - Untitled
tracks/one.mp3
# a remark
#EXTINF:-1 tvg-logo="http://x/a,b.png" group="a",The Station
http://radio.example:8000/live

/absolute/t%C3%BCr.ogg?x=1#part
more.m3u8
ftp://elsewhere/no.mp3
with blank.mp3
"""
PLS = b"""[playlist]
numberofentries=3
File2=http://two.example/b
file1=one.mp3
Title1=The \xfcrst
Title2 = The second
Length1=65
Length2=-1
Title9=Nobody
File99999999999=http://x/y
Version=2
"""
RSS = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE rss [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" version="2.0"><channel>
<title>The Podcast</title><image><title>Picture</title></image>
<item><title>One &amp; Only &#8211; &#x201C;Q&#x201d;</title><!-- <item> -->
 <enclosure url="ep/1.mp3?a=1&amp;b=2" length="1" type="audio/mpeg"/><itunes:duration>1:02:03</itunes:duration></item>
<item><itunes:title>Not this</itunes:title><title><![CDATA[Two <b>&amp;</b> &e;]]></title>
 <enclosure type='audio/mp4' url='https://cdn.example/2.m4a'></enclosure><itunes:duration>754.5</itunes:duration></item>
<item><title>A film poster</title><enclosure url="poster.jpg" type="image/jpeg"/></item>
<item><title>Only text</title><link>http://x/page</link></item>
<item><title>&e;</title><enclosure url="http://x/3"/></item>
<item><title>Cut off<enclosure url="4.mp3" type="audio/mpeg">
</channel></rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title>
<entry><title type="html">Entry</title><link href="http://x/page"/>
<link rel='enclosure' type="audio/ogg" href="e.ogg" /></entry>
</feed>"""


def listed(server: HttpServer, route: Route, path: str = "/lists/list", **config: object) -> Json:
    server.routes[path] = route
    with DirectSource("http", **config) as source:
        return source.page(path=server.url(path))


def refusal(server: HttpServer, route: Route, path: str = "/lists/list", **config: object) -> Refused:
    hasty = {"stall_timeout_ms": 300, "give_up_ms": 1500}
    with pytest.raises(Refused) as refused:
        listed(server, route, path, **(hasty | config))
    return refused.value


def test_m3u(server: HttpServer) -> None:
    page = listed(server, answer(M3U.encode(), "audio/x-mpegurl"))
    assert page == {
        "items": [
            {
                "id": server.url("/lists/tracks/one.mp3"),
                "title": "Sigur Rós - Untitled",
                "kind": "track",
                "duration_ms": 215_000,
            },
            {"id": "http://radio.example:8000/live", "title": "The Station", "kind": "track"},
            {"id": server.url("/absolute/t%C3%BCr.ogg?x=1"), "title": "tür.ogg", "kind": "track"},
            {"id": server.url("/lists/more.m3u8"), "title": "more.m3u8", "kind": "folder"},
            {"id": server.url("/lists/with%20blank.mp3"), "title": "with blank.mp3", "kind": "track"},
        ]
    }


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_however_lines_end_and_lists_are_called(server: HttpServer, end: str) -> None:
    body = M3U.replace("\n", end).encode()
    page = listed(server, answer(body, "audio/x-mpegurl"))
    assert len(page["items"]) == 5
    assert listed(server, answer(body, "text/plain")) == page
    assert listed(server, answer(body), "/lists/list.m3u") == page
    assert listed(server, answer(b"a.mp3\nb.mp3"), "/lists/list.m3u8")["items"][1]["title"] == "b.mp3"


def test_pls(server: HttpServer) -> None:
    page = listed(server, answer(PLS, "audio/x-scpls"))
    assert page["items"] == [
        {"id": "http://two.example/b", "title": "The second", "kind": "track"},
        {"id": server.url("/lists/one.mp3"), "title": "The ürst", "kind": "track", "duration_ms": 65_000},
    ]


@pytest.mark.parametrize("kind", ["application/rss+xml", "text/xml; charset=utf-8", "text/html", "text/plain", ""])
def test_podcasts(server: HttpServer, kind: str) -> None:
    page = listed(server, answer(RSS.encode(), kind))
    assert [(item["title"], item["id"], item.get("duration_ms")) for item in page["items"]] == [
        ("One & Only \u2013 \u201cQ\u201d", server.url("/lists/ep/1.mp3?a=1&b=2"), 3_723_000),
        ("Two <b>&amp;</b> &e;", "https://cdn.example/2.m4a", 754_000),
        ("&e;", "http://x/3", None),
    ]
    assert {item["kind"] for item in page["items"]} == {"track"}


def test_atom(server: HttpServer) -> None:
    page = listed(server, answer(ATOM.encode(), "application/atom+xml"))
    assert page["items"] == [{"id": server.url("/lists/e.ogg"), "title": "Entry", "kind": "track"}]


def test_links_are_relative_to_where_the_list_is(server: HttpServer) -> None:
    server.routes["/lists/list"] = answer(b"#EXTM3U\none.mp3\n")
    page = listed(server, redirect("/lists/list"), "/short")
    assert [item["id"] for item in page["items"]] == [server.url("/lists/one.mp3")]


@pytest.mark.parametrize(
    ("route", "code", "words"),
    [
        (HttpFile(bytes(5000)), StatusCode.INVALID_ARG, "a track, not a list"),
        (IcyStation(bytes(5000)), StatusCode.INVALID_ARG, "a track, not a list"),
        (answer(bytes(9000), "application/octet-stream"), StatusCode.INVALID_ARG, "no list that is known"),
        (answer(b""), StatusCode.INVALID_ARG, "no list that is known"),
        (answer(b"<html><body>", "text/html"), StatusCode.INVALID_ARG, "a web page"),
        (answer(b"#EXTM3U\n#EXT-X-TARGETDURATION:9\na.ts", "audio/mpegurl"), StatusCode.UNSUPPORTED, "HLS"),
        (answer(b"", status="404 Not Found"), StatusCode.IO, "HTTP status 404"),
        (answer(b"", status="500 Oops"), StatusCode.IO, "HTTP status 500"),
        (answer(b"#EXTM3U", headers={"Content-Encoding": "br"}), StatusCode.IO, "packs the list"),
        (redirect("/lists/list"), StatusCode.IO, "again and again"),
        (silent, StatusCode.IO, "no answer in time"),
        (HttpFile(b"#EXTM3U\n" * 90, "audio/mpegurl", stall_at=100), StatusCode.IO, "no answer in time"),
        (HttpFile(b"#EXTM3U\n" * 90, "audio/mpegurl", ranges=False, close_every=9), StatusCode.IO, "connection broke"),
    ],
    ids=[
        *("a file", "a station", "bytes", "empty", "a page", "hls", "gone", "broken", "packed", "in a circle"),
        *("silent", "stalls", "breaks"),
    ],
)
def test_what_is_no_list(server: HttpServer, route: Route, code: StatusCode, words: str) -> None:
    refused = refusal(server, route)
    assert (refused.code, words in refused.text) == (code, True), refused.text
    assert "/lists/list: " in refused.text or code is StatusCode.UNSUPPORTED


def test_a_list_without_end(server: HttpServer) -> None:
    sent = 0

    def route(exchange: Exchange) -> None:
        nonlocal sent
        exchange.head("200 OK", {"Content-Type": "audio/x-mpegurl"})
        for _ in range(6000):  # as good as endless
            exchange.send(b"http://x/y\n" * 1000)
            sent += 11_000

    assert "longer than 8 MiB" in refusal(server, route, give_up_ms=60_000).text
    assert 8 << 20 <= sent < 32 << 20


def test_many_entries_come_in_pages_of_one_list(server: HttpServer) -> None:
    body = b"#EXTM3U\n" + b"".join(b"http://x/%d\n" % n for n in range(25_000))
    server.routes |= {"/many": answer(body), "/other": answer(b"#EXTM3U\nhttp://x/other\n")}
    with DirectSource("http", page_items=1000) as source:
        seen: list[str] = []
        page = source.page(path=server.url("/many"))
        server.routes["/many"] = answer(b"#EXTM3U\n")
        while True:
            seen += [item["id"] for item in page["items"]]
            if "next" not in page:
                break
            page = source.page(path=server.url("/many"), after=page["next"])
        assert seen == [f"http://x/{n}" for n in range(20_000)]
        assert len(server.requests) == 1
        assert source.page(path=server.url("/many")) == {"items": []}, "asked anew, from the begin"
        assert source.page(path=server.url("/other"), after=None)["items"][0]["id"] == "http://x/other"
        assert source.page(path=server.url("/other"), after="1") == {"items": []}
        assert source.page(path=server.url("/other"), after="19999") == {"items": []}
        for token in ("-1", "x", "9" * 30):
            with pytest.raises(Refused):
                source.page(path=server.url("/other"), after=token)


def test_pages_end_where_they_become_too_long(server: HttpServer) -> None:
    body = b"".join(b"http://x/%d%s\n" % (n, b"y" * 3000) for n in range(1000))
    server.routes["/long.m3u"] = answer(body)
    with DirectSource("http", page_items=1000) as source:
        page = source.page(path=server.url("/long.m3u"))
        pages = [page]
        while "next" in page:
            page = source.page(path=server.url("/long.m3u"), after=page["next"])
            pages.append(page)
    assert sum(len(page["items"]) for page in pages) == 1000
    assert 6 <= len(pages) <= 20
    assert len({item["id"] for page in pages for item in page["items"]}) == 1000


def test_bookmarks_are_the_root(server: HttpServer) -> None:
    urls = ["http://x/station My station", "https://y/feed.xml", "http://z/list   Blanks  between "]
    with DirectSource("http", urls=urls, page_items=2) as source:
        first = source.page()
        rest = source.page(path="", after=first["next"])
        with pytest.raises(Refused) as refused:
            source.page(search="rock")
    assert refused.value.code is StatusCode.UNSUPPORTED
    assert [*first["items"], *rest["items"]] == [
        {"id": "http://x/station", "title": "My station", "kind": "folder"},
        {"id": "https://y/feed.xml", "title": "feed.xml", "kind": "folder"},
        {"id": "http://z/list", "title": "Blanks between", "kind": "folder"},
    ]
    assert server.requests == []


@pytest.mark.parametrize("path", ["file:///etc/passwd", "lists/list", "http://", "http://a b", "x" * 5000, 7, ["x"]])
def test_only_addresses_are_looked_into(path: object) -> None:
    with DirectSource("http") as source, pytest.raises(Refused) as refused:
        source.page(path=path)
    assert refused.value.code is StatusCode.INVALID_ARG


PIECES = st.sampled_from(
    [
        *("<rss>", "<item>", "</item>", "<title>", "</title>", "<enclosure", "url=", "'", '"', ">", "/>", "<![CDATA["),
        *(
            "]]>",
            "<!--",
            "-->",
            "&amp;",
            "&#",
            "&#x41;",
            "&#99999999999;",
            ";",
            "\n",
            "#EXTM3U\n",
            "#EXTINF:",
            ",",
            "a.mp3",
        ),
        *(
            "[playlist]\n",
            "File1=",
            "Title1=",
            "Length1=",
            "File0=",
            "<",
            "=",
            " ",
            "http://",
            "//h",
            "?",
            "%",
            "\0",
            "é",
        ),
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(PIECES, max_size=60),
    kind=st.sampled_from(["application/rss+xml", "audio/x-mpegurl", "audio/x-scpls", ""]),
)
def test_whatever_stands_in_a_list(server: HttpServer, pieces: list[str], kind: str) -> None:
    """It lists addresses, or says why not."""
    try:
        page = listed(server, answer("".join(pieces).encode(), kind))
    except Refused as refused:
        assert refused.text
    else:
        assert all(item["id"].startswith(("http://", "https://")) and item["title"] for item in page["items"])


@pytest.mark.parametrize(
    ("unit", "kind", "items"),
    [
        (b"<item>", "application/rss+xml", 0),
        (b"<item a='", "application/rss+xml", 0),
        (b"<a ", "application/rss+xml", 0),
        (b"&", "application/rss+xml", 0),
        (b"<item><enclosure url='x'/>", "application/rss+xml", 200),
        (b"File1=http://x/\n", "audio/x-scpls", 200),
        (b"\n", "audio/x-mpegurl", 0),
        (b'#EXTINF:"', "audio/x-mpegurl", 0),
    ],
)
def test_seven_mebibytes_of_the_same(server: HttpServer, unit: bytes, kind: str, items: int) -> None:
    """It comes to an end: work that grows with the square of the length would not."""
    assert len(listed(server, answer(unit * ((7 << 20) // len(unit)), kind))["items"]) == items
