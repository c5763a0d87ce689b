"""How source_http takes configurations, also while a stream plays; and whom it believes over TLS."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode, StatusCode
from tests.support.direct_instance import Refused
from tests.support.direct_source import DirectSource
from tests.support.http_file import HttpFile
from tests.support.http_server import HttpServer

DATA = bytes(range(256)) * 4000
HOT = (ConfigUpdateMode.HOT_APPLY, ConfigUpdateCost.LOW, "")
ANEW = (ConfigUpdateMode.RECREATE, ConfigUpdateCost.MEDIUM, "")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"urls": ["ftp://x/y"]}, "bookmark 'ftp://x/y' must begin with http"),
        ({"urls": ["http://x", ""]}, "must begin with http"),
        ({"urls": ["hxxp://me:secret@x"]}, "must begin with http"),
        ({"urls": ["http://x"] * 201}, "more than 200 bookmarks"),
        ({"urls": ["http://" + "x" * 5000]}, "bookmark 1 is no text of less than 4096 bytes"),
        ({"urls": [7]}, "bookmark 1 is no text"),
        ({"user_agent": "x\r\nEvil: header"}, "printable ASCII"),
        ({"user_agent": "x" * 300}, "at most 200"),
        ({"user_agent": "ü"}, "printable ASCII"),
        ({"stall_timeout_ms": 0}, "100 to 600000 ms"),
        ({"give_up_ms": 1e12}, "100 to 600000 ms"),
        ({"reconnects": -1}, "0 to 1000"),
        ({"page_items": 0}, "1 to 1000"),
    ],
)
def test_what_it_cannot_be(config: dict[str, object], words: str) -> None:
    with pytest.raises(Refused) as refused:
        DirectSource("http", **config)
    assert refused.value.code is StatusCode.INVALID_ARG
    assert words in refused.value.text and "secret" not in refused.value.text
    with DirectSource("http", page_items=7) as source:
        mode, _, reason = source.plan(**config)
        assert (mode, words in reason) == (ConfigUpdateMode.REJECT, True)
        with pytest.raises(Refused):
            source.apply(**config)
        assert source.page() == {"items": []}, "it serves on"


def test_what_is_taken_in_place() -> None:
    with DirectSource("http") as source:
        for hot in ({"urls": ["http://x/ X"]}, {"give_up_ms": 100}, {"reconnects": 0}, {"page_items": 1}):
            assert source.plan(**hot) == HOT
        assert source.plan(user_agent="Other/2") == ANEW
        assert source.plan(verify_tls=False) == ANEW
        source.apply(urls=["http://x/ X", "http://y/"], page_items=1)
        assert source.page() == {"items": [{"id": "http://x/", "title": "X", "kind": "folder"}], "next": "1"}


def test_a_stream_plays_on_by_the_new_configuration(server: HttpServer) -> None:
    server.routes["/song.wav"] = HttpFile(DATA, content_type="audio/wav", close_every=100_000, stall_at=500_000)
    with DirectSource("http", give_up_ms=600_000, stall_timeout_ms=600_000, reconnects=1000) as source:
        stream = source.open(id=server.url("/song.wav"))
        assert stream.take(250_000) == DATA[:250_000]
        source.apply(give_up_ms=300, stall_timeout_ms=100, reconnects=1)
        assert stream.take(250_000) == DATA[250_000:500_000]
        with pytest.raises(Refused) as refused:
            stream.read()
        assert "no answer in time" in refused.value.text


def test_servers_must_prove_who_they_are(server: HttpServer, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, proof = tmp_path / "key.pem", tmp_path / "proof.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key), "-out", str(proof))
    subprocess.run(["openssl", "req", "-x509", "-days", "2", *made, *subject], check=True, capture_output=True)
    server.secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.secure.load_cert_chain(proof, key)
    server.routes["/song.wav"] = HttpFile(DATA, close_every=300_000)
    url = server.url("/song.wav")
    assert url.startswith("https://")
    with DirectSource("http", user_agent="Trusting/1", verify_tls=False) as source:
        assert source.open(id=url).rest() == DATA
    assert {request.headers["user-agent"] for request in server.requests} == {"Trusting/1"}
    count = len(server.requests)
    with DirectSource("http") as source:
        for ask in (lambda: source.open(id=url), lambda: source.page(path=url)):
            with pytest.raises(Refused) as refused:
                ask()
            assert "does not prove who it is" in refused.value.text
    assert (count, len(server.requests)) == (4, count)
