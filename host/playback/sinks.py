"""Sinks as a seat needs them: made from what is wished for, asked for the format that plays, opened at a position."""

from __future__ import annotations

from abi.kinds import CapabilityKind
from host.capabilities import Sink
from host.errors import OutputError
from host.playback.output import Output
from host.playback.sizes import PipelineFormat
from host.playback.stage_spec import StageSpec
from host.runtime import PluginRuntime

__all__ = ["Sinks"]


class Sinks:
    """For one format."""

    def __init__(self, runtime: PluginRuntime, fmt: PipelineFormat) -> None:
        self._runtime = runtime
        self._format = fmt

    async def made(self, spec: StageSpec) -> Sink:
        """Not open yet. Raises: what ``create`` raises."""
        with spec.files.copy() as files:  # its own may be closed meanwhile
            return Sink(
                await self._runtime.create(
                    spec.plugin_id, CapabilityKind.OUTPUT_SINK, spec.type_id, spec.config, files=files.grants
                )
            )

    async def expect_format(self, sink: Sink, output: Output) -> None:
        """Raises: OutputError when it would take another format only."""
        fmt = self._format
        agreed = await sink.negotiate(output.target, fmt.sample_rate_hz, fmt.channels)
        if (agreed.sample_rate_hz, agreed.channels) != (fmt.sample_rate_hz, fmt.channels):
            raise OutputError(
                f"{output.stage.type_id} takes {agreed.sample_rate_hz} Hz with {agreed.channels} channels, "
                f"and {fmt.sample_rate_hz} Hz with {fmt.channels} are playing",
                remedy="begin the playback anew with --output",
            )

    async def open_at(self, sink: Sink, output: Output, position: int) -> None:
        """``position``: how many frames the target was given before."""
        fmt = self._format
        await sink.open(output.target, fmt.sample_rate_hz, fmt.channels, position, output.files)

    async def opened(self, output: Output, position: int) -> Sink:
        """One that is open, and not in the ring yet. A worker whose device cannot be opened is of no more use."""
        sink = await self.made(output.stage)
        try:
            await self.open_at(sink, output, position)
        except BaseException:
            if output.is_device:
                sink.instance.worker.terminate("its device could not be opened")
            await sink.destroy()
            raise
        return sink
