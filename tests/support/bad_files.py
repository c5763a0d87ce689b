"""Files that are broken in many ways, the same for the same seed: cut short, bits flipped, pieces swapped, noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

__all__ = ["ENDINGS", "make_bad_files"]

#: Every ending that a shipped decoder names.
ENDINGS = (
    *("flac", "mp3", "ogg", "oga", "opus", "wav", "aiff", "m4a"),
    *("aac", "wv", "ape", "mka", "wma", "caf", "au", "frames"),
)
_HEAD = 4096
_MOST_NOISE = 60_000


def make_bad_files(folder: Path, good: Sequence[Path], count: int, seed: int) -> list[Path]:
    """So many, in folders of twenty. ``good``: files that an encoder made, whose pieces they are."""
    random = Random(seed)
    made: list[Path] = []
    for number in range(count):
        name, break_ = _WAYS[number % len(_WAYS)]
        source = good[random.randrange(len(good))]
        ending = random.choice(ENDINGS) if name in ("noise", "renamed", "zeros") else source.suffix.removeprefix(".")
        path = folder / f"{number // 20:02}" / f"{number:04}-{name}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(break_(source.read_bytes(), random))
        made.append(path)
    return made


def _cut(data: bytes, random: Random) -> bytes:
    """Somewhere, as often in its head as behind."""
    return data[: random.randrange(1, min(len(data), _HEAD if random.random() < 0.5 else len(data)))]


def _flipped(data: bytes, random: Random) -> bytes:
    broken = bytearray(data)
    reach = min(len(broken), _HEAD if random.random() < 0.7 else len(broken))
    for _ in range(random.choice((1, 3, 20, 200))):
        broken[random.randrange(reach)] ^= 1 << random.randrange(8)
    return bytes(broken)


def _noise(_data: bytes, random: Random) -> bytes:
    return random.randbytes(random.randrange(1, _MOST_NOISE))


def _noisy(data: bytes, random: Random) -> bytes:
    """Its head is whole, and noise follows."""
    return data[: random.randrange(4, _HEAD)] + random.randbytes(random.randrange(_MOST_NOISE))


def _swapped(data: bytes, random: Random) -> bytes:
    at = random.randrange(1, len(data))
    return data[at:] + data[:at]


def _lengths(data: bytes, random: Random) -> bytes:
    """Numbers in its head are as large as they can be."""
    broken = bytearray(data)
    for _ in range(random.choice((1, 2, 8))):
        at = random.randrange(min(len(broken), _HEAD))
        broken[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(broken)


def _renamed(data: bytes, _random: Random) -> bytes:
    return data


def _zeros(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(_HEAD)] + bytes(random.randrange(1, _MOST_NOISE))


_WAYS: tuple[tuple[str, Callable[[bytes, Random], bytes]], ...] = (
    ("cut", _cut),
    ("flipped", _flipped),
    ("noise", _noise),
    ("noisy", _noisy),
    ("swapped", _swapped),
    ("lengths", _lengths),
    ("renamed", _renamed),
    ("zeros", _zeros),
)
