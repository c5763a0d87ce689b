"""The folder source: pages in order, whatever changes meanwhile; and no way out of the root."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from abi.kinds import CapabilityKind, ConfigUpdateMode, StatusCode
from abi.wire import DestroyInstance, Failed, FaultKind, ListItems, OpenStream, Payload, PluginLog
from tests.support.in_process import Made
from tests.support.worker_peer import ROOT, WorkerPeer

SOURCE = CapabilityKind.SOURCE_CATALOG
LIBRARY = ROOT / "native_plugins/source_folder/source_folder.so"
Json = dict[str, Any]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two folders, four files and a few things that are neither; a secret lies beside it."""
    (tmp_path / "secret.wav").write_bytes(b"x")
    music = tmp_path / "music"
    for folder in ("b folder", "a folder/deep", ".git"):
        (music / folder).mkdir(parents=True)
    for file in ("z.wav", "A.wav", 'q"\\\n.wav', "ü.wav", "a folder/inside.wav", ".hidden.wav"):
        (music / file).write_bytes(b"x")
    (music / "link.wav").symlink_to("../secret.wav")
    (music / "out").symlink_to("..")
    os.mkfifo(music / "fifo.wav")
    return music


def source(worker: WorkerPeer, root: Path, **more: object) -> WorkerPeer:
    """Instance 1."""
    worker.load(LIBRARY)
    worker.ask(worker.creation(SOURCE, "folder", {"root": str(root), "hidden": False, "page_items": 200} | more))
    return worker


def page(worker: WorkerPeer, **request: object) -> Json:
    answer: Json = json.loads(worker.ask(ListItems(1, Payload(json.dumps(request).encode()))).text)
    return answer


def ids(answer: Json) -> list[str]:
    return [item["id"] for item in answer["items"]]


def opened(worker: WorkerPeer, name: object) -> Json:
    answer: Json = json.loads(worker.ask(OpenStream(1, Payload(json.dumps({"id": name}).encode()))).meta)
    return answer


def refused(worker: WorkerPeer, request: ListItems | OpenStream) -> Failed:
    failed = worker.refused(request, FaultKind.PLUGIN)
    assert StatusCode(failed.code) is StatusCode.INVALID_ARG
    return failed


def test_folders_come_first_then_files_and_nothing_else(worker: WorkerPeer, root: Path) -> None:
    answer = page(source(worker, root))
    assert ids(answer) == ["a folder", "b folder", "A.wav", 'q"\\\n.wav', "z.wav", "ü.wav"]
    assert [item["kind"] for item in answer["items"]] == ["folder"] * 2 + ["track"] * 4
    assert answer.get("next") is None
    assert [(item["id"], item["title"]) for item in page(worker, path="a folder")["items"]] == [
        ("a folder/deep", "deep"),
        ("a folder/inside.wav", "inside.wav"),
    ]
    assert ids(page(worker, path="a folder//deep/")) == []


def test_hidden_names_are_listed_where_they_are_wanted(worker: WorkerPeer, root: Path) -> None:
    assert {".git", ".hidden.wav"} <= set(ids(page(source(worker, root, hidden=True))))


def test_pages_join_whatever_comes_and_goes_between_them(worker: WorkerPeer, root: Path) -> None:
    source(worker, root, page_items=2)
    seen: list[str] = []
    request: Json = {}
    for count in range(3):
        answer = page(worker, **request)
        assert len(answer["items"]) == 2
        seen += ids(answer)
        request = {"after": answer.get("next")}
        if count == 0:
            (root / "b folder").rmdir()  # the very item that the token names
            (root / "00.wav").write_bytes(b"x")
    assert seen == ["a folder", "b folder", "00.wav", "A.wav", 'q"\\\n.wav', "z.wav"]
    assert ids(page(worker, **request)) == ["ü.wav"]
    assert ids(page(worker, after="f\U0010ffff")) == []


def test_many_items(worker: WorkerPeer, tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    names = [f"{number:05} {'x' * 200}.wav" for number in range(3000)]
    for name in names:
        (root / name).touch()
    source(worker, root, page_items=1000)
    seen: list[str] = []
    request: Json = {}
    while True:
        answer = page(worker, **request)
        seen += ids(answer)
        if answer.get("next") is None:
            break
        request = {"after": answer["next"]}
    assert seen == names


@pytest.mark.parametrize(
    "path", ["..", "a folder/../..", "a folder/..", ".", "./a folder", "/etc", "out", "out/music", "A.wav", "none"]
)
def test_no_path_leads_out(worker: WorkerPeer, root: Path, path: str) -> None:
    refused(source(worker, root), ListItems(1, Payload(json.dumps({"path": path}).encode())))


@pytest.mark.parametrize(
    "name",
    [
        *("../secret.wav", "out/secret.wav", "link.wav", "fifo.wav", "a folder", "/etc/passwd", "", "..", "none.wav"),
        *("a folder/../../secret.wav", "a folder/inside.wav/x", 7),
    ],
)
def test_only_files_of_its_own_are_opened(worker: WorkerPeer, root: Path, name: object) -> None:
    refused(source(worker, root), OpenStream(1, Payload(json.dumps({"id": name}).encode())))


def test_a_track_is_a_path(worker: WorkerPeer, root: Path) -> None:
    source(worker, root)
    assert opened(worker, "a folder/inside.wav") == {"path": str(root / "a folder/inside.wav")}
    assert opened(worker, 'q"\\\n.wav') == {"path": str(root / 'q"\\\n.wav')}


def test_names_that_json_cannot_carry_are_left_out_and_told(worker: WorkerPeer, root: Path) -> None:
    (root / os.fsdecode(b"\xff.wav")).touch()
    assert "z.wav" in ids(page(source(worker, root)))
    assert "1 names in the root are not UTF-8" in worker.event(PluginLog).text


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"root": "music"}, "must be absolute"),
        ({"root": "/nowhere/at/all"}, "is no folder"),
        ({"root": "/etc/passwd"}, "is no folder"),
        ({"root": "/" + "x" * 5000}, "less than 4096"),
        ({"root": "/", "page_items": 0}, "choose 1 to 1000"),
        ({}, "root must be a path"),
    ],
)
def test_a_root_that_is_none_is_refused(worker: WorkerPeer, config: Json, words: str) -> None:
    worker.load(LIBRARY)
    assert words in worker.refused(worker.creation(SOURCE, "folder", config), FaultKind.PLUGIN).text


def test_without_a_root_every_question_is_refused(worker: WorkerPeer, tmp_path: Path) -> None:
    worker.load(LIBRARY)
    worker.ask(worker.creation(SOURCE, "folder", {"root": "", "hidden": False, "page_items": 200}))
    for question in (ListItems(1, Payload(b"{}")), OpenStream(1, Payload(b'{"id": "a"}'))):
        failed = worker.refused(question, FaultKind.PLUGIN)
        assert (StatusCode(failed.code), "no root is configured" in failed.text) == (StatusCode.UNSUPPORTED, True)
    made = Made(LIBRARY, SOURCE, "folder", {"root": "", "hidden": False, "page_items": 200})
    assert made.plan({"root": str(tmp_path)}) == (ConfigUpdateMode.RECREATE, "")
    made.destroy()


def test_a_root_that_goes_and_comes_back(worker: WorkerPeer, root: Path) -> None:
    source(worker, root)
    root.rename(root.with_name("away"))
    refused(worker, ListItems(1, Payload(b"{}")))
    root.with_name("away").rename(root)
    assert "z.wav" in ids(page(worker))
    worker.ask(DestroyInstance(1))


def test_how_it_takes_new_configurations(root: Path) -> None:
    made = Made(LIBRARY, SOURCE, "folder", {"root": str(root), "hidden": False, "page_items": 200})
    hidden: Json = {"root": str(root), "hidden": True, "page_items": 3}
    assert made.plan(hidden) == (ConfigUpdateMode.HOT_APPLY, "")
    assert made.plan({"root": str(root.parent)}) == (ConfigUpdateMode.RECREATE, "")
    for nowhere in (str(root / "z.wav"), "/nowhere/at/all"):
        assert made.plan({"root": nowhere}) == (ConfigUpdateMode.REJECT, f"folder: {nowhere} is no folder")
    assert "is no folder" in made.apply({"root": "/nowhere/at/all"})
    assert made.asked("list_items_json_utf8", {})["items"][-1]["id"] == "ü.wav", "it serves on as it was"
    assert made.apply(hidden) == ""
    assert [item["id"] for item in made.asked("list_items_json_utf8", {})["items"]] == [".git", "a folder", "b folder"]
    made.destroy()
