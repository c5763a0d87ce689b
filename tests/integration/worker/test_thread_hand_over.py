"""No shipped plugin depends on which thread calls it, only on there being one at a time."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.support.child import run_child
from tests.support.worker_peer import ROOT

LIBRARIES = sorted((ROOT / "native_plugins").glob("*/*.so"))


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda path: path.stem)
def test_made_used_and_ended_on_three_threads(library: Path) -> None:
    manifest = tomllib.loads((library.parent / "plugin.toml").read_text())
    status, printed = run_child("tests.support.hand_over", library)
    assert status == 0
    assert printed.split() == [capability["kind"] for capability in manifest["capabilities"]]


def test_there_are_libraries() -> None:
    assert len(LIBRARIES) >= 5
