"""The system's sound devices, through PortAudio's blocking streams (sounddevice's raw ones: no numpy).

PortAudio can hang for ever when a sound server stops, and can abort the process. That is why it lives in a worker of
its own: nothing here tries to survive that, the host replaces the process.
"""

from __future__ import annotations

import time
from typing import Any, Protocol

try:
    import sounddevice
except OSError as error:  # sounddevice finds PortAudio at import
    raise OSError(f"{error}; apt-get install libportaudio2") from error

__all__ = ["SystemSink", "create"]

_WARN = 2
_CHUNK_FRAMES = 512


class Host(Protocol):
    """What this plugin uses of the runtime."""

    def log(self, level: int, text: str) -> None: ...


def create(kind: str, type_id: str, config: dict[str, Any], host: Host) -> SystemSink:
    """The host's way in."""
    if (kind, type_id) != ("sink", "system"):
        raise ValueError(f"there is no {kind} of type {type_id!r} here")
    return SystemSink(config, host)


def _outputs() -> list[dict[str, Any]]:
    return [device for device in sounddevice.query_devices() if device["max_output_channels"] > 0]


def _default_index() -> int:
    try:
        return int(sounddevice.query_devices(kind="output")["index"])
    except (sounddevice.PortAudioError, ValueError):
        return -1


class SystemSink:
    """One open device. Called by its lane only."""

    def __init__(self, config: dict[str, Any], host: Host) -> None:
        """Nothing is opened yet."""
        self._host = host
        self._latency: float | str = config.get("latency_ms", 0) / 1000 or "high"
        self._stream: Any = None
        self._written_frames = 0
        self._underflows = 0

    def list_targets(self) -> list[dict[str, Any]]:
        """All devices that can play, by PortAudio's names; the default one first."""
        default = _default_index()
        interfaces = sounddevice.query_hostapis()
        listed = [
            {
                "id": device["name"],
                "name": f"{device['name']} ({interfaces[device['hostapi']]['name']})",
                "channels": device["max_output_channels"],
                "sample_rate_hz": int(device["default_samplerate"]),
                "default": device["index"] == default,
            }
            for device in _outputs()
        ]
        return sorted(listed, key=lambda target: not target["default"])

    def _device(self, target: dict[str, Any]) -> dict[str, Any]:
        outputs = _outputs()
        if not outputs:
            raise OSError("there is no sound device; is a sound server running? (--output null or file:PATH need none)")
        name = target.get("id", "")
        if not name:
            default = _default_index()
            return next((device for device in outputs if device["index"] == default), outputs[0])
        matches = [device for device in outputs if device["name"] == name]
        matches = matches or [device for device in outputs if name.lower() in device["name"].lower()]
        if not matches:
            known = ", ".join(device["name"] for device in outputs)
            raise ValueError(f"no sound device is called {name!r}; there are: {known}")
        return matches[0]

    def negotiate(self, target: dict[str, Any], sample_rate_hz: int, channels: int) -> tuple[int, int, int]:
        """The nearest spec the device takes: the wish, else its own rate, else fewer or more channels."""
        device = self._device(target)
        most = int(device["max_output_channels"])
        own_rate = int(device["default_samplerate"])
        for count in dict.fromkeys((channels, min(2, most), most, 1)):
            for rate in dict.fromkeys((sample_rate_hz, own_rate, 48000, 44100)):
                if 0 < count <= most and self._takes(device["index"], rate, count):
                    return rate, count, _CHUNK_FRAMES
        raise OSError(f"{device['name']} takes no float32 stream at all")

    @staticmethod
    def _takes(index: int, rate: int, channels: int) -> bool:
        try:
            sounddevice.check_output_settings(device=index, channels=channels, dtype="float32", samplerate=rate)
        except sounddevice.PortAudioError:
            return False
        return True

    def open(self, target: dict[str, Any], sample_rate_hz: int, channels: int, _start_frame: int) -> None:
        """Opens the device; it starts with the first write."""
        device = self._device(target)
        try:
            self._stream = sounddevice.RawOutputStream(
                samplerate=sample_rate_hz,
                channels=channels,
                device=device["index"],
                dtype="float32",
                latency=self._latency,
            )
        except sounddevice.PortAudioError as error:
            raise OSError(f"{device['name']} cannot be opened: {error}") from error
        self._written_frames = 0

    def write(self, samples: memoryview, frames: int) -> int:
        """Blocks while the device is full; takes all."""
        try:
            if self._stream.stopped:
                self._stream.start()
            if self._stream.write(samples.cast("B")):
                self._underflows += 1
                if self._underflows & (self._underflows - 1) == 0:
                    self._host.log(_WARN, f"the device ran dry; {self._underflows} times so far")
        except sounddevice.PortAudioError as error:
            raise OSError(f"the device is gone: {error}") from error
        self._written_frames += frames
        return frames

    def status(self) -> tuple[int, bool]:
        """Frames in the device, as far as PortAudio tells (its latency), and whether it runs."""
        if self._stream is None or self._stream.stopped:
            return 0, False
        queued = int(self._stream.latency * self._stream.samplerate)
        return min(queued, self._written_frames), True

    def flush(self) -> None:
        """Plays out: waits as long as the queue is, then stops; the stop alone would cut the end on some devices."""
        if self._stream is not None and not self._stream.stopped:
            time.sleep(self._stream.latency)
            self._stream.stop()

    def reset(self, _next_frame: int) -> None:
        """Throws away what the device holds."""
        if self._stream is not None and not self._stream.stopped:
            self._stream.abort()
        self._written_frames = 0

    def close(self) -> None:
        """Gives the device back."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            stream.abort()
            stream.close()
