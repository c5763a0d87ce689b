"""The workers of these tests are sockets and their libraries no files: nothing is copied for them."""

from __future__ import annotations

import pytest

from host.runtime import loading


@pytest.fixture(autouse=True)
def _no_library_to_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "copy_library", lambda _: None)
