"""A library that could be somebody's: tracks with names of invented words, some in everything, most of them rare."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from host.library import FileStamp, Track
from host.media import Tags

__all__ = ["GENRES", "invented_tracks"]

GENRES = ("Rock", "Pop", "Jazz", "Classical", "Hip Hop", "Electronic", "Folk", "Metal", "Pop Rock", "Ambient")
WORDS = 30_000
_BEGINS = "bcdfghklmnprstvwz"
_ENDS = ("a", "e", "i", "o", "u", "ar", "en", "or", "il")


def invented_tracks(count: int, seed: int) -> Iterator[Track]:
    """So many, the same for the same seed: albums of 6 to 16 tracks, a quarter of all names with "The"."""
    rng = random.Random(seed)
    syllables = [begin + end for begin in _BEGINS for end in _ENDS]
    words = ["".join(rng.choices(syllables, k=rng.choice((1, 2, 2, 3, 3, 4)))) for _ in range(WORDS)]
    shares = [*accumulate(1 / (rank + 10) for rank in range(WORDS))]

    def name(lengths: Sequence[int]) -> str:
        text = " ".join(rng.choices(words, cum_weights=shares, k=rng.choice(lengths))).title()
        return f"The {text}" if rng.random() < 0.25 else text

    made = 0
    while made < count:
        artist, album, year = name((1, 2, 2, 3)), name((1, 2, 3, 4)), rng.randint(1960, 2024)
        genre, container = rng.choice(GENRES), rng.choice(("flac", "mp3"))
        for number in range(1, min(rng.randint(6, 16), count - made) + 1):
            title = name((1, 2, 3, 4, 5))
            yield Track(
                path=Path(f"/music/{artist}/{year} - {album}/{number:02} {title}.{container}"),
                stamp=FileStamp(rng.randint(10**6, 10**8), rng.randint(1, 2**60)),
                decoder=f"stellatune.decoder.{container}:{container}",
                decoder_mark="1",
                container=container,
                rate_hz=rng.choice((44_100, 44_100, 48_000, 96_000)),
                channels=2,
                bits=16,
                duration_ms=rng.randint(60_000, 600_000),
                tags=Tags(title, artist, album, artist, number, str(year), genre),
            )
            made += 1
