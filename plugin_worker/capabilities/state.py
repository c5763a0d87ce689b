"""Running states of instances: in which form they come, out of one and into another. Lane thread only."""

from __future__ import annotations

from abi.wire import Inherited, Payload, State, StateForm
from plugin_worker._core import ffi
from plugin_worker.errors import ContractBroken, Misuse, PluginSaidNo, WorkerFault
from plugin_worker.ffi_calls import MAX_JSON, CData, borrow, call, take_json

__all__ = ["export_state", "form_of", "import_state", "inherit_state"]


def form_of(table: CData) -> StateForm:
    """Bytes before text, where there are both; a state that cannot be taken over need not be exported."""
    if table.export_state_blob != ffi.NULL and table.import_state_blob != ffi.NULL:
        return StateForm.BLOB
    if table.export_state_json_utf8 != ffi.NULL and table.import_state_json_utf8 != ffi.NULL:
        return StateForm.JSON
    return StateForm.NONE


def export_state(lane: CData, table: CData, handle: CData) -> State:
    """What an instance exports, copied.

    Raises:
        PluginSaidNo: it cannot now. ContractBroken: more than a message holds.
    """
    match form_of(table):
        case StateForm.BLOB:
            blob = ffi.new("StBlob *")
            call(lane, "export", table.export_state_blob, handle, blob)
            if blob.len > MAX_JSON:
                raise ContractBroken("export", f"export returned {blob.len} bytes; at most {MAX_JSON} are allowed")
            # SAFETY: the plugin keeps the bytes until its next call; were len a lie, this worker ends and nothing else.
            data = bytes(ffi.buffer(blob.ptr, blob.len)) if blob.ptr != ffi.NULL else b""
            return State(int(StateForm.BLOB), Payload(data))
        case StateForm.JSON:
            text = ffi.new("StStr *")
            call(lane, "export", table.export_state_json_utf8, handle, text)
            return State(int(StateForm.JSON), Payload(take_json(lane, "export", text)))
        case StateForm.NONE:
            return State(int(StateForm.NONE), Payload(b""))


def import_state(lane: CData, table: CData, handle: CData, form: StateForm, data: CData, length: int) -> None:
    """Gives a state to a fresh instance; ``data`` points to ``length`` bytes that nobody else writes.

    Raises:
        PluginSaidNo: it takes none like this. WorkerFault: it takes states in another form, or none.
    """
    if not _takes(table, form):
        raise WorkerFault("import", "the plugin takes no state of this form")
    if form is StateForm.BLOB:
        blob = ffi.new("StBlob *")
        blob.ptr, blob.len = data, length
        call(lane, "import", table.import_state_blob, handle, blob[0])
    else:
        text, keep = borrow(bytes(ffi.buffer(data, length)))
        call(lane, "import", table.import_state_json_utf8, handle, text)
        del keep


def inherit_state(lane: CData, table: CData, handle: CData, form: int, data: bytes) -> Inherited:
    """The same for the state that another configuration left: a refusal is an answer."""
    try:
        known = StateForm(form)
    except ValueError:
        raise Misuse("import", f"there is no state of form {form}") from None
    if not _takes(table, known):
        return Inherited(False, "the plugin takes no state of this form")
    try:
        import_state(lane, table, handle, known, ffi.from_buffer("uint8_t[]", data), len(data))
    except PluginSaidNo as refusal:
        return Inherited(False, refusal.text)
    return Inherited(True, "")


def _takes(table: CData, form: StateForm) -> bool:
    return form is not StateForm.NONE and form is form_of(table)
