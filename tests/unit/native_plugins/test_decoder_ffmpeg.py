"""decoder_ffmpeg asked directly: what it gives is what was encoded, seeks land on it, and no input brings it down."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest

from abi.kinds import DecoderFlag, StatusCode
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData
from tests.e2e.audio import Samples, as_float
from tests.support.direct_decoder import DirectDecoder
from tests.support.direct_instance import Refused
from tests.support.ffmpeg_tool import encoded, music

FRAMES = 150_001
LOSSLESS = {
    "alac.m4a": ("-c:a", "alac"),
    "alac.mka": ("-c:a", "alac"),
    "wavpack.wv": ("-c:a", "wavpack"),
    "tta.tta": ("-c:a", "tta"),
}
AAC = ("-c:a", "aac")
LOSSY = {
    "aac.m4a": AAC,
    "aac.aac": AAC,
    "aac.mka": AAC,
    "opus.webm": ("-c:a", "libopus"),
    "vorbis.mka": ("-c:a", "libvorbis"),
    "wma.wma": ("-c:a", "wmav2"),
    "ac3.ac3": ("-c:a", "ac3"),
}


def seeks_and_compares(decoder: DirectDecoder, whole: Samples, count: int) -> None:
    """Random places, their order random too: what is read there is what a straight read gave."""
    choose = random.Random(7)
    for _ in range(count):
        frame = choose.randrange(len(whole))
        assert decoder.seek(frame) == frame
        heard = decoder.take(1000)
        assert np.array_equal(heard, whole[frame : frame + 1000]), f"after a seek to {frame}"


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_formats_give_what_was_encoded(tmp_path: Path, name: str) -> None:
    samples = music(FRAMES)
    with DirectDecoder("ffmpeg", encoded(tmp_path / name, samples, *LOSSLESS[name])) as decoder:
        assert (decoder.info.rate_hz, decoder.info.channels) == (44_100, 2)
        if name != "alac.mka":  # Matroska tells lengths in milliseconds
            assert decoder.info.flags & DecoderFlag.HAS_FRAMES
            assert decoder.info.total_frames == FRAMES
        whole = decoder.rest()
        assert np.array_equal(whole, as_float(samples))
        seeks_and_compares(decoder, whole, 100)
        assert decoder.seek(FRAMES) == FRAMES
        assert len(decoder.rest()) == 0
        with pytest.raises(Refused, match="behind the end"):
            decoder.seek(FRAMES + 1)


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_give_after_a_seek_what_a_straight_read_gives(tmp_path: Path, name: str) -> None:
    with DirectDecoder("ffmpeg", encoded(tmp_path / name, music(FRAMES), *LOSSY[name])) as decoder:
        whole = decoder.rest()
        assert len(whole) >= FRAMES - 512  # the WMA encoder leaves its last block out
        seeks_and_compares(decoder, whole, 30)


def test_noise_that_a_decoder_makes_depends_on_the_place_alone(tmp_path: Path) -> None:
    """AC-3 fills with noise what was not worth any bits; two stretches begin in this minute."""
    path = encoded(tmp_path / "x.ac3", music(48_000 * 65), "-c:a", "ac3", rate_hz=48_000)
    with DirectDecoder("ffmpeg", path) as decoder:
        whole = decoder.rest()
        assert len(whole) >= 48_000 * 65
        seeks_and_compares(decoder, whole, 20)
        for frame in (48_000 * 30, 48_000 * 60 - 1, 48_000 * 60, 0):
            assert decoder.seek(frame) == frame
            assert np.array_equal(decoder.take(3_000), whole[frame : frame + 3_000])


@pytest.mark.parametrize("frames", [1024 * 40, 1024 * 40 + 1, 50_000])
def test_aac_in_mp4_has_the_length_of_its_source(tmp_path: Path, frames: int) -> None:
    """Neither the encoder's delay nor what fills its last block is heard, and what is heard is in its place."""
    samples = music(frames)
    with DirectDecoder("ffmpeg", encoded(tmp_path / "x.m4a", samples, *AAC, "-b:a", "256k")) as decoder:
        heard = decoder.rest()
    assert heard.shape == (frames, 2)
    noise = heard - as_float(samples)
    assert float(np.abs(noise).mean()) < 0.01
    assert float(np.abs(heard[:-1] - as_float(samples)[1:]).mean()) > 0.01  # one frame off would be heard here


def test_dsd_is_filtered_alike_after_a_seek(tmp_path: Path) -> None:
    count = 80_000
    data = np.random.default_rng(5).integers(0, 256, (2, count // 8), dtype=np.uint8)
    places = range(0, count // 8, 4096)
    blocks = [channel[at : at + 4096].tobytes().ljust(4096, b"\0") for at in places for channel in data]
    audio = b"data" + struct.pack("<Q", 12 + 4096 * len(blocks)) + b"".join(blocks)
    layout = b"fmt " + struct.pack("<QIIIIIIQII", 52, 1, 0, 2, 2, 2_822_400, 1, count, 4096, 0)
    path = tmp_path / "x.dsf"
    path.write_bytes(b"DSD " + struct.pack("<QQQ", 28, 28 + len(layout) + len(audio), 0) + layout + audio)
    with DirectDecoder("ffmpeg", path) as decoder:
        assert decoder.info.rate_hz == 352_800
        whole = decoder.rest()
        assert len(whole) == count // 8
        seeks_and_compares(decoder, whole, 30)


def module_file(path: Path) -> Path:
    """A ProTracker module: one pattern, four notes, one sample."""
    sample, silent = struct.pack(">22sHBBHH", b"s", 16, 0, 64, 0, 16), struct.pack(">22sHBBHH", b"", 0, 0, 0, 0, 1)
    pattern = b"".join(bytes((1, 172, 16, 0)) + bytes(16 * 16 - 4) for _ in range(4))
    wave = np.round(np.sin(np.arange(32) * np.pi / 16) * 100).astype(np.int8).tobytes()
    path.write_bytes(
        b"song".ljust(20, b"\0") + sample + silent * 30 + bytes((1, 127)) + bytes(128) + b"M.K." + pattern + wave
    )
    return path


def test_a_module_is_played(tmp_path: Path) -> None:
    try:
        with DirectDecoder("ffmpeg", module_file(tmp_path / "x.mod")) as decoder:
            assert decoder.tags() == {"title": "song"}
            whole = decoder.rest()
            assert whole.any()
            seeks_and_compares(decoder, whole, 10)
    except Refused as refused:
        assert refused.code is StatusCode.UNSUPPORTED
        pytest.skip("this FFmpeg plays no modules")


def test_input_that_fails_is_told_and_forgiven(tmp_path: Path) -> None:
    """Whatever it was that libav made of it: a seek begins anew."""
    samples = music(FRAMES)
    path = encoded(tmp_path / "x.m4a", samples, "-c:a", "alac")
    table, handle, left = lib.st_file_io_table(), ffi.new("st_file_io *"), [100_000]

    def read(io: CData, out: CData, wanted: int, got: CData) -> CData:
        left[0] -= wanted
        return table.read(io, out, wanted, got) if left[0] > 0 else ffi.new("StStatus *", {"code": 3})[0]

    reading = ffi.callback("StStatus(void *, uint8_t *, size_t, size_t *)", read)
    mine = ffi.new("StIoVTable *", {"read": reading, "seek": table.seek, "tell": table.tell, "size": table.size})
    with path.open("rb") as file:
        handle.fd = file.fileno()
        with DirectDecoder("ffmpeg", path, (mine, handle)) as decoder:
            with pytest.raises(Refused, match="cannot be read") as caught:
                decoder.rest()
            assert caught.value.code is StatusCode.IO
            with pytest.raises(Refused):
                decoder.seek(FRAMES // 2)
            left[0] = 1 << 30
            assert decoder.seek(FRAMES // 2) == FRAMES // 2
            assert np.array_equal(decoder.rest(), as_float(samples)[FRAMES // 2 :])


def test_channels_and_tags(tmp_path: Path) -> None:
    samples = music(9_000, channels=6)
    tags = {"title": "T", "artist": "A", "album": "L", "track": "3/12", "replaygain_track_gain": "-3.5 dB"}
    options = [word for name, value in tags.items() for word in ("-metadata", f"{name}={value}")]
    with DirectDecoder("ffmpeg", encoded(tmp_path / "x.wv", samples, "-c:a", "wavpack", *options)) as decoder:
        assert np.array_equal(decoder.rest(), as_float(samples))
        assert decoder.tags() == tags


def test_what_names_other_files_is_refused(tmp_path: Path) -> None:
    song = encoded(tmp_path / "song.m4a", music(5_000), *AAC)
    lists = {
        "list.ffconcat": f"ffconcat version 1.0\nfile {song}\n",
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{song}\n#EXT-X-ENDLIST\n",
        "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        "words.txt": "no sound\n" * 1000,
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(Refused) as caught:
            DirectDecoder("ffmpeg", tmp_path / name)
        assert caught.value.code is StatusCode.UNSUPPORTED, name


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_truncated_file_gives_what_there_is_and_says_so(tmp_path: Path, name: str) -> None:
    samples = music(FRAMES)
    options = (*LOSSLESS[name], *(("-movflags", "faststart") if name.endswith("m4a") else ()))
    path = encoded(tmp_path / name, samples, *options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with DirectDecoder("ffmpeg", path) as decoder:
        heard = [decoder.read(5_000)[0] for _ in range(10)]
        assert np.array_equal(np.concatenate(heard), as_float(samples)[: sum(map(len, heard))])
        if name != "alac.mka":
            with pytest.raises(Refused, match=r"file ends before its declared 150001 frames|damaged in"):
                decoder.rest()


def test_a_lost_block_is_silence_and_told(tmp_path: Path) -> None:
    samples = music(FRAMES)
    path = encoded(tmp_path / "x.tta", samples, "-c:a", "tta")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)
    with DirectDecoder("ffmpeg", path) as decoder:
        heard = decoder.take(100_000)
        other = np.flatnonzero((heard != as_float(samples)[:100_000]).any(axis=1))
        assert 0 < len(other) <= 46_080  # one block of TTA
        assert not heard[other[0] : other[-1] + 1].any()
        with pytest.raises(Refused, match=r"damaged in 1 place, first near frame"):
            decoder.rest()


def test_no_bytes_bring_it_down(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Flipped, cut and random: an error, or something to hear, and always an end. libav writes to no stream of ours."""
    choose = random.Random(11)
    wholes = [encoded(tmp_path / name, music(30_000), *options) for name, options in (LOSSLESS | LOSSY).items()]
    path = tmp_path / "hostile"
    outcomes = {"heard": 0, "refused": 0}
    for round_ in range(80):
        data = bytearray(wholes[round_ % len(wholes)].read_bytes())
        if round_ % 4 == 0:
            del data[choose.randrange(1, len(data)) :]
        elif round_ % 4 == 1:
            at = choose.randrange(len(data))
            data[at : at + 3000] = choose.randbytes(len(data[at : at + 3000]))
        else:
            for _ in range(30):
                data[choose.randrange(len(data) if round_ % 4 == 2 else 3000)] = choose.randrange(256)
        path.write_bytes(data)
        try:
            with DirectDecoder("ffmpeg", path) as decoder:
                decoder.seek(choose.randrange(25_000))
                decoder.rest()
                decoder.tags()
            outcomes["heard"] += 1
        except Refused as refused:
            assert refused.text
            outcomes["refused"] += 1
    for size in (0, 1, 100, 100_000):
        path.write_bytes(choose.randbytes(size))
        with pytest.raises(Refused):
            with DirectDecoder("ffmpeg", path) as decoder:
                decoder.rest()
    assert min(outcomes.values()) >= 5, outcomes
    assert capfd.readouterr() == ("", "")
