"""What a Python module's instances offer, and what it is given. Plugins need not import this: the shapes count.

Samples are ``memoryview`` objects of format ``f``, ``frames * channels`` long, interleaved, valid during the call only.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from abi.kinds import LogLevel, StatusCode
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, borrow

__all__ = [
    "HostFace",
    "PythonDecoder",
    "PythonDsp",
    "PythonHotConfig",
    "PythonIo",
    "PythonLyrics",
    "PythonSink",
    "PythonSource",
]


class HostFace:
    """Given to ``create`` as ``host``. Any thread; nothing here waits."""

    def __init__(self, table: CData, root: str) -> None:
        """``table`` is the host's C table; ``root`` the plugin's folder."""
        self._table = table
        self.root = root

    def log(self, level: LogLevel | int, text: str) -> None:
        """One line of log."""
        data = text.encode("utf-8", "replace")
        lib.st_outbox_log(int(level), data, len(data))

    def emit(self, event: dict[str, Any]) -> bool:
        """An event for whoever listens; false when the queue is full."""
        data = json.dumps(event).encode()
        return bool(len(data) <= lib.ST_OUTBOX_EVENT_BYTES and lib.st_outbox_event(data, len(data)) == 0)

    def poll(self) -> dict[str, Any] | None:
        """The oldest host event; None when there is none. Raises: OSError: no memory."""
        out = ffi.new("StStr *")
        status = self._table.poll_host_event_json_utf8(self._table.user_data, out)
        if status.code != 0:
            raise OSError("no memory for a host event")
        return self._taken(out[0]) if out.len else None

    def control(self, request: dict[str, Any]) -> int:
        """Asks the host for something; gives the number by which an event tells what became of it.

        Raises:
            ValueError: too long, or it has no text ``control``.
            PermissionError: plugin.toml does not ask for that right.
            BlockingIOError: too much waits already.
        """
        out = ffi.new("StStr *")
        text, keep = borrow(json.dumps(request).encode())
        status = self._table.send_control_json_utf8(self._table.user_data, text, out)
        del keep
        match status.code:
            case StatusCode.OK:
                return int(self._taken(out[0])["request"])
            case StatusCode.UNSUPPORTED:
                raise PermissionError(f"no right to {request.get('control')!r}: ask for it in plugin.toml")
            case StatusCode.INTERNAL:
                raise BlockingIOError("too many requests wait to be sent")
            case _:
                raise ValueError('a control request has a text "control" and at most 16 KiB')

    def cancelled(self) -> bool:
        """Whether the call in progress should give up (raise, or return early)."""
        return bool(self._table.call_cancelled(self._table.user_data))

    def take_file(self, value: str) -> int:
        """The descriptor behind a ``file-read`` or ``file-write`` string; the caller closes it. Raises: ValueError."""
        out = ffi.new("int32_t *")
        text, keep = borrow(value.encode())
        status = self._table.take_file(self._table.user_data, text, out)
        del keep
        if status.code != 0:
            raise ValueError(f"the host opened no file for {value!r}")
        return int(out[0])

    def _taken(self, text: CData) -> dict[str, Any]:
        try:
            # SAFETY: a text of len bytes that is ours until it is freed, right here.
            found: dict[str, Any] = json.loads(bytes(ffi.buffer(text.ptr, text.len)))
        finally:
            self._table.free_host_str_utf8(self._table.user_data, text)
        return found


class PythonIo(Protocol):
    """What a decoder reads from."""

    def read(self, size: int) -> bytes: ...

    def seek(self, offset: int, whence: int = 0) -> int: ...

    def tell(self) -> int: ...

    def size(self) -> int: ...


class PythonHotConfig(Protocol):
    """What an instance of any kind may offer beside the rest, both or neither; without them it is made anew.

    ``plan`` gives mode and cost, as ``ConfigUpdateMode`` and ``ConfigUpdateCost`` number them, and a reason or an empty
    text; it changes nothing. ``apply`` takes the configuration between two blocks, or raises and goes on as before.
    """

    def plan(self, config: dict[str, Any]) -> tuple[int, int, str]: ...

    def apply(self, config: dict[str, Any]) -> None: ...


class PythonDecoder(Protocol):
    """An instance of kind decoder. ``info``: sample_rate_hz, channels, and optionally total_frames, duration_ms, ..."""

    def open(self, io: PythonIo, path: str, extension: str) -> None: ...

    def info(self) -> dict[str, int]: ...

    def read(self, samples: memoryview, frames: int) -> tuple[int, bool]: ...


class PythonDsp(Protocol):
    """An instance of kind dsp."""

    def process(self, samples: memoryview, frames: int) -> None: ...


class PythonSource(Protocol):
    """An instance of kind source. What ``open_stream`` gives names the local file of the track as ``path``."""

    def list_items(self, request: dict[str, Any]) -> dict[str, Any]: ...

    def open_stream(self, track: dict[str, Any]) -> dict[str, Any]: ...


class PythonLyrics(Protocol):
    """An instance of kind lyrics. What ``fetch`` gives holds the words as ``lrc`` or ``text``."""

    def search(self, query: dict[str, Any]) -> list[dict[str, Any]]: ...

    def fetch(self, track: dict[str, Any]) -> dict[str, Any]: ...


class PythonSink(Protocol):
    """An instance of kind sink."""

    def list_targets(self) -> list[dict[str, Any]]: ...

    def negotiate(self, target: dict[str, Any], sample_rate_hz: int, channels: int) -> tuple[int, int, int]: ...

    def open(self, target: dict[str, Any], sample_rate_hz: int, channels: int, start_frame: int) -> None: ...

    def write(self, samples: memoryview, frames: int) -> int: ...

    def status(self) -> tuple[int, bool, int]: ...

    def flush(self) -> None: ...

    def reset(self, next_frame: int) -> None: ...

    def close(self) -> None: ...
