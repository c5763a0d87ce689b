"""The guard at the crossing into a plugin: whatever goes wrong before it, nobody comes in beside another call."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from abi.wire import Failed, FaultKind
from plugin_worker._core import ffi, lib
from plugin_worker.errors import ConcurrentCall
from plugin_worker.ffi_calls import CData, invoke

SLOT = 3


@pytest.fixture
def lane() -> Iterator[CData]:
    """The lane of this very thread."""
    align = ffi.alignof("st_status_page")
    room, native = ffi.new("char[]", ffi.sizeof("st_status_page") + align), ffi.new("st_lane *")
    page = room + -int(ffi.cast("uintptr_t", room)) % align  # a mapping would begin at a page
    lib.st_lane_enter(native, ffi.cast("st_status_page *", page), SLOT, 7)
    yield native
    lib.st_lane_leave(native)


def test_a_call_inside_a_call_is_refused_and_the_first_goes_on(lane: CData) -> None:
    entered: list[str] = []

    def inner() -> None:
        entered.append("inner")

    def outer() -> str:
        entered.append("outer")
        refusals = []
        for _ in range(1000):
            with pytest.raises(ConcurrentCall) as refusal:
                invoke(lane, "fetch", inner)
            refusals.append(refusal.value.reply())
        (reply,) = set(refusals)
        assert isinstance(reply, Failed)
        assert (FaultKind(reply.kind), reply.call) == (FaultKind.CONCURRENT, "fetch")
        assert "concurrent call: fetch" in reply.text
        return "done"

    assert invoke(lane, "search", outer) == "done"
    assert entered == ["outer"]
    invoke(lane, "fetch", inner)
    assert entered == ["outer", "inner"]


def test_another_thread_is_refused_whether_the_lane_is_in_a_call_or_not(lane: CData) -> None:
    refused: list[ConcurrentCall] = []

    def intruder() -> None:
        try:
            invoke(lane, "list_items", lambda: None)
        except ConcurrentCall as refusal:
            refused.append(refusal)

    def beside() -> None:
        thread = threading.Thread(target=intruder)
        thread.start()
        thread.join()

    beside()
    invoke(lane, "search", beside)
    assert len(refused) == 2


@pytest.mark.parametrize("pump", ["decode", "dsp", "sink"])
def test_no_pump_begins_inside_a_call(lane: CData, pump: str) -> None:
    stage, stop = ffi.new(f"st_{pump} *"), ffi.new("st_stop *")
    invoke(lane, "seek", lambda: getattr(lib, f"st_{pump}_pump")(lane, stage, stop))
    assert stop.reason == lib.ST_STOP_CONTRACT
    assert ffi.buffer(stop.text, stop.text_len)[:].startswith(b"concurrent call")


def test_a_call_that_fails_leaves_the_lane_free(lane: CData) -> None:
    def fails() -> None:
        raise ValueError("as a callback might")

    for _ in range(3):
        with pytest.raises(ValueError, match="callback"):
            invoke(lane, "search", fails)
