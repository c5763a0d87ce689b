"""What each shipped library says of itself is what its plugin.toml says, to the letter."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from abi.wire import Shutdown
from tests.support.worker_peer import ROOT, WorkerPeer

MANIFESTS = sorted((ROOT / "native_plugins").glob("*/plugin.toml"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parent.name)
def test_describes_itself_as_its_manifest_does(worker: WorkerPeer, path: Path) -> None:
    manifest = tomllib.loads(path.read_text())
    python = "python" in manifest or not manifest.get("library", "").endswith(".so")
    library = path.parent / ("plugin.py" if python else manifest["library"])
    if not library.exists():
        pytest.skip(f"{library.name} is not built here: its packages are missing")
    info = worker.load(library, python)
    assert (info.plugin_id, info.name, info.version) == (manifest["id"], manifest["name"], manifest["version"])
    metadata = json.loads(info.metadata)
    assert metadata["api_version"] == manifest["api_version"]
    assert metadata["licence"] == manifest["licence"]
    assert metadata.get("protective", False) == manifest.get("protective", False)
    assert [".".join(str(metadata["version"][part]) for part in ("major", "minor", "patch"))] == [manifest["version"]]
    assert len(info.capabilities) == len(manifest["capabilities"]) > 0
    for found, told in zip(info.capabilities, manifest["capabilities"], strict=True):
        assert CapabilityKind(found.kind).word == told["kind"]
        assert (found.type_id, found.name) == (told["type_id"], told["name"])
        assert json.loads(found.config_schema) == json.loads(told["config_schema"])
        assert json.loads(found.default_config) == json.loads(told["default_config"])
        assert {each.extension: each.score for each in found.scores} == told.get("extensions", {})
    worker.ask(Shutdown())
    assert worker.ended() == 0


def test_all_of_them() -> None:
    assert len(MANIFESTS) >= 8
