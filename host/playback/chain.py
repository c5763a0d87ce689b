"""The chain as it is wished for, and how it is made: effects created, sink created, asked and opened, rings between.

Its workers may be warmed before. Everything made is in the pipeline that comes out, or gone again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial

from abi.kinds import CapabilityKind
from host.capabilities import Dsp, Sink
from host.errors import OutputError, PluginQuarantined, PluginRefused
from host.jsontext import JsonObject
from host.playback.deaths import try_again
from host.playback.dry_seat import DRY_TYPE
from host.playback.dsp_seat import DRY_PLUGIN, DspSeat
from host.playback.format_policy import TRACK_FORMATS, FormatPolicy, candidates, format_for, takes_rate
from host.playback.graph import Pipeline
from host.playback.mix_seat import MixSeat, make_mix
from host.playback.named_target import as_listed
from host.playback.opening import Opener
from host.playback.output import Output
from host.playback.output_failures import output_errors
from host.playback.sink_seat import SinkSeat
from host.playback.sizes import Pacing, PipelineFormat
from host.playback.stage_spec import StageSpec
from host.records import record
from host.runtime import PluginRuntime
from shm_audio import ShmError

__all__ = ["Chain", "build_pipeline", "make_seat", "negotiate_beside", "warming"]


#: Of its own doing, in create or open, before the playback is given up; about half a second of back-off.
MOST_DEATHS = 4


@record
class Chain:
    """Everything after the decoder. ``left_out``: effects that are not heard until somebody brings them in, by name.

    ``crossfade_s``: so long a track fades into the next; 0: it does not.
    """

    dsps: tuple[StageSpec, ...]
    output: Output
    pacing: Pacing
    formats: FormatPolicy = TRACK_FORMATS
    volume: float = 1.0
    digest: bool = False
    left_out: frozenset[str] = frozenset()
    crossfade_s: float = 0.0


@contextmanager
def warming(runtime: PluginRuntime, chain: Chain) -> Iterator[None]:
    """The chain's workers start while the first track is opened; what fails here fails again where it is told."""
    plugins = {spec.plugin_id for spec in (chain.output.stage, *chain.dsps)}
    if chain.crossfade_s or (chain.dsps and not chain.pacing.batched):
        plugins.add(DRY_PLUGIN)  # it lends its lane to the mix, and is the spare for an effect that is late
    loads = [asyncio.create_task(runtime.load(plugin)) for plugin in plugins]
    for load in loads:
        load.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        yield
    finally:
        for load in loads:
            load.cancel()


async def build_pipeline(
    runtime: PluginRuntime, opener: Opener, chain: Chain, wished: PipelineFormat, origin: int = 0
) -> Pipeline:
    """A pipeline without decoder, in the format the sink agreed to; nothing runs in it yet.

    Its clock begins at ``origin``: not 0 where another pipeline was given up.

    Raises:
        NotFound: the sink has no such target. OutputError: it cannot take this, or cannot be opened.
        StellaError: an effect refused, or a worker failed. In any case nothing is left then.
    """
    async with AsyncExitStack() as made:
        output = chain.output.stage.plugin_id
        supervisor = runtime.supervisor
        sink = await try_again(supervisor, output, partial(_open_sink, runtime, chain, wished, origin), MOST_DEATHS)
        made.push_async_callback(sink.close)
        dsps: list[DspSeat] = []
        for spec in chain.dsps:
            dsps.append(await _seat_for(runtime, chain.pacing, sink.format, spec))
            made.push_async_callback(dsps[-1].close)
            if spec.name in chain.left_out:
                dsps[-1].wished.set()
        mix: MixSeat | None = None
        fade_frames = int(chain.crossfade_s * sink.format.sample_rate_hz)
        if fade_frames:
            make_one = partial(make_mix, runtime, sink.format)
            mix = MixSeat(await try_again(supervisor, DRY_PLUGIN, make_one, MOST_DEATHS), make_one)
            made.push_async_callback(mix.close)
        pipeline = Pipeline(
            sink.format,
            chain.pacing,
            opener,
            dsps,
            sink,
            origin=origin,
            formats=chain.formats,
            mix=mix,
            fade_frames=fade_frames,
        )
        made.pop_all()
    return pipeline


async def _open_sink(runtime: PluginRuntime, chain: Chain, wished: PipelineFormat, origin: int) -> SinkSeat:
    output = chain.output
    with ExitStack() as held:
        stage = output.stage.held()
        held.callback(stage.files.close)
        instance = await runtime.create(
            stage.plugin_id, CapabilityKind.OUTPUT_SINK, stage.type_id, stage.config, files=stage.files.grants
        )
        sink = Sink(instance)
        try:
            with output_errors():
                output = replace(output, target=await as_listed(sink, output.target))
                fmt = await _agreed(sink, output.target, wished, chain.formats)
                await sink.open(output.target, fmt.sample_rate_hz, fmt.channels, origin, output.files)
        except BaseException:
            await sink.destroy()
            raise
        held.pop_all()
    return SinkSeat(runtime, replace(output, stage=stage), sink, fmt)


async def negotiate_beside(
    runtime: PluginRuntime, output: Output, wished: PipelineFormat, policy: FormatPolicy
) -> PipelineFormat:
    """What an output that plays would make of this wish. Raises: what ``create`` and ``negotiate`` raise."""
    spec = output.stage
    with spec.files.copy() as files:
        sink = Sink(
            await runtime.create(
                spec.plugin_id, CapabilityKind.OUTPUT_SINK, spec.type_id, spec.config, files=files.grants
            )
        )
    try:
        return await _agreed(sink, output.target, wished, policy)
    finally:
        await sink.destroy()


async def _agreed(sink: Sink, target: JsonObject, wished: PipelineFormat, policy: FormatPolicy) -> PipelineFormat:
    """The best format that the target takes. It may refuse all but the wish itself."""
    negotiated: dict[PipelineFormat, PipelineFormat] = {}
    for each in candidates(wished, policy):
        with suppress(PluginRefused) if negotiated else nullcontext():
            agreed = await sink.negotiate(target, each.sample_rate_hz, each.channels)
            negotiated[each] = PipelineFormat(agreed.sample_rate_hz, agreed.channels)
            if takes_rate(each, negotiated[each]):
                break
    return format_for(wished, negotiated, policy)


async def _seat_for(runtime: PluginRuntime, pacing: Pacing, fmt: PipelineFormat, spec: StageSpec) -> DspSeat:
    """One effect of a new chain. Where somebody listens, the music does not wait for one that is in quarantine."""
    make = partial(make_seat, runtime, pacing, fmt, spec)
    try:
        return await try_again(runtime.supervisor, spec.plugin_id, make, MOST_DEATHS)
    except PluginQuarantined:
        if pacing.batched:
            raise
        return await make_seat(runtime, pacing, fmt, spec, missing=True)


async def make_seat(
    runtime: PluginRuntime, pacing: Pacing, fmt: PipelineFormat, wished: StageSpec, *, missing: bool = False
) -> DspSeat:
    """An effect that is in no chain yet, with files of its own; ``missing``: a dry stage, until the effect can be had.

    Raises:
        What ``create`` raises. OutputError: no memory.
    """
    with ExitStack() as held:
        spec = wished.held()
        held.callback(spec.files.close)
        protective = runtime.manifest(spec.plugin_id).protective
        made_from = StageSpec(spec.name, DRY_PLUGIN, DRY_TYPE, {"latency_frames": 0, "silent": protective})
        made_from = made_from if missing else spec
        instance = await runtime.create(
            made_from.plugin_id,
            CapabilityKind.DSP,
            made_from.type_id,
            made_from.config,
            rate=fmt.sample_rate_hz,
            channels=fmt.channels,
            files=made_from.files.grants,
        )
        try:
            seat = DspSeat(
                runtime, spec, Dsp(instance), protective=protective, checkpoint_bytes=pacing.checkpoint_bytes
            )
            seat.missing = missing
        except ShmError as error:
            await instance.destroy()
            raise OutputError(f"no memory for checkpoints: {error}", remedy="free some memory") from error
        held.pop_all()
    return seat
