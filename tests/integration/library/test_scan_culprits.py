"""A scan survives whatever its files do to decoders, and names who did it, once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from host.app import ScanHost
from host.library import ProblemKind, budget
from host.library.scans import Scanning
from tests.e2e.audio import noise, write_wav
from tests.support.patient import PATIENT
from tests.support.scanned import Shelf, frames_file, killer, strikes


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def goods(shelf: Shelf, count: int) -> list[str]:
    """As many files that all can be read."""
    names = [f"good/{number:02}.{'wav' if number % 2 else 'frames'}" for number in range(count)]
    for name in names:
        path = shelf.music / name
        frames_file(path)
        if path.suffix == ".wav":
            write_wav(path, noise(2000))
    return names


def test_each_culprit_is_named_once_and_all_others_are_read(shelf: Shelf) -> None:
    names = goods(shelf, 40)
    kinds = {"a": "segv", "b": "abort", "c": "exit", "d": "garbage_packet", "e": "fpe"}
    culprits = [killer(shelf.music / f"bad/{name}.frames", kind) for name, kind in kinds.items()]
    culprits.append(killer(shelf.music / "bad/f.frames", "segv", "destroy"))
    (shelf.music / "bad/g.wav").write_bytes(b"RIFF and nothing of use")
    first = shelf.scan()
    assert sorted(shelf.tracks()) == sorted(names)
    assert (first.added, first.problems, first.left) == (40, 7, 0)
    assert first.deaths >= len(culprits)
    told = {problem.path.name: problem for problem in shelf.problems()}
    assert len(told) == len(shelf.problems()) == 7
    for path in culprits:
        assert (told[path.name].kind, told[path.name].plugin_id) == (ProblemKind.CRASHED, "stellatune.fault")
    assert "SIGSEGV" in told["a.frames"].reason
    assert "open" in told["a.frames"].reason
    assert told["g.wav"].kind is ProblemKind.UNREADABLE
    struck = [strikes(path) for path in culprits]
    assert all(struck)

    second = shelf.scan()
    assert (second.read, second.deaths, second.unchanged, second.known_problems) == (0, 0, 40, 7)
    assert [strikes(path) for path in culprits] == struck
    assert len(shelf.problems()) == 7


def test_what_hangs_is_ended_and_named(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, limits=replace(PATIENT, open_ms=300))
    names = goods(shelf, 4)
    path = killer(shelf.music / "hangs.frames", "deadlock")
    assert shelf.scan().added == 4
    assert sorted(shelf.tracks()) == sorted(names)
    (problem,) = shelf.problems()
    assert (problem.path, problem.kind) == (path, ProblemKind.HUNG)
    assert "open stood still" in problem.reason


def test_a_culprit_is_tried_again_when_it_has_changed(shelf: Shelf) -> None:
    path = killer(shelf.music / "a.frames")
    shelf.scan()
    assert len(shelf.problems()) == 1
    frames_file(path, 1234)
    tally = shelf.scan()
    assert (tally.added, tally.deaths) == (1, 0)
    assert (list(shelf.tracks()), shelf.problems()) == (["a.frames"], [])


def test_a_culprit_is_tried_again_when_its_plugin_is_another(shelf: Shelf) -> None:
    path = killer(shelf.music / "a.frames")
    shelf.scan()
    before = strikes(path)
    with shelf.store() as store:
        store.put_problems([replace(problem, mark="0.0.1 of another build") for problem in store.problems()])
    assert shelf.scan().problems == 1
    assert strikes(path) > before
    assert len(shelf.problems()) == 1


def test_the_next_decoder_reads_what_killed_the_first(shelf: Shelf) -> None:
    """By the journal of a scan that died over it: no decoder that dies of a file another one reads is needed."""
    goods(shelf, 2)
    path = write_wav(shelf.music / "a.wav", noise(3000))
    shelf.scan()
    with shelf.store() as store:
        (row,) = store.database.rows("SELECT decoder FROM tracks WHERE path = ?", (bytes(path),))
        store.remove([path])
    journal(shelf, str(row[0]), [path], alone=True)
    tally = shelf.scan()
    assert (tally.added, tally.problems, tally.deaths) == (1, 1, 0)
    (problem,) = shelf.problems()
    assert problem.path == path
    assert "the whole scan ended" in problem.reason
    with shelf.store() as store:
        (other,) = store.database.rows("SELECT decoder FROM tracks WHERE path = ?", (bytes(path),))
    assert other != row


def journal(shelf: Shelf, decoder: str, paths: list[Path], *, alone: bool) -> None:
    """What a scan leaves that was killed with these in flight."""
    rows = [[decoder, alone, [bytes(path).hex() for path in paths]]]
    (shelf.place / "library.db.in-flight").write_text(json.dumps(rows) + "\n")


def test_files_in_flight_when_a_scan_was_killed_are_tried_alone(shelf: Shelf) -> None:
    paths = [frames_file(shelf.music / f"{name}.frames") for name in "abc"]
    journal(shelf, "stellatune.fault:fault", paths, alone=False)
    tally = shelf.scan()
    assert (tally.added, tally.problems) == (3, 0)
    assert (shelf.place / "library.db.in-flight").read_bytes() == b""


@pytest.mark.parametrize("text", ["", "{", "[[1, 2, 3]]", '[["a", true, ["zz"]]]', "[" * 50_000, "\0" * 100])
def test_a_journal_that_is_damaged_suspects_nobody(shelf: Shelf, text: str) -> None:
    frames_file(shelf.music / "a.frames")
    (shelf.place / "library.db.in-flight").write_text(text)
    assert shelf.scan().added == 1


def test_a_plugin_that_dies_of_every_file_is_passed_over_and_told_once(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "COINS", 4.0)
    names = goods(shelf, 3)
    for number in range(7):
        killer(shelf.music / f"bad/{number}.frames")
    tally = shelf.scan()
    assert {name for name in names if name.endswith(".wav")} <= set(shelf.tracks())
    assert tally.problems >= 4
    assert tally.left == 10 - tally.added - tally.problems
    assert tally.left > 0
    (warning,) = shelf.warnings
    assert "passed over" in warning
    again = shelf.scan()
    assert (again.left, again.known_problems) == (0, tally.problems)
    assert sorted(shelf.tracks()) == sorted(names)
    assert len(shelf.problems()) == 7


def test_who_ends_a_worker_from_outside_blames_no_file(shelf: Shelf) -> None:
    """SIGKILL, as the kernel sends it when memory is short: the files that were in flight are read by the next one."""
    names = goods(shelf, 4)
    path = killer(shelf.music / "stands.frames", "deadlock", times=2)
    killed: list[int] = []

    async def kill(host: ScanHost, _scanning: Scanning) -> None:
        while len(killed) < 2:
            if strikes(path) > len(killed):
                (worker,) = [each for each in host.runtime.workers() if each.spec.plugin_id == "stellatune.fault"]
                killed.append(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)
                await worker.exited
            await asyncio.sleep(0.005)

    tally = shelf.scan(during=kill)
    assert (tally.added, tally.problems, tally.deaths) == (5, 0, 2)
    assert len(set(killed)) == 2
    assert sorted(shelf.tracks()) == sorted([*names, "stands.frames"])
