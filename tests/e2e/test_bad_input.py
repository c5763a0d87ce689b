"""Bad input: one clear line that names the thing, the right exit code, and nothing left behind."""

from __future__ import annotations

import json
import os
import resource
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, read_wav, write_endless_wav, write_wav
from tests.e2e.conftest import Outcome, Stellatune


def one_line(outcome: Outcome, code: int, *words: str) -> None:
    """The command failed with one error line that has these words."""
    assert outcome.code == code, outcome.err
    assert len(outcome.errors) == 1, outcome.err
    assert outcome.out == ""
    for word in words:
        assert word in outcome.errors[0]


def missing(path: Path) -> str:
    del path
    return "no such file"


def empty(path: Path) -> str:
    path.write_bytes(b"")
    return "empty"


def text(path: Path) -> str:
    path.write_text("this is a letter, not music\n" * 100)
    return "no decoder can read it"


def fifo(path: Path) -> str:
    os.mkfifo(path)
    return "FIFO"


def directory(path: Path) -> str:
    path.mkdir()
    return "no audio file in this directory"


def device(path: Path) -> str:
    path.symlink_to("/dev/zero")
    return "device node"


def unix_socket(path: Path) -> str:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    return "socket"


def circle(path: Path) -> str:
    path.symlink_to(path.name)
    return "circle"


def noise_in_a_flac(path: Path) -> str:
    path.write_bytes(b"fLaC" + noise(5000).tobytes())
    return "no decoder can read it"


@pytest.mark.parametrize("make", [missing, empty, text, fifo, directory, device, unix_socket, circle, noise_in_a_flac])
def test_an_input_that_is_none(stellatune: Stellatune, tmp_path: Path, make: Callable[[Path], str]) -> None:
    source = tmp_path / "in.flac"
    words = make(source)
    out = tmp_path / "out.wav"
    one_line(stellatune("render", source, "-o", out), 5, "in.flac", words)
    assert not out.exists()


def test_a_name_that_is_too_long(stellatune: Stellatune, tmp_path: Path) -> None:
    one_line(stellatune("render", tmp_path / ("x" * 300), "-o", tmp_path / "out.wav"), 5, "too long")


def test_a_truncated_flac_plays_up_to_there_and_is_told(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(100_000)
    source = write_wav(tmp_path / "in.wav", samples)
    stellatune.ok("render", source, "-o", tmp_path / "whole.flac", "--format", "s16")
    whole = (tmp_path / "whole.flac").read_bytes()
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole[: len(whole) // 2])
    outcome = stellatune("render", cut, "-o", tmp_path / "out.wav")
    assert outcome.code == 6, outcome.err
    assert "cut.flac" in outcome.err
    result = read_wav(tmp_path / "out.wav").samples
    assert 10_000 < len(result) < 100_000
    assert np.array_equal(result, as_float(samples)[: len(result)])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--dsp", "nosuch"], 4, "nosuch"),
        (["--dsp", "gain:{"], 8, "not JSON"),
        (["--dsp", "gain:[]"], 8, "JSON object"),
        (["--dsp", "gain:null"], 8, "must be a JSON object"),
        (["--dsp", 'gain:{"gain_db": ' + "9" * 5000 + "}"], 8, "too many digits"),
        (["--dsp", "gain"] * 64, 2, "at most 63"),
        (["--dsp", 'gain:{"gain_db": "loud"}'], 8, "gain_db"),
        (["--dsp", 'gain:{"gain_dB": 1}'], 8, "gain_db"),
        (["--dsp", 'gain:{"gain_db": 1e999}'], 8, "too large"),
        (["--dsp", 'gain:{"gain_db": NaN}'], 8, "NaN"),
        (["--decoder", "nosuch"], 4, "nosuch"),
        (["--rate", "-1"], 2, "--rate"),
        (["--rate", "0"], 2, "--rate"),
        (["--rate", "1000000000"], 2, "--rate"),
        (["--rate", "fast"], 2, "--rate"),
        (["--rate", "nan"], 2, "from 1000 to 768000"),
        (["--format", "f64"], 2, "--format"),
        (["--report", "nowhere/report.json"], 4, "nowhere"),
    ],
)
def test_options_that_make_no_sense(
    stellatune: Stellatune, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    source = write_wav(tmp_path / "in.wav", noise(100))
    one_line(stellatune("render", source, "-o", tmp_path / "out.wav", *arguments), code, words)
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize(
    ("out", "code", "words"),
    [
        ("folder.wav", 2, "is a directory"),
        ("device.wav", 2, "not a regular file"),
        ("in.wav", 2, "is an input too"),
        ("link.wav", 2, "is an input too"),
        ("nowhere/out.wav", 4, "folder does not exist"),
        ("in.wav/out.wav", 4, "not a directory"),
        ("out.mp3", 2, ".wav or .flac"),
        ("loop.wav", 2, "circle"),
        ("a" * 255 + ".wav", 2, "too long"),
        ("/proc/out.wav", 5, "cannot be written there"),
        ("", 2, "empty"),
    ],
)
def test_outputs_that_cannot_be(stellatune: Stellatune, tmp_path: Path, out: str, code: int, words: str) -> None:
    samples = noise(100)
    source = write_wav(tmp_path / "in.wav", samples)
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "device.wav").symlink_to("/dev/full")
    (tmp_path / "link.wav").symlink_to(source)
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    one_line(stellatune("render", source, "-o", out), code, words)
    assert np.array_equal(read_wav(source).samples, as_float(samples))


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("in.wav", "is an input too"),
        ("link.json", "is an input too"),
        ("hard.json", "is an input too"),
        ("list.m3u", "is an input too"),
        ("out.wav", "is the output too"),
        ("aside/out.wav", "is the output too"),
        ("folder", "is a directory"),
        ("device", "not a regular file"),
        ("", "empty"),
    ],
)
def test_reports_that_cannot_be(stellatune: Stellatune, tmp_path: Path, report: str, words: str) -> None:
    samples = noise(100)
    source = write_wav(tmp_path / "in.wav", samples)
    (tmp_path / "list.m3u").write_text("in.wav\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "aside").symlink_to(".")
    (tmp_path / "device").symlink_to("/dev/null")
    (tmp_path / "link.json").symlink_to(source)
    (tmp_path / "hard.json").hardlink_to(source)
    one_line(stellatune("render", "list.m3u", "-o", "out.wav", "--report", report), 2, words)
    assert np.array_equal(read_wav(source).samples, as_float(samples))
    assert (tmp_path / "list.m3u").read_text() == "in.wav\n"
    assert not (tmp_path / "out.wav").exists(), "it was rendered first"


@pytest.mark.parametrize("command", [("render", "", "-o", "out.wav"), ("play", "", "--output", "null")])
def test_an_empty_name(stellatune: Stellatune, command: tuple[str, ...]) -> None:
    one_line(stellatune(*command), 2, "empty", "variable")


def test_a_failed_render_leaves_the_old_output(stellatune: Stellatune, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    out.write_bytes(b"precious")
    one_line(stellatune("render", tmp_path / "none.wav", "-o", out), 5, "none.wav")
    assert out.read_bytes() == b"precious"


def test_a_file_that_may_not_grow_ends_the_render(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_endless_wav(tmp_path / "in.wav", gigabytes=1)
    limit = 40_000_000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))  # what a child inherits
    try:
        process = stellatune.start("-q", "render", source, "-o", tmp_path / "out.wav")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with process:
        out, err = process.communicate(timeout=60)
    one_line(Outcome(process.returncode, out, err), 5, "File too large", "ulimit -f")
    assert not (tmp_path / "out.wav").exists()
    stellatune.expect_nothing_left()


def test_quiet_names_each_input_that_failed_and_nothing_else(stellatune: Stellatune, tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", noise(100))
    outcome = stellatune("-q", "render", "none.wav", "in.wav", "gone.wav", "-o", "out.wav")
    assert (outcome.code, outcome.out) == (6, "")
    assert [line.split(":")[:2] for line in outcome.err.splitlines()] == [
        ["warning", " none.wav"],
        ["warning", " gone.wav"],
    ]


def test_errors_as_json(stellatune: Stellatune, tmp_path: Path) -> None:
    outcome = stellatune("--json", "render", tmp_path / "none.wav", "-o", tmp_path / "out.wav")
    assert (outcome.code, outcome.out) == (5, "")
    error = json.loads(outcome.err)["error"]
    assert error["code"] == "media"
    assert "none.wav" in error["message"]
    assert error["hint"]


def test_a_playlist_with_missing_files_plays_the_rest(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(5_000)
    write_wav(tmp_path / "a.wav", samples)
    playlist = tmp_path / "list.m3u"
    playlist.write_text("#EXTM3U\nnone.wav\na.wav\nnowhere://example.org/stream\n")
    outcome = stellatune("render", playlist, "-o", tmp_path / "out.wav")
    assert outcome.code == 6
    assert "none.wav" in outcome.err and "no source opens nowhere://" in outcome.err
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples, as_float(samples))
