"""A library that is no plugin, or one with wrong tables: the failure names what is wrong, and the worker lives on."""

from __future__ import annotations

from pathlib import Path
from signal import SIGSEGV

import pytest

from abi.wire import FaultKind, LoadModule, Ping, Pong
from tests.integration.worker.conftest import BuildPlugin
from tests.support.worker_peer import WorkerPeer


def quoted(text: str) -> str:
    """A C string literal for a switch."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


LOAD = {
    "no entry symbol": (["NO_ENTRY"], "stellatune_plugin_entry"),
    "entry says null": (["ENTRY_NULL"], "stellatune_plugin_entry returned null"),
    "no metadata function": (["NULL_FIELD=metadata_json_utf8"], "StPluginModule.metadata_json_utf8 is null"),
    "no count function": (["NULL_FIELD=capability_count"], "StPluginModule.capability_count is null"),
    "no get function": (["NULL_FIELD=capability_get"], "StPluginModule.capability_get is null"),
    "no factory for its kind": (["NULL_FIELD=create_dsp_instance"], "StPluginModule.create_dsp_instance is null"),
    "no capability": (["COUNT=0"], "capability_count is 0"),
    "300 capabilities": (["COUNT=300"], "capability_count is 300"),
    "capability is null": (["NULL_CAPABILITY"], "capability 0 is null"),
    "unknown kind": (["KIND=6"], "capability 0 has kind 6"),
    "another kind without factory": (["KIND=1"], "StPluginModule.create_decoder_instance is null"),
    "empty type id": (["TYPE_ID=" + quoted("")], "capability 0: type_id"),
    "type id with blanks": (["TYPE_ID=" + quoted("Bad Id")], "type_id 'Bad Id'"),
    "type id too long": (["TYPE_ID=" + quoted("x" * 65)], "type_id"),
    "type id not UTF-8": (['TYPE_ID="\\xff\\xfe"'], "capability 0: type_id is not UTF-8"),
    "the same type id twice": (["SECOND_ID=" + quoted("first")], "'first' stands twice"),
    "schema is no JSON": (["SCHEMA=" + quoted("{")], "capability 0: config_schema is not JSON"),
    "schema is no object": (["SCHEMA=" + quoted("[1]")], "capability 0: config_schema is no JSON object"),
    "schema is empty": (["SCHEMA=" + quoted("")], "config_schema"),
    "schema not UTF-8": (['SCHEMA="{\\"a\\": \\"\\xff\\"}"'], "config_schema is not UTF-8"),
    "default is no JSON": (["DEFAULTS=" + quoted("nothing")], "capability 0: default_config is not JSON"),
    "schema nested without end": (["SCHEMA=" + quoted('{"a":' + "[" * 100_000)], "config_schema is not JSON"),
    "schema too large for a packet": (["SCHEMA=" + quoted('{"a": "' + "x" * 100_000 + '"}')], "ModuleInfo"),
    "name not UTF-8": (['NAME="\\xc3"'], "display_name is not UTF-8"),
    "name with NUL": (['NAME="a\\0b"'], "display_name"),
    "metadata is no JSON": (["METADATA=" + quoted("hello")], "metadata_json is not JSON"),
    "metadata not UTF-8": (['METADATA="{\\"id\\": \\"\\xff\\"}"'], "metadata_json is not UTF-8"),
    "metadata without name": (["METADATA=" + quoted('{"id": "x", "api_version": 6}')], "metadata_json needs"),
    "name is half a character": (
        ["METADATA=" + quoted('{"id": "x", "name": "\\ud800", "api_version": 6}')],
        "metadata_json",
    ),
    "id with NUL": (["METADATA=" + quoted('{"id": "\\u0000", "name": "x", "api_version": 6}')], "metadata_json"),
}
INCOMPATIBLE = {
    "table of another version": (["API=5"], "api_version 5, this host 6"),
    "table of a far version": (["API=4294967295u"], "api_version 4294967295"),
    "metadata of another version": (["METADATA_API=" + quoted("7")], "metadata_json says api_version 7"),
    "metadata without version": (["METADATA=" + quoted('{"id": "x", "name": "x"}')], "api_version None"),
}


def refusal(worker: WorkerPeer, path: Path, kind: FaultKind) -> str:
    text = worker.refused(LoadModule(str(path), str(path.parent), False, ()), kind).text
    assert worker.ask(Ping()) == Pong()
    return text


@pytest.mark.parametrize("fault", LOAD)
def test_refused(worker: WorkerPeer, build_plugin: BuildPlugin, fault: str) -> None:
    switches, words = LOAD[fault]
    assert words in refusal(worker, build_plugin("bad_module", *switches), FaultKind.LOAD)


@pytest.mark.parametrize("fault", INCOMPATIBLE)
def test_incompatible(worker: WorkerPeer, build_plugin: BuildPlugin, fault: str) -> None:
    switches, words = INCOMPATIBLE[fault]
    assert words in refusal(worker, build_plugin("bad_module", *switches), FaultKind.INCOMPATIBLE)


def test_without_a_switch_it_loads(worker: WorkerPeer, build_plugin: BuildPlugin) -> None:
    """So that every refusal above is for its own reason."""
    info = worker.load(build_plugin("bad_module"))
    assert (info.plugin_id, info.name) == ("test.bad", "Bad")
    assert [each.type_id for each in info.capabilities] == ["first", "second"]


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF" + bytes(60)], ids=["empty", "script", "half"])
def test_no_library(worker: WorkerPeer, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plugin.so"
    path.write_bytes(content)
    assert str(path) in refusal(worker, path, FaultKind.LOAD)


def test_no_file(worker: WorkerPeer, tmp_path: Path) -> None:
    assert "nowhere.so" in refusal(worker, tmp_path / "nowhere.so", FaultKind.LOAD)


@pytest.mark.parametrize(
    ("constructor", "status"),
    [("*(volatile int *)8 = 1", -SIGSEGV), ("abort()", -6), ("exit(7)", 7), ("_exit(0)", 0), ("raise(SIGTERM)", -15)],
)
def test_a_constructor_takes_only_the_worker_along(
    worker: WorkerPeer, build_plugin: BuildPlugin, constructor: str, status: int
) -> None:
    path = build_plugin("bad_module", f"CONSTRUCTOR={constructor}")
    worker.send(LoadModule(str(path), str(path.parent), False, ()))
    assert worker.ended() == status


def test_a_hanging_constructor_does_not_hang_the_control_thread(worker: WorkerPeer, build_plugin: BuildPlugin) -> None:
    path = build_plugin("bad_module", "CONSTRUCTOR=for (;;) pause()")
    request = worker.send(LoadModule(str(path), str(path.parent), False, ()))
    assert worker.ask(Ping()) == Pong()
    with pytest.raises(TimeoutError):
        worker.answer(request, within_s=0.05)
    assert [lane.call for lane in worker.page.lanes()] in ([""], ["entry"])
    worker.kill()
    assert worker.ended() == -9
