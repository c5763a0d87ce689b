"""What a worker gives up before any plugin code runs: privileges to gain, cores, most of the environment.

Called once, in the fresh process, between the fork and the first message, when the session is its own and all foreign
descriptors are closed. It must never fail a start: where the system knows something not, or forbids it, the rest holds.

Limits that are not set: processes (counted per user, so it would strike the whole desktop), address space (libraries
reserve far more than they use), file size (an output may be as long as it likes).
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import threading
from contextlib import suppress
from pathlib import Path

__all__ = ["KEPT_NAMES", "KEPT_PREFIXES", "lock_down"]

_PR_SET_NO_NEW_PRIVS = 38
#: Looked up once, before workers are forked.
_prctl = ctypes.CDLL(None).prctl

#: Of the environment, what plugins need: language, time zone, where the sound server is, the way into the network.
KEPT_NAMES = frozenset(
    {
        *("HOME", "LANG", "LANGUAGE", "PATH", "TMPDIR", "TZ", "USER", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        "STELLATUNE_SHM",
    }
)
KEPT_PREFIXES = ("ALSA_", "GLIBC_", "JACK_", "LC_", "PA_", "PIPEWIRE_", "PULSE_")

_MAX_DESCRIPTORS = 1024
_STACK_BYTES = 8 << 20
_REAL_TIME_US = 200_000
_OOM_SCORE = "500"


def lock_down() -> None:
    """Makes the calling process harmless where that costs a plugin nothing it may need."""
    _forget_environment()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # some launchers leave signals blocked: SIGTERM must reach us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.umask(0o077)
    _limit(resource.RLIMIT_CORE, 0)  # a core file would delay the news of a death, and may hold what was played
    _limit(resource.RLIMIT_NOFILE, _MAX_DESCRIPTORS)
    _limit(resource.RLIMIT_STACK, _STACK_BYTES)  # a recursion without end falls soon, whatever the launcher allowed
    threading.stack_size(_STACK_BYTES)
    _limit(resource.RLIMIT_RTTIME, _REAL_TIME_US)  # a thread that runs in real time and never waits freezes nobody
    with suppress(OSError):  # when memory is short, a worker goes before the host
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="utf-8")
    _prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _forget_environment() -> None:
    for name in list(os.environ):
        if name not in KEPT_NAMES and not name.startswith(KEPT_PREFIXES):
            del os.environ[name]


def _limit(which: int, most: int) -> None:
    """Lowers a limit for good; one that is lower already stays."""
    _, hard = resource.getrlimit(which)
    if hard == resource.RLIM_INFINITY or hard > most:
        with suppress(OSError, ValueError):
            resource.setrlimit(which, (most, most))
