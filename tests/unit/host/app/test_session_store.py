"""What one host leaves is what the next one finds, however the first one ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from host.app.saved_position import Place, read_position
from host.app.saved_queue import read_queue
from host.app.session_store import POSITION_FILE, QUEUE_FILE, SavedSession, SessionStore
from host.playback import Input, PlayState, Queue
from tests.support.child import start_child

KILLS = 12


@dataclass
class Host:
    """A host's session in ``folder``."""

    folder: Path
    now_s: float = 1000.0
    told: list[str] = field(default_factory=list)
    queue: Queue = field(default_factory=lambda: Queue(Random(1)))
    found: SavedSession | None = None

    def __post_init__(self) -> None:
        self.store = SessionStore(self.folder, self.queue, self.told.append, lambda: self.now_s)

    def live(self, *, dies: bool = False) -> Host:
        """Starts, plays the next entry of three, and ends; or starts and is no more."""

        async def life() -> None:
            self.found = await self.store.load()
            if dies:
                return
            if not len(self.queue):
                self.queue.add([Input(Path(name)) for name in ("/a", "/b", "/c")])
            entry = self.queue.advance()
            self.store.note(Place(entry.id if entry else None, 12.5, -6.0, PlayState.PLAYING))
            await self.store.close()
            await self.store.close()

        asyncio.run(life())
        return self


def test_the_first_host_finds_nothing_and_the_next_one_all(tmp_path: Path) -> None:
    first = Host(tmp_path / "state").live()
    assert (first.found, first.told) == (None, [])
    second = Host(tmp_path / "state").live()
    assert second.found == SavedSession(first.queue.snapshot(), Place(1, 12.5, -6.0, PlayState.PLAYING))
    assert second.queue.current == second.queue.entries[1]


@pytest.mark.parametrize("name", [QUEUE_FILE, POSITION_FILE])
def test_a_damaged_file_is_set_aside_and_told(tmp_path: Path, name: str) -> None:
    Host(tmp_path).live()
    (tmp_path / name).write_bytes(b'{"half')
    host = Host(tmp_path).live()
    assert host.found is not None
    assert len(host.told) == 1 and name in host.told[0]
    assert (tmp_path / f"{name}.broken").read_bytes() == b'{"half'
    assert (host.found.place.volume_db, host.found.place.position_s) == ((-6.0 if name == QUEUE_FILE else 0.0), 0.0)


def test_a_position_of_another_entry_is_the_beginning_of_the_current_one(tmp_path: Path) -> None:
    host = Host(tmp_path).live()
    position = (tmp_path / POSITION_FILE).read_bytes()
    (tmp_path / POSITION_FILE).write_bytes(position.replace(b'"entry":1', b'"entry":7'))
    host = Host(tmp_path).live()
    assert host.found is not None
    assert host.found.place == Place(1, 0.0, -6.0, PlayState.PLAYING)


def test_hosts_that_die_one_after_the_other_are_followed_by_one_that_is_still(tmp_path: Path) -> None:
    Host(tmp_path, 990.0).live()
    for at_s in (1000.0, 1010.0, 1020.0):
        assert Host(tmp_path, at_s).live(dies=True).told == []
    still = Host(tmp_path, 1030.0).live()
    assert still.found is not None
    assert (still.found.held_back, still.found.place.state) == (True, PlayState.STOPPED)
    assert "3 hosts died" in still.told[0]
    after_an_orderly_end = Host(tmp_path, 1031.0).live()
    assert after_an_orderly_end.found is not None and not after_an_orderly_end.found.held_back


def test_hosts_that_die_now_and_then_are_followed_by_one_that_plays(tmp_path: Path) -> None:
    for at_s in (1000.0, 1040.0, 1080.0, 1120.0):
        host = Host(tmp_path, at_s).live(dies=True)
        assert host.found is None or not host.found.held_back


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    host = Host(tmp_path / "file").live()
    assert len(host.told) == 3 and sum("cannot be saved" in line for line in host.told) == 1


def test_killed_at_any_moment_it_leaves_files_that_belong_together(tmp_path: Path) -> None:
    random, versions = Random(2), [0]
    for seed in range(KILLS):
        with start_child("tests.support.session_writer", tmp_path, seed) as child:
            assert child.stdout is not None
            assert child.stdout.readline().startswith("loaded")
            for _ in range(random.randrange(1, 400)):
                child.stdout.readline()
            child.kill()
        queue = read_queue((tmp_path / QUEUE_FILE).read_bytes())
        position = read_position((tmp_path / POSITION_FILE).read_bytes())
        assert queue.version >= versions[-1]
        assert position.place.entry is None or position.place.entry < queue.next_id
        assert not list(tmp_path.glob("*.broken"))
        versions.append(queue.version)
    assert len(set(versions)) > KILLS // 2
