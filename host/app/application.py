"""One host: all rooms put together, and taken apart again."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from host.capabilities import Candidate, select_decoders
from host.errors import OutputError
from host.events import EventBus
from host.packages import Discovery, discover, search_path
from host.playback import Chain, Excerpt, Opener, Player, off_loop
from host.runtime import PluginRuntime
from host.settings import Paths, Settings
from host.supervise import Watcher
from host.worker import Zygote

__all__ = ["Application"]

DISCOVERY_TIMEOUT_S = 30.0


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

    def player(self, chain: Chain, excerpt: Excerpt, decoder: Candidate | None) -> Player:
        """A player over this host's workers; ``decoder``: this one only, whatever the scores say."""
        manifests = tuple(self.discovery.plugins.values())

        def candidates(extension: str) -> Sequence[Candidate]:
            return select_decoders(manifests, extension) if decoder is None else (decoder,)

        opener = Opener(self.runtime, candidates, excerpt, self.settings.limits.open_ms / 1000)
        return Player(self.runtime, self.bus, opener, chain)

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
        self._watcher = Watcher(self._runtime.workers_in_use, self.settings.limits)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watcher is not None:
            await self._watcher.close()
        await self.runtime.close()
