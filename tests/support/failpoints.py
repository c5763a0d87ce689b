"""Named places where a test can make workers die, stop, wait or be late - in a build of the worker made for it alone.

The product's sources hold nothing of this: calls are put into a copy of them, at the anchors below, and that is built.
An anchor that stands no longer exactly once in its file is an error that names it.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType

__all__ = ["PLACES", "Action", "Armed", "Failpoints", "Place", "build_worker", "instrument"]

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "tests/failpoints"
SLOTS = 16
_BUILD_S = 300

_C, _PYTHON = "plugin_worker/csrc", "plugin_worker"


class Action(IntEnum):
    """What happens at a place; numbers of ``failpoint.h``."""

    KILL = 1  # SIGKILL to the worker by itself
    STOP = 2  # SIGSTOP
    PAUSE = 3  # the thread waits until released
    DELAY = 4  # the thread sleeps so many milliseconds


@dataclass(frozen=True, slots=True)
class Place:
    """``text`` goes behind ``anchor``, or before it; ``name`` is empty for what serves them all."""

    name: str
    file: str
    anchor: str
    text: str
    before: bool = False


def _c(name: str, file: str, anchor: str, before: bool = False) -> Place:
    return Place(name, file, anchor, f'    st_failpoint("{name}");\n', before)


def _python(name: str, file: str, anchor: str) -> Place:
    indent = anchor[: len(anchor) - len(anchor.lstrip())]
    return Place(name, file, anchor, f'{indent}lib.st_failpoint(b"{name}")\n', before=True)


_PUT = "    st_checkpoint_put(&d->checkpoint, &label, d->exported);\n"
_STREAM = "shm_audio/csrc/byte_stream.c"
_ANSWERED = "    atomic_store_explicit(&w->epoch, epoch, memory_order_release);\n"
_ASKED = "    atomic_store_explicit(&s->words->seek_epoch, s->epoch, memory_order_release);\n"
_TAKEN = "    atomic_store_explicit(&w->read_epoch, s->epoch, memory_order_release);\n"
_FILL = "    memcpy(slot + 1, bytes, (size_t)label->length);\n"

PLACES: tuple[Place, ...] = (
    _python("handshake", f"{_PYTHON}/serve.py", "        self._instances = Instances(self, self._page)\n"),
    _python("load", f"{_PYTHON}/serve.py", "        lane = self._greeted().module_lane\n"),
    _python("create", f"{_PYTHON}/dispatch.py", "        made = create_instance(home, lane, module, request)\n"),
    _python("attach", f"{_PYTHON}/capabilities/dsp.py", "            self.begin(request.epoch)\n"),
    _c("replay", f"{_C}/dsp_takeover.c", "        st_status_free(lane, st_dsp_process(lane, d, p));\n"),
    _c("checkpoint", f"{_C}/dsp_checkpoint.c", _PUT, before=True),
    _c("checkpoint_cleared", "shm_audio/csrc/checkpoint.c", "    slot->label = *label;\n", before=True),
    Place(
        "checkpoint_half",
        "shm_audio/csrc/checkpoint.c",
        _FILL,
        '    memcpy(slot + 1, bytes, (size_t)label->length / 2);\n    st_failpoint("checkpoint_half");\n',
        before=True,
    ),
    _c("checkpoint_filled", "shm_audio/csrc/checkpoint.c", _FILL),
    _c("output", f"{_C}/dsp_pump.c", "    st_ring_publish_write(&d->output, block);\n", before=True),
    _c("commit", f"{_C}/dsp_pump.c", "    st_ring_publish_write(&d->output, block);\n"),
    _c("mixed", f"{_C}/mix_pump.c", "    st_ring_publish_write(&m->output, block);\n", before=True),
    _c("mixed_half", f"{_C}/mix_pump.c", "    st_ring_publish_write(&m->output, block);\n"),
    _c("publish", f"{_C}/decode_pump.c", "        st_ring_publish_write(&d->output, frames);\n", before=True),
    _c("stream_filled", _STREAM, "    s->own_pos += count;\n", before=True),
    _c("stream_put", _STREAM, "    atomic_store_explicit(&s->words->write_pos, s->own_pos, memory_order_release);\n"),
    _c("stream_answering", _STREAM, _ANSWERED, before=True),
    _c("stream_answered", _STREAM, _ANSWERED),
    _c("stream_asking", _STREAM, _ASKED, before=True),
    _c("stream_asked", _STREAM, _ASKED),
    _c("stream_taking", _STREAM, _TAKEN, before=True),
    _c("accepted", f"{_C}/sink_pump.c", "    st_ring_publish_read(&k->input, accepted);\n", before=True),
)

_GLUE: tuple[Place, ...] = (
    Place(
        "",
        f"{_PYTHON}/serve.py",
        "        self._instances = Instances(self, self._page)\n",
        "        lib.st_failpoint_plugin(hello.plugin_id.encode())\n",
        before=True,
    ),
    Place("", f"{_PYTHON}/build_core.py", 'SHARED = ["byte_stream"', 'OWN += ["failpoint"]\n', before=True),
    Place("", f"{_PYTHON}/build_core.py", '#include "file_io.h"\n', '#include "failpoint.h"\n', before=True),
    Place(
        "",
        f"{_PYTHON}/build_core.py",
        "void *malloc(size_t size);\n",
        "void st_failpoint(const char *place);\nvoid st_failpoint_plugin(const char *plugin_id);\n",
    ),
)


def instrument(into: Path) -> None:
    """Copies the worker's sources, puts the calls in. Raises: AssertionError for an anchor that stands not once."""
    skip = shutil.ignore_patterns("*.so", "*.o", "_core.c", "__pycache__")
    for name in ("plugin_worker", "shm_audio", "abi"):
        shutil.copytree(ROOT / name, into / name, ignore=skip)
    for place in (*_GLUE, *PLACES):
        path = into / place.file
        text = path.read_text()
        found = text.count(place.anchor)
        assert found == 1, f"{place.file}: {place.anchor!r} stands there {found} times; mend failpoints.py"
        both = (place.text, place.anchor) if place.before else (place.anchor, place.text)
        path.write_text(text.replace(place.anchor, "".join(both)))
    for file in {place.file for place in PLACES if place.file.endswith(".c")}:
        (into / file).write_text('#include "failpoint.h"\n' + (into / file).read_text())
    for runtime in RUNTIME.iterdir():
        shutil.copy(runtime, into / _C)
    (into / _C / "failpoint_path.h").write_text(f'#define ST_FAILPOINT_PATH "{_orders(into)}"\n')


def _orders(folder: Path) -> Path:
    return folder / "orders"


def build_worker(into: Path) -> Failpoints:
    """Builds the instrumented worker in an empty folder. Raises: CalledProcessError with the compiler's output."""
    instrument(into)
    code = "from plugin_worker.build_core import ffibuilder; ffibuilder.compile()"
    environment = {**os.environ, "PYTHONPATH": str(into)}
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=into, env=environment, check=True, timeout=_BUILD_S, stdout=sys.stderr)
    for name in ("shm_audio", "abi"):  # only needed to build: the product's own are run
        shutil.rmtree(into / name)
    return Failpoints(into)


class _Slot(ctypes.Structure):
    """``st_failpoint_slot``."""

    place: bytes
    plugin: bytes
    hits: int
    countdown: int
    every: int
    fired: int
    action: int
    delay_ms: int
    held: int
    _fields_ = (
        ("place", ctypes.c_char * 32),
        ("plugin", ctypes.c_char * 64),
        ("hits", ctypes.c_uint64),
        ("countdown", ctypes.c_uint64),
        ("every", ctypes.c_uint64),
        ("fired", ctypes.c_uint64),
        ("action", ctypes.c_uint32),
        ("delay_ms", ctypes.c_uint32),
        ("held", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32 * 9),
    )


class Armed:
    """One order. Counts are those of all workers since it was given."""

    def __init__(self, slots: list[_Slot], index: int) -> None:
        """Made by ``Failpoints.arm``."""
        self._slots = slots
        self._index = index

    @property
    def _slot(self) -> _Slot:
        return self._slots[self._index]

    @property
    def hits(self) -> int:
        """Times that a worker came by."""
        return self._slot.hits

    @property
    def fired(self) -> int:
        """Times that it acted."""
        return self._slot.fired

    def release(self) -> None:
        """Lets a paused thread go on."""
        self._slot.held = 0

    def disarm(self) -> None:
        """It acts no more, and goes on counting."""
        self._slot.every = 0
        self._slot.countdown = 0
        self.release()


class Failpoints:
    """The built worker, and the orders to it. ``python_path`` is for the environment of a host, or of a worker."""

    def __init__(self, folder: Path) -> None:
        """No place is armed."""
        self.python_path = f"{folder}:{ROOT}"
        path = _orders(folder)
        path.write_bytes(bytes(SLOTS * ctypes.sizeof(_Slot)))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._slots = [_Slot.from_buffer(self._map, index * ctypes.sizeof(_Slot)) for index in range(SLOTS)]
        self._used = 0

    def arm(
        self, place: str, action: Action, *, let_pass: int = 0, every: int = 0, plugin: str = "", delay_ms: int = 0
    ) -> Armed:
        """Acts at the hit after ``let_pass`` others, and then at each ``every``-th (0: once).

        ``plugin``: only in workers of that plugin id.
        """
        assert place in {each.name for each in PLACES}, place
        assert self._used < SLOTS, "too many orders; clear() first"
        slot = self._slots[self._used]
        armed = Armed(self._slots, self._used)
        self._used += 1
        slot.place, slot.plugin = place.encode(), plugin.encode()
        slot.hits = slot.fired = slot.held = 0
        slot.action, slot.delay_ms, slot.every = int(action), delay_ms, every
        slot.countdown = let_pass + 1  # last: it is on from here
        return armed

    def clear(self) -> None:
        """Forgets all orders; paused threads go on."""
        for index in range(self._used):
            Armed(self._slots, index).disarm()
            self._slots[index].place = b""
        self._used = 0

    def close(self) -> None:
        self.clear()
        self._slots.clear()
        self._map.close()

    def __enter__(self) -> Failpoints:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
