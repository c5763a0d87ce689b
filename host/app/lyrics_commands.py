"""What can be asked about the words of a file, and of what plays. The event loop's thread; results are JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from host.app.lyrics_providers import LyricsProviders
from host.errors import NotFound, NotRunning, StellaError
from host.events import EventBus
from host.jsontext import Json, JsonObject
from host.lyrics import Finder, Follower, Listing, Moment, PlayedWords, Search, Song, Track
from host.playback import WHOLE, Entry, Excerpt, Opener, OpenTrack, PlayState, Transport
from host.settings import Settings
from host.where import label_of

__all__ = ["LyricsCommands"]


class LyricsCommands:
    """Of one host. ``settings`` are those of the moment; ``opener`` makes who opens files."""

    def __init__(
        self,
        bus: EventBus,
        transport: Transport,
        providers: LyricsProviders,
        settings: Callable[[], Settings],
        opener: Callable[[Excerpt, None, None], Opener],
    ) -> None:
        self._transport = transport
        self._providers = providers
        self._settings = settings
        self._opener = opener
        self._words = PlayedWords(self._song_of, lambda song: self._finder.find(Track(song)))
        self._follower = Follower(bus, self, self._words)

    async def close(self) -> None:
        """Nobody is asked any more; twice is fine."""
        await self._follower.close()
        await self._words.close()

    # ---- a file ----

    async def of_file(self, path: Path) -> JsonObject:
        """Its words. Raises: NotFound: nobody has them; StellaError: and somebody could not say."""
        untold: list[str] = []
        track = Track(_song_at(path), lambda: self._learn(path, untold))
        try:
            search = await self._finder.find(track)
        finally:
            await track.close()
        untold += self._providers.complaints()
        return {"file": str(path), **_words(path, label_of(path), search), "problems": [*_problems(search), *untold]}

    async def file_candidates(self, path: Path) -> JsonObject:
        """What there is to choose from."""
        return {"file": str(path), **_listing(await self._finder.candidates(await self._learn(path, [])))}

    async def choose_for_file(self, path: Path, number: int) -> JsonObject:
        """Takes a candidate, counted from 1; 0: whatever is found anew. Raises: NotFound."""
        await self._choose(await self._learn(path, []), number)
        return await self.of_file(path)

    # ---- what plays ----

    async def current(self) -> JsonObject:
        """The words of what is heard. Raises: NotRunning: nothing is; the rest as ``of_file``."""
        moment, song = self._expect_heard()
        looking = self._words.prepare(moment.play)
        if looking is None:
            raise _nothing_plays()
        search = await looking
        label = " - ".join(filter(None, (song.artist, song.title))) or label_of(Path(song.path))
        facts: JsonObject = {"entry": moment.entry, "title": song.title, "artist": song.artist, "album": song.album}
        path = Path(song.path) if song.path else None
        return {**facts, "file": song.path or None, **_words(path, label, search), "problems": _problems(search)}

    async def candidates(self) -> JsonObject:
        """What there is to choose from for what is heard. Raises: NotRunning."""
        _, song = self._expect_heard()
        return _listing(await self._finder.candidates(song))

    async def choose(self, number: int) -> JsonObject:
        """As ``choose_for_file``, for what is heard. Raises: NotRunning, NotFound."""
        moment, song = self._expect_heard()
        await self._choose(song, number)
        self._words.forget(moment.play)
        self._follower.words_changed()
        return await self.current()

    # ---- for the cursor ----

    @property
    def plays(self) -> bool:
        """Whether the user wants to hear something."""
        return self._transport.state is PlayState.PLAYING

    def moment(self) -> Moment | None:
        """Where the music is; None: nowhere, or nobody can say."""
        try:
            now, entry = self._transport.now(), self._transport.heard()
        except StellaError:  # rings that are being made anew
            return None
        if now is None or entry is None:
            return None
        place = now.place
        ahead_ms = 1000 * now.ahead_s
        return Moment(
            now.track.index,
            entry.id,
            1000 * place.seconds,
            place.source_frame,
            place.source_rate_hz,
            self.plays,
            ahead_ms,
        )

    # ---- inside ----

    @property
    def _finder(self) -> Finder:
        return self._providers.finder(self._settings().lyrics)

    def _song_of(self, play: int) -> Song | None:
        opened = self._transport.opened(play)
        return None if opened is None else _song_from(*opened)

    def _expect_heard(self) -> tuple[Moment, Song]:
        moment = self.moment()
        song = None if moment is None else self._song_of(moment.play)
        if moment is None or song is None:
            raise _nothing_plays()
        return moment, song

    async def _choose(self, song: Song, number: int) -> None:
        if number:
            await self._finder.choose(song, number)
        else:
            await self._finder.forget(song)

    async def _learn(self, path: Path, untold: list[str]) -> Song:
        """What the file says of itself, as its decoder tells; a file that nobody can read has a path at least."""
        try:
            track = await self._opener(WHOLE, None, None).open(0, path)
        except StellaError as error:
            untold.append(str(error))
            return _song_at(path)
        await track.close()
        return _song_from(track, None)


def _song_at(path: Path) -> Song:
    """A name that is not UTF-8 cannot be told to a plugin."""
    text = str(path.absolute())
    return Song(text if text.isascii() or _is_utf8(text) else "")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _song_from(track: OpenTrack, entry: Entry | None) -> Song:
    """What its playlist says goes over the tags of its file, which may be those of a whole album.

    What is live has no begin from which words could be counted, and no name of a song.
    """
    if track.live:
        return Song()
    tags, hints = track.tags, None if entry is None else entry.hints
    start_s = entry.excerpt.start_s if entry is not None else 0
    total_s = track.duration_s
    return Song(
        _song_at(track.where).path if isinstance(track.where, Path) else "",
        (hints.title if hints is not None else "") or tags.title,
        (hints.artist if hints is not None else "") or tags.artist,
        (hints.album if hints is not None else "") or tags.album,
        None if total_s is None else round(1000 * total_s),
        tags.lyrics,
        int(1000 * start_s),
    )


def _nothing_plays() -> NotRunning:
    return NotRunning("nothing plays", remedy="name a file, or `stellatune resume`")


def _words(path: Path | None, label: str, search: Search) -> JsonObject:
    """Raises: NotFound; StellaError: somebody could not say."""
    if search.found is not None:
        return search.found.facts()
    if search.problems:
        raise search.problems[-1].error
    where = "" if path is None else f"put them into {path.with_suffix('.lrc').name}, or "
    raise NotFound(f"{label}: nobody knows its words", remedy=f"{where}see `stellatune config show lyrics`")


def _problems(told: Search | Listing) -> list[Json]:
    return [f"{each.provider}: {each.error}" for each in told.problems]


def _listing(listing: Listing) -> JsonObject:
    rows: list[Json] = [{"number": number, **each.facts} for number, each in enumerate(listing.candidates, 1)]
    return {"candidates": rows, "problems": _problems(listing)}
