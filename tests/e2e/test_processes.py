"""Every plugin in a process of its own, none of its code in the host; and a death in the middle costs nothing."""

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

from host.worker.private_copy import MAPPED_NAME
from tests.e2e.audio import as_float, noise, read_wav, write_endless_wav, write_wav
from tests.e2e.conftest import ROOT, Stellatune, wait_until_it_plays
from tests.e2e.devices import needs_portaudio, paced_device
from tests.support.failpoints import Action, Failpoints

pytestmark = pytest.mark.paced

FOREIGN = (
    MAPPED_NAME,
    "decoder_",
    "dsp_",
    "sink_",
    "libFLAC",
    "libsndfile",
    "libmpg123",
    "portaudio",
    "asound",
    "native_plugins/",
)


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


def private_copies(pid: int, library: str) -> set[int]:
    """The inodes of the copies that a host keeps of one of our libraries, from which its workers load."""
    (path,) = (ROOT / "native_plugins").glob(f"*/{library}")
    found = set()
    for number in (Path("/proc") / str(pid) / "fd").iterdir():
        try:
            if MAPPED_NAME in str(number.readlink()) and number.read_bytes() == path.read_bytes():
                found.add(number.stat().st_ino)
        except FileNotFoundError:  # it was closed meanwhile
            continue
    return found


def worker_with(process: subprocess.Popen[str], library: str) -> int:
    """The one worker that has loaded a library: one of ours, or else by its name."""
    wanted = {f" {inode} " for inode in private_copies(process.pid, library)} if library.endswith(".so") else {library}
    (found,) = [pid for pid in children(process.pid) if any(each in libraries(pid) for each in wanted)]
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


@pytest.mark.parametrize(
    ("place", "plugin", "stage"),
    [
        ("publish", "stellatune.decoder.wav", "decoder"),
        ("commit", "stellatune.dsp.gain", "gain"),
        ("accepted", "stellatune.sink.file", "output"),
    ],
)
def test_a_worker_that_is_killed_is_not_heard(
    stellatune: Stellatune, failpoints: Failpoints, tmp_path: Path, place: str, plugin: str, stage: str
) -> None:
    samples = noise(300_000)
    source = write_wav(tmp_path / "in.wav", samples)
    killed = failpoints.arm(place, Action.KILL, let_pass=20, every=40, plugin=plugin)
    stellatune.ok(
        *("render", source, "-o", tmp_path / "out.wav", "--dsp", "gain", "--report", tmp_path / "report.json"),
        PYTHONPATH=failpoints.python_path,
    )
    assert killed.fired > 1
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples, as_float(samples))
    report = json.loads((tmp_path / "report.json").read_text())
    (track,) = report["inputs"]
    assert track["frames_out"] == len(samples)
    assert (track["restarts"], track["gaps"], track["faults"], report["faults"]) == (killed.fired, [], [], [])
    assert [(each["stage"], each["class"]) for each in report["repairs"]] == [(stage, "A")] * killed.fired
    generations = [each["generation"] for each in report["repairs"]]
    assert generations == sorted(set(generations)) and generations[-1] == track["generations"][stage]
    if stage != "output":  # whoever takes over does not know what its forerunner has hashed
        assert track["sha256"] == hashlib.sha256(as_float(samples).tobytes()).hexdigest()
    rows = stellatune.ok("--json", "plugins", "crashes", plugin).document["rows"]
    assert [(row["cause"], row["signal"], row["action"]) for row in rows] == [
        ("killed", "SIGKILL", "restart")
    ] * killed.fired


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
