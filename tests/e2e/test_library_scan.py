"""A scan beside playback: neither disturbs the other, whatever files do; and one that is killed knows whom to blame."""

from __future__ import annotations

import hashlib
import signal
from dataclasses import replace
from pathlib import Path

from tests.e2e.audio import noise, write_wav
from tests.e2e.conftest import Started, Stellatune
from tests.support.bad_files import make_bad_files
from tests.support.scanned import frames_file, killer, strikes
from tests.support.waiting import until

WITHIN_S = 60.0


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_music_is_bit_exact_beside_a_scan_of_good_and_bad_files(stellatune: Stellatune, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    song = write_wav(music / "song.wav", noise(44100 * 20))
    goods = [frames_file(music / f"good/{number}.frames") for number in range(20)]
    bads = make_bad_files(music / "bad", [write_wav(music / "small.wav", noise(5000))], count=40, seed=7)
    culprits = [killer(music / "killers/segv.frames"), killer(music / "killers/hangs.frames", "deadlock")]
    stellatune.limits = replace(stellatune.limits, open_ms=500)
    stellatune.ok("render", song, "-o", tmp_path / "alone.wav")
    stellatune.ok("library", "add", music)
    with stellatune.start("--json", "library", "scan") as scan:
        renders = 0
        while scan.poll() is None or not renders:
            with stellatune.start("render", song, "-o", tmp_path / "beside.wav") as beside:
                assert beside.wait(WITHIN_S) == 0
            assert digest(tmp_path / "beside.wav") == digest(tmp_path / "alone.wav")
            renders += 1
        assert scan.stdout is not None
        assert scan.wait(WITHIN_S) == 10, scan.communicate()[1]
    listed = stellatune("--json", "library", "problems").document["problems"]
    named = [(each["path"], each["plugin"]) for each in listed]
    assert len(set(named)) == len(named)
    kinds = {each["path"]: each["kind"] for each in listed}
    assert kinds[str(culprits[0])] == "crashed"
    assert kinds[str(culprits[1])] == "hung"
    assert len(goods) + 2 <= stellatune.ok("--json", "library", "stats").document["tracks"] <= 22 + len(bads)
    again = stellatune("--json", "library", "scan").document
    assert (again["read"], again["deaths"], again["problems"]) == (0, 0, 0)
    assert again["unchanged"] + again["known_problems"] == again["found"] == len(goods) + len(bads) + 4


def killed_while_it_reads(stellatune: Stellatune, path: Path, times: int) -> None:
    """Starts a scan, and kills it when its decoder stands in that file."""
    scan: Started
    with stellatune.start("library", "scan") as scan:
        assert until(lambda: strikes(path) == times, WITHIN_S)
        scan.send_signal(signal.SIGKILL)
        scan.wait(WITHIN_S)
    assert until(lambda: not _left(stellatune), WITHIN_S)


def _left(stellatune: Stellatune) -> bool:
    try:
        stellatune.expect_nothing_left()
    except AssertionError:
        return True
    return False


def test_a_scan_that_was_killed_twice_over_a_file_leaves_it_alone(stellatune: Stellatune, tmp_path: Path) -> None:
    music = tmp_path / "music"
    goods = [frames_file(music / f"{number}.frames") for number in range(5)]
    path = killer(music / "stands.frames", "deadlock")
    stellatune.ok("library", "add", music)
    killed_while_it_reads(stellatune, path, 1)
    killed_while_it_reads(stellatune, path, 2)
    last = stellatune("--json", "library", "scan")
    assert last.code == 10
    assert (last.document["problems"], last.document["deaths"]) == (1, 0)
    assert strikes(path) == 2
    (problem,) = stellatune("--json", "library", "problems").document["problems"]
    assert (problem["path"], problem["kind"]) == (str(path), "crashed")
    assert stellatune.ok("--json", "library", "stats").document["tracks"] == len(goods)


def test_ctrl_c_says_how_far_it_was(stellatune: Stellatune, tmp_path: Path) -> None:
    music = tmp_path / "music"
    path = killer(music / "stands.frames", "deadlock")
    stellatune.ok("library", "add", music)
    with stellatune.start("library", "scan") as scan:
        assert until(lambda: strikes(path) == 1, WITHIN_S)
        scan.send_signal(signal.SIGINT)
        out, _err = scan.communicate(timeout=WITHIN_S)
    assert scan.returncode == 130
    assert out.startswith("interrupted: 0 added, 0 unchanged")
    stellatune.expect_nothing_left()
