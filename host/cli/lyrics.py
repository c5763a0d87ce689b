"""``stellatune lyrics``: the words of a track, from the first provider that has them."""

from __future__ import annotations

from pathlib import Path

import click

from abi.kinds import CapabilityKind
from host.app import Application
from host.capabilities import Lyrics, Words
from host.cli.console import Console, plain
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.params import file_path, parsed
from host.cli.session import application
from host.errors import NotFound, StellaError, Usage
from host.ids import PluginId
from host.jsontext import JsonObject
from host.packages import CapabilityManifest

__all__ = ["lyrics"]


@click.command()
@click.argument("file", metavar="FILE", type=parsed("FILE", file_path))
@click.pass_obj
def lyrics(console: Console, file: Path) -> int:
    """The words of a track. Every provider is asked in a worker, until one has them."""
    query = _query(file)

    async def work(_interrupts: Interrupts) -> int:
        async with application(console) as app:
            provider, words = await _first(app, console, query, file)
        if console.json:
            told = {"file": query["path"], "provider": provider, "timed": words.timed, "text": words.text}
            console.document("stellatune.lyrics/1", told)
            return 0
        for line in words.text.splitlines():
            console.result(plain(line))
        return 0

    return run_interruptible(work)


def _query(file: Path) -> JsonObject:
    """What providers are told of the track. Raises: NotFound, Usage."""
    path = str(file.absolute())
    if not file.exists():
        raise NotFound(f"{file}: no such file", remedy="name a track")
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Usage(f"{file}: its name is not UTF-8, so that no provider can be asked", remedy="rename it") from error
    return {"path": path}


async def _first(app: Application, console: Console, query: JsonObject, file: Path) -> tuple[PluginId, Words]:
    """Raises: NotFound when nobody knows the track; the last error when nobody does and somebody could not say."""
    failure: StellaError | None = None
    for plugin in app.discovery.plugins.values():
        for capability in plugin.capabilities:
            if capability.kind is CapabilityKind.LYRICS_PROVIDER:
                try:
                    words = await _asked(app, plugin.id, capability, query)
                except StellaError as error:
                    console.warn(f"{plugin.id}: {error}")
                    failure = error
                    continue
                if words is not None:
                    return plugin.id, words
    raise failure or NotFound(
        f"{file}: nobody knows its words", remedy=f"put them into {file.with_suffix('.lrc').name}"
    )


async def _asked(
    app: Application, plugin_id: PluginId, capability: CapabilityManifest, query: JsonObject
) -> Words | None:
    async with app.query_owner(plugin_id, capability.kind, capability.type_id).use() as instance:
        provider = Lyrics(instance)
        candidates = await provider.search(query)
        return await provider.fetch(candidates[0]) if candidates else None
