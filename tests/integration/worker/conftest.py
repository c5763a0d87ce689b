"""Real workers, and plugins compiled for the test session."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.worker.streaming import Files
from tests.support.c_plugins import build_plugin as build_packaged
from tests.support.stage_rings import StageRings
from tests.support.worker_peer import ROOT, WorkerPeer

BuildPlugin = Callable[..., Path]


@pytest.fixture
def start_worker() -> Iterator[Callable[[], WorkerPeer]]:
    """Starts greeted workers; all are gone after the test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(WorkerPeer())


@pytest.fixture
def worker(start_worker: Callable[[], WorkerPeer]) -> WorkerPeer:
    """One greeted worker."""
    return start_worker()


@pytest.fixture(scope="session")
def build_plugin(tmp_path_factory: pytest.TempPathFactory) -> BuildPlugin:
    """Compiles ``tests/plugins/<name>.c`` with switches (``-D``); the same twice is compiled once."""
    folder = tmp_path_factory.mktemp("plugins")
    built: dict[tuple[str, tuple[str, ...]], Path] = {}

    def build(name: str, *switches: str) -> Path:
        key = (name, switches)
        if key not in built:
            target = folder / f"{name}-{len(built)}.so"
            source = ROOT / "tests/plugins" / f"{name}.c"
            flags = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"]
            defines = [f"-D{switch}" for switch in switches]
            includes = [f"-I{ROOT}/abi/include", f"-I{ROOT}/abi/sdk"]
            subprocess.run(["gcc", *flags, *defines, *includes, "-o", target, source, "-lpthread"], check=True)
            built[key] = target
        return built[key]

    return build


@pytest.fixture
def odd(worker: WorkerPeer, build_plugin: BuildPlugin) -> WorkerPeer:
    """A worker with the odd plugin."""
    worker.load(build_plugin("odd"))
    return worker


@pytest.fixture
def rings() -> Iterator[StageRings]:
    """The rings around one stage."""
    with StageRings() as made:
        yield made


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of the source that serves a file (tests/plugins/served)."""
    folder = tmp_path_factory.mktemp("served")
    build_packaged("served", folder)
    return folder / "served/served.so"


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """What is streamed."""
    return Files(tmp_path_factory.mktemp("files"))
