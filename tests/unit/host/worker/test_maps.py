"""Maps of a process: this one's own."""

from __future__ import annotations

import ctypes
import os

from host.worker.maps import read_maps


def test_a_function_of_the_c_library_is_found_in_it() -> None:
    address = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p).value
    assert address is not None
    (found,) = [one for one in read_maps(os.getpid()) if one.start <= address < one.end]
    assert os.path.basename(found.path).startswith("libc")  # noqa: PTH119  a text of the kernel
    assert found.base < found.start
    assert all(one.start < one.end and one.path.startswith("/") for one in read_maps(os.getpid()))


def test_a_process_that_is_gone_has_none() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    assert read_maps(pid) == ()
