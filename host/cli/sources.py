"""``stellatune sources``: which catalogues there are, what is in one, and what is found in it: asked in a worker."""

from __future__ import annotations

import click

from abi.kinds import CapabilityKind, StatusCode
from host.app import Catalogues
from host.capabilities import Item
from host.cli.chain_options import SourceOption, parse_source
from host.cli.completing import source_types
from host.cli.console import Console, plain
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.params import parsed
from host.cli.session import application
from host.errors import NotFound, PluginRefused, Usage
from host.jsontext import Json, JsonObject, dump_json
from host.packages import discover, search_path
from host.playlists import is_uri
from host.settings import Paths
from host.where import SourceTrack, source_track

__all__ = ["sources"]

LIMIT = click.IntRange(1, 100_000)
NAME_COLUMNS = 40

_Found = tuple[Item, SourceTrack | None]


@click.group()
def sources() -> None:
    """Where music can come from."""


@sources.command("list")
@click.pass_obj
def list_sources(console: Console) -> int:
    """All types of sources, as `sources browse` takes them, and the schemes of the URLs that they open."""
    found = discover(search_path(Paths.of_user()))
    for problem in found.problems:
        console.warn(str(problem.error))
    served = [
        (plugin, each)
        for plugin in found.plugins.values()
        for each in plugin.capabilities
        if each.kind is CapabilityKind.SOURCE_CATALOG
    ]
    if console.json:
        rows: list[Json] = [
            {
                "source": each.type_id,
                "plugin": plugin.id,
                "name": each.name,
                "schemes": list(each.schemes),
                "default_config": each.default_config,
            }
            for plugin, each in served
        ]
        console.document("stellatune.sources/1", {"sources": rows})
        return 0
    for plugin, each in served:
        schemes = "  " + " ".join(f"{scheme}://" for scheme in each.schemes) if each.schemes else ""
        console.result(f"{plain(each.type_id):12} {plain(plugin.id):28} {plain(each.name)}{plain(schemes)}")
    return 0


def _parse_place(text: str) -> SourceTrack:
    """``TYPE[:JSON]``, or a name as `sources browse` prints them. Raises: ValueError."""
    if is_uri(text):
        return source_track(text)
    option: SourceOption = parse_source(text)
    return SourceTrack("", option.type_name, config="" if option.config is None else dump_json(option.config))


PLACE = parsed("TYPE[:JSON]|URI", _parse_place)


@sources.command()
@click.argument("place", metavar="TYPE[:JSON]|URI", type=PLACE, shell_complete=source_types)
@click.argument("path", required=False, default="")
@click.option("--limit", type=LIMIT, default=1000, show_default=True, help="The first so many.")
@click.pass_obj
def browse(console: Console, place: SourceTrack, path: str, limit: int) -> int:
    """What is in a source, such as folder:{"root": "/your/music"}, or below PATH in it; `play` takes what it prints."""
    inside = path or place.id
    return _show(console, place, {"path": inside} if inside else {}, limit)


@sources.command()
@click.argument("place", metavar="TYPE[:JSON]", type=PLACE, shell_complete=source_types)
@click.argument("text")
@click.option("--limit", type=LIMIT, default=100, show_default=True, help="The first so many.")
@click.pass_obj
def search(console: Console, place: SourceTrack, text: str, limit: int) -> int:
    """What a source finds for TEXT, where it can search; `play` takes what it prints."""
    return _show(console, place, {"search": text}, limit)


def _show(console: Console, place: SourceTrack, request: JsonObject, limit: int) -> int:
    async def work(_interrupts: Interrupts) -> int:
        async with application(console) as app:
            plugin, capability = app.catalogues.serves(place)
            found, more = await _items(app.catalogues, place, request, limit)
        if console.json:
            rows: list[Json] = [
                {"id": item.id, "title": item.title, "kind": item.kind.value, "uri": None if name is None else name.uri}
                for item, name in found
            ]
            document: JsonObject = {"source": capability.type_id, "plugin": plugin.id, "items": rows, "more": more}
            console.document("stellatune.source-items/1", document)
            return 0
        for item, name in found:
            shown = plain(name.uri) if name is not None else "-"
            console.result(f"{item.kind.value:7} {shown:{NAME_COLUMNS}} {plain(item.title)}")
        if more:
            console.note(f"there are more than {limit}; see --limit")
        return 0

    return run_interruptible(work)


async def _items(
    catalogues: Catalogues, place: SourceTrack, request: JsonObject, limit: int
) -> tuple[list[_Found], bool]:
    """The first so many, and whether there are more. Raises: NotFound for a path that leads nowhere."""
    found: list[_Found] = []
    while True:
        try:
            answer = await catalogues.page(place, request)
        except PluginRefused as error:
            if error.status == StatusCode.INVALID_ARG:
                raise NotFound(error.message, remedy="`sources browse` without it shows what is there") from error
            if error.status == StatusCode.UNSUPPORTED and "search" in request:
                raise Usage(error.message, remedy="`sources browse` lists what it holds") from error
            error.remedy = error.remedy or "is the address right, its server up, and the source configured?"
            raise
        page = answer.page
        found += zip(page.items, answer.names, strict=True)
        if page.next is None or len(found) >= limit or not page.items:
            return found[:limit], page.next is not None or len(found) > limit
        request = {**request, "after": page.next}
