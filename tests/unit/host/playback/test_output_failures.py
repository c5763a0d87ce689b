"""A sink that cannot write is an output that failed; what else it refuses stays its refusal."""

from __future__ import annotations

import errno
import os

import pytest

from abi.kinds import StatusCode
from host.errors import OutputError, PluginRefused
from host.playback.output_failures import output_failure


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EFBIG, "ulimit"),
        (errno.EIO, "outputs list"),
    ],
)
def test_what_cannot_be_written(number: int, remedy: str) -> None:
    error = output_failure(PluginRefused(f"out.wav: write: {os.strerror(number)}", status=StatusCode.IO))
    assert isinstance(error, OutputError)
    assert error.exit_code == 5
    assert os.strerror(number) in error.message
    assert remedy in error.remedy


def test_other_refusals_stay_what_they_are() -> None:
    refused = PluginRefused("no", status=StatusCode.UNSUPPORTED)
    assert output_failure(refused) is refused
