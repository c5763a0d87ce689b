"""What ``serve`` does beside answering."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from host.cli.daemon import announced, idle

LIMIT_S = 0.02


@dataclass
class Place:
    """A host with its server, as far as idleness goes; looked at in turns, of which each changes something."""

    busy: list[str]
    looks: int = 0
    served: int = 0

    @property
    def plays(self) -> bool:
        self.looks += 1
        if self._is("came and went"):
            self.served += 1
        return self._is("plays")

    @property
    def clients(self) -> int:
        return self._is("client")

    def _is(self, what: str) -> bool:
        return self.looks <= len(self.busy) and self.busy[self.looks - 1] == what


@pytest.mark.parametrize("what", ["plays", "client", "came and went"])
def test_whatever_happens_begins_the_time_anew(what: str) -> None:
    place = Place([what] * 12)
    asyncio.run(idle(place, place, LIMIT_S))
    assert place.looks > len(place.busy)


def test_the_service_manager_hears_of_begin_and_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (str(tmp_path / "notify"), f"@{tmp_path}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
            manager.bind(name.replace("@", "\0"))
            monkeypatch.setenv("NOTIFY_SOCKET", name)
            with announced():
                assert manager.recv(99) == b"READY=1"
            assert manager.recv(99) == b"STOPPING=1"
    with announced():
        pass  # it is gone, and nobody minds
