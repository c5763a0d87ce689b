"""What a machine needs for StellaTune, each looked at in its own small check."""

from __future__ import annotations

import ctypes.util
import fcntl
import os
import platform
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from host.packages import Discovery, PluginManifest, discover, saved_problems, search_path
from host.records import record
from host.settings import Paths, Settings
from shm_audio import Segment, ShmError, backend

__all__ = ["Finding", "State", "checkup"]

KERNEL = (5, 13)
ELF_MAGIC = b"\x7fELF"


class State(StrEnum):
    """Good; worth knowing; or something that is required and not there."""

    GOOD = "ok"
    WARNING = "warning"
    MISSING = "missing"


@record
class Finding:
    """One check: what was looked at, how it is, and what to do if it is not well."""

    check: str
    state: State
    text: str
    remedy: str = ""


def checkup(paths: Paths, settings: Settings) -> Iterator[Finding]:
    """All checks that need no worker."""
    yield _kernel(platform.release())
    yield _sealing()
    yield from _shared_memory()
    found = discover(search_path(paths))
    yield from _plugins(found)
    yield _portaudio()
    yield _scheduling()
    for name, folder in (("state", paths.state_dir), ("data", paths.data_dir), ("cache", paths.cache_dir)):
        yield _writable(name, folder)
    yield from (Finding("config", State.WARNING, problem, "mend the file") for problem in settings.problems)
    for unfit in saved_problems(settings.plugins, found.plugins):
        remedy = (
            "see `stellatune config show`" if unfit.installed else "install the plugin, or `stellatune config unset`"
        )
        yield Finding("config", State.WARNING, unfit.text, remedy)


def _kernel(release: str) -> Finding:
    match = re.match(r"(\d+)\.(\d+)", release)
    if match and (int(match[1]), int(match[2])) >= KERNEL:
        return Finding("kernel", State.GOOD, f"Linux {release}")
    need = ".".join(map(str, KERNEL))
    return Finding("kernel", State.MISSING, f"{platform.system()} {release}", f"Linux {need} or newer is needed")


def _sealing() -> Finding:
    try:
        fd = os.memfd_create("stellatune-doctor", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        finally:
            os.close(fd)
    except OSError as error:
        return Finding(
            "memfd", State.MISSING, f"no sealed memory: {error.strerror}", "STELLATUNE_SHM=posix does without"
        )
    return Finding("memfd", State.GOOD, "shared memory can be sealed against resizing")


def _shared_memory() -> Iterator[Finding]:
    try:
        name = backend()
        Segment("doctor", 4096).close()
    except (ShmError, ValueError) as error:
        yield Finding("rings", State.MISSING, f"no shared memory: {error}", "look at STELLATUNE_SHM and /dev/shm")
        return
    if name == "posix":
        text = "backend posix: a worker can truncate its segments (no seal)"
        yield Finding("rings", State.WARNING, text, "unset STELLATUNE_SHM")
    else:
        yield Finding("rings", State.GOOD, f"backend {name}")


def _plugins(found: Discovery) -> Iterator[Finding]:
    for problem in found.problems:
        yield Finding("plugin", State.MISSING, problem.error.message, problem.error.remedy)
    for absent in filter(None, (manifest.not_built() for manifest in found.unbuilt)):
        yield Finding("plugin", State.WARNING, absent.message, absent.remedy)
    broken = [manifest for manifest in found.plugins.values() if not _intact(manifest)]
    for manifest in broken:
        yield Finding("plugin", State.MISSING, f"{manifest.id}: {manifest.entry} is no library", "build it again")
    if not found.plugins:
        yield Finding("plugins", State.MISSING, "none found", "reinstall, or set STELLATUNE_PLUGIN_PATH")
    else:
        yield Finding("plugins", State.GOOD, f"{len(found.plugins) - len(broken)} intact")


def _intact(manifest: PluginManifest) -> bool:
    if manifest.is_python:
        return manifest.entry.is_file()
    try:
        with manifest.entry.open("rb") as stream:
            return stream.read(len(ELF_MAGIC)) == ELF_MAGIC
    except OSError:
        return False


def _portaudio() -> Finding:
    found = ctypes.util.find_library("portaudio")
    if found:
        return Finding("portaudio", State.GOOD, found)
    return Finding("portaudio", State.WARNING, "no PortAudio: nothing can be heard", "apt-get install libportaudio2")


def _scheduling() -> Finding:
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(os.sched_get_priority_min(os.SCHED_FIFO)))
    except OSError:
        remedy = "give your user rtprio in /etc/security/limits.d"
        return Finding("scheduling", State.WARNING, "SCHED_FIFO is not permitted: under load music may stutter", remedy)
    os.sched_setscheduler(0, policy, parameters)
    return Finding("scheduling", State.GOOD, "SCHED_FIFO is permitted")


def _writable(name: str, folder: Path) -> Finding:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Finding(name, State.GOOD, str(folder))
    return Finding(name, State.MISSING, f"{folder} cannot be written", f"make {there} writable for you")
