"""What a shell offers where a name is wanted: from manifests, the configuration file, and a host that runs.

A completion that cannot be had is none; whatever hangs, the shell has its answer within moments.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class, shell_complete

from abi.kinds import CapabilityKind
from host.cli.console import Console
from host.errors import StellaError
from host.jsontext import JsonObject

if TYPE_CHECKING:
    from host.library import Store

__all__ = [
    "answer_shell",
    "config_keys",
    "decoder_types",
    "effect_types",
    "files",
    "library_roots",
    "output_types",
    "playlist_names",
    "plugin_ids",
    "query_words",
    "script",
    "source_types",
    "stage_names",
]

_PROGRAM = "stellatune"
_LIMIT_S = 2.0
_ASK_S = 0.5
_BUSY_MS = 200

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def script(command: click.Command, shell: str, variable: str) -> str:
    """What a shell reads to know how to ask."""
    found = get_completion_class(shell)
    assert found is not None
    return found(command, {}, _PROGRAM, variable).source()


def answer_shell(command: click.Command, variable: str, instruction: str) -> int:
    """Answers one question of a shell on stdout; gives the exit code."""
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, _LIMIT_S)
    return shell_complete(command, {}, _PROGRAM, variable, instruction)


def _offering(names: Callable[[click.Context], Iterable[tuple[str, str]]]) -> Complete:
    """Those of the names that begin as the word does, each with what it is."""

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        with suppress(StellaError, OSError):
            return [CompletionItem(name, help=what) for name, what in names(ctx) if name.startswith(incomplete)]
        return []

    return complete


def _ids(_ctx: click.Context) -> Iterator[tuple[str, str]]:
    from host.cli.talking import short
    from host.packages import discover, search_path
    from host.settings import Paths

    for plugin in discover(search_path(Paths.of_user())).plugins.values():
        yield short(plugin.id), plugin.name


def _types(*kinds: CapabilityKind) -> Callable[[click.Context], Iterator[tuple[str, str]]]:
    def names(_ctx: click.Context) -> Iterator[tuple[str, str]]:
        from host.packages import discover, search_path
        from host.settings import Paths

        for plugin in discover(search_path(Paths.of_user())).plugins.values():
            for capability in plugin.capabilities:
                if capability.kind in kinds:
                    yield capability.type_id, capability.name

    return names


def _keys(ctx: click.Context) -> Iterator[tuple[str, str]]:
    from host.cli.config_parts import read_configuration

    for part in read_configuration(_console(ctx)).parts:
        yield part.name, ""
        yield from ((f"{part.name}.{member}", "") for member in part.members)


def _stages(ctx: click.Context) -> Iterator[tuple[str, str]]:
    for stage in _running(ctx):
        yield str(stage["name"]), str(stage["type"])


def _live_keys(ctx: click.Context) -> Iterator[tuple[str, str]]:
    for stage in _running(ctx):
        config = stage.get("config")
        yield from ((f"{stage['name']}.{member}", "") for member in (config if isinstance(config, dict) else ()))


def _running(ctx: click.Context) -> list[JsonObject]:
    from host.cli.rows import objects
    from host.cli.talking import running_host

    with running_host(_console(ctx)) as client:
        return objects(client.ask("config.show", {}, _ASK_S), "stages")


def _playlists(ctx: click.Context) -> Iterator[tuple[str, str]]:
    from host.library import Playlists

    with _library(ctx) as store:
        yield from ((each.name, f"{each.entries} entries") for each in Playlists(store.database).all())


def _roots(ctx: click.Context) -> Iterator[tuple[str, str]]:
    with _library(ctx) as store:
        yield from ((str(root), "") for root in store.roots())


def _library(ctx: click.Context) -> AbstractContextManager[Store]:
    """Raises: FileNotFoundError: a question makes no database."""
    from host.cli.config import paths_of, settings_of
    from host.library import Store, database_file

    console = _console(ctx)
    paths = paths_of(console)
    return Store.open(database_file(settings_of(console, paths).library, paths).resolve(strict=True), _BUSY_MS)


def _fields(_ctx: click.Context) -> Iterator[tuple[str, str]]:
    from host.library import FIELDS

    yield from ((f"{name}:", "") for name in FIELDS)


def _console(ctx: click.Context) -> Console:
    given = ctx.find_root().params
    return Console(given.get("config_file"), socket=given.get("socket"))


def _keys_of(ctx: click.Context) -> Iterator[tuple[str, str]]:
    return _live_keys(ctx) if ctx.params.get("live") else _keys(ctx)


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shell knows files best."""
    return [CompletionItem(incomplete, type="file")]


playlist_names = _offering(_playlists)
library_roots = _offering(_roots)
query_words = _offering(_fields)
plugin_ids = _offering(_ids)
stage_names = _offering(_stages)
config_keys = _offering(_keys_of)
effect_types = _offering(_types(CapabilityKind.DSP))
decoder_types = _offering(_types(CapabilityKind.DECODER))
output_types = _offering(_types(CapabilityKind.OUTPUT_SINK))
source_types = _offering(_types(CapabilityKind.SOURCE_CATALOG))
