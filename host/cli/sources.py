"""``stellatune sources``: which catalogues there are, and what is in one. It is asked in a worker."""

from __future__ import annotations

import click

from abi.kinds import CapabilityKind, StatusCode
from host.app import stage
from host.capabilities import Item, ItemKind, Source
from host.cli.chain_options import SourceOption, parse_source
from host.cli.console import Console, plain
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.params import parsed
from host.cli.session import application
from host.errors import NotFound, PluginRefused
from host.jsontext import Json, JsonObject
from host.packages import discover, search_path
from host.settings import Paths

__all__ = ["sources"]


@click.group()
def sources() -> None:
    """Where music can come from."""


@sources.command("list")
@click.pass_obj
def list_sources(console: Console) -> int:
    """All types of sources, as `sources browse` takes them."""
    found = discover(search_path(Paths.of_user()))
    for problem in found.problems:
        console.warn(str(problem.error))
    rows: list[Json] = [
        {"source": each.type_id, "plugin": plugin.id, "name": each.name, "default_config": each.default_config}
        for plugin in found.plugins.values()
        for each in plugin.capabilities
        if each.kind is CapabilityKind.SOURCE_CATALOG
    ]
    if console.json:
        console.document("stellatune.sources/1", {"sources": rows})
        return 0
    for row in rows:
        if isinstance(row, dict):
            console.result(f"{plain(str(row['source'])):12} {plain(str(row['plugin'])):28} {plain(str(row['name']))}")
    return 0


@sources.command()
@click.argument("source", metavar="TYPE[:JSON]", type=parsed("TYPE[:JSON]", parse_source))
@click.argument("path", required=False, default="")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="The first so many.")
@click.pass_obj
def browse(console: Console, source: SourceOption, path: str, limit: int) -> int:
    """What is in a source, such as folder:{"root": "/your/music"}, or below PATH in it."""

    async def work(_interrupts: Interrupts) -> int:
        async with application(console) as app:
            kind = CapabilityKind.SOURCE_CATALOG
            saved = app.settings.plugins
            spec = stage("source", kind, source.type_name, source.config, app.discovery.plugins, saved)
            async with app.queries.use(spec.plugin_id, kind, spec.type_id, spec.config) as instance:
                items, more = await _items(Source(instance), path, limit)
        if console.json:
            rows: list[Json] = [{"id": each.id, "title": each.title, "kind": each.kind.value} for each in items]
            console.document("stellatune.source-items/1", {"source": spec.type_id, "items": rows, "more": more})
            return 0
        for each in items:
            name = f"{plain(each.id)}/" if each.kind is ItemKind.FOLDER else plain(each.id)
            console.result(f"{each.kind.value:7} {name:40} {plain(each.title)}")
        if more:
            console.note(f"there are more than {limit}; see --limit")
        return 0

    return run_interruptible(work)


async def _items(source: Source, path: str, limit: int) -> tuple[list[Item], bool]:
    """The first so many, and whether there are more. Raises: NotFound for a path that leads nowhere."""
    items: list[Item] = []
    request: JsonObject = {"path": path} if path else {}
    while True:
        try:
            page = await source.list_items(request)
        except PluginRefused as error:
            if error.status == StatusCode.INVALID_ARG:
                raise NotFound(error.message, remedy="`sources browse` without it shows what is there") from error
            raise
        items += page.items
        if page.next is None or len(items) >= limit or not page.items:
            return items[:limit], page.next is not None or len(items) > limit
        request = {**request, "after": page.next}
