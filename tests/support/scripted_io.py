"""An input in memory that fails when it is told to, as the host's io functions would."""

from __future__ import annotations

from abi.kinds import StatusCode
from plugin_worker._core import ffi
from plugin_worker.ffi_calls import CData

__all__ = ["ScriptedIo"]


class ScriptedIo:
    """Bytes behind an ``StIoVTable``; ``fail_with`` is the status of every read from now on. Reads are counted.

    The data may be followed by so many zeros that take no memory.
    """

    def __init__(self, data: bytes, seeks: bool = True, zeros: int = 0) -> None:
        self.fail_with = StatusCode.OK
        self.reads = 0
        self.read_bytes = 0
        self._data = data
        self._size_bytes = len(data) + zeros
        self._at = 0
        self._table = ffi.new("StIoVTable *")
        self._callbacks = (
            ffi.callback("StStatus(void *, uint8_t *, size_t, size_t *)", self._read),
            ffi.callback("StStatus(void *, int64_t, uint32_t, uint64_t *)", self._seek),
            ffi.callback("StStatus(void *, uint64_t *)", self._size),
        )
        self._table.read = self._callbacks[0]
        if seeks:
            self._table.seek, self._table.size = self._callbacks[1:]

    @property
    def pair(self) -> tuple[CData, CData]:
        """Table and handle."""
        return self._table, ffi.NULL

    def _read(self, handle: CData, out: CData, size: int, got: CData) -> CData:
        del handle
        self.reads += 1
        if self.fail_with is StatusCode.OK:
            part = self._data[self._at : self._at + size] or bytes(min(size, self._size_bytes - self._at))
            ffi.memmove(out, part, len(part))
            self._at += len(part)
            self.read_bytes += len(part)
            got[0] = len(part)
        return _status(self.fail_with)

    def _seek(self, handle: CData, offset: int, whence: int, position: CData) -> CData:
        del handle
        self._at = offset + (0, self._at, self._size_bytes)[whence]
        position[0] = self._at
        return _status(StatusCode.OK)

    def _size(self, handle: CData, size: CData) -> CData:
        del handle
        size[0] = self._size_bytes
        return _status(StatusCode.OK)


def _status(code: StatusCode) -> CData:
    status = ffi.new("StStatus *")
    status.code = code
    return status[0]
