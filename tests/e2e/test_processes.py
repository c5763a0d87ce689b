"""Every plugin in a process of its own, none of its code in the host; and what a death in the middle costs."""

from __future__ import annotations

import hashlib
import json
import os
import select
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, write_endless_wav, write_wav
from tests.e2e.conftest import Stellatune, wait_until_it_plays
from tests.e2e.devices import needs_portaudio, paced_device

FOREIGN = ("decoder_", "dsp_", "sink_", "libFLAC", "libsndfile", "libmpg123", "portaudio", "asound", "native_plugins/")


def libraries(pid: int) -> str:
    """What a process has mapped."""
    return (Path("/proc") / str(pid) / "maps").read_text()


def children(pid: int) -> list[int]:
    """The processes whose parent this is."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                status = (folder / "stat").read_text()
            except OSError:
                continue
            if int(status.rpartition(")")[2].split()[1]) == pid:
                found.append(int(folder.name))
    return found


def worker_with(process: subprocess.Popen[str], library: str) -> int:
    """The one worker that has loaded a library."""
    (found,) = [pid for pid in children(process.pid) if library in libraries(pid)]
    return found


def test_one_process_per_plugin_and_no_plugin_in_the_host(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_endless_wav(tmp_path / "in.wav")
    effects = ["--dsp", "gain", "--dsp", 'equalizer:{"bands": []}', "--dsp", "gain"]
    with stellatune.start("play", source, "--output", "null", *effects) as process:
        wait_until_it_plays(process)
        names = ("decoder_wav.so", "dsp_gain.so", "dsp_equalizer.so", "sink_null.so")
        workers = {worker_with(process, name) for name in names}
        assert len(workers) == 4
        (zygote,) = set(children(process.pid)) - workers
        assert not [word for word in FOREIGN if word in libraries(zygote)]
        held = libraries(process.pid)
        assert not [word for word in FOREIGN if word in held]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    stellatune.expect_nothing_left()


@needs_portaudio
def test_codec_and_portaudio_are_in_workers_only(stellatune: Stellatune, tmp_path: Path) -> None:
    tune = write_wav(tmp_path / "in.wav", np.zeros((60 * 44_100, 2), dtype=np.int16))
    source = tmp_path / "in.flac"
    stellatune.ok("render", tune, "-o", source)
    device = paced_device(tmp_path, 44_100, 2)
    arguments = ("play", source, "--dsp", "gain", "--output", f"system:{device.name}")
    with stellatune.start(*arguments, **device.environment) as process:
        wait_until_it_plays(process)
        names = ("decoder_flac.so", "dsp_gain.so", "libportaudio")
        assert len({worker_with(process, name) for name in names}) == 3
        held = libraries(process.pid)
        assert not [word for word in FOREIGN if word in held]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    stellatune.expect_nothing_left()


def test_a_decoder_that_dies_ends_its_track_and_the_next_goes_on(stellatune: Stellatune, tmp_path: Path) -> None:
    endless = write_endless_wav(tmp_path / "endless.wav")
    samples = noise(30_000)
    short = write_wav(tmp_path / "short.wav", samples)
    out, told = tmp_path / "out.wav", tmp_path / "report.json"
    with stellatune.start("render", endless, short, "-o", out, "--dsp", "gain", "--report", told) as process:
        wait_until_it_plays(process)
        os.kill(worker_with(process, "decoder_wav.so"), signal.SIGKILL)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 6, err
    assert "endless.wav: ended after" in err
    lost, played = json.loads(told.read_text())["inputs"]
    assert lost["faults"][0]["code"] == "worker_lost"
    assert played["faults"] == []
    assert played["frames_out"] == 30_000
    assert played["sha256"] == hashlib.sha256(as_float(samples).tobytes()).hexdigest()
    assert lost["generations"]["decoder"] < played["generations"]["decoder"]
    stellatune.expect_nothing_left()


@pytest.mark.parametrize("library", ["dsp_gain.so", "sink_file.so"])
def test_an_effect_or_output_that_dies_ends_the_render(stellatune: Stellatune, tmp_path: Path, library: str) -> None:
    source = write_endless_wav(tmp_path / "in.wav")
    out = tmp_path / "out.wav"
    with stellatune.start("render", source, "-o", out, "--dsp", "gain") as process:
        wait_until_it_plays(process)
        os.kill(worker_with(process, library), signal.SIGKILL)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 7, err
    assert [line for line in err.splitlines() if line.startswith("stellatune: error:")]
    assert not out.exists()
    stellatune.expect_nothing_left()


def test_the_host_killed_leaves_no_worker(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_endless_wav(tmp_path / "in.wav")
    with stellatune.start("play", source, "--output", "null") as process:
        wait_until_it_plays(process)
        watched = [os.pidfd_open(pid) for pid in children(process.pid)]
        process.kill()
        process.communicate(timeout=30)
    assert len(watched) == 3  # the zygote, the decoder, the output
    for pidfd in watched:
        with os.fdopen(pidfd):
            assert ended_within(pidfd, 20_000)
    stellatune.expect_nothing_left()


def ended_within(pidfd: int, timeout_ms: int) -> bool:
    """Waits on the descriptor of a process."""

    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(timeout_ms))


def test_generations_only_rise(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_wav(tmp_path / "in.wav", noise(1_000))
    seen = []
    for index in range(3):
        told = tmp_path / f"{index}.json"
        stellatune.ok("render", source, "-o", tmp_path / "out.wav", "--report", told)
        seen.append(json.loads(told.read_text())["inputs"][0]["generations"])
    assert [each["decoder"] for each in seen] == sorted({each["decoder"] for each in seen})
    assert [each["output"] for each in seen] == sorted({each["output"] for each in seen})
