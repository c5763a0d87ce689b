"""libebur128, which the loudness that we measure ourselves is held against."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from cffi import FFI

from tests.support.direct_dsp import Frames

__all__ = ["integrated_lufs"]

_MODE_I = 1 << 2 | 1 << 0
_FFI: Any = FFI()
_FFI.cdef(
    """
    typedef struct ebur128_state ebur128_state;
    ebur128_state *ebur128_init(unsigned int channels, unsigned long rate, int mode);
    void ebur128_destroy(ebur128_state **state);
    int ebur128_add_frames_float(ebur128_state *state, const float *samples, size_t frames);
    int ebur128_loudness_global(ebur128_state *state, double *out);
    """
)


@cache
def _library() -> Any:  # noqa: ANN401  what cffi makes of the declarations
    try:
        return _FFI.dlopen("libebur128.so.1")
    except OSError:
        pytest.skip("libebur128 is not installed (apt-get install libebur128-1)")


def integrated_lufs(samples: Frames, rate_hz: int) -> float:
    """The integrated loudness of frames in the layout that their number of channels usually has."""
    library = _library()
    state = _FFI.new("ebur128_state **")
    state[0] = library.ebur128_init(samples.shape[1], rate_hz, _MODE_I)
    assert state[0] != _FFI.NULL
    try:
        whole = np.ascontiguousarray(samples, np.float32)
        assert library.ebur128_add_frames_float(state[0], _FFI.from_buffer("float[]", whole), len(whole)) == 0
        out = _FFI.new("double *")
        assert library.ebur128_loudness_global(state[0], out) == 0
        return float(out[0])
    finally:
        library.ebur128_destroy(state)
