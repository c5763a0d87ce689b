"""MP3, Vorbis and Opus from files that are not whole, and from inputs that fail: a text says why, and nothing hangs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from abi.kinds import DecoderFlag, StatusCode
from tests.support.direct_decoder import DirectDecoder
from tests.support.direct_instance import Refused
from tests.support.encoded import ENCODINGS, Encoding
from tests.support.scripted_io import ScriptedIo

DAMAGED = 40
BY_NAME = {each.name: each for each in ENCODINGS}
ONE_OF_EACH = tuple(BY_NAME[name] for name in ("mp3_variable", "vorbis", "opus"))

one_of_each = pytest.mark.parametrize("encoding", ONE_OF_EACH, ids=str)


def refused_in_open(type_id: str, path: Path) -> Refused:
    with pytest.raises(Refused) as refused:
        DirectDecoder(type_id, path)
    return refused.value


def end_of(made: DirectDecoder) -> Refused | None:
    """Reads to the end."""
    try:
        made.rest()
    except Refused as error:
        return error
    return None


@one_of_each
def test_what_it_is_not_is_refused_at_once(encoding: Encoding, tmp_path: Path) -> None:
    others = [each.make(tmp_path, 1, name=each.name)[0].read_bytes() for each in ONE_OF_EACH if each is not encoding]
    noise = np.random.default_rng(3).integers(0, 256, 1_000_000, dtype=np.uint8).tobytes()
    path = tmp_path / f"odd.{encoding.suffix}"
    for data in (b"", b"\xff", bytes(1_000_000), noise, b"a text\n" * 1000, *others):
        path.write_bytes(data)
        refused = refused_in_open(encoding.type_id, path)
        assert refused.code is StatusCode.UNSUPPORTED
        assert "no MPEG audio" in refused.text or "it holds no" in refused.text


@pytest.mark.parametrize("encoding", [*ONE_OF_EACH, BY_NAME["mp3_no_header"]], ids=str)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_file_that_was_cut_off_says_so_at_its_end(encoding: Encoding, share: float, tmp_path: Path) -> None:
    path, _ = encoding.make(tmp_path)
    with DirectDecoder(encoding.type_id, path) as whole:
        straight = whole.rest()
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with DirectDecoder(encoding.type_id, path) as made:
        heard = made.take(int(len(straight) * share) - 60_000)
        refused = end_of(made)
    assert np.array_equal(heard, straight[: len(heard)])
    assert refused is not None and refused.code is StatusCode.DECODE
    assert "truncated?" in refused.text


@one_of_each
def test_damage_ends_with_a_word_or_is_concealed(encoding: Encoding, tmp_path: Path) -> None:
    """Turned bits, missing and zeroed parts; then seeks into what is left. Every status is one that the ABI knows."""
    path, _ = encoding.make(tmp_path, seconds=3)
    whole, random = path.read_bytes(), np.random.default_rng(11)
    ends: Counter[str] = Counter()
    for round_ in range(DAMAGED):
        data = bytearray(whole)
        begin, end = sorted(map(int, random.integers(0, len(data), 2)))
        if round_ % 3 == 0:
            del data[begin:end]
        elif round_ % 3 == 1:
            data[begin:end] = bytes(end - begin)
        else:
            for place in random.integers(0, len(data), 20):
                data[int(place)] ^= 1 << int(random.integers(0, 8))
        path.write_bytes(data)
        try:
            with DirectDecoder(encoding.type_id, path) as made:
                made.tags()
                refused = end_of(made)
                ends["damaged" if refused else "concealed"] += 1
                assert refused is None or (refused.code is StatusCode.DECODE and refused.text)
                made.seek(made.info.total_frames // 2)
        except Refused as error:
            assert error.code in (StatusCode.DECODE, StatusCode.UNSUPPORTED, StatusCode.INVALID_ARG) and error.text
            ends["refused"] += 1
    assert ends["damaged"] > DAMAGED // 8
    assert ends.total() >= DAMAGED


@one_of_each
@pytest.mark.parametrize("code", [StatusCode.CANCELLED, StatusCode.IO])
def test_what_the_input_says_is_handed_on_and_a_seek_mends_it(
    encoding: Encoding, code: StatusCode, tmp_path: Path
) -> None:
    path, _ = encoding.make(tmp_path)
    io = ScriptedIo(path.read_bytes())
    with DirectDecoder(encoding.type_id, path) as whole:
        straight = whole.rest()
    with DirectDecoder(encoding.type_id, path, io.pair) as made:
        made.take(1000)
        io.fail_with = code
        refused = end_of(made)
        assert refused is not None and refused.code is code
        tried = io.reads
        assert end_of(made) is not None
        assert io.reads == tried
        with pytest.raises(Refused) as refused_seek:
            made.seek(len(straight) - 1)
        assert refused_seek.value.code is code
        io.fail_with = StatusCode.OK
        made.seek(5000)
        assert np.array_equal(made.rest(), straight[5000:])
    io.fail_with = code
    with pytest.raises(Refused) as refused_open:
        DirectDecoder(encoding.type_id, path, io.pair)
    assert refused_open.value.code is code


@one_of_each
def test_an_input_that_cannot_seek_is_played(encoding: Encoding, tmp_path: Path) -> None:
    path, frames = encoding.make(tmp_path)
    io = ScriptedIo(path.read_bytes(), seeks=False)
    with DirectDecoder(encoding.type_id, path, io.pair) as made:
        assert DecoderFlag.SEEKABLE not in made.info.flags
        assert len(made.rest()) == frames
        with pytest.raises(Refused, match="cannot seek") as refused:
            made.seek(0)
    assert refused.value.code is StatusCode.UNSUPPORTED


@pytest.mark.parametrize("name", ["mp3_no_header", "vorbis", "opus"])
def test_zeros_without_end_are_not_read(name: str, tmp_path: Path) -> None:
    """The music is followed by zeros."""
    encoding = BY_NAME[name]
    path, _ = encoding.make(tmp_path, 2)
    io = ScriptedIo(path.read_bytes(), zeros=300_000_000)
    with pytest.raises(Refused) as refused, DirectDecoder(encoding.type_id, path, io.pair) as made:
        made.rest()
    assert refused.value.code is StatusCode.DECODE
    assert refused.value.text
    assert path.stat().st_size <= io.read_bytes < 200_000_000
