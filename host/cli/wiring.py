"""From options of the command line to what the player takes: names looked up, configurations checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from abi.kinds import CapabilityKind
from host.app import MAX_INSTANCES, TAKEN_NAMES, Application, PlaybackSetup, Plugins, free_name, output, stage
from host.capabilities import Candidate
from host.cli.chain_options import DspOption, FormatOption, OutputOption
from host.errors import Usage
from host.jsontext import JsonObject
from host.packages import find_capability
from host.playback import FormatPolicy, Output, StageSpec
from host.settings import NOTHING_SAVED, LostOutput, SavedConfigs

__all__ = ["crossfade_of", "decoder_named", "playback_setup", "stages", "wire_output"]


def stages(
    options: Iterable[DspOption], plugins: Plugins, saved: SavedConfigs = NOTHING_SAVED
) -> tuple[StageSpec, ...]:
    """The effects, in order. Refused: a name that could not be addressed (twice, or another stage's), and too many."""
    found: list[StageSpec] = []
    for option in options:
        taken = [spec.name for spec in found]
        if option.name in TAKEN_NAMES and option.named:
            raise Usage(
                f"--dsp: the name {option.name!r} is that of another stage", remedy="give it another: NAME=TYPE"
            )
        if option.name in taken and option.named:
            raise Usage(f"--dsp: the name {option.name!r} is given twice", remedy="give each its own: NAME=TYPE")
        name = free_name(option.name, taken)
        found.append(stage(name, CapabilityKind.DSP, option.type_name, option.config, plugins, saved))
    for plugin_id, used in Counter(spec.plugin_id for spec in found).items():
        if used > MAX_INSTANCES:
            raise Usage(
                f"--dsp: {used} effects of {plugin_id}; at most {MAX_INSTANCES} of one plugin work in a chain",
                remedy="render in two passes, or leave some out",
            )
    return tuple(found)


def decoder_named(name: str | None, plugins: Plugins) -> Candidate | None:
    """The decoder of an explicit choice."""
    if name is None:
        return None
    plugin, capability = find_capability(name, CapabilityKind.DECODER, plugins)
    return Candidate(plugin.id, capability.type_id, 0)


def playback_setup(
    app: Application,
    dsps: Iterable[DspOption],
    output_option: OutputOption,
    decoder: str | None,
    formats: FormatOption,
    crossfade_s: float | None = None,
) -> PlaybackSetup:
    """What options of ``play`` and ``serve`` ask for. Raises: NotFound, Usage, ConfigRejected."""
    plugins, saved = app.discovery.plugins, app.settings.plugins
    wired = wire_output(output_option, None, plugins, saved, app.settings.output.lost)
    policy = FormatPolicy.of(formats.over(app.settings.output))
    chosen = decoder_named(decoder, plugins)
    fades_s = crossfade_of(app, crossfade_s)
    return PlaybackSetup(stages(dsps, plugins, saved), wired, decoder=chosen, formats=policy, crossfade_s=fades_s)


def crossfade_of(app: Application, wished_s: float | None) -> float:
    """How long tracks fade into each other: as wished, else as saved."""
    return app.settings.playback.crossfade_s if wished_s is None else wished_s


def wire_output(
    option: OutputOption,
    config: JsonObject | None,
    plugins: Plugins,
    saved: SavedConfigs = NOTHING_SAVED,
    lost: LostOutput = LostOutput.WAIT,
) -> Output:
    """The output with its target, files not opened yet. Raises: NotFound, Usage, ConfigRejected."""
    return output(option.type_name, option.target, config, plugins, saved, lost)
