"""Loading a plugin into a worker: a private copy of its library, the request, and the check of what it says it is."""

from __future__ import annotations

from pathlib import Path

from abi.wire import LoadModule
from host.errors import IncompatibleVersion, LoadFailed, StellaError
from host.packages import PluginManifest
from host.patience import off_loop
from host.runtime.verify import verify_module
from host.worker import PrivateCopy, WorkerHandle, copy_library

__all__ = ["load_plugin"]


async def load_plugin(handle: WorkerHandle, manifest: PluginManifest, timeout_s: float) -> None:
    """The worker has its plugin afterwards, and what is needed to read its backtraces is noted.

    Raises:
        LoadFailed, IncompatibleVersion: it cannot be loaded, or is not what its plugin.toml says.
    """
    entry, folder = (_text(manifest, path) for path in (manifest.entry, manifest.folder))
    copy = None if manifest.is_python else await _copy(manifest, timeout_s)
    if copy is not None:
        handle.keep_library(copy)
    try:
        message = LoadModule(entry, folder, manifest.is_python, tuple(sorted(manifest.rights)))
        info = await handle.request(message, timeout_s, () if copy is None else (copy.fd,))
    except (LoadFailed, IncompatibleVersion):
        raise
    except StellaError as error:
        raise LoadFailed(
            f"{manifest.entry.name} cannot be loaded: {error.message}",
            remedy=f"repair or remove the plugin in {manifest.folder}",
        ) from error
    verify_module(info, manifest)
    await handle.record_maps()


async def _copy(manifest: PluginManifest, timeout_s: float) -> PrivateCopy | None:
    try:
        return await off_loop(lambda: copy_library(manifest.entry), timeout_s, _discard)
    except TimeoutError as error:
        raise LoadFailed(
            f"{manifest.entry.name} cannot be loaded: reading it took longer than {timeout_s:g} s",
            remedy=f"see whether {manifest.folder} is on a disk that answers",
        ) from error


def _discard(copy: PrivateCopy | None) -> None:
    if copy is not None:
        copy.close()


def _text(manifest: PluginManifest, path: Path) -> str:
    text = str(path.absolute())
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LoadFailed(
            f"{manifest.id} cannot be loaded: its path {text!r} is not UTF-8", remedy="move the plugin elsewhere"
        ) from error
    return text
