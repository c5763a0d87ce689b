"""The callbacks behind a Python module's vtables. Lane threads, which take the interpreter's lock here alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from abi.kinds import CapabilityKind, ConfigUpdateCost, ConfigUpdateMode, DecoderFlag, NegotiateFlag
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, copy_text
from plugin_worker.python_module import current_module, failure, handed_out, succeed

__all__ = ["Io", "make_vtables"]

_MAX_TEXT = 1 << 20

#: An object of the plugin's own making; what it must offer is checked by calling it.
Instance = Any


def make_vtables() -> dict[CapabilityKind, CData]:
    """One vtable per kind; they live as long as the module."""
    decoder = ffi.new("StDecoderInstanceVTable *")
    decoder.open = lib.py_decoder_open
    decoder.get_info = lib.py_decoder_info
    decoder.get_metadata_json_utf8 = lib.py_decoder_metadata
    decoder.read_interleaved_f32 = lib.py_decoder_read
    decoder.seek_frame = lib.py_decoder_seek_frame
    dsp = ffi.new("StDspInstanceVTable *")
    dsp.process_interleaved_f32_in_place = lib.py_dsp_process
    dsp.supported_layouts = lib.py_dsp_layouts
    dsp.latency_frames = lib.py_dsp_latency
    dsp.reset = lib.py_dsp_reset
    source = ffi.new("StSourceCatalogInstanceVTable *")
    source.list_items_json_utf8 = lib.py_source_list
    source.open_stream = lib.py_source_open
    source.close_stream = lib.py_source_close
    lyrics = ffi.new("StLyricsProviderInstanceVTable *")
    lyrics.search_json_utf8 = lib.py_lyrics_search
    lyrics.fetch_json_utf8 = lib.py_lyrics_fetch
    sink = ffi.new("StOutputSinkInstanceVTable *")
    sink.list_targets_json_utf8 = lib.py_sink_targets
    sink.negotiate_spec = lib.py_sink_negotiate
    sink.open = lib.py_sink_open
    sink.write_interleaved_f32 = lib.py_sink_write
    sink.query_status = lib.py_sink_status
    sink.flush = lib.py_sink_flush
    sink.reset = lib.py_sink_reset
    sink.close = lib.py_sink_close
    made = {
        CapabilityKind.DECODER: decoder,
        CapabilityKind.DSP: dsp,
        CapabilityKind.SOURCE_CATALOG: source,
        CapabilityKind.LYRICS_PROVIDER: lyrics,
        CapabilityKind.OUTPUT_SINK: sink,
    }
    for vtable in made.values():
        vtable.instance.plan_config_update_json_utf8 = lib.py_plan
        vtable.instance.apply_config_update_json_utf8 = lib.py_apply
        vtable.instance.destroy = lib.py_destroy
    return made


class Io:
    """A decoder's input: the host's IO vtable with Python's face."""

    def __init__(self, vtable: CData, handle: CData) -> None:
        """Both stay the host's, and live until the decoder is destroyed."""
        self._vtable = vtable
        self._handle = handle

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; empty at the end. Raises: OSError."""
        data = ffi.new("uint8_t[]", size)
        got = ffi.new("size_t *")
        self._check(self._vtable.read(self._handle, data, size, got))
        return bytes(ffi.buffer(data, got[0]))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Moves like ``io.RawIOBase.seek``. Raises: OSError."""
        position = ffi.new("uint64_t *")
        self._check(self._vtable.seek(self._handle, offset, whence, position))
        return int(position[0])

    def tell(self) -> int:
        """The position. Raises: OSError."""
        return self.seek(0, 1)

    def size(self) -> int:
        """Bytes in all. Raises: OSError."""
        out = ffi.new("uint64_t *")
        self._check(self._vtable.size(self._handle, out))
        return int(out[0])

    @staticmethod
    def _check(status: CData) -> None:
        if status.code != 0:
            raise OSError(f"input: status {status.code}")


def _guarded(work: Callable[..., None]) -> Callable[..., CData]:
    """A callback that returns a status: the Python object in place of the handle, exceptions as statuses."""

    def run(handle: CData, *args: CData) -> CData:
        try:
            work(ffi.from_handle(handle), *args)
        except Exception as error:  # noqa: BLE001  the boundary to plugin code: everything becomes a status
            return failure(error)
        return succeed()

    ffi.def_extern(name=work.__name__)(run)
    return run


def _samples(pointer: CData, count: int) -> memoryview[float]:
    # SAFETY: the runtime's scratch holds `count` floats for the length of this call.
    return memoryview(ffi.buffer(pointer, count * 4)).cast("B").cast("f")


def _create(kind: CapabilityKind, type_id: CData, config: CData, out: CData, **spec: int) -> CData:
    module = current_module()
    try:
        out.handle = module.create(kind, copy_text(type_id, 64), copy_text(config, _MAX_TEXT), **spec)
        out.vtable = module.vtables[kind]
    except Exception as error:  # noqa: BLE001  the boundary to plugin code: everything becomes a status
        return failure(error)
    return succeed()


@ffi.def_extern()
def py_create_decoder(type_id: CData, config: CData, out: CData) -> CData:
    return _create(CapabilityKind.DECODER, type_id, config, out)


@ffi.def_extern()
def py_create_dsp(type_id: CData, rate: int, channels: int, config: CData, out: CData) -> CData:
    return _create(CapabilityKind.DSP, type_id, config, out, sample_rate_hz=rate, channels=channels)


@ffi.def_extern()
def py_create_source(type_id: CData, config: CData, out: CData) -> CData:
    return _create(CapabilityKind.SOURCE_CATALOG, type_id, config, out)


@ffi.def_extern()
def py_create_lyrics(type_id: CData, config: CData, out: CData) -> CData:
    return _create(CapabilityKind.LYRICS_PROVIDER, type_id, config, out)


@ffi.def_extern()
def py_create_sink(type_id: CData, config: CData, out: CData) -> CData:
    return _create(CapabilityKind.OUTPUT_SINK, type_id, config, out)


@_guarded
def py_plan(instance: Instance, config: CData, out: CData) -> None:
    plan = getattr(instance, "plan", None)
    if plan is None:
        mode, cost, reason = ConfigUpdateMode.RECREATE, ConfigUpdateCost.MEDIUM, ""
    else:
        mode, cost, reason = plan(_object(config))
    out.mode = int(mode)
    out.cost = int(cost)
    out.reason_utf8 = handed_out(reason)


@_guarded
def py_apply(instance: Instance, config: CData) -> None:
    apply = getattr(instance, "apply", None)
    if apply is None:
        raise NotImplementedError("this instance takes no configuration in place")
    apply(_object(config))


@ffi.def_extern()
def py_destroy(handle: CData) -> None:
    destroy = getattr(ffi.from_handle(handle), "destroy", None)
    if destroy is not None:
        destroy()
    current_module().forget(handle)


@_guarded
def py_decoder_open(decoder: Instance, args: CData) -> None:
    io = Io(args.io_vtable, args.io_handle)
    decoder.open(io, copy_text(args.path_utf8, 4096), copy_text(args.ext_utf8, 64))


@_guarded
def py_decoder_info(decoder: Instance, out: CData) -> None:
    info = decoder.info()
    out.spec.sample_rate_hz = info["sample_rate_hz"]
    out.spec.channels = info["channels"]
    out.bits_per_sample = info.get("bits_per_sample", 0)
    out.encoder_delay_frames = info.get("encoder_delay_frames", 0)
    out.encoder_padding_frames = info.get("encoder_padding_frames", 0)
    flags = DecoderFlag(0)
    if hasattr(decoder, "seek_frame"):
        flags |= DecoderFlag.SEEKABLE
    if "total_frames" in info:
        flags |= DecoderFlag.HAS_FRAMES | DecoderFlag.HAS_DURATION
        out.total_frames = info["total_frames"]
        out.duration_ms = info["total_frames"] * 1000 // info["sample_rate_hz"]
    out.flags = int(flags)
    current_module().channels[id(decoder)] = info["channels"]


@_guarded
def py_decoder_metadata(decoder: Instance, out: CData) -> None:
    read = getattr(decoder, "metadata", None)
    out[0] = handed_out(json.dumps(read() if read is not None else {}))


@_guarded
def py_decoder_read(decoder: Instance, frames: int, out: CData, out_frames: CData, out_eof: CData) -> None:
    got, eof = decoder.read(_samples(out, frames * current_module().channels[id(decoder)]), frames)
    out_frames[0] = got
    out_eof[0] = 1 if eof else 0


@_guarded
def py_decoder_seek_frame(decoder: Instance, frame: int, out_landed: CData) -> None:
    seek = getattr(decoder, "seek_frame", None)
    if seek is None:
        raise NotImplementedError("this decoder cannot seek")
    out_landed[0] = seek(frame)


@_guarded
def py_dsp_process(dsp: Instance, samples: CData, frames: int) -> None:
    dsp.process(_samples(samples, frames * dsp.channels), frames)


@ffi.def_extern()
def py_dsp_layouts(handle: CData) -> int:
    return int(getattr(ffi.from_handle(handle), "layouts", lib.ST_LAYOUT_ANY))


@ffi.def_extern()
def py_dsp_latency(handle: CData) -> int:
    return int(getattr(ffi.from_handle(handle), "latency_frames", 0))


@_guarded
def py_dsp_reset(dsp: Instance) -> None:
    dsp.reset()


@_guarded
def py_source_list(source: Instance, request: CData, out: CData) -> None:
    out[0] = handed_out(json.dumps(source.list_items(_object(request))))


@_guarded
def py_source_open(source: Instance, track: CData, _io: CData, _stream: CData, out: CData) -> None:
    out[0] = handed_out(json.dumps(source.open_stream(_object(track))))


@ffi.def_extern()
def py_source_close(_handle: CData, _stream: CData) -> None:
    """Never called: a Python module answers with paths."""


@_guarded
def py_lyrics_search(lyrics: Instance, query: CData, out: CData) -> None:
    out[0] = handed_out(json.dumps(lyrics.search(_object(query))))


@_guarded
def py_lyrics_fetch(lyrics: Instance, track: CData, out: CData) -> None:
    out[0] = handed_out(json.dumps(lyrics.fetch(_object(track))))


@_guarded
def py_sink_targets(sink: Instance, out: CData) -> None:
    out[0] = handed_out(json.dumps(sink.list_targets()))


@_guarded
def py_sink_negotiate(sink: Instance, target: CData, wished: CData, out: CData) -> None:
    wish = (wished.sample_rate_hz, wished.channels)
    rate, channels, chunk = sink.negotiate(_object(target), *wish)
    out.spec.sample_rate_hz = rate
    out.spec.channels = channels
    out.preferred_chunk_frames = chunk
    flags = NegotiateFlag.EXACT if (rate, channels) == wish else NegotiateFlag(0)
    if rate != wish[0]:
        flags |= NegotiateFlag.RATE_CHANGED
    if channels != wish[1]:
        flags |= NegotiateFlag.CHANNELS_CHANGED
    out.flags = int(flags)


@_guarded
def py_sink_open(sink: Instance, target: CData, spec: CData, start_frame: int) -> None:
    sink.open(_object(target), spec.sample_rate_hz, spec.channels, start_frame)


@_guarded
def py_sink_write(sink: Instance, frames: int, channels: int, samples: CData, out_accepted: CData) -> None:
    out_accepted[0] = sink.write(_samples(samples, frames * channels), frames)


@_guarded
def py_sink_status(sink: Instance, out: CData) -> None:
    out.queued_frames, running, out.underruns = sink.status()
    out.running = 1 if running else 0


@_guarded
def py_sink_flush(sink: Instance) -> None:
    sink.flush()


@_guarded
def py_sink_reset(sink: Instance, next_frame: int) -> None:
    sink.reset(next_frame)


@ffi.def_extern()
def py_sink_close(handle: CData) -> None:
    ffi.from_handle(handle).close()


def _object(text: CData) -> dict[str, Any]:
    value = json.loads(copy_text(text, _MAX_TEXT) or "{}")
    if not isinstance(value, dict):
        raise ValueError("configurations, targets and questions are JSON objects")
    return value
