"""One of our sources without a worker: the library in this process, called as a lane would call it."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any

from plugin_worker._core import ffi
from plugin_worker.ffi_calls import CData, borrow
from tests.support.direct_instance import DirectInstance

__all__ = ["DirectSource", "DirectStream"]

READ_BYTES = 1 << 16


class DirectStream:
    """An open stream; closed by its source."""

    def __init__(self, source: DirectSource, io: CData, handle: CData, meta: dict[str, Any]) -> None:
        self.meta = meta
        self.handle = handle
        self._source = source
        self._io = io

    @property
    def seeks(self) -> bool:
        return bool(self._io.seek != ffi.NULL)

    def read(self, size: int = READ_BYTES) -> bytes:
        """The next bytes, some of them; none at the end. Raises: Refused."""
        out, got = ffi.new("uint8_t[]", size), ffi.new("size_t *")
        self._source.expect_ok(self._io.read(self.handle, out, size, got))
        assert got[0] <= size
        return bytes(ffi.buffer(out, got[0]))

    def take(self, size: int) -> bytes:
        """So many bytes, or fewer at the end. Raises: Refused."""
        taken = b""
        while len(taken) < size and (part := self.read(min(size - len(taken), READ_BYTES))):
            taken += part
        return taken

    def rest(self) -> bytes:
        """All up to the end. Raises: Refused."""
        parts = []
        while part := self.read():
            parts.append(part)
        return b"".join(parts)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Where it is now. Raises: Refused."""
        position = ffi.new("uint64_t *")
        self._source.expect_ok(self._io.seek(self.handle, offset, whence, position))
        return int(position[0])

    def tell(self) -> int:
        position = ffi.new("uint64_t *")
        self._source.expect_ok(self._io.tell(self.handle, position))
        return int(position[0])

    def size(self) -> int:
        """Raises: Refused: it is not known."""
        size = ffi.new("uint64_t *")
        self._source.expect_ok(self._io.size(self.handle, size))
        return int(size[0])


class DirectSource(DirectInstance):
    """One instance of ``native_plugins/source_TYPE``; its streams are closed with it."""

    def __init__(self, type_id: str, **config: object) -> None:
        """Raises: Refused."""
        super().__init__(f"source_{type_id}", ffi.new("StSourceCatalogInstanceRef *"))
        self._streams: list[CData] = []
        type_text, keep = borrow(type_id.encode())
        text, kept = borrow(json.dumps(config).encode())
        self.expect_ok(self._table.create_source_catalog_instance(type_text, text, self._ref))
        del keep, kept

    def page(self, **request: object) -> dict[str, Any]:
        """Raises: Refused."""
        text, keep = borrow(json.dumps(request).encode())
        out = ffi.new("StStr *")
        self.expect_ok(self._ref.vtable.list_items_json_utf8(self._ref.handle, text, out))
        del keep
        return self._object(out[0])

    def open(self, **track: object) -> DirectStream:
        """Raises: Refused."""
        text, keep = borrow(json.dumps(track).encode())
        io, handle, out = ffi.new("const StIoVTable **"), ffi.new("void **"), ffi.new("StStr *")
        self.expect_ok(self._ref.vtable.open_stream(self._ref.handle, text, io, handle, out))
        del keep
        self._streams.append(handle[0])
        return DirectStream(self, io[0], handle[0], self._object(out[0]))

    def expect_ok(self, status: CData) -> None:
        """Raises: Refused."""
        self._expect_ok(status)

    def close(self) -> None:
        for stream in self._streams:
            self._ref.vtable.close_stream(self._ref.handle, stream)
        self._streams.clear()
        super().close()

    def _object(self, text: CData) -> dict[str, Any]:
        whole = bytes(ffi.buffer(text.ptr, text.len)).decode()
        self._table.plugin_free(ffi.cast("void *", text.ptr), text.len, 1)
        found: dict[str, Any] = json.loads(whole)
        return found

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
