"""Which of the candidates of a provider are the words of a track, and how well each fits. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from host.jsontext import Json, JsonObject
from host.lyrics.song import Song, normal
from host.records import record

__all__ = ["GOOD_ENOUGH", "Candidate", "ranked", "read_candidate"]

#: From this score on a candidate is taken without asking the user.
GOOD_ENOUGH = 0.6
MOST_CANDIDATES = 50
MAX_TEXT = 300
MAX_DURATION_MS = 1 << 40

#: So much shorter or longer is the same recording; from so much on it is another one.
_SAME_MS = 2500
_OTHER_MS = 15_000
_WEIGHTS = {"title": 0.5, "artist": 0.3, "album": 0.05, "duration": 0.15}


@record
class Candidate:
    """What a provider offers. ``raw`` is what it wants back; the rest it may have told.

    ``score``: 0 to 1, how well it fits.
    """

    provider: str
    raw: JsonObject
    title: str = ""
    artist: str = ""
    album: str = ""
    duration_ms: int | None = None
    timed: bool | None = None
    score: float = 1.0

    @property
    def of_file(self) -> bool:
        """Whether it was found by the name of the file, not by that of the song."""
        return not self.title

    @property
    def facts(self) -> JsonObject:
        """For those who choose."""
        return {
            "provider": self.provider,
            "title": self.title or None,
            "artist": self.artist or None,
            "album": self.album or None,
            "duration_ms": self.duration_ms,
            "timed": self.timed,
            "score": round(self.score, 3),
        }


def read_candidate(provider: str, raw: JsonObject, song: Song) -> Candidate:
    """What a provider told of a candidate, as far as it makes sense. One that tells no title was found by its file."""
    duration = raw.get("duration_ms")
    is_time = isinstance(duration, int | float) and not isinstance(duration, bool) and 0 < duration < MAX_DURATION_MS
    timed = raw.get("timed")
    found = Candidate(
        provider,
        raw,
        _text(raw.get("title")),
        _text(raw.get("artist")),
        _text(raw.get("album")),
        int(duration) if is_time and isinstance(duration, int | float) else None,
        timed if isinstance(timed, bool) else None,
    )
    return found if found.of_file else _scored(found, song)


def ranked(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Best first: by score, those with times before others, else as the provider had them."""
    return tuple(sorted(candidates, key=lambda each: (-round(each.score, 2), each.timed is False)))


def _text(value: Json) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _scored(found: Candidate, song: Song) -> Candidate:
    """What neither says counts for neither."""
    fits: dict[str, float] = {}
    for name in ("title", "artist", "album"):
        ours, theirs = getattr(song, name), getattr(found, name)
        if ours and theirs:
            fits[name] = _alike(normal(ours), normal(theirs))
    if song.duration_ms is not None and found.duration_ms is not None:
        apart_ms = abs(song.duration_ms - found.duration_ms)
        fits["duration"] = max(0.0, min(1.0, (_OTHER_MS - apart_ms) / (_OTHER_MS - _SAME_MS)))
    weight = sum(_WEIGHTS[name] for name in fits)
    score = sum(_WEIGHTS[name] * fit for name, fit in fits.items()) / weight if weight else 0.0
    if fits.get("duration") == 0.0:
        score = min(score, GOOD_ENOUGH / 2)  # another recording: its times are wrong, whatever it is called
    return replace(found, score=score)


def _alike(one: str, other: str) -> float:
    """How many pairs of letters two names share, 0 to 1 (the coefficient of Dice)."""
    if one == other:
        return 1.0
    ours, theirs = _pairs(one), _pairs(other)
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours and theirs else 0.0


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}
