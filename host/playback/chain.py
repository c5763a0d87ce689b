"""The chain as it is wished for, and how it is made: effects created, sink created, asked and opened, rings between.

Everything made is in the pipeline that comes out, or gone again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field

from abi.kinds import CapabilityKind, StatusCode
from host.capabilities import Dsp, Sink
from host.errors import NotFound, OutputError, PluginRefused
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.playback.graph import Pacing, Pipeline, PipelineFormat
from host.playback.output_failures import output_failure
from host.playback.tracks import StageUse
from host.runtime import FileGrants, Instance, PluginRuntime

__all__ = ["Chain", "Output", "StageSpec", "build_pipeline"]


@dataclass(frozen=True, slots=True)
class StageSpec:
    """One stage: ``name`` is what people call it, ``config`` fits its schema."""

    name: str
    plugin_id: PluginId
    type_id: TypeId
    config: JsonObject


@dataclass(frozen=True, slots=True)
class Output:
    """Where it goes. ``silence_after_ms``: how long a device may starve before it gets silence; 0: it waits."""

    stage: StageSpec
    target: JsonObject
    files: FileGrants = field(default_factory=FileGrants)
    silence_after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything after the decoder. ``rate_hz`` None: the first track's own."""

    dsps: tuple[StageSpec, ...]
    output: Output
    pacing: Pacing
    rate_hz: int | None = None
    volume: float = 1.0
    digest: bool = False


async def build_pipeline(
    runtime: PluginRuntime, chain: Chain, wished: PipelineFormat
) -> tuple[Pipeline, tuple[StageUse, ...]]:
    """A started pipeline without decoder, in the format the sink agreed to, and who works in it.

    Raises:
        NotFound: the sink has no such target. OutputError: it cannot take this, or cannot be opened.
        StellaError: an effect refused, or a worker failed. In any case nothing is left then.
    """
    output = chain.output
    async with AsyncExitStack() as made:
        instance = await runtime.create(
            output.stage.plugin_id, CapabilityKind.OUTPUT_SINK, output.stage.type_id, output.stage.config
        )
        sink = Sink(instance)
        made.push_async_callback(sink.destroy)
        uses = [_use(output.stage.name, instance)]
        with _output_errors():
            agreed = await sink.negotiate(output.target, wished.sample_rate_hz, wished.channels)
        fmt = PipelineFormat(agreed.sample_rate_hz, agreed.channels)
        dsps: list[Dsp] = []
        for spec in chain.dsps:
            instance = await runtime.create(
                spec.plugin_id,
                CapabilityKind.DSP,
                spec.type_id,
                spec.config,
                rate=fmt.sample_rate_hz,
                channels=fmt.channels,
            )
            dsps.append(Dsp(instance))
            made.push_async_callback(dsps[-1].destroy)
            uses.insert(-1, _use(spec.name, instance))
        with _output_errors():
            await sink.open(output.target, fmt.sample_rate_hz, fmt.channels, 0, output.files)
        pipeline = Pipeline(fmt, chain.pacing, dsps, sink)
        made.push_async_callback(pipeline.close)
        await pipeline.start(volume=chain.volume, digest=chain.digest, silence_after_ms=output.silence_after_ms)
        made.pop_all()
    return pipeline, tuple(uses)


@contextmanager
def _output_errors() -> Iterator[None]:
    """A sink that says no has no such target, or cannot use it: neither is its failure."""
    try:
        yield
    except PluginRefused as refused:
        if refused.status == StatusCode.IO:
            raise output_failure(refused) from refused
        kind = NotFound if refused.status == StatusCode.INVALID_ARG else OutputError
        raise kind(refused.message, remedy="`stellatune outputs list` shows what is there") from refused


def _use(name: str, instance: Instance) -> StageUse:
    return StageUse(name, instance.plugin_id, instance.type_id, instance.generation, instance.pid)
