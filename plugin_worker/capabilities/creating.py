"""From a create request to a live instance of the right kind."""

from __future__ import annotations

from abi.kinds import CapabilityKind
from abi.wire import CreateInstance
from plugin_worker._core import ffi
from plugin_worker.capabilities.decoder import DecoderInstance
from plugin_worker.capabilities.dsp import DspInstance
from plugin_worker.capabilities.instance import Instance
from plugin_worker.capabilities.lyrics import LyricsInstance
from plugin_worker.capabilities.sink import SinkInstance
from plugin_worker.capabilities.source import SourceInstance
from plugin_worker.errors import Misuse
from plugin_worker.ffi_calls import borrow, call
from plugin_worker.lane import Lane, LaneHome
from plugin_worker.module import LoadedModule

__all__ = ["create_instance"]


def create_instance(home: LaneHome, lane: Lane, module: LoadedModule, request: CreateInstance) -> Instance:
    """Calls the module's factory. Lane thread.

    Raises:
        Misuse: the module has no such capability.
        PluginSaidNo: the factory refused.
        LoadFault: the vtable lacks a required function.
    """
    try:
        kind = CapabilityKind(request.kind)
    except ValueError:
        raise Misuse("create", f"kind {request.kind} is none of 1 to 5") from None
    if not module.has(kind, request.type_id):
        raise Misuse("create", f"the module has no {kind.word} of type {request.type_id!r}")
    type_id, keep_type = borrow(request.type_id.encode())
    config, keep_config = borrow(request.config)
    table = module.table
    instance: Instance
    match kind:
        case CapabilityKind.DECODER:
            ref = ffi.new("StDecoderInstanceRef *")
            call(lane.native, "create", table.create_decoder_instance, type_id, config, ref)
            instance = DecoderInstance(home, lane, ref)
        case CapabilityKind.DSP:
            ref = ffi.new("StDspInstanceRef *")
            rate, channels = request.sample_rate_hz, request.channels
            call(lane.native, "create", table.create_dsp_instance, type_id, rate, channels, config, ref)
            instance = DspInstance(home, lane, ref)
        case CapabilityKind.OUTPUT_SINK:
            ref = ffi.new("StOutputSinkInstanceRef *")
            call(lane.native, "create", table.create_output_sink_instance, type_id, config, ref)
            instance = SinkInstance(home, lane, ref)
        case CapabilityKind.SOURCE_CATALOG:
            ref = ffi.new("StSourceCatalogInstanceRef *")
            call(lane.native, "create", table.create_source_catalog_instance, type_id, config, ref)
            instance = SourceInstance(home, lane, ref)
        case CapabilityKind.LYRICS_PROVIDER:
            ref = ffi.new("StLyricsProviderInstanceRef *")
            call(lane.native, "create", table.create_lyrics_provider_instance, type_id, config, ref)
            instance = LyricsInstance(home, lane, ref)
    del keep_type, keep_config
    return instance
