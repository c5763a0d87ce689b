"""How long a search of the library takes: a hundred thousand tracks, a mix of what people type, typing errors with it.

The reference is what a player without an index does, in the same process: a look with LIKE at title, artist and album
of every row.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence

from host.library import Search, Store
from tests.bench.clocks import median
from tests.bench.library_tracks import GENRES, invented_tracks
from tests.bench.rows import Better, Context, Distribution, Rounds, Row, Target

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("LIBRARY-SEARCH",)
TRACKS = 100_000
BATCH = 500
SEARCHES = 1000
REFERENCES = 60
SHOWN = 50
SEED = 6
TARGET = Target("LIBRARY-SEARCH", "", Better.LESS, 1.0, 0.5)

Names = tuple[str, str, str, int]


def measure(context: Context) -> Iterator[Row | Distribution]:
    """Searches in a database made for it, one after the other.

    Raises:
        RuntimeError: searches found nothing where there is something.
    """
    with Store.open(context.folder / "library.db") as store:
        put = _fill(store, TRACKS // 4 if context.quick else TRACKS)
        rows = store.database.rows("SELECT title, artist, album, year FROM tracks ORDER BY id")
        names = [(str(title), str(artist), str(album), int(year or 0)) for title, artist, album, year in rows]
        rng = random.Random(SEED)
        search = Search(store.database)
        ours: list[float] = []
        theirs: list[float] = []
        all_ms: list[float] = []
        found = 0
        for _ in range(context.rounds):
            count = max(1, SEARCHES // context.rounds)
            mine = [_timed(lambda: search.find(_typed(rng, names), SHOWN).tracks) for _ in range(count)]
            like = [
                _timed(lambda: _like(store, rng.choice(names))) for _ in range(max(1, REFERENCES // context.rounds))
            ]
            found += sum(1 for _, hits in mine if hits)
            ours.append(_p99([ms for ms, _ in mine]))
            theirs.append(median([ms for ms, _ in like]))
            all_ms += [ms for ms, _ in mine]
    if found < len(all_ms) // 2:
        raise RuntimeError(f"only {found} of {len(all_ms)} searches found something")
    quantity = f"search of {len(names)} tracks, p99 of a mix, against the median of LIKE"
    yield Row(TARGET, quantity, "ms", Rounds(tuple(ours), tuple(theirs)))
    yield Distribution("LIBRARY-SEARCH", "each search of the mix (p99 <= 20 ms is asked for)", "ms", tuple(all_ms))
    yield Distribution("LIBRARY-SEARCH", f"tracks put, {BATCH} at a time", "us a track", tuple(put))


def _fill(store: Store, count: int) -> list[float]:
    """Gives microseconds a track, batch by batch."""
    tracks = [*invented_tracks(count, SEED)]
    took: list[float] = []
    for at in range(0, len(tracks), BATCH):
        batch = tracks[at : at + BATCH]
        ms, _ = _timed(lambda batch=batch: store.put(batch))  # type: ignore[misc]  # bound at once
        took.append(ms * 1000 / len(batch))
    return took


def _timed(work: Callable[[], Sequence[object] | None]) -> tuple[float, int]:
    began = time.perf_counter()
    hits = work()
    return (time.perf_counter() - began) * 1000, len(hits or ())


def _p99(samples: Sequence[float]) -> float:
    return sorted(samples)[int(len(samples) * 0.99)]


def _like(store: Store, names: Names) -> list[object]:
    word = f"%{names[1].split()[0]}%"
    sql = "SELECT id FROM tracks WHERE title LIKE ? OR artist LIKE ? OR album LIKE ?"
    return [*store.database.rows(sql, (word, word, word))]


def _typed(rng: random.Random, all_names: Sequence[Names]) -> str:
    """Something a person could type."""
    title, artist, album, year = rng.choice(all_names)
    word = rng.choice((title, artist, album)).split()[-1]
    return rng.choices(
        (
            title,
            artist,
            album,
            f"{artist} {title}",
            artist[: max(2, len(artist) // 2)],
            " ".join(_mistyped(rng, each) for each in artist.split()),
            f"{_mistyped(rng, artist.split()[-1])} {title.split()[-1]}",
            f'artist:"{artist}" year:{year}',
            f'"{album}"',
            f"genre:{rng.choice(GENRES).split()[0].lower()} year:{year}..{year + 9}",
            f"{word} -genre:pop sort:year,-title",
            f"duration:>{rng.randint(1, 9)}m rate:>=88200 sort:-added",
            "the",
            f"format:flac year:{year}",
        ),
        (20, 20, 10, 10, 8, 8, 5, 5, 4, 3, 3, 2, 1, 1),
    )[0]


def _mistyped(rng: random.Random, word: str) -> str:
    """A letter left out, another in its place, or two that changed places."""
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + "x" + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
