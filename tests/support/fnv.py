"""The hash of ``sink_null`` over samples that lie in memory: FNV-1a in 64 bits, a step a sample, as its README says.

Hours of music have billions of samples, so it is compiled; the source is here and not the plugin's.
"""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np

from tests.support.frames import Audio

__all__ = ["START", "Fnv"]

START = 0xCBF29CE484222325
_SOURCE = """
#include <stddef.h>
#include <stdint.h>
uint64_t fnv1a(uint64_t hash, const uint32_t *words, size_t count);
uint64_t fnv1a(uint64_t hash, const uint32_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) hash = (hash ^ words[i]) * 0x100000001b3u;
    return hash;
}
"""


class Fnv:
    """The compiled loop; its library lies in ``folder``."""

    def __init__(self, folder: Path) -> None:
        library = folder / "fnv1a.so"
        command = ["gcc", "-O2", "-Wall", "-Werror", "-fPIC", "-shared", "-x", "c", "-", "-o", str(library)]
        subprocess.run(command, input=_SOURCE, text=True, check=True)
        self._hash = ctypes.CDLL(str(library)).fnv1a
        self._hash.argtypes = (ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t)
        self._hash.restype = ctypes.c_uint64

    def after(self, before: int, samples: Audio) -> int:
        """The hash once these samples have come as well."""
        words = np.ascontiguousarray(samples)
        assert words.dtype == np.float32
        found: int = self._hash(before, words.ctypes.data, words.size)
        return found
