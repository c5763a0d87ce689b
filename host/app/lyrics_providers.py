"""From the names in the settings to who is asked for words, in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from abi.kinds import CapabilityKind
from host.capabilities import QueryOwner
from host.errors import NotFound, StellaError
from host.ids import PluginId, TypeId
from host.lyrics import (
    CACHE,
    EMBEDDED,
    Chosen,
    Embedded,
    Finder,
    Found,
    LyricsCache,
    PluginProvider,
    Provider,
    Remembered,
    Step,
    Track,
)
from host.packages import PluginManifest, Right, find_type
from host.settings import LyricsSettings

__all__ = ["LyricsProviders"]

Owners = Callable[[PluginId, CapabilityKind, TypeId], QueryOwner]


class _Unknown:
    """A name that leads to nobody: told whenever somebody is asked, and in nobody's way."""

    online = False

    def __init__(self, name: str, error: StellaError) -> None:
        self.name = name
        self._error = error

    async def look(self, track: Track) -> Found | None:  # noqa: ARG002  # it knows no track
        """Raises: NotFound."""
        raise self._error


class LyricsProviders:
    """Of one host: those that were made are kept, so that each is asked one thing at a time."""

    def __init__(
        self,
        plugins: Callable[[], Mapping[PluginId, PluginManifest]],
        owner: Owners,
        cache_dir: Path,
        tell: Callable[[str], None],
    ) -> None:
        """``tell``: what is wrong with what is remembered."""
        self._plugins = plugins
        self._owner = owner
        self._cache = LyricsCache(cache_dir, self._complain)
        self._tell = tell
        self._complaints: list[str] = []
        self._made: dict[tuple[PluginId, TypeId, bool], PluginProvider] = {}

    def finder(self, settings: LyricsSettings) -> Finder:
        """Asks those who are named, and with ``online`` also all that ask somebody on the network."""
        names = [*settings.providers, *(self._online() if settings.online else ())]
        remembers = CACHE in names
        made = {name: self._provider(name, remembers=remembers) for name in dict.fromkeys(names) if name != CACHE}
        providers = [each for each in made.values() if not isinstance(each, _Unknown)]
        remembered = Remembered(self._cache, [each.name for each in providers])
        steps: list[Step] = [Chosen(self._cache)] if remembers else []
        for name in dict.fromkeys(names):
            steps.append(remembered if name == CACHE else made[name])
        return Finder(steps, providers, self._cache if remembers else None)

    def complaints(self) -> list[str]:
        """What was wrong with what is remembered since somebody asked last; the cache says each thing once."""
        told, self._complaints = self._complaints, []
        return told

    def _complain(self, line: str) -> None:
        self._tell(line)
        self._complaints.append(line)

    def _online(self) -> Iterator[str]:
        for plugin in self._plugins().values():
            if Right.NETWORK in plugin.rights:
                yield from (each.type_id for each in plugin.capabilities if each.kind is CapabilityKind.LYRICS_PROVIDER)

    def _provider(self, name: str, *, remembers: bool) -> Provider | _Unknown:
        if name == EMBEDDED:
            return Embedded()
        try:
            plugin, capabilities = find_type(name, self._plugins())
        except StellaError as error:
            return _Unknown(name, error)
        found = next((each for each in capabilities if each.kind is CapabilityKind.LYRICS_PROVIDER), None)
        if found is None:
            return _Unknown(name, NotFound(f"{name} knows no lyrics", remedy="see `stellatune config get lyrics`"))
        key = (plugin.id, found.type_id, remembers)
        if key not in self._made:
            owner = self._owner(plugin.id, found.kind, found.type_id)
            online = Right.NETWORK in plugin.rights
            self._made[key] = PluginProvider(owner, name, online=online, cache=self._cache if remembers else None)
        return self._made[key]
