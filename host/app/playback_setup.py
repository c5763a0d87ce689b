"""What a playback goes through, as it is wished for; and a player made of that, with all files open that it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import field, replace
from pathlib import Path

from abi.kinds import CapabilityKind
from host.app.wiring import Plugins, files_to_write
from host.capabilities import Candidate, select_decoders
from host.packages import Discovery
from host.playback import (
    TRACK_FORMATS,
    WHOLE,
    Chain,
    Excerpt,
    FormatPolicy,
    Output,
    Pacing,
    PlaybackParts,
    StageSpec,
    create_target_files,
    with_files,
)
from host.records import record
from host.settings import ReplayGain, ReplayGainMode, Settings

__all__ = ["PlaybackSetup", "chosen_decoders", "gain_wished", "staged"]

#: Told of what is to be removed when the process has to end at once.
Abandon = Callable[[Callable[[], None]], None]


@record
class PlaybackSetup:
    """Names looked up and configurations checked, nothing open.

    ``left_out``: effects that are not heard, by name. ``replay_gain`` None: as it is set.
    """

    effects: tuple[StageSpec, ...]
    output: Output
    decoder: Candidate | None = None
    excerpt: Excerpt = WHOLE
    formats: FormatPolicy = TRACK_FORMATS
    digest: bool = False
    left_out: frozenset[str] = field(default_factory=frozenset)
    replay_gain: ReplayGainMode | None = None
    crossfade_s: float = 0.0

    def after(self, chain: Chain) -> PlaybackSetup:
        """What the next playback goes through: the effects as they were left, and the output unless it is a file's."""
        effects = tuple(spec.closed() for spec in chain.dsps)
        output = self.output
        if not chain.output.files.values:
            output = replace(chain.output, stage=chain.output.stage.closed())
        return replace(self, effects=effects, output=output, left_out=chain.left_out)


@asynccontextmanager
async def staged(
    setup: PlaybackSetup,
    plugins: Plugins,
    settings: Settings,
    make: Callable[[Chain, Excerpt, Candidate | None, ReplayGainMode | None], PlaybackParts],
    *,
    sources: Iterable[Path],
    volume: float = 1.0,
    on_abandon: Abandon = lambda _: None,
) -> AsyncIterator[PlaybackParts]:
    """A player and what opens its tracks. Files that it writes are in place when the block ends well, else gone.

    Raises:
        StellaError: a file cannot be opened, or written there, or is one of the ``sources``.
    """
    sizes, open_s = settings.pipeline, settings.limits.open_ms / 1000
    pacing = Pacing.paced(sizes) if setup.output.silence_after_ms else Pacing.unpaced(sizes)

    async def opened(kind: CapabilityKind, spec: StageSpec) -> StageSpec:
        found = await with_files(spec, kind, plugins[spec.plugin_id], open_s)
        held.callback(found.files.close)
        return found

    async with AsyncExitStack() as held:
        effects = tuple([await opened(CapabilityKind.DSP, spec) for spec in setup.effects])
        sink = await opened(CapabilityKind.OUTPUT_SINK, setup.output.stage)
        capability = plugins[sink.plugin_id].capability(CapabilityKind.OUTPUT_SINK, sink.type_id)
        written = await create_target_files(files_to_write(capability, setup.output.target), sources)
        held.callback(written.discard)
        on_abandon(written.discard)
        output = replace(setup.output, stage=sink, files=written.grants, written=written)
        chain = Chain(
            effects,
            output,
            pacing,
            setup.formats,
            volume,
            setup.digest,
            left_out=setup.left_out,
            crossfade_s=setup.crossfade_s,
        )
        yield make(chain, setup.excerpt, setup.decoder, setup.replay_gain)
        written.commit()


def chosen_decoders(discovery: Discovery, decoder: Candidate | None) -> Callable[[str], Sequence[Candidate]]:
    """Who may decode what ends so, best first; ``decoder``: this one only, whatever the scores say."""
    manifests = tuple(discovery.plugins.values())
    return lambda extension: select_decoders(manifests, extension) if decoder is None else (decoder,)


def gain_wished(settings: ReplayGain, mode: ReplayGainMode | None) -> ReplayGain:
    """As it is set, but for a mode that was asked for."""
    return settings if mode is None else replace(settings, mode=mode)
