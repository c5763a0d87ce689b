"""``serve`` keeps the library as its roots are, if it is wished for; the watch ends with it, whatever it dies of."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from host.library import Store
from tests.e2e.conftest import Stellatune
from tests.support.scanned import frames_file
from tests.support.waiting import until

WITHIN_S = 60.0


@pytest.mark.parametrize("how", ["quit", "killed"])
def test_serve_watches_and_the_watch_ends_with_it(stellatune: Stellatune, tmp_path: Path, how: str) -> None:
    music = tmp_path / "music"
    frames_file(music / "a.frames")
    stellatune.ok("library", "add", music)
    config = tmp_path / "watch.toml"
    config.write_text("[library]\nwatch = true\n")
    database = next((tmp_path / "home").rglob("library.db"))

    def tracks() -> int:
        with Store.open(database) as store:
            return store.database.count("SELECT count(*) FROM tracks")

    with stellatune.start("--config", config, "serve") as host:
        assert until(lambda: tracks() == 1, WITHIN_S)
        frames_file(music / "b.frames")
        assert until(lambda: tracks() == 2, WITHIN_S)
        if how == "quit":
            with stellatune.start("quit") as leave:
                assert leave.wait(WITHIN_S) == 0
        else:
            host.send_signal(signal.SIGKILL)
        host.communicate(timeout=WITHIN_S)

    def nothing_left() -> bool:
        try:
            stellatune.expect_nothing_left()
        except AssertionError:
            return False
        return True

    assert until(nothing_left, WITHIN_S)
    assert host.returncode == (0 if how == "quit" else -signal.SIGKILL)
