"""What an output is asked when a chain is built: until it takes a format as it is, and no further."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from abi.wire import Negotiated
from host.capabilities import Sink
from host.errors import PluginRefused
from host.jsontext import JsonObject
from host.playback.chain import _agreed
from host.playback.format_policy import TRACK_FORMATS, FormatPolicy
from host.playback.sizes import PipelineFormat

BEST = FormatPolicy(seeks_best=True)


class Device:
    """Takes some rates in two channels at most, refuses others, and answers 48 kHz to the rest."""

    def __init__(self, takes: set[int], refuses: set[int]) -> None:
        self.takes, self.refuses = takes, refuses
        self.asked: list[int] = []

    async def negotiate(self, _target: JsonObject, rate: int, channels: int) -> Negotiated:
        self.asked.append(rate)
        if rate in self.refuses:
            raise PluginRefused("no such rate")
        return Negotiated(rate if rate in self.takes else 48_000, min(2, channels), 512, 0)


def agreed(device: Device, wished: PipelineFormat, policy: FormatPolicy) -> tuple[int, int]:
    found = asyncio.run(_agreed(cast(Sink, device), {}, wished, policy))
    return found.sample_rate_hz, found.channels


@pytest.mark.parametrize(
    ("takes", "refuses", "policy", "channels", "found", "asked"),
    [
        ({44_100, 48_000}, set(), BEST, 2, (44_100, 2), [44_100]),
        ({48_000, 88_200}, set(), BEST, 2, (88_200, 2), [44_100, 88_200]),
        ({48_000, 88_200}, set(), TRACK_FORMATS, 2, (48_000, 2), [44_100]),
        ({48_000}, {88_200, 176_400, 352_800, 705_600}, BEST, 2, (48_000, 2), 6),
        ({48_000, 88_200}, set(), BEST, 6, (88_200, 2), [44_100, 88_200]),
    ],
    ids=["the wish itself", "its double", "only one question", "refusals", "fewer channels"],
)
def test_it_is_asked_until_it_takes_one(
    takes: set[int],
    refuses: set[int],
    policy: FormatPolicy,
    channels: int,
    found: tuple[int, int],
    asked: list[int] | int,
) -> None:
    device = Device(takes, refuses)
    assert agreed(device, PipelineFormat(44_100, channels), policy) == found
    assert device.asked == asked if isinstance(asked, list) else len(device.asked) == asked


def test_who_refuses_the_wish_itself_cannot_be_had() -> None:
    with pytest.raises(PluginRefused):
        agreed(Device({48_000}, {44_100}), PipelineFormat(44_100, 2), BEST)
