"""From code addresses to names: by the maps of the process that died, and by `addr2line` where there is one."""

from __future__ import annotations

import asyncio
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from host.printable import printable
from host.supervise.autopsy import Autopsy, Frame
from host.worker import PrivateCopy

__all__ = ["symbolise"]

DEADLINE_S = 2.0
_NICE = 10
_TYPE_OF_PROGRAM = 2
_HEADER = struct.Struct("<16sH")
#: Nobody looks for the fault there, and with debug information installed it takes a second of processor time
#: while a successor is to start.
_NOT_ASKED = ("python", "libpython", "libc.so")
#: Of ours alone: with DEBUGINFOD_URLS the program would ask the network.
_ENVIRONMENT = {"LC_ALL": "C"}


async def symbolise(autopsy: Autopsy, library: PrivateCopy | None) -> Autopsy:
    """The autopsy with the names of functions in its backtrace, as far as they are found within 2 s. Closes the copy.

    Without the program the backtrace stays as it was: modules and offsets.
    """
    try:
        if not autopsy.frames:
            return autopsy
        names = await asyncio.to_thread(_names, autopsy.frames, library.fd if library is not None else -1)
    finally:
        if library is not None:
            library.close()
    lines = (f"{names[index]} ({line})" if index in names else line for index, line in enumerate(autopsy.backtrace))
    return replace(autopsy, backtrace=tuple(lines))


def _names(frames: Sequence[Frame], library_fd: int) -> dict[int, str]:
    """Names by their place in the backtrace: those of the plugin's own library first, as time may run out."""
    program = shutil.which("addr2line")
    if program is None:
        return {}
    found: dict[int, str] = {}
    deadline = time.monotonic() + DEADLINE_S
    wanted = {frame.path for frame in frames if frame.module and not frame.module.startswith(_NOT_ASKED)}
    for path in sorted(wanted):  # the private copy has no path, so it comes first
        places = [index for index, frame in enumerate(frames) if frame.module and frame.path == path]
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC) if path else os.dup(library_fd)
        except OSError:
            continue
        try:
            answer = _ask(program, fd, [_place(frames[index], index, fd) for index in places], deadline)
        finally:
            os.close(fd)
        found.update((index, name) for index, name in zip(places, answer, strict=False) if name)
    return found


def _place(frame: Frame, index: int, fd: int) -> int:
    """The address as the file counts it. All but the innermost hold where a call returns to, one instruction on."""
    header = os.pread(fd, _HEADER.size, 0)
    fixed = len(header) == _HEADER.size and _HEADER.unpack(header)[1] == _TYPE_OF_PROGRAM
    return (frame.address if fixed else frame.offset) - (1 if index else 0)


def _ask(program: str, fd: int, places: Sequence[int], deadline: float) -> list[str]:
    """One name per place, empty where there is none; nothing when the program fails or is slow."""
    command = (program, "-f", "-C", "-e", f"/proc/self/fd/{fd}", *map(hex, places))
    try:
        with subprocess.Popen(
            command,
            pass_fds=(fd,),
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as asked:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, asked.pid, _NICE)
            try:
                out, _ = asked.communicate(timeout=max(deadline - time.monotonic(), 0.01))
            except subprocess.TimeoutExpired:
                asked.kill()
                return []
    except OSError:
        return []
    if asked.returncode != 0:
        return []
    said = out.decode("utf-8", "replace")
    lines = said.splitlines()
    return [_name(function, line) for function, line in zip(lines[::2], lines[1::2], strict=False)]


def _name(function: str, line: str) -> str:
    """``read_block at flac.c:12``, without the line where it is not known; empty when nothing is."""
    if function.startswith("??"):
        return ""
    file, _, number = line.split(" ")[0].rpartition(":")
    known = file and not file.startswith("??") and number not in ("?", "0")
    return printable(f"{function} at {Path(file).name}:{number}" if known else function)
