"""A host that only scans: discovery, workers in the role of scanning, and nothing that plays.

The composition root of `library scan` and `library watch`, a process of its own beside one that plays: it touches no
socket and no lock of that, and its workers have a budget of faults of their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from abi.kinds import CapabilityKind
from host.errors import OutputError
from host.events import EventBus
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.packages import Discovery, config_in_force, discover, search_path
from host.patience import off_loop
from host.records import record
from host.runtime import PluginRuntime
from host.settings import Paths, Settings
from host.supervise import Rules, Supervisor, Watcher
from host.worker import Zygote

__all__ = ["ScanHost", "scan_host"]

DISCOVERY_TIMEOUT_S = 30.0
#: A death in a scan is its file's, and how many a plugin may have is the scan's own budget: no delay, no quarantine.
SCAN_RULES = Rules(delays_s=(0.0,), row=1 << 30)


@record
class ScanHost:
    """What a scan needs of a host."""

    settings: Settings
    discovery: Discovery
    runtime: PluginRuntime
    bus: EventBus
    watcher: Watcher

    def at_work(self, scans: bool) -> None:
        """Whether its workers are to be looked at; while nothing is scanned an idle machine is not woken for them."""
        self.watcher.rest(resting=not scans)

    def config_of(self, plugin_id: PluginId, type_id: TypeId) -> JsonObject:
        """How a decoder is made: as it is saved, or by its defaults. Raises: NotFound."""
        plugin = self.runtime.manifest(plugin_id)
        return config_in_force(plugin, plugin.capability(CapabilityKind.DECODER, type_id), self.settings.plugins)


@asynccontextmanager
async def scan_host(settings: Settings, paths: Paths) -> AsyncIterator[ScanHost]:
    """A running one; its workers are gone afterwards. Raises: OutputError: the plugins' folders give no answer."""
    zygote = Zygote()
    zygote.warm()
    path = search_path(paths)
    try:
        discovery = await off_loop(lambda: discover(path), DISCOVERY_TIMEOUT_S)
    except TimeoutError as error:
        zygote.close()
        raise OutputError(
            f"the plugin folders were not read within {DISCOVERY_TIMEOUT_S:g} s",
            remedy="see `stellatune paths` for where they are",
        ) from error
    bus = EventBus()
    supervisor = Supervisor(SCAN_RULES)
    runtime = PluginRuntime(
        discovery.plugins, bus, settings, state_dir=paths.state_dir, zygote=zygote, supervisor=supervisor
    )
    watcher = Watcher(runtime.workers_in_use, settings.limits)
    watcher.scanning()
    try:
        yield ScanHost(settings, discovery, runtime, bus, watcher)
    finally:
        await watcher.close()
        await runtime.close()
