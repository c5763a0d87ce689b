"""What is in the catalogues of sources: pages that were asked for, and all that a name leads to. The loop's thread.

However much a source lists, however deep, and whether it ever ends: what is found has limits, and who waits for it may
go away at any moment. Nothing here waits for a playback, or holds one up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from abi.kinds import CapabilityKind, StatusCode
from host.app.wiring import Plugins
from host.capabilities import Item, ItemKind, Page, QueryCache, QueryOwner, Source
from host.errors import MediaError, NotFound, PluginRefused, StellaError
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject, dump_json, parse_json
from host.packages import CapabilityManifest, PluginManifest, find_capability, merge_config
from host.playback import Input
from host.playlists import Hints
from host.runtime import Instance
from host.where import MAX_URI_CHARS, SourceTrack, about, remedy_for, scheme_of

__all__ = ["Catalogues", "Searched"]

#: Of what one name leads to.
MAX_TRACKS = 100_000
MAX_PAGES = 20_000
MAX_DEPTH = 16
KIND = CapabilityKind.SOURCE_CATALOG
#: What the host itself reads of an item; one that holds more has to be given back whole.
_READ = frozenset({"id", "title", "kind"})
#: A source has nothing to list there, but may have something to play.
_NO_FOLDER = (StatusCode.INVALID_ARG, StatusCode.UNSUPPORTED)

Owners = Callable[[PluginId, CapabilityKind, TypeId], QueryOwner]


@dataclass(frozen=True, slots=True)
class Searched:
    """A page, and how each of its items is called by those who want to play it; None: its name would be too long."""

    page: Page
    names: tuple[SourceTrack | None, ...]


class Catalogues:
    """Of one host. ``owners``: who holds the configuration of a source in force; ``cache``: others are made there."""

    def __init__(self, plugins: Callable[[], Plugins], owners: Owners, cache: Callable[[], QueryCache]) -> None:
        self._plugins = plugins
        self._owners = owners
        self._cache = cache

    @property
    def schemes(self) -> frozenset[str]:
        """Of the URLs that sources open."""
        return frozenset(scheme for _, each in self._sources() for scheme in each.schemes)

    def serves(self, track: SourceTrack) -> tuple[PluginManifest, CapabilityManifest]:
        """Whose a track is; of several that claim its scheme, the first by id. Raises: NotFound, Usage."""
        if track.source:
            return find_capability(track.source, KIND, self._plugins())
        scheme = scheme_of(track.id)
        claims = [(plugin, each) for plugin, each in self._sources() if scheme in each.schemes]
        if not claims:
            known = " ".join(sorted(self.schemes)) or "none"
            raise NotFound(f"no source opens {scheme}://", remedy=f"those of the sources here: {known}")
        return min(claims, key=lambda claim: (claim[0].id, claim[1].type_id))

    async def page(self, track: SourceTrack, request: JsonObject) -> Searched:
        """What the source of a track answers to a request. Raises: NotFound, Usage, and what sources raise."""
        plugin, capability = self.serves(track)
        async with self._use(track, plugin, capability) as instance:
            await instance.settled()  # others may ask the same one
            page = await Source(instance).list_items(request)
        return Searched(page, tuple(self._name(track, capability, item) for item in page.items))

    async def found(self, wanted: Input) -> AsyncIterator[list[Input]]:
        """All tracks that a name leads to, as they are found; what cannot be had is among them, with its reason.

        A name that leads to no folder is one track.
        """
        where = wanted.where
        assert isinstance(where, SourceTrack)
        walk, empty = _Walk(self), True
        try:
            async for some in walk.folder(where, ()):
                yield some
                empty = False
            if empty:
                yield [_refused(where, MediaError("nothing to play is in it", remedy="`sources browse` shows it"))]
        except PluginRefused as error:
            if walk.pages or error.status not in _NO_FOLDER or not where.id:
                yield [_refused(where, error)]
            else:
                yield [Input(where, None, wanted.excerpt, wanted.hints)]
        except StellaError as error:
            yield [_refused(where, error)]

    def _sources(self) -> list[tuple[PluginManifest, CapabilityManifest]]:
        plugins = self._plugins().values()
        return [(plugin, each) for plugin in plugins for each in plugin.capabilities if each.kind is KIND]

    def _use(
        self, track: SourceTrack, plugin: PluginManifest, capability: CapabilityManifest
    ) -> AbstractAsyncContextManager[Instance]:
        owner = self._owners(plugin.id, KIND, capability.type_id)
        if not track.config:
            return owner.use()
        name = f"{plugin.id} ({capability.type_id})"
        config = merge_config(name, capability.config_schema, owner.config, parse_json(track.config))
        return self._cache().use(plugin.id, KIND, capability.type_id, config)

    def _name(self, asked: SourceTrack, capability: CapabilityManifest, item: Item) -> SourceTrack | None:
        if not asked.config and scheme_of(item.id) in capability.schemes and item.id.isprintable():
            named = SourceTrack(item.id)
        else:
            more = "" if _READ.issuperset(item.value) or item.kind is ItemKind.FOLDER else dump_json(item.value)
            named = SourceTrack(item.id, asked.source or capability.type_id, more, asked.config)
        return named if len(named.uri) <= MAX_URI_CHARS else None


class _Walk:
    """Through one name, and all that is below it; what it has met counts for all folders together."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues
        self._tracks = 0
        self.pages = 0

    async def folder(self, where: SourceTrack, above: tuple[str, ...]) -> AsyncIterator[list[Input]]:
        """In the order of the source. Raises: what ``Catalogues.page`` raises; MediaError: beyond the limits."""
        if where.id in above or len(above) >= MAX_DEPTH:
            raise MediaError("the folder leads back to itself, or too deep", remedy="name what is in it")
        request: JsonObject = {"path": where.id} if where.id else {}
        asked: set[str] = set()
        while True:
            answer = await self._catalogues.page(where, request)
            self.pages += 1
            async for some in self._items(where, answer, above):
                yield some
            after = answer.page.next
            if after is None:
                return
            if after in asked or self.pages >= MAX_PAGES:
                raise MediaError("it lists without an end", remedy="name what is in it")
            asked.add(after)
            request = {**request, "after": after}

    async def _items(self, where: SourceTrack, answer: Searched, above: tuple[str, ...]) -> AsyncIterator[list[Input]]:
        ready: list[Input] = []
        for item, name in zip(answer.page.items, answer.names, strict=True):
            if name is None:
                ready.append(_refused(where, MediaError("an item has too long a name", remedy="see the source's own")))
            elif item.kind is ItemKind.TRACK:
                self._tracks += 1
                if self._tracks > MAX_TRACKS:
                    if ready:
                        yield ready
                    raise MediaError(f"it holds more than {MAX_TRACKS} tracks", remedy="name what is in it")
                ready.append(Input(name, hints=_hints(item)))
            else:
                if ready:
                    yield ready
                    ready = []
                try:
                    async for some in self.folder(name, (*above, where.id)):
                        yield some
                except MediaError as error:
                    if self._tracks > MAX_TRACKS or self.pages >= MAX_PAGES:
                        raise
                    yield [_refused(name, error)]
                except StellaError as error:
                    yield [_refused(name, error)]
        if ready:
            yield ready


def _hints(item: Item) -> Hints:
    artist, album = item.value.get("artist"), item.value.get("album")
    return Hints(item.title, artist if isinstance(artist, str) else "", album if isinstance(album, str) else "")


def _refused(where: SourceTrack, error: StellaError) -> Input:
    return Input(where, MediaError(about(where, error.message), remedy=error.remedy or remedy_for(where)))
