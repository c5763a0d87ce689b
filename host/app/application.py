"""One host: all rooms put together, and taken apart again."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from abi.kinds import CapabilityKind, LogLevel
from host.app.catalogues import Catalogues
from host.app.chain_commands import ChainCommands
from host.app.config_commands import ConfigCommands
from host.app.finding import Finding, Late, find, nobody
from host.app.idle_chain import IdleChain
from host.app.lyrics_commands import LyricsCommands
from host.app.lyrics_providers import LyricsProviders
from host.app.openers import make_opener
from host.app.output_commands import OutputCommands
from host.app.playback_setup import Abandon, PlaybackSetup, staged
from host.app.plugin_commands import PluginCommands, generation_facts
from host.app.plugin_requests import PluginRequests
from host.app.query_owners import QueryOwners
from host.app.queue_commands import QueueCommands
from host.app.reload import reloaded
from host.app.session_keeper import SessionKeeper
from host.app.session_store import SessionStore
from host.app.status import fault_facts, host_facts
from host.app.transport_commands import TransportCommands
from host.app.worker_loads import Quantum, WorkerLoads
from host.capabilities import Candidate, QueryCache, known_extensions
from host.errors import OutputError
from host.events import ConfigReloaded, EventBus, PluginFault, QueueChanged
from host.ids import PluginId, TypeId
from host.jsontext import Json, JsonObject
from host.logbook import Logbook
from host.packages import Discovery, config_in_force, discover, search_path
from host.patience import off_loop
from host.playback import (
    Chain,
    Entry,
    Excerpt,
    Now,
    Opener,
    PipelineFormat,
    PlaybackParts,
    Player,
    PlayState,
    Queue,
    TrackResult,
    Transport,
)
from host.runtime import CRASHES_FILE, PluginRuntime
from host.settings import Paths, ReplayGainMode, Settings, load_settings
from host.supervise import CrashHistory, Watcher
from host.version import VERSION
from host.where import local_files
from host.worker import Zygote

__all__ = ["Application"]

DISCOVERY_TIMEOUT_S = 30.0
T = TypeVar("T")

#: For the answer to a plugin that stops the playback.
_LAST_WORD_S = 1.0
_FAULTS_SHOWN = 8


def _started(part: T | None) -> T:
    if part is None:
        raise RuntimeError("the application has not started")
    return part


def _keep(_remove: Callable[[], None]) -> None:
    """Nothing is removed: the process is not to end at once."""


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
        self._owners = QueryOwners(lambda: (self.queries, self.runtime), self.bus, self.config_of)
        #: Who holds the configuration of a source or lyrics provider; it begins with what is saved.
        self.query_owner = self._owners.owner
        self._configs = ConfigCommands(lambda: self._player, self._owners.all, self._read_saved)
        self._player: Player | None = None
        self._setup: PlaybackSetup | None = None
        self._session: SessionKeeper | None = None
        self._abandon: Abandon = _keep
        #: Told what became of every play of the transport.
        self.on_played: Callable[[Entry, TrackResult], None] = lambda _entry, _result: None
        self.queue = Queue()
        self.queue.subscribe(lambda: self.bus.publish(QueueChanged(self.queue.version, len(self.queue))))
        self.queueing = QueueCommands(
            self.queue,
            lambda names, late: self.find(names, late),
            lambda: self.transport.heard(),
        )
        self.transport = Transport(
            self.queue,
            self.bus,
            self._next_playback,
            lambda entry, result: self.on_played(entry, result),
            self._rest_unless_playing,
        )
        providers = LyricsProviders(lambda: self.discovery.plugins, self.query_owner, paths.cache_dir, self._warn)
        self.lyrics = LyricsCommands(self.bus, self.transport, providers, lambda: self.settings, self._opener)
        self._faults = self.bus.subscribe(PluginFault, capacity=_FAULTS_SHOWN)
        self._last_faults: deque[PluginFault] = deque(maxlen=_FAULTS_SHOWN)
        self._on_stop: Callable[[], None] | None = None
        self._logbook: Logbook | None = None
        self._loads: WorkerLoads | None = None
        self._quantum: Quantum | None = None
        self._reloading = asyncio.Lock()

    @property
    def discovery(self) -> Discovery:
        """What plugins there are."""
        return _started(self._discovery)

    @property
    def runtime(self) -> PluginRuntime:
        """The workers."""
        return _started(self._runtime)

    @property
    def plugins(self) -> PluginCommands:
        """What can be asked about plugins."""
        return _started(self._plugins)

    @property
    def configs(self) -> ConfigCommands:
        """The configurations of what plays."""
        return self._configs

    @property
    def outputs(self) -> OutputCommands:
        """What can be done about where it plays to."""
        at_rest = None if self._setup is None else lambda output: self.change_setup(replace(self.setup, output=output))
        return OutputCommands(self.discovery, self.settings, lambda: self._player, at_rest)

    @property
    def queries(self) -> QueryCache:
        """The instances that answer questions."""
        return _started(self._queries)

    @property
    def catalogues(self) -> Catalogues:
        """What is in sources."""
        return Catalogues(lambda: self.discovery.plugins, self.query_owner, lambda: self.queries)

    def find(self, names: Iterable[str], late: Late = nobody) -> Finding:
        """What names lead to: see ``host.app.finding``."""
        return find(names, frozenset(known_extensions(self.discovery.plugins.values())), self.catalogues, late)

    @property
    def chain(self) -> ChainCommands:
        """What can be asked about the chain that plays, and done to it."""
        return ChainCommands(
            self.discovery,
            lambda: self._player,
            self.settings.plugins,
            self.settings.limits.open_ms / 1000,
            None if self._setup is None else IdleChain(lambda: self.setup, self.change_setup),
        )

    @property
    def setup(self) -> PlaybackSetup:
        """What the transport's next playback goes through."""
        if self._setup is None:
            raise RuntimeError("nobody has said what to play through")
        return self._setup

    def change_setup(self, setup: PlaybackSetup) -> None:
        """What the transport's next playback goes through instead."""
        self._setup = setup

    def play_through(self, setup: PlaybackSetup, on_abandon: Abandon = _keep) -> None:
        """From the next playback of the transport on. ``on_abandon``: see ``host.app.playback_setup``."""
        self._setup, self._abandon = setup, on_abandon

    def keep_log(self, path: Path) -> None:
        """From now on what happens is written down there."""
        self._logbook = Logbook(self.bus, path, self.settings.log)
        self._logbook.say(LogLevel.INFO, f"stellatune {VERSION} begins, pid {os.getpid()}")
        for problem in (*self.settings.problems, *(str(each.error) for each in self.discovery.problems)):
            self._logbook.say(LogLevel.WARN, problem)

    async def reload(self) -> None:
        """Reads the configuration file again and does what can be done about it now; ``ConfigReloaded`` tells."""
        async with self._reloading:
            try:
                fresh = await off_loop(lambda: load_settings(self.paths.config_file), DISCOVERY_TIMEOUT_S)
            except TimeoutError:
                fresh = Settings(problems=(f"{self.paths.config_file} was not read in time",), unread=True)
            if fresh.unread:
                self.bus.publish(ConfigReloaded((), (), fresh.problems))
                return
            before, self.settings = self.settings, fresh
            self.runtime.change_limits(fresh.limits)
            self.plugins.drain_s = fresh.limits.drain_ms / 1000
            if self._watcher is not None:
                self._watcher.change_limits(fresh.limits)
            if self._logbook is not None:
                self._logbook.configure(fresh.log)
            self.bus.publish(await reloaded(before, fresh, self.discovery.plugins, self._configs))

    def _warn(self, line: str) -> None:
        if self._logbook is not None:
            self._logbook.say(LogLevel.WARN, line)

    def hurry(self) -> None:
        """For one that is to end, and does not: its workers are killed, so that nobody waits for them."""
        self._warn("it takes too long to end: all workers are killed")
        self.runtime.kill("the host ends, and waits no longer")

    @property
    def plays(self) -> bool:
        """Whether something is heard, or about to be."""
        return self.transport.state is PlayState.PLAYING

    async def keep_session(self, tell: Callable[[str], None]) -> None:
        """Goes on where the last host was, and writes down where this one is from now on. ``tell``: what goes wrong."""
        self._session = SessionKeeper(SessionStore(self.paths.state_dir, self.queue, tell), self.transport, self.bus)
        await self._session.take_up()
        self._rest_unless_playing(self.transport.state)

    def _rest_unless_playing(self, state: PlayState) -> None:
        if self._watcher is not None:
            self._watcher.rest(resting=state is not PlayState.PLAYING)

    async def play_uri(self, uri: str) -> None:
        """Plays what a URI leads to, then the queue goes on. Raises: NotFound: nothing is there; MediaError."""
        await self.transport.goto(await self.queueing.add_next(uri))

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
        return {
            "host": host_facts(time.monotonic() - self._began_s),
            "playback": self.music.facts(self._now),
            "workers": workers,
            "faults": fault_facts(self._last_faults),
            "log": None if self._logbook is None else self._logbook.facts(),
        }

    def top(self) -> JsonObject:
        """What the host and its workers cost and do at this moment."""
        return _started(self._loads).rows()

    def config_of(self, kind: CapabilityKind, plugin_id: PluginId, type_id: TypeId) -> JsonObject:
        """What an instance is made with when nobody says otherwise. Raises: NotFound."""
        plugin = self.runtime.manifest(plugin_id)
        return config_in_force(plugin, plugin.capability(kind, type_id), self.settings.plugins)

    def player(self, chain: Chain, excerpt: Excerpt, decoder: Candidate | None) -> Player:
        """A player over this host's workers; ``decoder``: this one only, whatever the scores say."""
        return self.playback(chain, excerpt, decoder).player

    def staged(
        self, setup: PlaybackSetup, *, sources: Iterable[Path], volume: float = 1.0, on_abandon: Abandon = _keep
    ) -> AbstractAsyncContextManager[PlaybackParts]:
        """A playback through this, over this host's workers: see ``host.app.playback_setup``."""
        return staged(
            setup,
            self.discovery.plugins,
            self.settings,
            self.playback,
            sources=sources,
            volume=volume,
            on_abandon=on_abandon,
        )

    @asynccontextmanager
    async def _next_playback(self, volume: float) -> AsyncIterator[PlaybackParts]:
        """For the transport: through what is wished for, as the playback before left it."""
        sources = local_files(entry.where for entry in self.queue.entries)
        async with self.staged(self.setup, sources=sources, volume=volume, on_abandon=self._abandon) as parts:
            try:
                yield parts
            finally:
                self._setup = self.setup.after(parts.player.chain)

    def playback(
        self, chain: Chain, excerpt: Excerpt, decoder: Candidate | None, mode: ReplayGainMode | None = None
    ) -> PlaybackParts:
        """A player over this host's workers, the one that commands are for from now on. ``mode`` None: as it is set."""
        opener = self._opener(excerpt, decoder, mode)
        self.runtime.supervisor.paced = not chain.pacing.batched

        def begun(fmt: PipelineFormat, device: bool) -> None:
            self._quantum = Quantum(fmt.sample_rate_hz, chain.pacing.block_frames)
            if self._watcher is not None:
                self._watcher.playing(fmt.sample_rate_hz, chain.pacing.block_frames, device=device)

        self._player = Player(self.runtime, self.bus, opener, chain, begun)
        return PlaybackParts(self._player, opener)

    def _opener(self, excerpt: Excerpt, decoder: Candidate | None, mode: ReplayGainMode | None) -> Opener:
        served = (self.runtime, self.bus, self.discovery, lambda: self.settings)
        return make_opener(*served, self.config_of, self.catalogues.serves, excerpt, decoder, mode)

    async def _read_saved(self) -> None:
        """What is saved of plugins, as the file has it now; what else it holds is for the next start."""
        with suppress(TimeoutError):  # its file system does not answer: what was read last holds
            fresh = await off_loop(lambda: load_settings(self.paths.config_file), DISCOVERY_TIMEOUT_S)
            if not fresh.unread:
                self.settings = replace(self.settings, plugins=fresh.plugins)

    @property
    def music(self) -> TransportCommands:
        """What can be asked of the transport."""
        return TransportCommands(self.transport)

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
        self._loads = WorkerLoads(self._runtime, self.bus, lambda: self._quantum)
        self._watcher = Watcher(self._runtime.workers_in_use, self.settings.limits)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.queueing.close()
        if self._session is not None:
            await self._session.close()
        await self.lyrics.close()
        await self.transport.close()
        if self._watcher is not None:
            await self._watcher.close()
        if self._plugin_requests is not None:
            await self._plugin_requests.close()
        self.plugins.close()
        if self._loads is not None:
            self._loads.close()
        await self._owners.close()
        await self.queries.close()
        await self.runtime.close()
        if self._logbook is not None:
            self._logbook.say(LogLevel.INFO, "the host ends")
            await self._logbook.close()
        self._faults.close()
