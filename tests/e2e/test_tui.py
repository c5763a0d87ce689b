"""The full screen before a real host: what it shows is so, what its keys ask for is done, and it outlives the host."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from host.control.client import ControlClient
from host.jsontext import Json
from host.tui.app import Tui
from host.tui.queue_view import QueueView
from host.tui.views import ChainView
from tests.e2e.audio import noise, write_endless_wav, write_wav
from tests.e2e.conftest import Started, Stellatune
from tests.e2e.test_control import END_S, ask, error_of, socket_of, wait_for_line

LOOK_AGAIN_S = 0.005
SIZE = (80, 24)


@contextmanager
def serving_paced(stellatune: Stellatune, *effects: str) -> Iterator[Started]:
    """A host whose output takes the time that a device would."""
    config = stellatune.place / "paced.toml"
    config.write_text('[plugins."stellatune.sink.null".null]\npaced = true\n')
    chain = (word for effect in effects for word in ("--dsp", effect))
    with stellatune.start("--config", config, "serve", "--output", "null", *chain) as host:
        wait_for_line(host, "serving on")
        yield host
        if host.poll() is None:
            assert ask(stellatune, "quit").code == 0
        host.communicate(timeout=END_S)
    stellatune.expect_nothing_left()


class Screen:
    """The screen under test, and the host as another client sees it."""

    def __init__(self, stellatune: Stellatune, app: Tui, pilot: Pilot[None]) -> None:
        self.stellatune = stellatune
        self.app = app
        self.pilot = pilot

    @property
    def text(self) -> str:
        """All that stands there."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    @property
    def queue(self) -> QueueView:
        return self.app.query_one(QueueView)

    @property
    def chain(self) -> ChainView:
        return self.app.query_one(ChainView)

    def asked(self, verb: str, **arguments: Json) -> dict[str, Any]:
        with ControlClient.connect(socket_of(self.stellatune)) as client:
            found: dict[str, Any] = client.ask(verb, arguments, END_S)
            return found

    @property
    def playback(self) -> dict[str, Any]:
        found: dict[str, Any] = self.asked("status")["playback"]
        return found

    async def until(self, condition: Callable[[], object]) -> None:
        """Returns when it holds."""
        try:
            async with asyncio.timeout(END_S):
                while not condition():
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            raise AssertionError(f"it never came to that:\n{self.text}") from None

    async def shows(self, *words: str) -> None:
        await self.until(lambda: all(word in self.text for word in words))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)


@asynccontextmanager
async def shown(stellatune: Stellatune, size: tuple[int, int] = SIZE) -> AsyncIterator[Screen]:
    app = Tui(socket_of(stellatune))
    async with app.run_test(size=size) as pilot:
        yield Screen(stellatune, app, pilot)


def test_keys_do_what_they_say_and_faults_are_told(stellatune: Stellatune) -> None:
    names = [stellatune.place / name for name in ("a.wav", "b.wav", "c[bold]\x1b[31m.wav")]
    for name in names:
        write_endless_wav(name)

    async def play() -> None:
        async with shown(stellatune) as screen:
            await screen.shows("queue of 3", "a.wav", "c[bold]\ufffd[31m.wav", "stopped", "gain  dsp.gain")
            await steer(screen)
            await edit_the_queue(screen)
            await look_after_plugins(screen)
            await screen.press("space")
            await screen.until(lambda: screen.playback["state"] == "paused")
            await screen.shows("‖")
            assert (screen.app._pause_s() or 0) >= 1, "who waits is not asked more than once a second"
            for size in ((20, 5), (1, 1), (300, 80)):
                await screen.pilot.resize_terminal(*size)
            await screen.shows("queue of 2")
            await screen.press("q")

    with serving_paced(stellatune, "gain"):
        assert ask(stellatune, "queue", "add", *names).code == 0
        asyncio.run(play())
        assert ask(stellatune, "status").code == 0, "the host lives on"


async def steer(screen: Screen) -> None:
    await screen.press("space")
    await screen.until(lambda: screen.playback["state"] == "playing")
    await screen.shows("▶ a.wav", "44.1 kHz 2 ch 16 bit", "touched: ", "decoder  decoder.wav", "output  sink.null")
    chain = screen.playback["chain"]
    await screen.until(lambda: [stage.pid for stage in screen.chain.stages] == [str(use["pid"]) for use in chain])
    await screen.until(lambda: all(stage.load is not None and stage.load.pace for stage in screen.chain.stages))
    await screen.press("right", "right", "left", "right")
    await screen.until(lambda: screen.playback["track"]["done_s"] >= 20)
    await screen.press("minus", "minus", "minus", "plus")
    await screen.until(lambda: screen.playback["volume_db"] == -2)
    await screen.shows("-2.0 dB")
    for key, label in (("n", "b.wav"), ("p", "a.wav")):
        await screen.press(key)
        await screen.shows(f"▶ {label}")
        assert screen.playback["track"]["label"].endswith(label)


async def edit_the_queue(screen: Screen) -> None:
    await screen.until(lambda: screen.queue.cursor == 0)
    await screen.press("down", "enter")
    await screen.shows("▶ b.wav")
    assert screen.playback["queue"]["current"] == 2
    for repeat in ("all", "one", "off"):
        await screen.press("r")
        await screen.shows(f"repeat {repeat}")
        assert screen.playback["queue"]["repeat"] == repeat
    await screen.press("s")
    await screen.until(lambda: screen.playback["queue"]["shuffle"])
    await screen.shows("shuffle")
    await screen.press("slash", *"C[BO", "enter")
    await screen.until(lambda: screen.queue.cursor == 2)
    await screen.press("d")
    await screen.shows("queue of 2")
    assert [each["id"] for each in screen.asked("queue.list")["entries"]] == [1, 2]


async def look_after_plugins(screen: Screen) -> None:
    def gain() -> dict[str, Any]:
        found: dict[str, Any] = screen.playback["chain"][1]
        return found

    async def flashes(generation: int, earlier_s: float) -> float:
        """Until when it stands out, later than the last time."""
        await screen.until(lambda: screen.chain.stages[1].generation == str(generation))
        until_s = screen.chain._fresh_until_s["gain"]
        assert until_s > earlier_s
        return until_s

    before = gain()
    await screen.press("tab", "down", "R")
    await screen.shows("0 frames lost")
    after = gain()
    assert after["generation"] > before["generation"]
    assert f"gen {before['generation']} -> {after['generation']}" in screen.text
    first_s = await flashes(after["generation"], 0)
    for heard, words in (("left_out", "gain is bypassed"), ("yes", "gain is back")):
        await screen.press("b")
        await screen.shows(words)
        assert screen.asked("dsp.list")["effects"][0]["heard"] == heard
    await screen.press("up", "b")
    await screen.shows("decoder is no effect")
    killed = gain()
    await screen.until(lambda: screen.chain.stages[1].generation == str(killed["generation"]))
    os.kill(killed["pid"], signal.SIGKILL)
    await screen.shows(f"dsp.gain gen {killed['generation']}: killed", "-> restart")
    await flashes(killed["generation"] + 1, first_s)


def test_it_goes_over_to_the_next_host_and_holds_no_more_of_a_queue_than_is_seen(stellatune: Stellatune) -> None:
    folder = stellatune.place / "many"
    folder.mkdir()
    for number in range(5000):
        (folder / f"{number}.wav").touch()

    async def play(first: Started) -> None:
        async with shown(stellatune) as screen:
            await screen.shows("queue of 5000", "  0.wav")
            await screen.press("end")
            await screen.shows(" 4999.wav")
            await screen.press(*["pageup"] * 30)
            await screen.shows(f"{screen.queue.cursor}.wav")
            assert 0 < screen.queue.loaded <= 1600
            screen.asked("quit")
            await asyncio.to_thread(first.communicate, timeout=END_S)
            await screen.shows("no host answers", f"(pid {first.pid}) has gone")
            assert "queue of 0" in screen.text
            with serving_paced(stellatune) as second:
                await screen.shows(f"(pid {second.pid}) answers", "queue of 5000", "  0.wav", "stopped")
                await screen.press("enter")
                await screen.shows("!", ".wav: ")  # the newest of many
                assert screen.asked("queue.list", limit=1)["entries"][0]["trouble"]
                screen.asked("transport.stop")

    with serving_paced(stellatune) as host:
        assert ask(stellatune, "queue", "add", folder).code == 0
        asyncio.run(play(host))


def test_the_command_takes_a_terminal_and_gives_it_back(stellatune: Stellatune) -> None:
    outcome = stellatune("--json", "tui")
    assert (outcome.code, error_of(outcome)["code"]) == (2, "usage")
    write_wav(stellatune.place / "x.wav", noise(50))
    with serving_paced(stellatune):
        assert ask(stellatune, "queue", "add", "x.wav").code == 0
        left = on_a_terminal(stellatune, lambda shown: b"x.wav" in shown, b"q")
        assert left[0] == 0
        assert on_a_terminal(stellatune, lambda shown: b"x.wav" in shown, signal.SIGTERM)[0] == 143
        assert left[1].rfind(b"\x1b[?1049h") < left[1].rfind(b"\x1b[?1049l"), "the screen of before is back"
        assert left[1].rfind(b"\x1b[?25l") < left[1].rfind(b"\x1b[?25h"), "and the cursor"
    code, said = on_a_terminal(stellatune, lambda _: False, b"")
    assert code == 3 and b"no host is running" in said


def on_a_terminal(
    stellatune: Stellatune, enough: Callable[[bytes], bool], end: bytes | signal.Signals
) -> tuple[int, bytes]:
    """Runs it until enough was shown; then presses the key or sends the signal. Exit code, and all that was shown."""
    near, far = pty.openpty()
    shown = b""
    with os.fdopen(near, "r+b", buffering=0) as terminal:
        with subprocess.Popen(
            [sys.executable, "-m", "host", "tui"],
            cwd=stellatune.place,
            env=stellatune.environment() | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
            stdin=far,
            stdout=far,
            stderr=far,
        ) as drawing:
            os.close(far)
            asked = False
            try:
                while data := terminal.read(65536):
                    shown += data
                    if not asked and enough(shown):
                        asked = True
                        if isinstance(end, bytes):
                            terminal.write(end)
                        else:
                            drawing.send_signal(end)
            except OSError:
                pass  # how a terminal without an other side ends
            code = drawing.wait(END_S)
    return code, shown


@pytest.fixture(autouse=True)
def _no_wish_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
