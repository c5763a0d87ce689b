"""The library's file: of every version, damaged, locked, full; whatever happens, what a user typed is not lost."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from host.errors import LibraryBusy, LibraryDamaged, LibraryError, LibraryFull
from host.library import Playlists, Search, Store, database
from host.library.schema import APPLICATION_ID, VERSION
from host.library.typed import Typed
from tests.unit.host.library.store_filled import track

VERSION_1 = Path(__file__).with_name("version_1.sql")


def filled(path: Path, tracks: int = 300) -> None:
    with Store.open(path) as store:
        store.add_root(Path("/music"))
        store.exclude(Path("/music/talk"))
        store.put(track(f"/music/album {number % 20}/{number:04} song.flac") for number in range(tracks))
        Playlists(store.database).create("mix")
        Playlists(store.database).add("mix", [Path(f"/music/{number}.flac") for number in range(50)])
        store.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")


def precious(store: Store) -> tuple[list[Path], list[Path], int]:
    return store.roots(), store.excluded(), len(Playlists(store.database).entries("mix"))


def aside(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if ".corrupt-" in each.name)


def test_a_file_of_version_1_is_brought_up_with_all_that_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(VERSION_1.read_text())
    with Store.open(path) as store:
        assert store.database.count("PRAGMA user_version") == VERSION
        assert store.database.count("PRAGMA application_id") == APPLICATION_ID
        assert store.roots() == [Path("/music")]
        assert [each.path for each in Search(store.database).find("horned viper").tracks] == [Path("/music/viper.flac")]
        assert [each.path for each in Search(store.database).find("hornd vipr").tracks] == [Path("/music/viper.flac")]
        assert [each.path for each in Playlists(store.database).entries("liked")] == [Path("/music/viper.flac")]
        assert store.database.rows("SELECT folder FROM tracks") == [(b"/music/",)]
        shape = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
        with Store.open(tmp_path / "fresh.db") as fresh:
            assert store.database.rows(shape) == fresh.database.rows(shape)
    path.write_bytes(os.urandom(9000))  # nothing was written since
    with Store.open(path) as store:
        assert store.roots() == [Path("/music")]
        assert [each.path for each in Playlists(store.database).entries("liked")] == [Path("/music/viper.flac")]


def test_a_newer_file_and_one_of_another_program_are_refused_and_left_alone(tmp_path: Path) -> None:
    newer, other = tmp_path / "newer.db", tmp_path / "other.db"
    filled(newer)
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE things (name)")
    before = newer.read_bytes(), other.read_bytes()
    with pytest.raises(LibraryError, match=f"newer StellaTune.*schema {VERSION + 1}.*update"):
        Store.open(newer)
    with pytest.raises(LibraryError, match="another program"):
        Store.open(other)
    assert (newer.read_bytes(), other.read_bytes()) == before
    assert aside(tmp_path) == []


@pytest.mark.parametrize("damage", ["garbage", "header", "truncated", "empty pages", "schema"])
def test_a_damaged_file_is_set_aside_and_another_one_begun(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "library.db"
    filled(path)
    with Store.open(path) as store:
        before = precious(store)
    content = bytearray(path.read_bytes())
    match damage:
        case "garbage":
            content = bytearray(os.urandom(9000))
        case "header":
            content[3] ^= 1
        case "truncated":
            content = content[: 3 * 4096 + 100]
        case "empty pages":
            content[4096:] = bytes(len(content) - 4096)
        case _:
            content[100:4096] = bytes(byte ^ 0x5A for byte in content[100:4096])
    path.write_bytes(content)
    store = Store.open(path)
    try:  # what is not seen at once is seen by whoever comes to it, and mended by the next
        [*store.known(Path("/music"))]
        store.put([track("/music/new.flac")])
    except LibraryDamaged:
        store.close()
        store = Store.open(path)
    with store:
        assert "was damaged and is now library.db.corrupt-" in store.database.notice
        assert len(aside(tmp_path)) >= 1
        assert "1 roots and 50 entries" in store.database.notice
        assert precious(store) == before
        store.put([track("/music/new.flac")])
        assert [path for path, _, _ in store.known(Path("/music"))] == [b"/music/new.flac"]
    with Store.open(path) as again:
        assert again.database.notice == ""


def test_of_a_damaged_file_nothing_comes_back_that_was_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    filled(path)
    odd = Path(os.fsdecode(b"/mus\xeec [1]"))
    with Store.open(path) as store:
        store.remove_root(Path("/music"))
        store.add_root(odd)
        Playlists(store.database).remove("mix", range(10, 20))
        Playlists(store.database).add("liked", [odd / "a.flac"])
        before = precious(store)
    path.write_bytes(os.urandom(9000))
    with Store.open(path) as store:
        assert precious(store) == before
        assert store.roots() == [odd]
        assert [entry.path for entry in Playlists(store.database).entries("liked")] == [odd / "a.flac"]


@pytest.mark.parametrize("emptied", [True, False])
def test_a_file_that_is_gone_or_empty_gets_what_a_user_typed(tmp_path: Path, emptied: bool) -> None:
    path = tmp_path / "library.db"
    filled(path)
    with Store.open(path) as store:
        before = precious(store)
    for each in tmp_path.glob("library.db*"):
        if each.suffix != ".typed":
            each.unlink()
    if emptied:
        path.touch()
    with Store.open(path) as store:
        assert "library.db was empty; 1 roots and 50 entries of playlists were taken over" in store.database.notice
        assert precious(store) == before
        store.remove_root(Path("/music"))
    path.write_bytes(os.urandom(9000))
    with Store.open(path) as store:
        assert store.roots() == []


def test_who_still_holds_a_file_that_was_set_aside_leaves_the_text_alone(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    filled(path)
    with Store.open(path) as old:
        path.rename(tmp_path / "aside")
        for beside in ("-wal", "-shm"):
            (tmp_path / f"library.db{beside}").rename(tmp_path / f"aside{beside}")
        with Store.open(path) as new:
            new.add_root(Path("/new"))
            before = precious(new)
        old.exclude(Path("/music/later"))
    path.write_bytes(os.urandom(9000))
    with Store.open(path) as store:
        assert precious(store) == before


def test_one_row_that_cannot_be_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    filled(path)
    (typed,) = tmp_path.glob("*.typed")
    text = json.loads(typed.read_text())
    text["tables"]["roots"][0:0] = [5, ["/no bytes"], [None, None], [{"path": 7}, 1], [{"path": "\ud800"}, 1]]
    typed.write_text(json.dumps(text))
    path.write_bytes(os.urandom(9000))
    with Store.open(path) as store:
        assert store.roots() == [Path("/music")]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"tables": {"roots": 5}}',
        b'{"tables": {"roots": [[[]]]}}',
        b'{"tables": {"roots": [[{"path": "/music"}, 36893488147419103232]], "playlists": [[9, "\\ud8e4"]]}}',
    ],
)
def test_where_both_are_damaged_the_user_is_asked_for_roots(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "library.db"
    filled(path)
    (typed,) = tmp_path.glob("*.typed")
    path.write_bytes(os.urandom(9000))
    typed.write_bytes(text)
    with Store.open(path) as store:
        assert "`stellatune library add` them again" in store.database.notice
        assert (store.roots(), Playlists(store.database).entries("liked")) == ([], [])
        store.add_root(Path("/other"))
    path.write_bytes(os.urandom(9000))
    with Store.open(path) as store:
        assert store.roots() == [Path("/other")]


def test_a_text_that_cannot_be_written_costs_nothing_and_comes_later(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    (tmp_path / "library.db.typed.part").mkdir()
    with Store.open(path) as store:
        store.add_root(Path("/music"))
        (tmp_path / "library.db.typed.part").rmdir()
        store.put([track("/music/a.flac")])
    path.write_bytes(os.urandom(9000))
    with Store.open(path) as store:
        assert store.roots() == [Path("/music")]


def test_what_is_undone_when_its_text_is_written_already_is_in_the_next_one_no_more(tmp_path: Path) -> None:
    """As when there is no room for the transaction itself, or the process dies."""
    path = tmp_path / "library.db"
    with Store.open(path) as store:
        with pytest.raises(ZeroDivisionError), store.batch():
            store.add_root(Path("/undone"))
            store.database._typed.keep(store.database._connection)
            raise ZeroDivisionError
        store.add_root(Path("/music"))
    path.write_bytes(os.urandom(9000))
    with Store.open(path) as store:
        assert store.roots() == [Path("/music")]


def test_what_a_user_typed_is_taken_over_from_a_file_with_damage_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    filled(path, tracks=3000)
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'tracks'").fetchone()
    with Store.open(path) as store:
        before = precious(store)
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))
    with Store.open(path) as store, pytest.raises(LibraryDamaged, match=r"next .* scan.* sets it aside"):
        [*store.known(Path("/music"))]
    with Store.open(path) as store:
        assert "1 roots and 50 entries" in store.database.notice
        assert precious(store) == before
        assert [*store.known(Path("/music"))] == []


def test_a_locked_file_is_said_to_be_and_left_whole(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    filled(path)
    with Store.open(path, busy_ms=20) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryBusy, match="another process is writing to it"):
            store.put([track("/music/new.flac")])
        assert len([*store.known(Path("/music"))]) == 300  # reading goes on
        other.execute("ROLLBACK")
        store.put([track("/music/new.flac")])
        assert len([*store.known(Path("/music"))]) == 301


def test_without_room_nothing_of_a_batch_is_there_and_the_rest_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    filled(path)
    with Store.open(path) as store:
        pages = store.database.count("PRAGMA page_count")
        store.database.rows(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(LibraryFull, match="no room is left; what was there before is whole"):
            store.put(track(f"/music/more/{number}.flac") for number in range(5000))
        assert len([*store.known(Path("/music"))]) == 300
        assert store.database.rows("PRAGMA integrity_check") == [("ok",)]
        store.database.rows("PRAGMA max_page_count = 1000000")
        store.put([track("/music/more/1.flac")])
        assert [each.path.name for each in Search(store.database).find("more 1").tracks] == []
        assert [each.path.name for each in Search(store.database).find("path:more file:1").tracks] == ["1.flac"]


def test_a_file_that_cannot_be_made_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LibraryError, match=r"library.db: .*(name another file|make its folder writable)"):
        Store.open(tmp_path / "file" / "library.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(LibraryError, match="unable to open"):
        Store.open(tmp_path / "folder.db")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    filled(folder / "library.db")
    (folder / "library.db").chmod(0o400)
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("root may write anywhere")
    try:
        with pytest.raises(LibraryError, match="writable"):
            with Store.open(folder / "library.db") as store:
                store.put([track("/music/new.flac")])
    finally:
        folder.chmod(0o700)


def damage_tracks(path: Path) -> None:
    """A page that nobody needs for roots and playlists; and somebody has seen it."""
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'tracks'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))
    with Store.open(path) as store, pytest.raises(LibraryDamaged):
        [*store.known(Path("/music"))]


def test_what_a_user_typed_is_taken_over_later_where_that_failed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "library.db"
    filled(path, tracks=3000)
    with Store.open(path) as store:
        before = precious(store)
    damage_tracks(path)

    def full(_aside: Path, connection: sqlite3.Connection, _typed: Typed) -> str:
        connection.execute("INSERT INTO roots (path, added_s) VALUES (?, 0)", (b"/half",))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(database, "_salvage", full)
        for _ in range(2):
            with pytest.raises(LibraryError, match="No space left"):
                Store.open(path)
    with Store.open(path) as store:
        assert precious(store) == before
    assert len(aside(tmp_path)) == 1
    with Store.open(path) as again:
        assert again.database.notice == ""


def test_who_meets_a_damaged_one_while_it_is_mended_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "library.db"
    filled(path, tracks=3000)
    with Store.open(path) as store:
        before = precious(store)
    damage_tracks(path)
    seen = []

    def look() -> None:
        with Store.open(path) as store:
            seen.append(precious(store))

    other = threading.Thread(target=look)
    salvage = database._salvage

    def slowly(aside: Path, connection: sqlite3.Connection, typed: Typed) -> str:
        other.start()
        other.join(0.3)  # not to be waited out: who does not wait sees nothing
        return salvage(aside, connection, typed)

    monkeypatch.setattr(database, "_salvage", slowly)
    Store.open(path).close()
    other.join()
    assert seen == [before]
    assert len(aside(tmp_path)) == 1


def test_many_that_make_it_at_once_agree(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from host.library import Store, FileStamp, Track\n"
        "with Store.open(Path(sys.argv[1])) as store:\n"
        "    path = Path('/music') / sys.argv[2]\n"
        "    store.put([Track(path, FileStamp(1, 1), 'a:b', '1', 'flac', 44100, 2)])\n"
    )
    path = tmp_path / "library.db"
    children = [
        subprocess.Popen([sys.executable, "-P", "-c", program, path, str(number)], cwd=Path.cwd())
        for number in range(4)
    ]
    assert [child.wait() for child in children] == [0, 0, 0, 0]
    with Store.open(path) as store:
        assert len([*store.known(Path("/music"))]) == 4
