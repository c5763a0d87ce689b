"""Sidecar lyrics: the file of the same name, read whole, refused when it is no text."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind, ConfigUpdateMode
from abi.wire import FaultKind, FetchLyrics, Payload, SearchLyrics
from tests.support.in_process import Made
from tests.support.worker_peer import ROOT, WorkerPeer

LYRICS = CapabilityKind.LYRICS_PROVIDER
LIBRARY = ROOT / "native_plugins/lyrics_sidecar/lyrics_sidecar.so"
MIB = 1 << 20


def provider(worker: WorkerPeer, **config: object) -> WorkerPeer:
    """Instance 1."""
    worker.load(LIBRARY)
    worker.ask(worker.creation(LYRICS, "sidecar", {"extensions": ["lrc", "txt"], "root": ""} | config))
    return worker


def payload(value: object) -> Payload:
    return Payload(json.dumps(value).encode())


def found(worker: WorkerPeer, track: Path | str) -> list[str]:
    return [each["id"] for each in json.loads(worker.ask(SearchLyrics(1, payload({"path": str(track)}))).text)]


def fetched(worker: WorkerPeer, path: Path | str) -> dict[str, str]:
    words: dict[str, str] = json.loads(worker.ask(FetchLyrics(1, payload({"id": str(path)}))).text)
    return words


def test_what_lies_beside_the_track_is_found_best_first(worker: WorkerPeer, tmp_path: Path) -> None:
    provider(worker)
    track = tmp_path / 'so "n" g.live.flac'
    lrc, text = (track.with_suffix(suffix) for suffix in (".lrc", ".txt"))
    assert found(worker, track) == []
    text.write_text("words")
    assert found(worker, track) == [str(text)]
    lrc.write_text("[00:01.00]words\n")
    assert found(worker, track) == [str(lrc), str(text)]
    assert fetched(worker, lrc) == {"lrc": "[00:01.00]words\n"}
    assert fetched(worker, text) == {"text": "words"}
    text.unlink()
    text.mkdir()
    assert found(worker, track) == [str(lrc)]


@pytest.mark.parametrize(
    "query", [{}, {"path": "song.flac"}, {"path": 7}, {"path": "/"}, {"path": "/x/"}, {"title": "x"}]
)
def test_without_a_path_nothing_is_found(worker: WorkerPeer, query: object) -> None:
    assert json.loads(provider(worker).ask(SearchLyrics(1, payload(query))).text) == []


def test_words_of_their_own_folder_and_endings(worker: WorkerPeer, tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.mkdir()
    (words / "song.text").write_text("")
    (tmp_path / "song.lrc").write_text("not this one")
    provider(worker, root=str(words), extensions=["text"])
    assert found(worker, tmp_path / "song.flac") == [str(words / "song.text")]
    assert fetched(worker, words / "song.text") == {"text": ""}


def test_a_mark_for_the_byte_order_is_left_out(worker: WorkerPeer, tmp_path: Path) -> None:
    path = tmp_path / "song.txt"
    path.write_bytes(b"\xef\xbb\xbfd\xc3\xa9j\xc3\xa0\r\nvu")
    assert fetched(provider(worker), path) == {"text": "déjà\r\nvu"}


@pytest.mark.parametrize("size", [MIB, MIB + 1])
def test_a_mib_at_most(worker: WorkerPeer, tmp_path: Path, size: int) -> None:
    path = tmp_path / "song.txt"
    path.write_bytes(b"\n" * size)
    provider(worker)
    if size <= MIB:
        assert fetched(worker, path) == {"text": "\n" * size}
    else:
        failed = worker.refused(FetchLyrics(1, payload({"id": str(path)})), FaultKind.PLUGIN)
        assert "longer than 1 MiB" in failed.text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("dé 𝄞".encode("utf-16"), "dé 𝄞"),
        (b"\xfe\xff" + "dé 𝄞\n".encode("utf-16-be"), "dé 𝄞\n"),
        (b"\xff\xfea\x00b", "a"),
        (b"\xff\xfe\x3d\xd8a\x00\x1e\xdd", "\ufffda\ufffd"),
        (b"\xff\xfe\x3d\xd8", "\ufffd"),
        (b"\xff\xfe" + b"\xff\xfe" * 1000, "\ufeff" * 1000),
        (b"\xff\xfe", ""),
        (b"caf\xe9", "café"),
        (b"\xff", "ÿ"),
        (b"\xc0\x80", "À\x80"),
        (b"ok \xe2\x82", "ok â\x82"),
        (b"\xe9" * 1000, "é" * 1000),
    ],
)
def test_what_is_not_utf8_is_utf16_by_its_mark_or_latin1(
    worker: WorkerPeer, tmp_path: Path, data: bytes, text: str
) -> None:
    path = tmp_path / "song.txt"
    path.write_bytes(data)
    assert fetched(provider(worker), path) == {"text": text}


def test_what_holds_nuls_is_no_text(worker: WorkerPeer, tmp_path: Path) -> None:
    path = tmp_path / "song.lrc"
    path.write_bytes(b"[00:01.00]\0\x01\x02")
    failed = provider(worker).refused(FetchLyrics(1, payload({"id": str(path)})), FaultKind.PLUGIN)
    assert "holds no text" in failed.text


def test_only_what_a_search_may_have_given_is_read(worker: WorkerPeer, tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.mkdir()
    (tmp_path / "secret.lrc").write_text("x")
    os.mkfifo(words / "fifo.lrc")
    provider(worker, root=str(words))
    for path in ("/etc/passwd", "song.lrc", str(tmp_path / "secret.lrc"), f"{words}/../secret.lrc", 7, ""):
        failed = worker.refused(FetchLyrics(1, payload({"id": path})), FaultKind.PLUGIN)
        assert "no candidate" in failed.text
    failed = worker.refused(FetchLyrics(1, payload({"id": str(words / "fifo.lrc")})), FaultKind.PLUGIN)
    assert "no regular file" in failed.text


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"extensions": []}, "1 to 8 extensions"),
        ({"extensions": ["x"] * 9}, "1 to 8 extensions"),
        ({"extensions": [".lrc"]}, "without dot"),
        ({"extensions": ["a/b"]}, "without dot"),
        ({"extensions": [7]}, "without dot"),
        ({}, "extensions are missing"),
        ({"extensions": ["lrc"], "root": "words"}, "must be absolute"),
    ],
)
def test_a_configuration_that_is_none_is_refused(worker: WorkerPeer, config: object, words: str) -> None:
    worker.load(LIBRARY)
    assert words in worker.refused(worker.creation(LYRICS, "sidecar", config), FaultKind.PLUGIN).text


def test_how_it_takes_new_configurations(tmp_path: Path) -> None:
    made = Made(LIBRARY, LYRICS, "sidecar", {"extensions": ["lrc"], "root": ""})
    (tmp_path / "song.txt").write_text("words")
    query = {"path": str(tmp_path / "song.flac")}
    assert made.asked("search_json_utf8", query) == []
    more = {"extensions": ["lrc", "txt"], "root": ""}
    assert made.plan(more) == (ConfigUpdateMode.HOT_APPLY, "")
    mode, reason = made.plan({"extensions": []})
    assert mode is ConfigUpdateMode.REJECT
    assert "choose 1 to 8 extensions" in reason
    assert "choose 1 to 8 extensions" in made.apply({"extensions": []})
    assert made.apply(more) == ""
    assert made.asked("search_json_utf8", query) == [{"id": str(tmp_path / "song.txt")}]
    made.destroy()
