"""One host in this very process, in folders of its own, doing what ``render`` and ``play`` do; and its witness."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from host.app import Application, PlaybackSetup
from host.cli.chain_options import DspOption, OutputOption
from host.cli.console import Console
from host.cli.interrupts import Interrupts
from host.cli.running import run_chain
from host.cli.wiring import stages, wire_output
from host.ids import PluginId
from host.jsontext import JsonObject
from host.playback import Input, PlaybackResult
from host.runtime import CRASHES_FILE
from host.settings import Limits, Paths, PipelineSizes, Settings
from host.supervise import CrashHistory
from tests.faults.witness import Witness, witnessing
from tests.support.patient import PATIENT

__all__ = ["Hosted", "Programme", "hosted"]

_QUIET = Console(verbosity=-1)
_MOST_ROWS = 1_000_000
_SIZES = PipelineSizes()


@dataclass(frozen=True, slots=True)
class Programme:
    """What is played through which effects. ``parts``: the plugins of decoder and effects, as the music passes them."""

    source: Path
    effects: tuple[DspOption, ...]
    parts: tuple[PluginId, ...]


class Hosted:
    """A running host. ``witness`` saw everything since its start."""

    def __init__(self, app: Application, witness: Witness) -> None:
        self.app = app
        self.witness = witness

    async def render(self, programme: Programme, out: Path, sample_format: str = "f32") -> PlaybackResult:
        """What ``stellatune render`` does."""
        return await self._perform(programme, OutputOption("file", str(out)), {"format": sample_format})

    async def play(self, programme: Programme, output: OutputOption) -> PlaybackResult:
        """What ``stellatune play`` does."""
        return await self._perform(programme, output, None)

    async def _perform(self, programme: Programme, output: OutputOption, config: JsonObject | None) -> PlaybackResult:
        plugins = self.app.discovery.plugins
        wish = PlaybackSetup(stages(programme.effects, plugins), wire_output(output, config, plugins))
        return await run_chain(self.app, _QUIET, Interrupts(), (Input(programme.source),), wish)

    def history(self) -> list[JsonObject]:
        """The crash history as it is on disk by now."""
        return CrashHistory(self.app.paths.state_dir / CRASHES_FILE).rows(None, _MOST_ROWS)


@asynccontextmanager
async def hosted(
    folder: Path,
    limits: Limits = PATIENT,
    sizes: PipelineSizes = _SIZES,
    *,
    plugins: Sequence[Path] = (),
    python_path: str = "",
) -> AsyncIterator[Hosted]:
    """``plugins``: folders beside the shipped ones. ``python_path``: where its workers find their code."""
    paths = Paths(*(folder / name for name in ("config.toml", "state", "data", "cache", "runtime")))
    changed = {"STELLATUNE_PLUGIN_PATH": os.pathsep.join(map(str, plugins))}
    if python_path:
        changed["PYTHONPATH"] = python_path
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        app = Application(Settings(sizes, limits), paths)
        async with witnessing(app.bus) as witness, app:
            yield Hosted(app, witness)
            await asyncio.sleep(0)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
