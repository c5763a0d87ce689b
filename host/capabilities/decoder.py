"""A decoder as the host sees it: opened on a descriptor or a byte stream, asked for tags, moved, joined to a ring."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from abi.wire import (
    AttachDecode,
    DecoderOpened,
    Landed,
    OpenDecoder,
    OpenFromStream,
    PrimeDecoder,
    ReadCover,
    ReadMetadata,
    Reply,
    Request,
    Resampler,
    SeekDecoder,
)
from host.capabilities.plugin_text import json_object
from host.capabilities.stage import Stage, position_of, violation
from host.jsontext import JsonObject
from host.runtime import MAX_METADATA_BYTES, Instance
from shm_audio import ByteStream, Ring

__all__ = ["Decoder", "check_opened", "label_for_wire"]

R = TypeVar("R", bound=Reply)

_MAX_RATE_HZ = 768_000
_MAX_CHANNELS = 64
_MAX_LABEL = 4000


class Decoder(Stage):
    """Raises, in every call, what ``Instance.request`` raises."""

    def __init__(self, instance: Instance) -> None:
        self._limits = instance.limits
        self._wait_s = 0.0
        super().__init__(instance, max(self._limits.read_ms, self._limits.seek_ms))

    async def open(self, fd: int, path: str, extension: str) -> DecoderOpened:
        """Reads the file's head through ``fd``, which stays the caller's. ``path`` and ``extension`` are labels.

        Raises:
            PluginRefused: not a file it can decode.
            ProtocolViolated: the facts it tells are impossible.
        """
        message = OpenDecoder(self.instance.id, label_for_wire(path), label_for_wire(extension))
        return await self._open(message, fd)

    async def open_stream(self, stream: ByteStream, path: str, extension: str, wait_s: float) -> DecoderOpened:
        """Reads ``stream`` from its begin, or from where its reader stands if it cannot seek. Raises: as ``open``.

        A read that waits for ``wait_s`` for the next byte fails; until then the decoder is not held to be hanging, and
        calls that read are given so much more time.
        """
        self._wait_s = wait_s
        message = OpenFromStream(
            self.instance.id, label_for_wire(path), label_for_wire(extension), round(wait_s * 1000)
        )
        return await self._open(message, stream.fd)

    async def _open(self, message: OpenDecoder | OpenFromStream, fd: int) -> DecoderOpened:
        opened = await self._ask(message, self._limits.open_ms, (fd,))
        check_opened(self.instance, opened)
        return opened

    async def _ask(self, message: Request[R], limit_ms: int, fds: Sequence[int] = ()) -> R:
        """A call that reads. While it waits for its stream, it is not the decoder that is slow; who does not want the
        answer any more calls it out, and the decoder is of no use then."""
        if not self._wait_s:
            return await self.instance.request(message, limit_ms / 1000, fds)
        try:
            return await self.instance.query(message, limit_ms / 1000 + self._wait_s, fds)
        except asyncio.CancelledError:
            self.cut = True
            raise

    async def metadata(self) -> JsonObject:
        """Tags of the open file, as the plugin spells them, without its cover."""
        reply = await self._ask(ReadMetadata(self.instance.id), self._limits.read_ms)
        return json_object(self.instance, "metadata", reply.text, MAX_METADATA_BYTES)

    async def cover(self) -> bytes:
        """The picture in the open file, whatever its bytes are; empty: none, or none of at most 12 MiB."""
        reply = await self._ask(ReadCover(self.instance.id), self._limits.read_ms)
        return reply.picture

    async def seek(self, frame: int) -> Landed:
        """Moves to a source frame or before it, and says where that is.

        Raises:
            PluginRefused: it cannot seek.
            ProtocolViolated: it says that it landed behind the frame.
        """
        landed = await self._ask(SeekDecoder(self.instance.id, frame), self._limits.seek_ms)
        if not 0 <= landed.frame <= frame:
            raise violation(self.instance, "seek", f"landed at {landed.frame}, asked for {frame}")
        return landed

    async def prime(self) -> None:
        """Reads its first block already, as it is to begin soon; it holds no ring. Raises: PluginRefused: it cannot."""
        await self._ask(PrimeDecoder(self.instance.id), self._limits.read_ms)

    async def attach(
        self,
        out: Ring,
        epoch: int,
        *,
        skip_frames: int,
        take_frames: int,
        drop_frames: int = 0,
        silence_frames: int = 0,
        gain: float = 1.0,
        resampler: Resampler = Resampler.VERY_HIGH,
        mix_lfe: bool = False,
    ) -> int:
        """Begins to write at the ring's write position, and says where that is.

        First writes ``silence_frames``. Then drops ``skip_frames`` of the source and takes ``take_frames`` at most
        (negative: all). What is converted from these loses its first ``drop_frames``, in frames of the ring, and is
        multiplied by ``gain``. ``mix_lfe``: a ring without a low-frequency channel gets it in its fronts.
        """
        message = AttachDecode(
            self.instance.id, epoch, silence_frames, skip_frames, take_frames, drop_frames, gain, resampler, mix_lfe
        )
        reply = await self.instance.request(message, self._command_s, (out.fd,))
        return position_of(self.instance, "attach", reply.position)


def check_opened(instance: Instance, opened: DecoderOpened) -> None:
    """Raises: ProtocolViolated when the facts that a decoder tells are impossible; its worker is killed."""
    if not 0 < opened.sample_rate_hz <= _MAX_RATE_HZ or not 0 < opened.channels <= _MAX_CHANNELS:
        raise violation(instance, "open", f"{opened.sample_rate_hz} Hz with {opened.channels} channels is impossible")
    counts = (opened.duration_ms, opened.total_frames, opened.encoder_delay_frames, opened.encoder_padding_frames)
    for frames in counts:
        position_of(instance, "open", frames)


def label_for_wire(text: str) -> str:
    """Text that the wire carries, from a name that may be no UTF-8 and of any length."""
    if text.isascii() and "\0" not in text:
        return text[-_MAX_LABEL:]
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")[-_MAX_LABEL:]
