"""A sound server that goes away while it plays: the music waits where it stood, and everybody else is answered."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from host.control.client import ControlClient
from host.settings import LostOutput, OutputSettings
from tests.e2e.audio import read_wav, write_wav
from tests.e2e.conftest import Stellatune, wait_until_it_plays
from tests.e2e.devices import PulseServer, needs_portaudio, needs_pulse
from tests.support.patient import PATIENT
from tests.support.waiting import until

pytestmark = [needs_portaudio, needs_pulse, pytest.mark.paced]

RATE_HZ = PulseServer.RATE_HZ
#: Of the programme; nobody waits for its end.
SECONDS = 120
FADE_FRAMES = RATE_HZ // 50
#: A device is asked what it holds so often; in between the position is an estimate.
LOOK_FRAMES = RATE_HZ // 20
#: So many questions are asked, and answered, while nothing is heard.
QUESTIONS = 200
ANSWER_S = 20.0
SOON_S = 60.0
#: A hang is noticed in time; whoever is merely slow is not.
LIMITS = replace(PATIENT, first_write_ms=2000, write_ms=2000, load_ms=3000, create_ms=3000, open_ms=3000)


def numbered(path: Path) -> Path:
    """A programme whose frames say their number: left counts to 32768, right how often it did."""
    frames = np.arange(SECONDS * RATE_HZ)
    return write_wav(path, np.stack([frames % 32768, 1 + frames // 32768], axis=1).astype(np.int16), RATE_HZ)


def heard(path: Path) -> NDArray[np.int64]:
    """The numbers of the frames that were recorded; -1 for one that is not as loud as it was made."""
    data = path.read_bytes()
    samples = np.frombuffer(data[: len(data) // 8 * 8], "<f4").reshape(-1, 2) * 32768.0
    samples = samples[samples.any(axis=1)]
    exact = (samples == np.rint(samples)).all(axis=1) & (samples[:, 1] >= 1)
    return np.where(exact, samples[:, 0] + 32768 * (samples[:, 1] - 1), -1).astype(np.int64)


@dataclass
class Listener:
    """Asks a host for its status, again and again. ``positions`` are all that it said."""

    client: ControlClient
    positions: list[int] = field(default_factory=list)
    slowest_s: float = 0.0

    def look(self) -> dict[str, Any]:
        began = time.monotonic()
        playback = self.client.ask("status", {}, ANSWER_S)["playback"]
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        assert isinstance(playback, dict)
        self.positions.append(int(str(playback["position"])))
        return playback

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What it said when that held."""
        deadline = time.monotonic() + SOON_S
        while not wanted(playback := self.look()):
            assert time.monotonic() < deadline, playback
            time.sleep(0.005)
        return playback


def is_lost(playback: dict[str, Any]) -> bool:
    return bool(playback["output"]["state"] == "lost")


def is_heard(playback: dict[str, Any]) -> bool:
    return not is_lost(playback)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PulseServer]:
    """A server of this test alone."""
    (tmp_path / "pulse").mkdir()
    running = PulseServer(tmp_path / "pulse")
    try:
        running.start()
        yield running
    finally:
        running.stop()


def killed(server: PulseServer) -> None:
    server.end(signal.SIGKILL)


def hung(server: PulseServer) -> None:
    server.signal(signal.SIGSTOP)


def started(server: PulseServer) -> None:
    server.start()


def awoken(server: PulseServer) -> None:
    server.signal(signal.SIGCONT)


def ended_and_started(server: PulseServer) -> None:
    """It hangs, and has to awake to hear that it is to end."""
    server.signal(signal.SIGTERM)
    server.end(signal.SIGCONT)
    server.start()


def client_of(server: PulseServer) -> ControlClient:
    """Of the host that was started with its environment."""
    return ControlClient.connect(Path(server.environment["XDG_RUNTIME_DIR"], "stellatune", "control.sock"))


def expect_in_order(numbers: NDArray[np.int64]) -> int:
    """The recording begins within a ramp, if that, and is whole from there on: says with which frame."""
    ramp = int(np.flatnonzero(numbers < 0).max(initial=-1)) + 1
    whole = numbers[ramp:]
    assert ramp <= FADE_FRAMES
    assert len(whole) > RATE_HZ // 2
    breaks = np.flatnonzero(np.diff(whole) != 1)
    assert [(int(at), int(whole[at]), int(whole[at + 1])) for at in breaks] == []
    return int(whole[0])


@pytest.mark.parametrize(
    ("goes", "comes"),
    [(killed, started), (hung, awoken), (hung, ended_and_started)],
    ids=["killed", "hung", "hung and ended"],
)
def test_the_music_waits_for_its_device(
    stellatune: Stellatune,
    tmp_path: Path,
    server: PulseServer,
    goes: Callable[[PulseServer], None],
    comes: Callable[[PulseServer], None],
) -> None:
    stellatune.limits = LIMITS
    source, recorded = numbered(tmp_path / "in.wav"), tmp_path / "recorded.raw"
    with stellatune.start("play", source, "--output", "system:pulse", **server.environment) as host:
        wait_until_it_plays(host)
        with client_of(server) as client:
            listener = Listener(client)
            before = listener.until(lambda playback: playback["position"] > RATE_HZ)["position"]
            goes(server)
            lost = listener.until(is_lost)
            answers = [listener.look() for _ in range(QUESTIONS)]
            assert {answer["output"]["state"] for answer in answers} == {"lost"}
            stood = {answer["position"] for answer in answers}
            assert len(stood) == 1
            print(f"slowest of {len(listener.positions)} answers: {1000 * listener.slowest_s:.1f} ms")
            comes(server)
            with server.recording(recorded):
                back = listener.until(is_heard)
                listener.until(lambda playback: playback["position"] > back["position"] + RATE_HZ)
            client.ask("quit", {}, ANSWER_S)
        _, err = host.communicate(timeout=SOON_S)
    stellatune.expect_nothing_left()
    assert "the output is lost" in err and "the output is back" in err
    assert lost["output"]["reason"]
    assert np.diff(listener.positions).min() >= -LOOK_FRAMES
    assert stood.pop() <= back["position"] < lost["position"] + RATE_HZ
    assert before < expect_in_order(heard(recorded)) < lost["position"] + 4 * RATE_HZ


def test_the_music_goes_on_unheard_if_so_wished(stellatune: Stellatune, tmp_path: Path, server: PulseServer) -> None:
    stellatune.limits, stellatune.output = LIMITS, OutputSettings(lost=LostOutput.NULL)
    source, recorded = numbered(tmp_path / "in.wav"), tmp_path / "recorded.raw"
    with stellatune.start("play", source, "--output", "system:pulse", **server.environment) as host:
        wait_until_it_plays(host)
        with client_of(server) as client:
            listener = Listener(client)
            listener.until(lambda playback: playback["position"] > RATE_HZ)
            killed(server)
            lost = listener.until(is_lost)
            unheard = listener.until(lambda playback: playback["position"] > lost["position"] + 2 * RATE_HZ)
            assert is_lost(unheard)
            assert unheard["chain"][-1]["type"] == "null"
            started(server)
            with server.recording(recorded):
                back = listener.until(is_heard)
                listener.until(lambda playback: playback["position"] > back["position"] + RATE_HZ)
            assert listener.look()["chain"][-1]["type"] == "system"
            client.ask("quit", {}, ANSWER_S)
        host.communicate(timeout=SOON_S)
    stellatune.expect_nothing_left()
    assert np.diff(listener.positions).min() >= -LOOK_FRAMES
    assert expect_in_order(heard(recorded)) >= unheard["position"]


@pytest.mark.parametrize("then", list(LostOutput)[:2])
def test_the_next_track_has_another_format_while_the_device_is_gone(
    stellatune: Stellatune, tmp_path: Path, server: PulseServer, then: LostOutput
) -> None:
    """Nothing is opened anew for it: what waits for the device, or stands in for it, plays it converted."""
    stellatune.limits, stellatune.output = LIMITS, OutputSettings(lost=then)
    first = numbered(tmp_path / "in.wav")
    other = write_wav(tmp_path / "other.wav", np.ones((SECONDS * 44_100, 2), np.int16), 44_100)
    with stellatune.start("play", first, other, "--output", "system:pulse", **server.environment) as host:
        wait_until_it_plays(host)
        with client_of(server) as client:
            listener = Listener(client)
            listener.until(lambda playback: playback["position"] > RATE_HZ)
            killed(server)
            listener.until(is_lost)
            client.ask("transport.next", {}, ANSWER_S)
            listener.until(lambda playback: playback["track"]["label"] == str(other))
            assert is_lost(listener.look())
            started(server)
            back = listener.until(is_heard)
            assert back["chain"][-1]["type"] == "system"
            listener.until(lambda playback: playback["position"] > back["position"] + RATE_HZ)
            client.ask("quit", {}, ANSWER_S)
        host.communicate(timeout=SOON_S)
    stellatune.expect_nothing_left()


def test_the_device_goes_while_the_last_track_of_its_format_is_played_out(
    stellatune: Stellatune, tmp_path: Path, server: PulseServer
) -> None:
    """That another pipeline follows is settled then; the device that it needs is waited for."""
    stellatune.limits, stellatune.output = LIMITS, OutputSettings(lost=LostOutput.NULL)
    first = write_wav(tmp_path / "in.wav", np.ones((2 * RATE_HZ, 2), np.int16), RATE_HZ)
    other = write_wav(tmp_path / "other.wav", np.ones((SECONDS * 44_100, 2), np.int16), 44_100)
    with stellatune.start("play", first, other, "--output", "system:pulse", **server.environment) as host:
        wait_until_it_plays(host)
        with client_of(server) as client:
            Listener(client).until(lambda playback: playback["position"] > RATE_HZ)
            killed(server)

            def playback() -> dict[str, Any]:
                said = client.ask("status", {}, ANSWER_S)["playback"]
                assert isinstance(said, dict) and said["state"] == "playing", said
                return said

            assert until(lambda: playback()["track"] is None, SOON_S)
            started(server)
            assert until(lambda: (playback()["track"] or {}).get("label") == str(other), SOON_S)
            at = Listener(client).until(is_heard)
            assert at["chain"][-1]["type"] == "system"
            Listener(client).until(lambda playback: playback["position"] > at["position"] + RATE_HZ)
            client.ask("quit", {}, ANSWER_S)
        host.communicate(timeout=SOON_S)
    stellatune.expect_nothing_left()


def test_another_output_can_be_chosen_while_the_device_is_gone(
    stellatune: Stellatune, tmp_path: Path, server: PulseServer
) -> None:
    """It goes on with the first frame that the device did not take."""
    stellatune.limits = LIMITS
    file = tmp_path / "rest.wav"
    with stellatune.start("play", numbered(tmp_path / "in.wav"), **server.environment) as host:
        wait_until_it_plays(host)
        with client_of(server) as client:
            killed(server)
            stood = Listener(client).until(is_lost)["position"]
            done = client.ask("outputs.set", {"type": "file", "target": str(file)}, ANSWER_S)
            assert done["position"] == stood
        _, err = host.communicate(timeout=SOON_S)
    assert "the output is lost" in err
    stellatune.expect_nothing_left()
    rest = (read_wav(file).samples * 32768).astype(np.int64)
    assert np.array_equal(rest[:, 0] + 32768 * (rest[:, 1] - 1), np.arange(stood, SECONDS * RATE_HZ))


def test_who_is_interrupted_while_the_device_hangs_ends(
    stellatune: Stellatune, tmp_path: Path, server: PulseServer
) -> None:
    stellatune.limits = LIMITS
    with stellatune.start("play", numbered(tmp_path / "in.wav"), **server.environment) as host:
        wait_until_it_plays(host)
        hung(server)
        with client_of(server) as client:
            Listener(client).until(is_lost)
        host.send_signal(signal.SIGINT)
        _, err = host.communicate(timeout=SOON_S)
    assert host.returncode == 130, err
    stellatune.expect_nothing_left()
