"""Finds the plugins on the search path. A broken one is a problem to tell, never a reason to stop."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import native_plugins
from host.errors import PackageError
from host.ids import PluginId
from host.packages.manifest import MANIFEST_NAME, PluginManifest, read_manifest
from host.records import record
from host.settings import Paths

__all__ = ["PATH_VARIABLE", "Discovery", "Problem", "discover", "search_path"]

PATH_VARIABLE = "STELLATUNE_PLUGIN_PATH"
MAX_DEPTH = 2


@record
class Problem:
    """A folder that looks like a plugin and cannot be used, or that hides behind another."""

    folder: Path
    error: PackageError


@record
class Discovery:
    """What is there: usable plugins sorted by id, what is wrong with the rest, and what was left out of the build."""

    plugins: Mapping[PluginId, PluginManifest]
    problems: tuple[Problem, ...]
    unbuilt: tuple[PluginManifest, ...] = ()

    def known(self) -> Mapping[PluginId, PluginManifest]:
        """All that can be told about, usable or not built."""
        return {**self.plugins, **{each.id: each for each in self.unbuilt}}


def search_path(paths: Paths, environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Where plugins are looked for, first wins: those shipped, those installed, then the folders the user names."""
    named = [Path(each) for each in environment.get(PATH_VARIABLE, "").split(":") if each]
    shipped = [Path(each) for each in native_plugins.__path__]
    return (*shipped, paths.plugins_dir, *named)


def _folders(top: Path, depth: int) -> Iterator[Path]:
    """Folders with a plugin.toml, at most `depth` below `top`; nothing is looked for inside a plugin."""
    if (top / MANIFEST_NAME).is_file():
        yield top
        return
    if depth == 0:
        return
    try:
        inside = sorted(each for each in top.iterdir() if each.is_dir() and not each.name.startswith("."))
    except OSError:
        return
    for each in inside:
        yield from _folders(each, depth - 1)


def discover(path: Iterable[Path]) -> Discovery:
    """Reads every manifest on the path. The first plugin of an id is used, a later one is a problem.

    One that is not built stands in nobody's way, and is told only where nobody else has its id.
    """
    plugins: dict[PluginId, PluginManifest] = {}
    unbuilt: dict[PluginId, PluginManifest] = {}
    problems: list[Problem] = []
    seen: set[Path] = set()
    for folder in (folder for top in path for folder in _folders(top, MAX_DEPTH)):
        real = folder.resolve()
        if real in seen:
            continue
        seen.add(real)
        try:
            manifest = read_manifest(folder)
            if manifest.not_built() is not None:
                unbuilt.setdefault(manifest.id, manifest)
                continue
            first = plugins.setdefault(manifest.id, manifest)
            if first is not manifest:
                raise PackageError(
                    f"{folder / MANIFEST_NAME}: {manifest.id} is already provided by {first.folder}",
                    remedy="remove one of them, or change the id",
                )
        except PackageError as error:
            problems.append(Problem(folder, error))
    return Discovery(
        {each: plugins[each] for each in sorted(plugins)},
        tuple(problems),
        tuple(unbuilt[each] for each in sorted(unbuilt.keys() - plugins.keys())),
    )
