"""One host: all rooms put together, and taken apart again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import TracebackType

from abi.kinds import CapabilityKind
from host.app.chain_commands import ChainCommands
from host.app.config_commands import ConfigCommands
from host.app.output_commands import OutputCommands
from host.app.plugin_commands import PluginCommands, generation_facts
from host.app.plugin_requests import PluginRequests
from host.app.status import fault_facts, host_facts, playback_facts
from host.capabilities import Candidate, QueryCache, QueryOwner, select_decoders
from host.errors import NotFound, OutputError, StellaError
from host.events import EventBus, PluginFault
from host.ids import PluginId, TypeId
from host.jsontext import Json, JsonObject
from host.packages import Discovery, config_in_force, discover, search_path
from host.patience import off_loop
from host.playback import Chain, DecoderConfigs, Excerpt, Now, Opener, PipelineFormat, Player
from host.runtime import CRASHES_FILE, PluginRuntime
from host.settings import Paths, ReplayGain, ReplayGainMode, Settings, load_settings
from host.supervise import CrashHistory, Watcher
from host.worker import Zygote

__all__ = ["Application"]

DISCOVERY_TIMEOUT_S = 30.0
#: For the answer to a plugin that stops the playback.
_LAST_WORD_S = 1.0
_FAULTS_SHOWN = 8


class Application:
    """One host. ``async with`` starts it, and ends every worker on the way out."""

    def __init__(self, settings: Settings, paths: Paths) -> None:
        self.settings = settings
        self.paths = paths
        self.bus = EventBus()
        self._discovery: Discovery | None = None
        self._runtime: PluginRuntime | None = None
        self._watcher: Watcher | None = None
        self._zygote = Zygote()
        self._began_s = time.monotonic()
        self._plugins: PluginCommands | None = None
        self._plugin_requests: PluginRequests | None = None
        self._queries: QueryCache | None = None
        self._owners: dict[tuple[PluginId, CapabilityKind, TypeId], QueryOwner] = {}
        self._configs = ConfigCommands(lambda: self._player, self._owners.values, self._read_saved)
        self._player: Player | None = None
        self._faults = self.bus.subscribe(PluginFault, capacity=_FAULTS_SHOWN)
        self._last_faults: deque[PluginFault] = deque(maxlen=_FAULTS_SHOWN)
        self._on_stop: Callable[[], None] | None = None

    @property
    def discovery(self) -> Discovery:
        """What plugins there are."""
        if self._discovery is None:
            raise RuntimeError("the application has not started")
        return self._discovery

    @property
    def runtime(self) -> PluginRuntime:
        """The workers."""
        if self._runtime is None:
            raise RuntimeError("the application has not started")
        return self._runtime

    @property
    def plugins(self) -> PluginCommands:
        """What can be asked about plugins."""
        if self._plugins is None:
            raise RuntimeError("the application has not started")
        return self._plugins

    @property
    def configs(self) -> ConfigCommands:
        """The configurations of what plays."""
        return self._configs

    @property
    def outputs(self) -> OutputCommands:
        """What can be done about where it plays to."""
        return OutputCommands(self.discovery, self.settings, lambda: self._player)

    @property
    def queries(self) -> QueryCache:
        """The instances that answer questions."""
        if self._queries is None:
            raise RuntimeError("the application has not started")
        return self._queries

    def query_owner(self, plugin_id: PluginId, kind: CapabilityKind, type_id: TypeId) -> QueryOwner:
        """Who holds the configuration of a source or lyrics provider; it begins with what is saved."""
        key = (plugin_id, kind, type_id)
        if key not in self._owners:
            config = self.config_of(kind, plugin_id, type_id)
            self._owners[key] = QueryOwner(self.queries, self.runtime, self.bus, plugin_id, kind, type_id, config)
        return self._owners[key]

    @property
    def chain(self) -> ChainCommands:
        """What can be asked about the chain that plays, and done to it."""
        return ChainCommands(
            self.discovery, lambda: self._player, self.settings.plugins, self.settings.limits.open_ms / 1000
        )

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Called when somebody asks this host to end."""
        self._on_stop = callback

    def stop(self) -> None:
        """Asks this host to end, as ``stellatune stop`` does; returns at once."""
        if self._on_stop is not None:
            self._on_stop()

    def status(self) -> JsonObject:
        """What goes on at this moment."""
        while (fault := self._faults.poll()) is not None:
            self._last_faults.append(fault)
        workers: list[Json] = [generation_facts(one) for one in self.runtime.list()]
        playback: JsonObject | None = None
        with suppress(StellaError):
            now = self._now()
            playback = None if now is None else playback_facts(now)
        return {
            "host": host_facts(time.monotonic() - self._began_s),
            "playback": playback,
            "workers": workers,
            "faults": fault_facts(self._last_faults),
        }

    def config_of(self, kind: CapabilityKind, plugin_id: PluginId, type_id: TypeId) -> JsonObject:
        """What an instance is made with when nobody says otherwise. Raises: NotFound."""
        plugin = self.runtime.manifest(plugin_id)
        capability = next((each for each in plugin.capabilities if (each.kind, each.type_id) == (kind, type_id)), None)
        if capability is None:
            raise NotFound(f"{plugin_id} has no {kind.word} {type_id}", remedy="see `stellatune plugins info`")
        return config_in_force(plugin, capability, self.settings.plugins)

    def player(
        self, chain: Chain, excerpt: Excerpt, decoder: Candidate | None, mode: ReplayGainMode | None = None
    ) -> Player:
        """A player over this host's workers; ``decoder``: this one only, whatever the scores say.

        ``mode``: which gain of a track counts; None: as it is set when the track is opened.
        """
        manifests = tuple(self.discovery.plugins.values())

        def candidates(extension: str) -> Sequence[Candidate]:
            return select_decoders(manifests, extension) if decoder is None else (decoder,)

        def replay_gain() -> ReplayGain:
            wished = self.settings.replay_gain
            return wished if mode is None else replace(wished, mode=mode)

        configs = DecoderConfigs(partial(self.config_of, CapabilityKind.DECODER))
        opener = Opener(self.runtime, candidates, excerpt, self.settings.limits.open_ms / 1000, configs, replay_gain)
        self.runtime.supervisor.paced = not chain.pacing.batched

        def begun(fmt: PipelineFormat, device: bool) -> None:
            if self._watcher is not None:
                self._watcher.playing(fmt.sample_rate_hz, chain.pacing.block_frames, device=device)

        self._player = Player(self.runtime, self.bus, opener, chain, begun)
        return self._player

    async def _read_saved(self) -> None:
        """What is saved of plugins, as the file has it now; what else it holds is for the next start."""
        with suppress(TimeoutError):  # its file system does not answer: what was read last holds
            fresh = await off_loop(lambda: load_settings(self.paths.config_file), DISCOVERY_TIMEOUT_S)
            self.settings = replace(self.settings, plugins=fresh.plugins)

    def _now(self) -> Now | None:
        return None if self._player is None else self._player.now()

    async def __aenter__(self) -> Application:
        path = search_path(self.paths)
        self._zygote.warm()  # on the other core, while this one reads manifests
        try:
            self._discovery = await off_loop(lambda: discover(path), DISCOVERY_TIMEOUT_S)
        except TimeoutError as error:
            self._zygote.close()
            raise OutputError(
                f"the plugin folders were not read within {DISCOVERY_TIMEOUT_S:g} s",
                remedy="see `stellatune paths` for where they are",
            ) from error
        self._runtime = PluginRuntime(
            self._discovery.plugins, self.bus, self.settings, state_dir=self.paths.state_dir, zygote=self._zygote
        )
        self._plugins = PluginCommands(
            self._runtime,
            self._discovery,
            self.bus,
            CrashHistory(self.paths.state_dir / CRASHES_FILE),
            lambda: self._player,
            self.settings.limits.drain_ms / 1000,
        )
        self._plugin_requests = PluginRequests(
            self.bus, self._runtime.requests, self._now, lambda: self._on_stop, _LAST_WORD_S
        )
        self._queries = QueryCache(self._runtime, self.bus)
        self._watcher = Watcher(self._runtime.workers_in_use, self.settings.limits)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watcher is not None:
            await self._watcher.close()
        if self._plugin_requests is not None:
            await self._plugin_requests.close()
        self.plugins.close()
        for owner in self._owners.values():
            await owner.close()
        await self.queries.close()
        await self.runtime.close()
        self._faults.close()
