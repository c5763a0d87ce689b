"""Opening media: only regular files that hold something, never blocking, and a reason for everything else."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from pathlib import Path

import pytest

from host.errors import MediaError
from host.media.files import open_regular
from host.media.opening import open_media
from host.patience import Hands, off_loop


def refusal(path: Path) -> MediaError:
    with pytest.raises(MediaError) as caught:
        open_regular(path)
    assert str(path) in caught.value.message
    assert caught.value.remedy
    return caught.value


def test_a_file_is_opened_and_closed_once(tmp_path: Path) -> None:
    path = tmp_path / "a.FLAC"
    path.write_bytes(b"x")
    with open_regular(path) as media:
        assert (media.size_bytes, media.extension) == (1, "flac")
        assert os.pread(media.fd, 10, 0) == b"x"
        assert not os.get_inheritable(media.fd)
        states = [media.closed]
        fd = media.fd
    media.close()
    states.append(media.closed)
    assert states == [False, True]
    with pytest.raises(OSError):
        os.fstat(fd)


def test_each_thing_that_is_no_media_file_has_its_own_reason(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "null").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    names = ["none", "empty", "fifo", "loop", "null", "socket", "x" * 300, "empty/below", "\0"]
    reasons = {refusal(tmp_path / name).message.partition(": ")[2] for name in names}
    reasons.add(refusal(tmp_path).message.partition(": ")[2])
    assert len(reasons) == len(names) + 1
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"x")
    path.chmod(0)
    assert "permission" in refusal(path).message


def test_names_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\xfe.mp3")
    path.write_bytes(b"x")
    with open_regular(path) as media:
        media.label.encode("utf-8")
        assert media.extension == "mp3"


def test_a_file_system_that_does_not_answer_costs_the_deadline_and_no_descriptor() -> None:
    release, discarded = threading.Event(), threading.Event()

    def hang() -> int:
        release.wait(10)
        return 7

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await off_loop(hang, 0.01, discard=lambda value: discarded.set() if value == 7 else None)
        release.set()
        await asyncio.to_thread(discarded.wait, 10)

    asyncio.run(main())
    assert discarded.is_set()


def test_off_loop_brings_results_and_errors(tmp_path: Path) -> None:
    async def main() -> None:
        assert await off_loop(lambda: 3, 10) == 3
        with pytest.raises(ZeroDivisionError):
            await off_loop(lambda: 1 // 0, 10)
        with pytest.raises(MediaError, match="no such file"):
            await open_media(tmp_path / "none", 10)

    asyncio.run(main())


@pytest.mark.parametrize("turns", range(4))
def test_what_comes_in_the_very_moment_of_a_cancel_is_let_go_of(turns: int) -> None:
    async def main() -> None:
        brought = threading.Event()
        discarded: list[int] = []

        def bring() -> int:
            brought.set()
            return 7

        waiting = asyncio.create_task(off_loop(bring, 10, discarded.append))
        await asyncio.sleep(0)
        brought.wait(10)
        for thread in threading.enumerate():
            if thread.name == "file-work":
                thread.join(10)  # its result is with the loop now
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait((waiting,))
        for _ in range(4):
            await asyncio.sleep(0)
        assert waiting.cancelled() is (discarded == [7])

    asyncio.run(main())


def test_hands_stay_for_the_next_work_and_go_when_they_are_let_go() -> None:
    async def main() -> None:
        hands = Hands()
        held = threading.Event()
        first = await hands.off_loop(threading.current_thread, 10)
        again = await hands.off_loop(threading.current_thread, 10)
        with pytest.raises(TimeoutError):
            await hands.off_loop(lambda: held.wait(60), 0.01)
        other = await hands.off_loop(threading.current_thread, 10)
        with pytest.raises(ZeroDivisionError):
            await hands.off_loop(lambda: 1 // 0, 10)
        assert first.is_alive() and other.is_alive()
        hands.close()
        hands.close()
        held.set()
        for thread in threading.enumerate():
            if thread.name == "file-work":
                thread.join(10)
        assert not first.is_alive() and not again.is_alive() and not other.is_alive()
        assert not any(thread.name == "file-work" for thread in threading.enumerate())

    asyncio.run(main())
