"""Words of what plays, as people ask for them: at once, and line by line while it plays."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.conftest import Started, Stellatune, wait_until_it_plays
from tests.e2e.test_control import END_S, ask, asked, error_of, wait_for_line
from tests.support.frames import make_frames

PACED = '[plugins."stellatune.sink.null".null]\npaced = true\n'
RATE_HZ = 44_100
STEP_MS = 200
#: Longer than all commands of a test take on the slowest machine.
SECONDS = 600
SOUGHT_S = 300
LINES = SECONDS * 1000 // STEP_MS
BOLD = b"\x1b[1m"


@contextmanager
def singing(stellatune: Stellatune, words: str) -> Iterator[Started]:
    """A host that plays some minutes at their pace, with these words beside it."""
    track = make_frames(stellatune.place / "song.frames", SECONDS * RATE_HZ, RATE_HZ)
    track.with_suffix(".lrc").write_text(words)
    config = stellatune.place / "paced.toml"
    config.write_text(PACED)
    with stellatune.start("--config", config, "play", track, "--output", "null") as process:
        wait_until_it_plays(process)
        yield process
        assert ask(stellatune, "quit").code == 0
        process.communicate(timeout=END_S)
    stellatune.expect_nothing_left()


def words() -> str:
    stamps = (at * STEP_MS for at in range(LINES))
    return "\n".join(f"[{line(at_ms)}]at {at_ms} \x1b[31m" for at_ms in stamps)


def line(at_ms: int) -> str:
    return f"{at_ms // 60_000:02}:{at_ms % 60_000 // 1000:02}.{at_ms % 1000:03}"


def test_the_words_of_what_plays_and_each_line_when_it_is_due(stellatune: Stellatune) -> None:
    outcome = stellatune("--json", "lyrics", "--current")
    assert (outcome.code, error_of(outcome)["code"]) == (3, "not_running")
    with singing(stellatune, words()):
        found = asked(stellatune, "lyrics")
        assert (found["schema"], found["provider"], len(found["lines"])) == ("stellatune.lyrics/2", "sidecar", LINES)
        assert found["lines"][1] == {"at_ms": 200, "text": "at 200 \x1b[31m", "words": []}
        assert found["file"] == str(stellatune.place / "song.frames")
        assert ask(stellatune, "lyrics").out.splitlines()[1] == "at 200 \ufffd[31m"
        listed = asked(stellatune, "lyrics", "--candidates")
        assert [row["provider"] for row in listed["candidates"]] == ["sidecar"]
        assert asked(stellatune, "lyrics", "--pick", "1")["remembered"] is True
        assert asked(stellatune, "lyrics", "--pick", "0")["remembered"] is False
        assert ask(stellatune, "lyrics", "--pick", "2").code == 4
        with stellatune.start("--json", "lyrics", "--follow") as follower:
            assert follower.stdout is not None
            told = [json.loads(follower.stdout.readline()) for _ in range(5)]
            assert ask(stellatune, "seek", str(SOUGHT_S)).code == 0
            while (due := json.loads(follower.stdout.readline()))["line"] < SOUGHT_S * 1000 // STEP_MS:
                pass
            assert due["moved"] is True
            assert due["text"] == f"at {due['at_ms']} \x1b[31m"
            follower.send_signal(signal.SIGINT)
            follower.communicate(timeout=END_S)
        assert {each["schema"] for each in told} == {"stellatune.lyrics-cursor/1"}
        assert [each["line"] - told[0]["line"] for each in told] == [0, 1, 2, 3, 4]
        assert all(each["position_ms"] >= each["at_ms"] for each in told)
        with stellatune.start("lyrics", "--follow") as follower:
            assert follower.stdout is not None
            lines = [follower.stdout.readline() for _ in range(3)]
            follower.send_signal(signal.SIGTERM)
            follower.communicate(timeout=END_S)
        times = [int(each.removeprefix("at ").removesuffix(" \ufffd[31m\n")) for each in lines]
        assert times == [times[0], times[0] + STEP_MS, times[0] + 2 * STEP_MS]


def test_on_a_terminal_the_line_that_is_sung_is_bright(stellatune: Stellatune) -> None:
    stamps = range(0, SECONDS * 1000, 1000)
    sung = (f"[{line(at_ms)}]<{line(at_ms)}>one <{line(at_ms + 400)}>two" for at_ms in stamps)
    with singing(stellatune, "\n".join(sung)):
        near, far = pty.openpty()
        command = [sys.executable, "-m", "host", "lyrics", "--follow"]
        environment = stellatune.environment() | {"TERM": "xterm"}
        with (
            os.fdopen(near, "rb", buffering=0) as terminal,
            subprocess.Popen(command, cwd=stellatune.place, env=environment, stdout=far, stdin=far) as drawing,
        ):
            os.close(far)
            shown = b""
            while shown.count(BOLD + b"one two") < 2:
                shown += terminal.read(4096)
            drawing.send_signal(signal.SIGINT)
            drawing.wait(END_S)
        assert BOLD + b"one\x1b[0m" in shown, "as much as was sung"
        assert b"\r\x1b[Kone two\r\n" in shown, "and then it stays"


def test_words_without_times_and_none_at_all_are_told(stellatune: Stellatune) -> None:
    with singing(stellatune, "no times\nhere"):
        assert ask(stellatune, "lyrics").out == "no times\nhere\n"
        with stellatune.start("lyrics", "--follow") as follower:
            assert "have no times (sidecar)" in wait_for_line(follower, "its words")
            (stellatune.place / "song.lrc").unlink()
            assert ask(stellatune, "lyrics", "--pick", "0").code == 4
            assert wait_for_line(follower, "nobody knows the words")
            follower.kill()


def test_what_makes_no_sense_is_told(stellatune: Stellatune, tmp_path: Path) -> None:
    track = make_frames(tmp_path / "song.frames", 10)
    for arguments in (("--follow", track), ("--follow", "--pick", "1")):
        assert stellatune("lyrics", *arguments).code == 2
    assert stellatune("lyrics", track).code == 4
    set_online = stellatune.ok("config", "set", "lyrics.online", "true")
    assert "lyrics.online = true" in set_online.out
    assert stellatune("config", "set", "lyrics.providers", '["sidecar", "sidecar"]').code == 8
