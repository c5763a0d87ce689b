"""One private host for one command: settings read, plugins found, inputs expanded, the player run and watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from abi.kinds import LogLevel
from host.app import Application
from host.cli.config import paths_of, settings_of
from host.cli.console import Console, plain
from host.cli.exits import Exit
from host.errors import MediaError, PluginRefused
from host.events import PluginFault, PluginLogLine, StageBypassed, StageGivenUp, StageMended, words_of
from host.packages import saved_problems
from host.playback import Input, PlaybackResult

__all__ = ["application", "exit_of", "inputs_of"]


@asynccontextmanager
async def application(console: Console) -> AsyncIterator[Application]:
    """A running host, its broken plugins and what is saved in vain told; workers are gone afterwards."""
    paths = paths_of(console)
    async with Application(settings_of(console, paths), paths) as app:
        for problem in app.discovery.problems:
            console.warn(str(problem.error))
        for unfit in saved_problems(app.settings.plugins, app.discovery.plugins):
            if unfit.installed:
                console.warn(unfit.text)
        lines = asyncio.create_task(_log(app, console))
        try:
            yield app
        finally:
            lines.cancel()
            await asyncio.wait([lines])


async def _log(app: Application, console: Console) -> None:
    """With -v: faults, what was done about them, and plugins' warnings and errors; with -vv all that plugins say."""
    quietest = LogLevel.WARN if console.verbosity < 2 else LogLevel.TRACE
    with app.bus.subscribe(PluginLogLine, PluginFault, StageBypassed, StageMended, StageGivenUp) as facts:
        async for fact in facts:
            if not isinstance(fact, PluginLogLine) or fact.level <= quietest:
                console.note(plain(words_of(fact)), level=1)


async def inputs_of(app: Application, names: Iterable[str]) -> tuple[Input, ...]:
    """What is behind the names. Raises: MediaError when a file system does not answer."""
    try:
        return tuple([each async for some in app.find(names) for each in some])
    except TimeoutError as error:
        raise MediaError(
            "the inputs were not listed: a file system does not answer", remedy="is a network mount among them?"
        ) from error


def exit_of(result: PlaybackResult) -> int:
    """0 all, 6 some, and the caller raises for none; 7 when an effect did not do its work."""
    if any(fault.spoils for fault in result.faults):
        return PluginRefused.exit_code
    return Exit.PARTLY_PLAYED if result.failed else Exit.DONE
