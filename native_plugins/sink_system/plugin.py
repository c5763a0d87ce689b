"""The system's sound devices, through PortAudio's blocking streams (sounddevice's raw ones: no numpy).

PortAudio can hang for ever when a sound server stops, and can abort the process. That is why it lives in a worker of
its own: nothing here tries to survive that, the host replaces the process.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any, Protocol

try:
    import sounddevice
except OSError as error:  # sounddevice finds PortAudio at import
    raise OSError(f"{error}; apt-get install libportaudio2") from error

__all__ = ["SystemSink", "create"]

_WARN = 2
_HOT_APPLY, _RECREATE, _REJECT = 1, 2, 3
_LOW, _MEDIUM = 1, 2
_CHUNK_FRAMES = 512
#: Bits of whole numbers by the format a device is opened in; 0: it takes float32 as it comes.
_BITS = {"float32": 0, "int16": 16, "int24": 24}
#: What a sound server holds of its own beyond the device's queue, which nobody tells.
_SERVER_S = 0.1
_LINES_PER_SECOND = 100
_TRIM_DB = (-60, 24)
#: Two tables without a common divisor: their differences do not come again for a day.
_NOISE_LENGTHS = (65_536, 65_521)
_PIECE_SAMPLES = 4096


class Host(Protocol):
    """What this plugin uses of the runtime."""

    def log(self, level: int, text: str) -> None: ...

    def cancelled(self) -> bool: ...


def create(kind: str, type_id: str, config: dict[str, Any], host: Host) -> SystemSink:
    """The host's way in."""
    if (kind, type_id) != ("sink", "system"):
        raise ValueError(f"there is no {kind} of type {type_id!r} here")
    return SystemSink(config, host)


def _outputs() -> dict[str, dict[str, Any]]:
    """Devices that can play, by what finds each again: interface and name, numbered where several have the same."""
    found: dict[str, dict[str, Any]] = {}
    count = Counter[str]()
    for device in sounddevice.query_devices():
        if device["max_output_channels"] > 0:
            identity = f"{_interface(device)}/{device['name']}"
            count[identity] += 1
            found[identity if count[identity] == 1 else f"{identity} #{count[identity]}"] = device
    return found


def _interface(device: dict[str, Any]) -> str:
    return str(sounddevice.query_hostapis(device["hostapi"])["name"])


def _default_index() -> int:
    try:
        return int(sounddevice.query_devices(kind="output")["index"])
    except (sounddevice.PortAudioError, ValueError):
        return -1


def _reason(error: sounddevice.PortAudioError) -> str:
    """PortAudio's words, or those of the system below it where it has none of its own."""
    words = [str(error.args[0])] if error.args else []
    if len(error.args) > 2 and error.args[2][2]:
        words.append(str(error.args[2][2]))
    return ": ".join(words) or "no reason told"


def _trim_db(config: dict[str, Any]) -> float:
    """Raises: ValueError, out of range."""
    db = config.get("trim_db", 0)
    if isinstance(db, bool) or not isinstance(db, int | float) or not _TRIM_DB[0] <= db <= _TRIM_DB[1]:
        raise ValueError(f"system output: trim_db is {db!r}, choose {_TRIM_DB[0]} to {_TRIM_DB[1]}")
    return db


def _opened_as(config: dict[str, Any]) -> tuple[int, str]:
    """What an open device cannot change: its queue in ms, and its format. Raises: ValueError."""
    name = str(config.get("format", "float32"))
    if name not in _BITS:
        raise ValueError(f"system output: format is {name!r}, choose {', '.join(_BITS)}")
    return int(config.get("latency_ms", 0)), name


def _is_dithered(config: dict[str, Any]) -> bool:
    """By itself where rounding can be heard: at 16 bits."""
    wish = config.get("dither", "auto")
    return wish == "on" or (wish == "auto" and config.get("format") == "int16")


class Trim:
    """The output's own gain; a change of it is a straight line of 10 ms, by the number of the frame only."""

    def __init__(self, db: float) -> None:
        """Stands at 10^(db/20)."""
        self.stand(db)

    def stand(self, db: float) -> None:
        """At once."""
        self._from = self._target = 10 ** (db / 20)
        self._frames = self._done = 0

    def go(self, db: float, frames: int) -> None:
        """From wherever it is; stays on its way if it goes there already."""
        target = 10 ** (db / 20)
        if target != self._target:
            self._from, self._target, self._frames, self._done = self._at(self._done), target, frames, 0

    @property
    def is_identity(self) -> bool:
        """Whether every sample stays as it is."""
        return self._target == 1 and self._done >= self._frames

    def scaled(self, samples: memoryview, channels: int) -> array[float]:
        """What becomes of them; shape (frames * channels,), interleaved, float32."""
        moving = min(self._frames - self._done, len(samples) // channels) * channels
        out = array("f")
        for at in range(0, moving, channels):
            self._done += 1
            gain = self._at(self._done)
            out.extend([sample * gain for sample in samples[at : at + channels]])
        gain = self._target
        out.extend([sample * gain for sample in samples[moving:]])
        return out

    def _at(self, done: int) -> float:
        if done >= self._frames:
            return self._target
        return self._from + (self._target - self._from) * (done / self._frames)


class Rounding:
    """From float32 to whole numbers of so many bits; with dither, triangular noise of two steps before.

    A sample that is a whole number already is not touched. The noise depends on position and channel only.
    """

    def __init__(self, bits: int) -> None:
        """Makes the tables of noise, which takes some milliseconds."""
        self._scale = 1 << (bits - 1)
        self._bytes = bits // 8
        numbers = Random(bits)
        tables = (array("d", [numbers.random() for _ in range(length)]) for length in _NOISE_LENGTHS)
        self._tables = tuple(table + table[:_PIECE_SAMPLES] for table in tables)

    def rounded(self, samples: Sequence[float], frame: int, channels: int, *, dithered: bool) -> bytes:
        """What a device gets for frames from position ``frame`` on; shape (frames * channels,), interleaved."""
        whole: list[int] = []
        for at in range(0, len(samples), _PIECE_SAMPLES):
            piece = [self._within(sample * self._scale) for sample in samples[at : at + _PIECE_SAMPLES]]
            if dithered:
                self._add_noise(piece, frame * channels + at)
            whole.extend([int(self._within(round(value))) for value in piece])
        if self._bytes == 2:
            return array("h", whole).tobytes()
        words = array("i", whole).tobytes()
        packed = bytearray(3 * len(whole))
        for byte in range(3):
            packed[byte::3] = words[byte::4]  # the lower three of each, little-endian
        return bytes(packed)

    def _within(self, value: float) -> float:
        top = self._scale - 1
        return value if -self._scale <= value <= top else top if value > 0 else -self._scale

    def _add_noise(self, piece: list[float], number: int) -> None:
        """``number``: of the first sample, counted through all channels."""
        one, other = (
            table[number % length : number % length + len(piece)]
            for table, length in zip(self._tables, _NOISE_LENGTHS, strict=True)
        )
        piece[:] = [
            value if value == round(value) else value + plus - minus
            for value, plus, minus in zip(piece, one, other, strict=True)
        ]


class SystemSink:
    """One open device. Called by its lane only."""

    def __init__(self, config: dict[str, Any], host: Host) -> None:
        """Nothing is opened yet. Raises: ValueError, a trim out of range or an unknown format."""
        self._host = host
        self._config = config
        self._trim = Trim(_trim_db(config))
        latency_ms, self._format = _opened_as(config)
        self._latency: float | str = latency_ms / 1000 or "high"
        self._rounding = Rounding(_BITS[self._format]) if _BITS[self._format] else None
        self._frame = 0
        self._stream: Any = None
        self._wishes: dict[str, Any] = {}  # what a stream of the open device is made with
        self._device_name = ""
        self._capacity_frames = 0
        self._underflows = 0

    def plan(self, config: dict[str, Any]) -> tuple[int, int, str]:
        """Trim and dither are taken in place; queue and format of an open device cannot change."""
        try:
            _trim_db(config)
            opened_as = _opened_as(config)
        except ValueError as error:
            return _REJECT, _LOW, str(error)
        if opened_as != _opened_as(self._config):
            return _RECREATE, _MEDIUM, ""
        return _HOT_APPLY, _LOW, ""

    def apply(self, config: dict[str, Any]) -> None:
        """Heard when the device has played what it holds. Raises: ValueError."""
        db = _trim_db(config)
        if _opened_as(config) != _opened_as(self._config):
            raise ValueError("system output: another latency_ms or format needs a new instance")
        self._config = config
        if self._stream is None:
            self._trim.stand(db)
        else:
            self._trim.go(db, self._wishes["samplerate"] // _LINES_PER_SECOND + 1)

    def list_targets(self) -> list[dict[str, Any]]:
        """All devices that can play; the default one first."""
        default = _default_index()
        listed = [
            {
                "id": identity,
                "name": device["name"],
                "host_api": _interface(device),
                "channels": device["max_output_channels"],
                "sample_rate_hz": int(device["default_samplerate"]),
                "default": device["index"] == default,
            }
            for identity, device in _outputs().items()
        ]
        return sorted(listed, key=lambda target: not target["default"])

    def _device(self, target: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The one of that id; the default one where none is named."""
        outputs = _outputs()
        if not outputs:
            raise OSError("there is no sound device; is a sound server running?")
        wanted = target.get("id", "")
        if not wanted:
            default = _default_index()
            wanted = next((name for name, device in outputs.items() if device["index"] == default), next(iter(outputs)))
        if wanted not in outputs:
            raise ValueError(f"no sound device has the id {wanted!r}; there are: {', '.join(outputs)}")
        return wanted, outputs[wanted]

    def negotiate(self, target: dict[str, Any], sample_rate_hz: int, channels: int) -> tuple[int, int, int]:
        """The nearest spec the device takes: the wish, else its own rate, else fewer or more channels."""
        name, device = self._device(target)
        most = int(device["max_output_channels"])
        own_rate = int(device["default_samplerate"])
        for count in dict.fromkeys((channels, min(2, most), most, 1)):
            for rate in dict.fromkeys((sample_rate_hz, own_rate, 48000, 44100)):
                if 0 < count <= most and self._takes(device["index"], rate, count):
                    return rate, count, _CHUNK_FRAMES
        raise OSError(f"sound device {name!r} takes no {self._format} stream at all")

    def _takes(self, index: int, rate: int, channels: int) -> bool:
        try:
            sounddevice.check_output_settings(device=index, channels=channels, dtype=self._format, samplerate=rate)
        except sounddevice.PortAudioError:
            return False
        return True

    def open(self, target: dict[str, Any], sample_rate_hz: int, channels: int, start_frame: int) -> None:
        """Opens the device; it starts with the first write."""
        self._frame = start_frame
        self._device_name, device = self._device(target)
        self._trim.stand(_trim_db(self._config))
        self._wishes = {
            "samplerate": sample_rate_hz,
            "channels": channels,
            "device": device["index"],
            "dtype": self._format,
            "latency": self._latency,
        }
        try:
            self._stream = sounddevice.RawOutputStream(**self._wishes)
        except sounddevice.PortAudioError as error:
            raise OSError(f"sound device {self._device_name!r} cannot be opened: {_reason(error)}") from error

    def write(self, samples: memoryview, frames: int) -> int:
        """Blocks while the device is full; takes all."""
        channels = self._wishes["channels"]
        trimmed = samples if self._trim.is_identity else memoryview(self._trim.scaled(samples, channels))
        if self._rounding is None:
            self._play(trimmed.cast("B"))
        else:
            dithered = _is_dithered(self._config)
            self._play(memoryview(self._rounding.rounded(trimmed, self._frame, channels, dithered=dithered)))
        self._frame += frames
        return frames

    def _play(self, data: memoryview) -> None:
        try:
            if self._stream is None:  # after a reset
                self._stream = sounddevice.RawOutputStream(**self._wishes)
            if self._stream.stopped:
                self._stream.start()
                self._capacity_frames = self._stream.write_available
            if self._stream.write(data):
                self._underflows += 1
                if self._underflows & (self._underflows - 1) == 0:
                    self._host.log(_WARN, f"the device ran dry; {self._underflows} times so far")
            ended = not self._stream.active
        except sounddevice.PortAudioError as error:
            raise self._gone(_reason(error)) from error
        if ended:
            raise self._gone("its stream ended")

    def status(self) -> tuple[int, bool, int]:
        """Frames in the device's queue, whether it runs, and how often it ran dry so far."""
        if self._stream is None or self._stream.stopped:
            return 0, False, self._underflows
        return self._queued_frames(), True, self._underflows

    def flush(self) -> None:
        """Plays out. PortAudio's stop throws away what was not played, so silence is sent after the sound.

        As much as the device holds, which also starts a device that the sound alone was too short for, and as much as a
        sound server may hold of its own. A device without a queue, such as a file, gets none.
        """
        if self._stream is None or self._stream.stopped:
            return
        if self._queued_frames() > 0:
            self._follow_with_silence(self._capacity_frames + int(_SERVER_S * self._wishes["samplerate"]))
        try:
            self._stream.stop()
        except sounddevice.PortAudioError as error:
            raise self._gone(_reason(error)) from error

    def _follow_with_silence(self, frames: int) -> None:
        block = bytes(_CHUNK_FRAMES * self._wishes["channels"] * (_BITS[self._format] or 32) // 8)
        for _ in range(-(-frames // _CHUNK_FRAMES)):
            if self._host.cancelled():
                return
            self._play(memoryview(block))

    def _queued_frames(self) -> int:
        try:
            return max(0, self._capacity_frames - int(self._stream.write_available))
        except sounddevice.PortAudioError as error:
            raise self._gone(_reason(error)) from error

    def _gone(self, reason: str) -> OSError:
        return OSError(f"sound device {self._device_name!r} is gone: {reason}")

    def reset(self, next_frame: int) -> None:
        """Throws away what the device holds, and gives it back until the next write.

        A stream that is only stopped still wakes the threads of a sound server's library several times a second.
        """
        self._frame = next_frame
        self._trim.stand(_trim_db(self._config))
        self._drop_stream()

    def close(self) -> None:
        """Gives the device back."""
        self._drop_stream()

    def _drop_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(sounddevice.PortAudioError):  # of a device that is gone: the next write tells
                stream.abort()
                stream.close()
