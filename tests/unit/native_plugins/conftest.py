"""The system output over a PortAudio that is played by the test."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import native_plugins
from tests.support.http_server import HttpServer
from tests.support.port_audio import Audio, Host

#: An object of a class in a module that is loaded here, by path.
Sink = Any


@pytest.fixture
def audio(monkeypatch: pytest.MonkeyPatch) -> Audio:
    """In place of sounddevice."""
    made = Audio()
    monkeypatch.setitem(sys.modules, "sounddevice", made)
    return made


@pytest.fixture
def plugin(audio: Audio) -> Iterator[ModuleType]:
    """The module, imported over that one."""
    assert audio.devices
    path = Path(native_plugins.__path__[0], "sink_system", "plugin.py")
    spec = importlib.util.spec_from_file_location("sink_system_under_test", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def sink(plugin: ModuleType, host: Host) -> Sink:
    return plugin.create("sink", "system", {"latency_ms": 100}, host)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    """An HTTP server, reached directly whatever proxy this machine has."""
    for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with HttpServer() as made:
        yield made
