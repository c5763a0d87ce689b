"""What a file is and says of itself, by a decoder made for it alone: the face of ``csrc/probe.c``. Lane thread."""

from __future__ import annotations

from typing import NamedTuple

from abi.wire import DecoderOpened
from plugin_worker._core import ffi, lib
from plugin_worker.capabilities import opened_of, require_decoder
from plugin_worker.errors import ConcurrentCall
from plugin_worker.ffi_calls import MAX_JSON, MAX_METADATA, CData, borrow, refusal
from plugin_worker.picture import apart, fetched
from shm_audio.status_page import CALLS

__all__ = ["Probe", "Probed"]


class Probed(NamedTuple):
    """``tags``: a JSON text without the cover; empty, as the cover, where the file has none that can be taken."""

    opened: DecoderOpened
    tags: bytes
    cover: bytes


class Probe:
    """For files of one type of decoder, in one configuration. ``lane``: whose thread calls."""

    def __init__(self, lane: CData, module: CData, type_id: str, config: bytes) -> None:
        self._lane = lane
        self._native = ffi.gc(ffi.new("st_probe *"), lib.st_probe_free)
        self._native.module = module
        self._native.type_id, keep_type = borrow(type_id.encode())
        self._native.config, keep_config = borrow(config)
        self._native.most_tags = MAX_METADATA
        self._keep = keep_type, keep_config

    def file(self, name: str, extension: str, fd: int) -> Probed:
        """Of an open file, which stays the caller's; ``name`` and ``extension`` are labels.

        Raises:
            PluginSaidNo: it is not of this format, or damaged.
            LoadFault: no decoder of this type can be made.
            ContractBroken: what it tells cannot be.
        """
        native = self._native
        path, ending = name.encode("utf-8", "surrogateescape"), extension.encode()
        # SAFETY: the lane's own thread; the texts and the file are there until it returns.
        if lib.st_probe_file(self._lane, native, fd, path, len(path), ending, len(ending)) != 0:
            raise ConcurrentCall("create", "concurrent call: a file is to be read in the midst of another call")
        if native.failed:
            call = CALLS[native.failed]
            if native.code:
                raise refusal(call, native.code, self._text())
            require_decoder(native.ref.vtable)
        opened = opened_of(native.info, seeks_frames=bool(native.seeks_frames), seeks_ms=bool(native.seeks_ms))
        tags, picture = apart(self._told())
        if len(tags) > MAX_JSON:
            return Probed(opened, b"", b"")
        return Probed(opened, tags, fetched(picture, fd))

    def _text(self) -> str:
        # SAFETY: st_probe_file wrote text_len bytes, at most the array's size.
        return bytes(ffi.buffer(self._native.text, self._native.text_len)).decode("utf-8", "replace")

    def _told(self) -> bytes:
        # SAFETY: as many bytes of the copy are its own.
        return bytes(ffi.buffer(self._native.tags, self._native.tags_bytes)) if self._native.tags_bytes else b""
