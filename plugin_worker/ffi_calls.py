"""THE vtable crossing: bars a second call, marks the first, turns a status into a fault, copies texts and frees them.

Called on lane threads only. Nothing else in this package touches a plugin's memory but ``module.py`` and the pumps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from abi.kinds import StatusCode
from plugin_worker._core import ffi, lib
from plugin_worker.errors import ConcurrentCall, ContractBroken, PluginSaidNo
from shm_audio.status_page import CALLS

__all__ = [
    "MAX_JSON",
    "MAX_METADATA",
    "CData",
    "borrow",
    "call",
    "copy_text",
    "free_text",
    "invoke",
    "refusal",
    "take_json",
]

#: A pointer, struct or function of the C side. Its invariants stand in SAFETY lines where it is used.
CData = Any

MAX_MESSAGE = 2000
MAX_JSON = 16 << 20
#: Of a file: a cover of 12 MiB fits in as base64. It goes no further.
MAX_METADATA = 18 << 20
_TEXT = ffi.typeof("StStr *")
_CHARS = ffi.typeof("char[]")
_NUMBERS = {name: number for number, name in enumerate(CALLS)}


def invoke(lane: CData, name: str, function: Callable[..., CData], *args: CData) -> CData:
    """Calls a function of the plugin that cannot fail, with the call marked in the status page.

    Raises:
        ConcurrentCall: the lane is in a call, or is not this thread's; the plugin was not entered.
    """
    if lib.st_call_begin(lane, _NUMBERS[name]) != 0:
        raise ConcurrentCall(name, f"concurrent call: {name} while the instance is in another call")
    # SAFETY: `function` is a non-null pointer of a checked table; the lane is the calling thread's own, and in no call.
    try:
        return function(*args)
    finally:
        lib.st_call_end(lane)
        lib.st_crash_rearm()


def call(lane: CData, name: str, function: Callable[..., CData], *args: CData) -> None:
    """Calls a function that returns a status.

    Raises:
        PluginSaidNo: the status is not OK; its text is copied and freed.
        ConcurrentCall: as for ``invoke``.
    """
    status = invoke(lane, name, function, *args)
    if status.code == StatusCode.OK:
        free_text(lane, status.message)
        return
    text = copy_text(status.message, MAX_MESSAGE)
    free_text(lane, status.message)
    raise refusal(name, status.code, text)


def refusal(name: str, code: int, text: str) -> PluginSaidNo:
    """What a status that is not OK becomes; one without a text says its code."""
    return PluginSaidNo(name, text or _default_text(code), code)


def _default_text(code: int) -> str:
    try:
        return StatusCode(code).name.lower().replace("_", " ")
    except ValueError:
        return f"status code {code}"


def free_text(lane: CData, text: CData) -> None:
    """Gives a text back to the plugin that allocated it; a null pointer is none."""
    if text.ptr != ffi.NULL and lane.plugin_free != ffi.NULL:
        # SAFETY: the text is the plugin's own allocation and was copied before.
        lane.plugin_free(ffi.cast("void *", text.ptr), text.len, 1)


def copy_text(text: CData, limit: int) -> str:
    """A message for people: cut to ``limit`` bytes, broken UTF-8 replaced. A null pointer is the empty text."""
    if text.ptr == ffi.NULL or text.len == 0:
        return ""
    # SAFETY: the plugin states len; reading beyond its memory ends this worker and nothing else.
    return bytes(ffi.buffer(text.ptr, min(text.len, limit))).decode("utf-8", "replace")


def take_json(lane: CData, name: str, text: CData, limit: int = MAX_JSON) -> bytes:
    """A JSON text the plugin allocated: copied, freed, checked to be UTF-8 and at most ``limit`` bytes long.

    Raises:
        ContractBroken: it is neither.
    """
    if text.ptr == ffi.NULL or text.len == 0:
        return b""
    if text.len > limit:
        raise ContractBroken(name, f"{name} returned {text.len} bytes; at most {limit} are allowed")
    # SAFETY: as in copy_text.
    data = bytes(ffi.buffer(text.ptr, text.len))
    free_text(lane, text)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContractBroken(name, f"{name} returned text that is not UTF-8: {error}") from error
    return data


def borrow(data: bytes) -> tuple[CData, CData]:
    """``data`` as StStr for one call; keep the second value alive as long as the first is used."""
    keep = ffi.from_buffer(_CHARS, data) if data else ffi.NULL
    text = ffi.new(_TEXT, (keep, len(data)))
    return text[0], (keep, text)
