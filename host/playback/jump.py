"""The one transaction that sets the clock of a running pipeline to another position: seeks, and changes of track.

Nobody is in the rings while their words are set; what dies on the way is followed by a successor that begins there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from host.playback.graph import Pipeline

__all__ = ["jump"]


async def jump(pipeline: Pipeline, decoder: Callable[[], Awaitable[None]]) -> int:
    """Throws away all that lies in the rings, and goes on with what ``decoder`` puts at their head; says where.

    ``decoder`` is called with everybody out of the rings, and the locks of all seats held.

    Raises:
        RingsBroken: the rings cannot be used any more. And what ``decoder`` raises: nobody writes then.
    """
    await pipeline.sink.fade_away()
    for decode in pipeline.decoders:
        await decode.give_way()
    async with AsyncExitStack() as held:
        await held.enter_async_context(pipeline.shape)
        for seat in pipeline.seats:
            await held.enter_async_context(seat.lock)
            held.enter_context(seat.standing())
        for seat in reversed(pipeline.seats):
            await seat.let_go()
        stood_at = pipeline.position
        position = pipeline.set_clock()
        await pipeline.sink.begin_anew(stood_at)
        for dsp in reversed(pipeline.dsps):
            await dsp.begin_anew()
        if pipeline.crossfade is not None:
            await pipeline.crossfade.begin_anew()
        await decoder()
    return position
