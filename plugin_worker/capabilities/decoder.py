"""Decoders: open a descriptor or a byte stream, tell, seek, and pump into a ring."""

from __future__ import annotations

import os

from abi.wire import (
    AttachDecode,
    CoverTold,
    DecoderOpened,
    Json,
    Landed,
    OpenDecoder,
    OpenFromStream,
    Payload,
)
from plugin_worker._core import ffi, lib
from plugin_worker.capabilities.instance import require
from plugin_worker.capabilities.stage import StageInstance, map_ring, map_stream, text_of
from plugin_worker.errors import ContractBroken, Misuse, PluginSaidNo, WorkerFault
from plugin_worker.ffi_calls import MAX_JSON, MAX_METADATA, CData, borrow, call, take_json
from plugin_worker.lane import Lane, LaneHome
from plugin_worker.picture import Picture, apart, fetched

__all__ = ["DecoderInstance", "opened_of", "require_decoder"]

_CHUNK_FRAMES = 4096
_MAX_CONVERTED_FRAMES = 65536
_PRIMED_FRAMES = 4096
_MAX_RATE_HZ = 1_536_000


def require_decoder(vtable: CData) -> None:
    """Raises: LoadFault when a decoder's vtable lacks a required function."""
    require(vtable, "decoder", "open", "get_info", "read_interleaved_f32")


def opened_of(info: CData, *, seeks_frames: bool, seeks_ms: bool) -> DecoderOpened:
    """What a decoder told of its input. Raises: ContractBroken: rate or channels are impossible."""
    spec = info.spec
    if not 0 < spec.channels <= lib.ST_CONVERT_MAX_CHANNELS or not 0 < spec.sample_rate_hz <= _MAX_RATE_HZ:
        raise ContractBroken("get_info", f"{spec.channels} channels at {spec.sample_rate_hz} Hz cannot be")
    return DecoderOpened(
        sample_rate_hz=spec.sample_rate_hz,
        channels=spec.channels,
        duration_ms=min(info.duration_ms, 2**62),
        total_frames=min(info.total_frames, 2**62),
        encoder_delay_frames=info.encoder_delay_frames,
        encoder_padding_frames=info.encoder_padding_frames,
        bits_per_sample=info.bits_per_sample,
        flags=info.flags,
        seeks_frames=seeks_frames,
        seeks_ms=seeks_ms,
    )


class DecoderInstance(StageInstance):
    """One decoder. Owns the media descriptor, or its end of the byte stream, from open to destroy.

    ``cut``: it was called out while it waited for its stream, and is of no use any more.
    """

    def __init__(self, home: LaneHome, lane: Lane, ref: CData) -> None:
        """Raises: LoadFault when the vtable lacks a required function."""
        require_decoder(ref.vtable)
        super().__init__(home, lane, ref)
        self._native = ffi.new("st_decode *")
        self._stop = ffi.new("st_stop *")
        self._io = ffi.new("st_file_io *")
        self._stream_io = ffi.new("st_stream_io *")
        self._media = -1
        self._info: CData = None
        self.cut = False
        self._resampler = self._mix_lfe = 0

    def open(self, request: OpenDecoder, media: int) -> DecoderOpened:
        """Opens the media descriptor, which is the instance's from here on.

        Raises:
            PluginSaidNo: not this format, or damaged.
            ContractBroken: rate or channels are impossible.
        """
        if self._media >= 0:
            os.close(media)
            raise Misuse("open", "the decoder is open already")
        self._media = media
        self._io.fd = media
        return self._open(request, lib.st_file_io_table(), self._io)

    def open_stream(self, request: OpenFromStream, segment: int) -> DecoderOpened:
        """Opens a byte stream by its segment's descriptor, which stays the caller's. Raises: as ``open``."""
        if self._media >= 0 or self._native.input != ffi.NULL:
            raise Misuse("open", "the decoder is open already")
        io = self._stream_io
        map_stream(ffi.addressof(io, "stream"), segment, lib.ST_STREAM_READER)
        io.wait_ns = request.wait_ms * 1_000_000
        self._native.input = io
        lib.st_stream_greet(ffi.addressof(io, "stream"))
        return self._open(request, lib.st_stream_io_table(io), io)

    def _open(self, request: OpenDecoder | OpenFromStream, table: CData, handle: CData) -> DecoderOpened:
        path, keep_path = borrow(request.path.encode("utf-8", "surrogateescape"))
        extension, keep_extension = borrow(request.extension.encode())
        args = ffi.new("StDecoderOpenArgs *")
        args.path_utf8 = path
        args.ext_utf8 = extension
        args.io_vtable = table
        args.io_handle = handle
        call(self.lane.native, "open", self.vtable.open, self.handle, args[0])
        del keep_path, keep_extension
        info = ffi.new("StDecoderInfo *")
        call(self.lane.native, "get_info", self.vtable.get_info, self.handle, info)
        vtable = self.vtable
        opened = opened_of(info, seeks_frames=vtable.seek_frame != ffi.NULL, seeks_ms=vtable.seek_ms != ffi.NULL)
        self._info = info
        return opened

    def _opened(self, name: str) -> CData:
        if self._info is None:
            raise Misuse(name, "the decoder is not open")
        return self._info

    def metadata(self) -> Json:
        """Tags without the cover, an empty object when the decoder has none to give."""
        return Json(Payload(self._told()[0]))

    def cover(self) -> CoverTold:
        """The picture, empty when there is none, or none that could be a cover."""
        return CoverTold(Payload(fetched(self._told()[1], self._media)))

    def _told(self) -> tuple[bytes, Picture | None]:
        self._opened("get_metadata")
        if self.vtable.get_metadata_json_utf8 == ffi.NULL:
            return b"{}", None
        out = ffi.new("StStr *")
        call(self.lane.native, "get_metadata", self.vtable.get_metadata_json_utf8, self.handle, out)
        tags, picture = apart(take_json(self.lane.native, "get_metadata", out, MAX_METADATA) or b"{}")
        if len(tags) > MAX_JSON:
            raise ContractBroken("get_metadata", f"get_metadata returned {len(tags)} bytes beside its cover")
        return tags, picture

    def seek(self, frame: int) -> Landed:
        """Moves to ``frame`` or before it; by time where it knows no frames. What is not in the ring yet is dropped.

        Raises:
            Misuse: the decoder cannot seek at all.
        """
        info = self._opened("seek")
        if self.vtable.seek_frame != ffi.NULL:
            landed = ffi.new("uint64_t *")
            call(self.lane.native, "seek", self.vtable.seek_frame, self.handle, frame, landed)
            if landed[0] > frame:
                raise ContractBroken("seek", f"seek_frame({frame}) says it landed behind it, at {landed[0]}")
            self._forget_decoded()
            return Landed(frame=landed[0], exact=True)
        if self.vtable.seek_ms == ffi.NULL:
            raise Misuse("seek", "this decoder cannot seek")
        milliseconds = frame * 1000 // info.spec.sample_rate_hz
        call(self.lane.native, "seek", self.vtable.seek_ms, self.handle, milliseconds)
        self._forget_decoded()
        return Landed(frame=milliseconds * info.spec.sample_rate_hz // 1000, exact=False)

    def prime(self) -> None:
        """Reads the first block already, once, which the pump then begins with; the codec has woken up by then.

        Raises:
            Misuse: it is not open, or holds a ring. PluginSaidNo, ContractBroken: what it says to that.
        """
        info, native, stop = self._opened("prime"), self._native, self._stop
        self.expect_free()
        if native.primed_at < native.primed_frames or native.primed_ended:
            return
        self._forget_primed()
        native.vtable, native.handle, native.channels = self.vtable, self.handle, info.spec.channels
        if lib.st_scratch_make(ffi.addressof(native, "primed"), _PRIMED_FRAMES * native.channels) != 0:
            raise WorkerFault("prime", f"no memory for a block: {os.strerror(ffi.errno)}")
        # SAFETY: lane thread, and no pump runs; the block is there until _forget_primed.
        lib.st_decode_prime(self.lane.native, native, stop)
        if stop.reason:
            text = text_of(stop)
            raise (
                ContractBroken("read", text)
                if stop.reason == lib.ST_STOP_CONTRACT
                else PluginSaidNo("read", text or "it cannot be read", stop.code)
            )

    def _forget_primed(self) -> None:
        native = self._native
        native.primed_frames = native.primed_at = native.primed_ended = 0
        lib.st_scratch_free(ffi.addressof(native, "primed"))

    def attach(self, request: AttachDecode, ring_fd: int) -> int:
        """Joins the output ring and pumps.

        Raises:
            WorkerFault: no memory, no ring, or rates that cannot be converted.
        """
        info = self._opened("attach")
        self.expect_free()
        native = self._native
        channels = info.spec.channels
        map_ring(ffi.addressof(native, "output"), ring_fd, lib.ST_RING_WRITER)
        try:
            self._resampler, self._mix_lfe = request.resampler, request.mix_lfe
            self._start_conversion("attach")
            if lib.st_scratch_make(ffi.addressof(native, "scratch"), self._chunk_frames * channels) != 0:
                raise WorkerFault("attach", f"no memory for a block: {os.strerror(ffi.errno)}")
        except WorkerFault:
            lib.st_ring_unmap(ffi.addressof(native, "output"))
            self.released()
            raise
        native.vtable = self.vtable
        native.handle = self.handle
        native.channels = channels
        native.chunk_frames = self._chunk_frames
        native.silence_frames = request.silence_frames
        native.skip_frames = request.skip_frames
        native.drop_frames = request.drop_frames
        native.take_frames = request.take_frames
        lib.st_ramp_set(ffi.addressof(native, "gain"), request.gain)
        native.finish_at = lib.ST_NO_POSITION
        self.begin(request.epoch)
        return self.position

    def _forget_decoded(self) -> None:
        self._forget_primed()
        self._native.broken_input = lib.ST_TROUBLE_NONE
        if self.attached:
            self._start_conversion("seek")

    def _start_conversion(self, call: str) -> None:
        """From the source's rate and channels to the ring's, without a past; the old one stays when it cannot be."""
        native, spec, fmt = self._native, self._opened(call).spec, self._native.output.format
        error = ffi.new("const char **")
        fresh = lib.st_convert_make(
            spec.sample_rate_hz,
            spec.channels,
            fmt.sample_rate_hz,
            fmt.channels,
            self._chunk_frames,
            self._resampler,
            self._mix_lfe,
            error,
        )
        if fresh == ffi.NULL:
            raise WorkerFault(call, f"no conversion to {fmt.sample_rate_hz} Hz: {ffi.string(error[0]).decode()}")
        lib.st_convert_free(native.convert)
        native.convert = fresh
        native.pending_frames = native.source_ended = native.drop_frames = 0

    @property
    def _chunk_frames(self) -> int:
        """Source frames read at once: few enough that what they become is bounded, whatever rate the file claims."""
        spec, fmt = self._info.spec, self._native.output.format
        return int(max(1, min(_CHUNK_FRAMES, _MAX_CONVERTED_FRAMES * spec.sample_rate_hz // fmt.sample_rate_hz)))

    def finish(self, position: int) -> None:
        """Pads the ring with silence up to ``position``."""
        self.expect_attached("finish")
        self._native.finish_at = position
        self.lane.stage = self

    @property
    def rings(self) -> tuple[CData, ...]:
        return (ffi.addressof(self._native, "output"),)

    @property
    def position(self) -> int:
        return int(self._native.output.own_pos)

    def pump(self) -> bool:
        # SAFETY: lane thread; rings, scratch and converter live until released(), which only this thread calls.
        lib.st_decode_pump(self.lane.native, self._native, self._stop)
        return self.stopped(self._stop)

    def call_out(self) -> None:
        super().call_out()
        # SAFETY: under the lane's door; the stream stays mapped until destroy.
        lib.st_lane_interrupt_stream(self.lane.native, ffi.addressof(self._stream_io, "stream"))

    def stopped(self, stop: CData) -> bool:
        if stop.reason == lib.ST_STOP_CUT:
            self.cut = True
        return super().stopped(stop)

    def moved(self) -> None:
        self._native.pending_frames = 0

    def released(self) -> None:
        lib.st_scratch_free(ffi.addressof(self._native, "scratch"))
        lib.st_convert_free(self._native.convert)
        self._native.convert = ffi.NULL

    def destroy(self) -> None:
        super().destroy()
        self._forget_primed()
        lib.st_stream_unmap(ffi.addressof(self._stream_io, "stream"))
        if self._media >= 0:
            os.close(self._media)
            self._media = -1
