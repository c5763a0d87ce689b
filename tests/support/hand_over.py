"""``python -m tests.support.hand_over LIBRARY``: an instance may be made on one thread and ended on another.

Loads a plugin library as a worker does, makes one instance of each capability on one thread, uses it on a second and
destroys it on a third. Prints the capabilities that went through.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from abi.kinds import CapabilityKind
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, borrow
from plugin_worker.module import open_library

__all__ = ["main"]

CREATE = {
    CapabilityKind.DECODER: ("StDecoderInstanceRef *", "create_decoder_instance"),
    CapabilityKind.DSP: ("StDspInstanceRef *", "create_dsp_instance"),
    CapabilityKind.SOURCE_CATALOG: ("StSourceCatalogInstanceRef *", "create_source_catalog_instance"),
    CapabilityKind.LYRICS_PROVIDER: ("StLyricsProviderInstanceRef *", "create_lyrics_provider_instance"),
    CapabilityKind.OUTPUT_SINK: ("StOutputSinkInstanceRef *", "create_output_sink_instance"),
}


def on_a_thread(work: Callable[[], Any]) -> Any:  # noqa: ANN401  whatever the work returns
    """Runs it on a thread of its own, which is gone afterwards."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results[0]


def create(table: CData, descriptor: CData) -> CData:
    kind = CapabilityKind(descriptor.kind)
    struct, factory = CREATE[kind]
    ref = ffi.new(struct)
    spec = (48000, 2) if kind is CapabilityKind.DSP else ()
    status = getattr(table, factory)(descriptor.type_id_utf8, *spec, descriptor.default_config_json_utf8, ref)
    assert status.code == 0, status.code
    return ref


def use(kind: CapabilityKind, ref: CData) -> int:
    """One harmless call."""
    if kind is CapabilityKind.DSP:
        samples = ffi.new("float[]", 1024)
        return int(ref.vtable.process_interleaved_f32_in_place(ref.handle, samples, 512).code)
    if kind is CapabilityKind.OUTPUT_SINK:
        text = ffi.new("StStr *")
        return int(ref.vtable.list_targets_json_utf8(ref.handle, text).code)
    if kind is CapabilityKind.LYRICS_PROVIDER:
        question, keep = borrow(b"{}")
        code = ref.vtable.search_json_utf8(ref.handle, question, ffi.new("StStr *")).code
        del keep
        return int(code)
    if kind is CapabilityKind.SOURCE_CATALOG:
        ref.vtable.list_items_json_utf8(
            ref.handle, ffi.new("StStr *")[0], ffi.new("StStr *")
        )  # may know of nothing yet
    return 0


def main(arguments: list[str]) -> None:
    """Hands over."""
    root, keep = borrow(b"/")
    table = on_a_thread(lambda: open_library(arguments[0], lib.st_host_table(root.ptr, root.len)))
    for index in range(table.capability_count()):
        descriptor = table.capability_get(index)
        kind = CapabilityKind(descriptor.kind)
        ref = on_a_thread(partial(create, table, descriptor))
        assert on_a_thread(partial(use, kind, ref)) == 0
        on_a_thread(partial(ref.vtable.instance.destroy, ref.handle))
        print(kind.word)
    del keep


if __name__ == "__main__":
    main(sys.argv[1:])
