"""Python modules as sources and lyrics providers: the same questions, exceptions as refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind, StatusCode
from abi.wire import FaultKind, FetchLyrics, ListItems, OpenStream, Payload, SearchLyrics
from tests.support.worker_peer import WorkerPeer

SOURCE, LYRICS = CapabilityKind.SOURCE_CATALOG, CapabilityKind.LYRICS_PROVIDER
MANIFEST = """
id = "test.python.queries"
name = "Queries"
version = "1.0.0"
api_version = 6
module = "plugin.py"
"""
CAPABILITY = """
[[capabilities]]
kind = "{kind}"
type_id = "queries"
name = "Queries"
config_schema = '{{"type": "object"}}'
default_config = '{{}}'
"""
MODULE = """
class Source:
    def list_items(self, request):
        return {"items": [{"id": "a", "title": request["path"], "kind": "track"}], "next": None}

    def open_stream(self, track):
        if track["id"] != "a":
            raise ValueError(f"no track {track['id']}")
        return {"path": "/music/a.flac"}


class Lyrics:
    def search(self, query):
        return [{"id": query["title"]}]

    def fetch(self, track):
        raise OSError("no network")


def create(kind, type_id, config, host):
    return {"source": Source, "lyrics": Lyrics}[kind]()
"""


@pytest.fixture
def queries(worker: WorkerPeer, tmp_path: Path) -> WorkerPeer:
    """Instance 1 is the source, 2 the lyrics provider."""
    (tmp_path / "plugin.toml").write_text(
        MANIFEST + "".join(CAPABILITY.format(kind=each) for each in ("source", "lyrics"))
    )
    (tmp_path / "plugin.py").write_text(MODULE)
    info = worker.load(tmp_path / "plugin.py", python=True)
    assert [each.kind for each in info.capabilities] == [SOURCE, LYRICS]
    worker.ask(worker.creation(SOURCE, "queries", instance=1))
    worker.ask(worker.creation(LYRICS, "queries", instance=2))
    return worker


def payload(value: object) -> Payload:
    return Payload(json.dumps(value).encode())


def test_questions_are_answered(queries: WorkerPeer) -> None:
    page = json.loads(queries.ask(ListItems(1, payload({"path": "é"}))).text)
    assert page == {"items": [{"id": "a", "title": "é", "kind": "track"}], "next": None}
    assert json.loads(queries.ask(OpenStream(1, payload({"id": "a"}))).meta) == {"path": "/music/a.flac"}
    assert json.loads(queries.ask(SearchLyrics(2, payload({"title": "x"}))).text) == [{"id": "x"}]


def test_exceptions_are_refusals(queries: WorkerPeer) -> None:
    failed = queries.refused(OpenStream(1, payload({"id": "b"})), FaultKind.PLUGIN)
    assert (failed.code, failed.call, failed.text) == (StatusCode.INVALID_ARG, "open_stream", "no track b")
    failed = queries.refused(FetchLyrics(2, payload({"id": "x"})), FaultKind.PLUGIN)
    assert (failed.code, failed.call, failed.text) == (StatusCode.IO, "fetch", "no network")


@pytest.mark.parametrize("question", [SearchLyrics(1, Payload(b"{}")), ListItems(2, Payload(b"{}"))])
def test_a_question_of_the_other_kind_is_misuse(queries: WorkerPeer, question: SearchLyrics | ListItems) -> None:
    assert "is not for a" in queries.refused(question, FaultKind.MISUSE).text
