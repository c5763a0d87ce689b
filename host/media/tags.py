"""What a decoder tells of a track beside its sound, as facts of the host: pure.

Whatever stands there comes from a file by way of a plugin. Names count without their case; what cannot be read is not
there; texts are cut and made printable. A number of gain or peak that no honest file holds is no number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from host.jsontext import Json, JsonObject
from host.printable import printable
from host.records import record

__all__ = ["NO_TAGS", "Loudness", "Tags", "read_tags"]

MAX_TEXT = 500
MAX_LYRICS = 100_000
MAX_GAIN_DB = 60.0
MAX_PEAK = 100.0
#: Gains by EBU R 128 in Opus files go to -23 LUFS, those of ReplayGain to -18 LUFS.
R128_TO_REPLAY_GAIN_DB = 5.0
R128_STEPS_PER_DB = 256

_GAIN = re.compile(r"([+-]?\d{1,3}(?:[.,]\d{1,20})?)\s*(?:db)?", re.IGNORECASE)
_PEAK = re.compile(r"\+?\d{1,3}(?:[.,]\d{1,20})?(?:e[+-]?\d{1,2})?", re.IGNORECASE)
_LOUDNESS_NAMES = {
    scope: (f"replaygain_{scope}_gain", f"r128_{scope}_gain", f"replaygain_{scope}_peak")
    for scope in ("track", "album")
}
_YES = ("1", "true", "yes")
_R128 = re.compile(r"[+-]?\d{1,5}")
_NUMBER = re.compile(r"(\d{1,4})(?:\s*(?:/|of)\s*(\d{1,4})?)?", re.IGNORECASE)


@record
class Loudness:
    """``gain_db`` takes it to -18 LUFS; ``peak`` is its highest sample, 1 is full scale. None: not known."""

    gain_db: float | None = None
    peak: float | None = None


UNKNOWN_LOUDNESS = Loudness()


@record
class Tags:
    """Empty texts and None where the file does not say. ``lyrics`` alone has lines."""

    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    track_number: int | None = None
    date: str = ""
    genre: str = ""
    track: Loudness = UNKNOWN_LOUDNESS
    whole_album: Loudness = UNKNOWN_LOUDNESS
    track_total: int | None = None
    disc_number: int | None = None
    disc_total: int | None = None
    composer: str = ""
    compilation: bool = False
    lyrics: str = ""


NO_TAGS = Tags()


def read_tags(told: JsonObject) -> Tags:
    """The tags in what a decoder told (names in abi/include/stellatune/decoder.h); of names that differ in case only
    the first counts."""
    members: dict[str, Json] = {}
    for name, value in told.items():
        members.setdefault(name.lower(), value)
    track_number, track_total = _numbers(members, "track")
    disc_number, disc_total = _numbers(members, "disc")
    return Tags(
        title=_text(members, "title"),
        artist=_text(members, "artist"),
        album=_text(members, "album"),
        album_artist=_text(members, "album_artist"),
        track_number=track_number,
        date=_text(members, "date"),
        genre=_text(members, "genre"),
        track=_loudness(members, "track"),
        whole_album=_loudness(members, "album"),
        track_total=track_total,
        disc_number=disc_number,
        disc_total=disc_total,
        composer=_text(members, "composer"),
        compilation=_text(members, "compilation").lower() in _YES,
        lyrics=_lines(members, "lyrics"),
    )


def _text(members: Mapping[str, Json], name: str) -> str:
    if name not in members:
        return ""
    value = members[name]
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return printable(value.strip()[:MAX_TEXT]).strip() if isinstance(value, str) else ""


def _lines(members: Mapping[str, Json], name: str) -> str:
    if name not in members:
        return ""
    value = members[name]
    lines = value[:MAX_LYRICS].strip().splitlines() if isinstance(value, str) else []
    return "\n".join(printable(line.replace("\t", " ").rstrip()) for line in lines)


def _numbers(members: Mapping[str, Json], name: str) -> tuple[int | None, int | None]:
    """Which one of how many."""
    if name not in members:
        return None, None
    found = _NUMBER.fullmatch(_text(members, name))
    if found is None:
        return None, None
    return int(found[1]), int(found[2]) if found[2] else None


def _loudness(members: Mapping[str, Json], scope: str) -> Loudness:
    gain, r128_gain, peak = _LOUDNESS_NAMES[scope]
    if gain not in members and r128_gain not in members and peak not in members:
        return UNKNOWN_LOUDNESS
    gain_db = _gain_db(_text(members, gain))
    if gain_db is None:
        gain_db = _r128_gain_db(_text(members, r128_gain))
    return Loudness(gain_db, _peak(_text(members, peak)))


def _gain_db(text: str) -> float | None:
    found = _GAIN.fullmatch(text)
    gain_db = float(found[1].replace(",", ".")) if found else MAX_GAIN_DB + 1
    return gain_db if abs(gain_db) <= MAX_GAIN_DB else None


def _r128_gain_db(text: str) -> float | None:
    if not _R128.fullmatch(text):
        return None
    gain_db = int(text) / R128_STEPS_PER_DB + R128_TO_REPLAY_GAIN_DB
    return gain_db if abs(gain_db) <= MAX_GAIN_DB else None


def _peak(text: str) -> float | None:
    """None for silence, too: it says nothing about how far it may be raised."""
    peak = float(text.replace(",", ".")) if _PEAK.fullmatch(text) else 0.0
    return peak if 0 < peak <= MAX_PEAK else None
