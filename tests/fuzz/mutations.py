"""What can be wrong with a file, one function each; all that is random comes from the caller's generator."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

__all__ = ["mutant"]

#: Sizes at which counting goes wrong.
SIZES = (0, 1, 2, 7, 127, 128, 255, 0x7FFF, 0xFFFF, 0x10000, (1 << 24) - 1, 1 << 24, (1 << 28) - 1, 1 << 28,
         0x7F7F7F7F, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)  # fmt: skip
#: What no text should hold: halves of pairs, marks, zeros, forms that are too long.
TEXTS = (b"\xd8\x00", b"\x00\xd8", b"\xdc\x00\xd8\x00", b"\xff\xfe", b"\xfe\xff", b"\0\0", b"\0", b"\xc0\x80",
         b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xff", b"\x80", b"((((((", b"(255)",
         b"\xff\x00\xff\x00", b"=")  # fmt: skip
NAMES = (b"ID3", b"TIT2", b"APIC", b"TXXX", b"USLT", b"TCON", b"LIST", b"INFO", b"id3 ", b"ID3 ", b"data", b"fLaC",
         b"OggS", b"OpusTags", b"\x03vorbis", b"moov", b"udta", b"meta", b"ilst", b"covr", b"----", b"SSND", b"COMM",
         b"METADATA_BLOCK_PICTURE=", b"TAG", b"APETAGEX")  # fmt: skip
_HEAD = 6000


def _place(data: bytearray, rng: random.Random) -> int:
    """Tags are at one of the ends, mostly."""
    size = max(1, len(data))
    where = rng.random()
    if where < 0.55:
        return rng.randrange(min(_HEAD, size))
    if where < 0.8:
        return size - 1 - rng.randrange(min(_HEAD, size))
    if where < 0.9:
        found = data.find(rng.choice(NAMES))
        return min(size - 1, max(0, found + rng.randrange(-4, 24)))
    return rng.randrange(size)


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[_place(data, rng) :]


def _flip(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 8, 40))):
        if data:
            data[_place(data, rng)] ^= 1 << rng.randrange(8)


def _noise(data: bytearray, rng: random.Random) -> None:
    at = _place(data, rng)
    data[at : at + rng.randrange(1, 64)] = rng.randbytes(rng.randrange(1, 64))


def _size(data: bytearray, rng: random.Random) -> None:
    size, at = rng.choice(SIZES), _place(data, rng)
    safe = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    part = rng.choice((struct.pack(">I", size), struct.pack("<I", size), safe, struct.pack(">Q", size)))
    data[at : at + len(part)] = part


def _text(data: bytearray, rng: random.Random) -> None:
    at = _place(data, rng)
    part = rng.choice(TEXTS) * rng.choice((1, 1, 2, 100))
    data[at : at + rng.choice((0, len(part)))] = part


def _name(data: bytearray, rng: random.Random) -> None:
    at = _place(data, rng)
    part = rng.choice(NAMES)
    data[at : at + rng.choice((0, len(part)))] = part


def _double(data: bytearray, rng: random.Random) -> None:
    begin, at = _place(data, rng), _place(data, rng)
    data[at:at] = data[begin : begin + rng.choice((4, 10, 100, 3000))]


def _drop(data: bytearray, rng: random.Random) -> None:
    at = _place(data, rng)
    del data[at : at + rng.choice((1, 2, 4, 10, 500))]


def _tag_before(data: bytearray, rng: random.Random) -> None:
    """Half a tag, or a whole one in another, before whatever it is."""
    inner = bytes(data[: rng.choice((0, 10, 200, 3000))])
    claimed = rng.choice((len(inner), len(inner) + 10, 0, rng.choice(SIZES))) & 0xFFFFFFF
    head = bytes(claimed >> shift & 127 for shift in (21, 14, 7, 0))
    data[:0] = b"ID3" + bytes((rng.choice((2, 3, 4, 4, 5, 255)), 0, rng.choice((0, 0x80, 0x40, 0xFF)))) + head + inner


def _zeros(data: bytearray, rng: random.Random) -> None:
    at = _place(data, rng)
    data[at : at + 4] = bytes(rng.choice((4, 64, 5000)))


_WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _cut, _flip, _flip, _noise, _size, _size, _size, _text, _text, _name, _double, _drop, _tag_before, _zeros,
)  # fmt: skip


def mutant(data: bytes, rng: random.Random) -> bytes:
    """The file with one to four things wrong."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 4))):
        rng.choice(_WAYS)(made, rng)
    return bytes(made)
