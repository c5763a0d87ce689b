"""Forks a child that is not ours but our parent's: one fork, one pidfd, and nobody in between to be adopted from.

The kernel offers this (CLONE_PARENT), the C library does not, so the system call is made here, with what its `fork` and
Python's do around it. For a process with one thread only.
"""

from __future__ import annotations

import ctypes
import errno
import os

__all__ = ["fork_sibling"]

_CLONE_PIDFD = 0x1000
_CLONE_PARENT = 0x8000
_CLONE_CHILD_CLEARTID = 0x200000
_CLONE_CHILD_SETTID = 0x1000000
_FLAGS = _CLONE_PARENT | _CLONE_PIDFD | _CLONE_CHILD_SETTID | _CLONE_CHILD_CLEARTID
_SYS_CLONE3 = 435  # on every architecture
_PR_GET_TID_ADDRESS = 40

# SAFETY: PyDLL keeps the GIL, so that no Python code runs between the calls that must surround a fork.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class _CloneArgs(ctypes.Structure):
    """``struct clone_args``, as long as it was in the first kernel that had it (5.3)."""

    _fields_ = [
        (name, ctypes.c_uint64)
        for name in ("flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls")
    ]


def _tid_address() -> int:
    """Where the C library keeps the thread's id, which a fork must set anew; 0 when the kernel does not tell."""
    address = ctypes.c_void_p()
    if _libc.prctl(_PR_GET_TID_ADDRESS, ctypes.byref(address), 0, 0, 0) != 0:
        return 0
    return address.value or 0


def fork_sibling() -> tuple[int, int]:
    """The child's pid and a pidfd of it, or ``(0, -1)`` in the child, whose parent is our parent.

    Raises:
        OSError: ENOSYS where the system cannot do it; else as ``os.fork``.
    """
    tid = _tid_address()
    if tid == 0:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    pidfd = ctypes.c_int(-1)
    args = _CloneArgs(flags=_FLAGS, pidfd=ctypes.addressof(pidfd), child_tid=tid)
    ctypes.pythonapi.PyOS_BeforeFork()
    # SAFETY: without CLONE_VM and a stack of its own the child goes on here, in a copy of everything, as after fork.
    pid = _libc.syscall(ctypes.c_long(_SYS_CLONE3), ctypes.byref(args), ctypes.c_size_t(ctypes.sizeof(args)))
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0, -1
    error = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(error, os.strerror(error))
    return int(pid), pidfd.value
