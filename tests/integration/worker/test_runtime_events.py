"""Host events into a plugin and its control requests out, through a real worker and a plugin that does both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from abi.kinds import CapabilityKind, StatusCode
from abi.wire import ControlAsked, DestroyInstance, FaultKind, Ping, PluginEvent, PushHostEvents
from tests.support.c_plugins import build_plugin
from tests.support.worker_peer import WorkerPeer

RIGHTS = ("control:player", "events:player")
STATUS = {"control": "player", "command": "status"}
INBOX_EVENTS = 64


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_plugin("listener", tmp_path_factory.mktemp("listener")).entry


def listening(worker: WorkerPeer, library: Path, config: dict[str, Any], rights: Sequence[str] = RIGHTS) -> WorkerPeer:
    worker.load(library, rights=rights)
    worker.ask(worker.creation(CapabilityKind.DSP, "listener", config))
    return worker


def emitted(worker: WorkerPeer) -> dict[str, Any]:
    """What the listener says next; its thread is nobody's lane."""
    event = worker.event(PluginEvent)
    assert event.instance == 0
    found: dict[str, Any] = json.loads(event.text)
    return found


def push(worker: WorkerPeer, *events: dict[str, Any]) -> int:
    return worker.ask(PushHostEvents(tuple(json.dumps(event).encode() for event in events))).lost


def test_a_plugin_hears_what_the_host_tells_in_order(worker: WorkerPeer, library: Path) -> None:
    listening(worker, library, {})
    events = [{"type": "x", "n": n} for n in range(200)]
    for n in range(0, 200, 10):
        assert push(worker, *events[n : n + 10]) == 0
        assert [emitted(worker)["heard"] for _ in range(10)] == events[n : n + 10]


def test_a_plugin_that_does_not_read_costs_the_oldest_events(worker: WorkerPeer, library: Path) -> None:
    listening(worker, library, {"deaf": True})
    assert push(worker, *({"n": n} for n in range(INBOX_EVENTS))) == 0
    assert push(worker, *({"n": n} for n in range(10))) == 10
    worker.ask(DestroyInstance(1))
    second = worker.creation(CapabilityKind.DSP, "listener", {}, instance=2)
    worker.ask(second)
    assert emitted(worker)["heard"] == {"type": "events.dropped", "count": 10}
    heard = [emitted(worker)["heard"]["n"] for _ in range(INBOX_EVENTS)]
    assert heard == [*range(10, INBOX_EVENTS), *range(10)]


def test_requests_are_accepted_at_once_and_numbered(worker: WorkerPeer, library: Path) -> None:
    subscribe = {"control": "subscribe", "topics": ["player.*"]}
    listening(worker, library, {"ask": [STATUS, subscribe]})
    assert [emitted(worker) for _ in range(2)] == [{"asked": 1}, {"asked": 2}]
    asked = [worker.event(ControlAsked) for _ in range(2)]
    assert [(each.request, json.loads(each.text)) for each in asked] == [(1, STATUS), (2, subscribe)]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"control": "library"}, StatusCode.UNSUPPORTED),
        ({"control": "config"}, StatusCode.UNSUPPORTED),
        ({"control": "player\0stop"}, StatusCode.UNSUPPORTED),
        ({"control": "x" * 100}, StatusCode.UNSUPPORTED),
        ({"control": 7}, StatusCode.INVALID_ARG),
        ({"command": "stop"}, StatusCode.INVALID_ARG),
        ({"inner": {"control": "player"}}, StatusCode.INVALID_ARG),
        ([STATUS], StatusCode.INVALID_ARG),
        ("player", StatusCode.INVALID_ARG),
        (None, StatusCode.INVALID_ARG),
    ],
)
def test_what_is_no_request_or_nobodys_right_is_refused_in_the_worker(
    worker: WorkerPeer, library: Path, request_: object, code: StatusCode
) -> None:
    listening(worker, library, {"ask": [request_, STATUS]})
    assert emitted(worker) == {"refused": code}
    assert emitted(worker)["asked"] == worker.event(ControlAsked).request


def test_without_rights_nothing_leaves_the_worker(worker: WorkerPeer, library: Path) -> None:
    requests = [{"control": word} for word in ("player", "queue", "library", "subscribe", "unsubscribe", "")]
    listening(worker, library, {"ask": requests}, rights=("network", "cache"))
    assert [emitted(worker) for _ in requests] == [{"refused": StatusCode.UNSUPPORTED}] * len(requests)


def test_a_flood_is_bounded_and_delays_no_answer(worker: WorkerPeer, library: Path) -> None:
    """Nobody reads its events meanwhile: it fills what there is, the rest is refused, the control thread answers."""
    count = 50_000
    listening(worker, library, {"ask": [STATUS], "flood": count})
    worker.ask(Ping())
    assert push(worker, {"type": "x"}) == 0
    assert emitted(worker) == {"asked": 1}
    end = emitted(worker)
    assert end["flooded"] + end["refused"] == count
    asked = [worker.event(ControlAsked).request for _ in range(1 + end["flooded"])]
    assert asked == sorted(set(asked))
    assert emitted(worker) == {"heard": {"type": "x"}}


def test_more_rights_than_a_worker_keeps_are_no_module(worker: WorkerPeer, library: Path) -> None:
    rights = tuple(f"control:{n}" for n in range(9))
    request = worker.creation(CapabilityKind.DSP, "listener")
    with pytest.raises(AssertionError, match="cannot be granted"):
        worker.load(library, rights=rights)
    worker.refused(request, FaultKind.MISUSE)


PYTHON = """
class Echo:
    def __init__(self, host, requests):
        self.host, self.requests = host, requests

    def process(self, samples, frames):
        pass


def create(kind, type_id, config, host, **spec):
    for request in config.get("ask", ()):
        try:
            host.emit({"asked": host.control(request)})
        except (ValueError, OSError) as error:
            host.emit({"refused": type(error).__name__})
    while (event := host.poll()) is not None:
        host.emit({"heard": event})
    return Echo(host, config)
"""
MANIFEST = """
id = "test.echo"
name = "Echo"
version = "1.0.0"
api_version = 6
module = "plugin.py"
[[capabilities]]
kind = "dsp"
type_id = "echo"
name = "Echo"
config_schema = "{}"
default_config = "{}"
"""


def test_a_python_module_does_the_same(worker: WorkerPeer, tmp_path: Path) -> None:
    (tmp_path / "plugin.toml").write_text(MANIFEST)
    (tmp_path / "plugin.py").write_text(PYTHON)
    worker.load(tmp_path / "plugin.py", python=True, rights=RIGHTS)
    assert push(worker, {"type": "x"}, {"type": "y"}) == 0
    asking = [STATUS, {"control": "queue"}, {"command": "stop"}, {**STATUS, "more": "x" * 20_000}]
    worker.ask(worker.creation(CapabilityKind.DSP, "echo", {"ask": asking}))
    told = [json.loads(worker.event(PluginEvent).text) for _ in range(6)]
    assert told[0] == {"asked": worker.event(ControlAsked).request}
    assert told[1:4] == [{"refused": name} for name in ("PermissionError", "ValueError", "ValueError")]
    assert told[4:] == [{"heard": {"type": "x"}}, {"heard": {"type": "y"}}]
