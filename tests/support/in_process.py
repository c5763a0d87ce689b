"""An instance of a plugin in this very process, its vtable called as a lane would; for plugins that crash nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abi.kinds import CapabilityKind, ConfigUpdateMode, StatusCode
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, borrow, copy_text
from plugin_worker.module import open_library

__all__ = ["Json", "Made"]

Json = Mapping[str, object]
_REFS = {
    CapabilityKind.DECODER: ("create_decoder_instance", "StDecoderInstanceRef"),
    CapabilityKind.DSP: ("create_dsp_instance", "StDspInstanceRef"),
    CapabilityKind.SOURCE_CATALOG: ("create_source_catalog_instance", "StSourceCatalogInstanceRef"),
    CapabilityKind.LYRICS_PROVIDER: ("create_lyrics_provider_instance", "StLyricsProviderInstanceRef"),
    CapabilityKind.OUTPUT_SINK: ("create_output_sink_instance", "StOutputSinkInstanceRef"),
}


class Made:
    """One instance in this process, called as a lane would."""

    def __init__(self, library: Path, kind: CapabilityKind, type_name: str, config: Json) -> None:
        self._table = open_library(str(library), lib.st_host_table(b"/", 1))
        factory, ref = _REFS[kind]
        self.ref = ffi.new(f"{ref} *")
        type_id, keep = borrow(type_name.encode())
        text, kept = borrow(json.dumps(dict(config)).encode())
        between = (48_000, 2) if kind is CapabilityKind.DSP else ()
        self.refusal = self.told(getattr(self._table, factory)(type_id, *between, text, self.ref))
        del keep, kept

    @property
    def hooks(self) -> CData:
        return self.ref.vtable.instance

    def told(self, status: CData) -> str:
        """Empty for success."""
        text = copy_text(status.message, 2000)
        self._free(status.message)
        assert (status.code == StatusCode.OK) == (text == "")
        return text

    def _free(self, text: CData) -> None:
        self._table.plugin_free(ffi.cast("void *", text.ptr), text.len, 1)

    def plan(self, config: Json) -> tuple[ConfigUpdateMode | None, str]:
        out = ffi.new("StConfigUpdatePlan *")
        text, keep = borrow(json.dumps(dict(config)).encode())
        refusal = self.told(self.hooks.plan_config_update_json_utf8(self.ref.handle, text, out))
        del keep
        if refusal:
            return None, refusal
        reason = copy_text(out.reason_utf8, 200)
        self._free(out.reason_utf8)
        return ConfigUpdateMode(out.mode), reason

    def apply(self, config: Json) -> str:
        text, keep = borrow(json.dumps(dict(config)).encode())
        refusal = self.told(self.hooks.apply_config_update_json_utf8(self.ref.handle, text))
        del keep
        return refusal

    def asked(self, function: str, question: Json) -> Any:  # noqa: ANN401  whatever JSON it answers
        """What a question of the kind's own is answered; it must be."""
        out = ffi.new("StStr *")
        text, keep = borrow(json.dumps(dict(question)).encode())
        assert self.told(getattr(self.ref.vtable, function)(self.ref.handle, text, out)) == ""
        del keep
        answer = copy_text(out[0], 1 << 20)
        self._free(out[0])
        return json.loads(answer)

    def export(self) -> str:
        """The state, or why there is none."""
        out = ffi.new("StStr *")
        refusal = self.told(self.hooks.export_state_json_utf8(self.ref.handle, out))
        state = copy_text(out[0], 200)
        self._free(out[0])
        return refusal or state

    def take(self, state: str) -> str:
        text, keep = borrow(state.encode())
        refusal = self.told(self.hooks.import_state_json_utf8(self.ref.handle, text))
        del keep
        return refusal

    def destroy(self) -> None:
        self.hooks.destroy(self.ref.handle)
