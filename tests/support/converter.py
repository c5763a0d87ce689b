"""The worker's rate and channel converter, with arrays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from abi.wire import Resampler
from plugin_worker._core import ffi, lib
from tests.support.ring_end import Audio

__all__ = ["Converter", "converter", "matrix"]


def matrix(in_channels: int, out_channels: int, *, mix_lfe: bool = False) -> npt.NDArray[np.float32]:
    """Rows of output channels."""
    gains = np.zeros((out_channels, in_channels), np.float32)
    lib.st_convert_matrix(in_channels, out_channels, mix_lfe, ffi.from_buffer("float[]", gains))
    return gains


class Converter:
    """One ``st_convert``; made by :func:`converter`."""

    def __init__(
        self, source: tuple[int, int], target: tuple[int, int], max_frames: int, quality: int, mix_lfe: bool
    ) -> None:
        error = ffi.new("const char **")
        self._native = lib.st_convert_make(*source, *target, max_frames, quality, mix_lfe, error)
        if self._native == ffi.NULL:
            raise ValueError(ffi.string(error[0]).decode())
        self._in_channels, self._out_channels = source[1], target[1]

    @property
    def is_identity(self) -> bool:
        return bool(lib.st_convert_is_identity(self._native))

    def run(self, samples: Audio | None) -> Audio:
        """One block; ``None`` says that no more will come."""
        out = ffi.new("float **")
        block = ffi.NULL if samples is None else ffi.from_buffer("float[]", samples)
        frames = 0 if samples is None else len(samples) // self._in_channels
        made = lib.st_convert_run(self._native, block, frames, out)
        assert made >= 0
        return np.frombuffer(ffi.buffer(out[0], made * self._out_channels * 4), np.float32).copy() if made else NOTHING

    def all_of(self, samples: Audio, block_frames: int) -> Audio:
        """In blocks, then drained."""
        size = block_frames * self._in_channels
        parts = [self.run(samples[at : at + size]) for at in range(0, len(samples), size)]
        while len(rest := self.run(None)):
            parts.append(rest)
        return np.concatenate(parts)

    def close(self) -> None:
        lib.st_convert_free(self._native)


NOTHING = np.zeros(0, np.float32)


@contextmanager
def converter(
    source: tuple[int, int],
    target: tuple[int, int],
    *,
    max_frames: int = 4096,
    quality: int = Resampler.VERY_HIGH,
    mix_lfe: bool = False,
) -> Iterator[Converter]:
    """``source`` and ``target`` are rate and channels. Raises: ValueError with the text of a refusal."""
    made = Converter(source, target, max_frames, quality, mix_lfe)
    try:
        yield made
    finally:
        made.close()
