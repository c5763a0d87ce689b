"""Instances: made, refused, opened, cancelled and ended, one real plugin with odd habits behind each."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator

import pytest

from abi.kinds import CapabilityKind, StatusCode
from abi.wire import (
    CreateInstance,
    DestroyInstance,
    Done,
    FaultKind,
    InstanceCreated,
    ListTargets,
    LoadModule,
    OpenDecoder,
    OpenSink,
    Payload,
    Ping,
    ReadMetadata,
    SeekDecoder,
)
from tests.integration.worker.conftest import BuildPlugin
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

DECODER, DSP, SINK = CapabilityKind.DECODER, CapabilityKind.DSP, CapabilityKind.OUTPUT_SINK
REQUIRED = {
    DECODER: ("open", "get_info", "read_interleaved_f32", "instance.destroy"),
    DSP: ("process_interleaved_f32_in_place", "supported_layouts", "instance.destroy"),
    SINK: (
        *("list_targets_json_utf8", "negotiate_spec", "open", "write_interleaved_f32", "query_status"),
        *("reset", "close", "instance.destroy"),
    ),
}
SLOTS = [(kind, slot) for kind, slots in REQUIRED.items() for slot in slots]
SOON_S = 20.0


@pytest.fixture
def media() -> Iterator[int]:
    """A file of ten bytes, without a name."""
    with tempfile.TemporaryFile() as file:
        file.write(b"0123456789")
        file.flush()
        yield file.fileno()


def create(worker: WorkerPeer, kind: CapabilityKind, config: object = None, instance: int = 1) -> InstanceCreated:
    return worker.ask(worker.creation(kind, "odd", config, instance))


@pytest.mark.parametrize(("kind", "slot"), SLOTS, ids=[f"{kind.word}-{slot}" for kind, slot in SLOTS])
def test_a_required_slot_that_is_null_is_named(odd: WorkerPeer, kind: CapabilityKind, slot: str) -> None:
    text = odd.refused(odd.creation(kind, "odd", {"null": slot}), FaultKind.LOAD).text
    assert f"vtable's {slot} is null" in text


@pytest.mark.parametrize("kind", REQUIRED)
def test_a_missing_vtable_is_noticed(odd: WorkerPeer, kind: CapabilityKind) -> None:
    assert "no vtable" in odd.refused(odd.creation(kind, "odd", {"null": "vtable"}), FaultKind.LOAD).text


@pytest.mark.parametrize(("kind", "slot"), [(DECODER, "seek_frame"), (SINK, "flush")])
def test_an_optional_slot_may_be_null(odd: WorkerPeer, kind: CapabilityKind, slot: str) -> None:
    create(odd, kind, {"null": slot})


def test_a_refusal_carries_the_plugins_words(odd: WorkerPeer) -> None:
    failed = odd.refused(odd.creation(DSP, "odd", {"mode": "say no"}), FaultKind.PLUGIN)
    assert (failed.code, failed.call) == (StatusCode.INVALID_ARG, "create")
    assert failed.text == "odd: no, because I was told to"
    strange = odd.refused(odd.creation(DSP, "odd", {"mode": "say no strangely"}), FaultKind.PLUGIN)
    assert (strange.code, strange.text) == (77, "status code 77")


def test_a_number_is_used_once_at_a_time(odd: WorkerPeer) -> None:
    create(odd, DSP, instance=7)
    odd.refused(odd.creation(DSP, "odd", instance=7), FaultKind.MISUSE)
    odd.ask(DestroyInstance(7))


@pytest.mark.parametrize("number", [0, -1, 2**64 - 1])
def test_some_numbers_are_nobodys(odd: WorkerPeer, number: int) -> None:
    odd.refused(odd.creation(DSP, "odd", instance=number), FaultKind.MISUSE)


def test_what_is_not_there(odd: WorkerPeer, build_plugin: BuildPlugin) -> None:
    odd.refused(odd.creation(DSP, "other"), FaultKind.MISUSE)
    odd.refused(CreateInstance(1, 9, "odd", Payload(b"{}"), 0, 0, ()), FaultKind.MISUSE)
    odd.refused(odd.creation(CapabilityKind.LYRICS_PROVIDER, "odd"), FaultKind.MISUSE)
    odd.refused(ListTargets(1), FaultKind.MISUSE)
    create(odd, DSP)
    odd.refused(ListTargets(1), FaultKind.MISUSE)
    odd.refused(ReadMetadata(1), FaultKind.MISUSE)
    path = build_plugin("odd")
    odd.refused(LoadModule(str(path), "/", False, ()), FaultKind.MISUSE)


def test_sixty_three_instances_and_no_more(odd: WorkerPeer) -> None:
    for number in range(1, 64):
        create(odd, DSP, instance=number)
    assert "at most 63" in odd.refused(odd.creation(DSP, "odd", instance=64), FaultKind.MISUSE).text
    assert {lane.instance for lane in odd.page.lanes()} >= set(range(1, 64))
    for number in range(1, 64):
        odd.ask(DestroyInstance(number))
        create(odd, DSP, instance=100 + number)  # the place is free with the reply, not some time after
    assert until(lambda: {lane.instance for lane in odd.page.lanes()} >= set(range(101, 164)), SOON_S)


def test_requests_behind_a_destroy_are_answered(odd: WorkerPeer) -> None:
    """Every command has exactly one outcome, also the one that came too late."""
    create(odd, SINK)
    numbers = [odd.send(each) for each in (DestroyInstance(1), DestroyInstance(1), ListTargets(1), DestroyInstance(1))]
    replies = [odd.answer(number, SOON_S) for number in numbers]
    assert replies[0] == Done()
    assert [type(reply).__name__ for reply in replies[1:]] == ["Failed"] * 3


def test_requests_behind_a_failed_create_are_answered(odd: WorkerPeer, media: int) -> None:
    first = odd.send(odd.creation(DECODER, "odd", {"mode": "say no"}))
    second = odd.send(OpenDecoder(1, "x", ""), [media])
    assert [type(odd.answer(number, SOON_S)).__name__ for number in (first, second)] == ["Failed"] * 2


def test_unclaimed_files_are_closed(odd: WorkerPeer) -> None:
    near, far = os.pipe()
    name = os.readlink(f"/proc/self/fd/{far}")  # noqa: PTH115  no path
    odd.ask(CreateInstance(1, SINK, "odd", Payload(b"{}"), 0, 0, ("a", "b")), [near, far])
    odd.ask(OpenSink(1, Payload(b"{}"), 48000, 2, 0, ("c",)), [far])
    os.close(near)
    os.close(far)
    assert name not in odd.open_files


def test_files_and_names_must_match(odd: WorkerPeer, media: int) -> None:
    odd.refused(CreateInstance(1, SINK, "odd", Payload(b"{}"), 0, 0, ("a", "b")), FaultKind.MISUSE, [media])
    odd.refused(CreateInstance(1, SINK, "odd", Payload(b"{}"), 0, 0, ()), FaultKind.MISUSE, [media])


def test_io_over_a_passed_descriptor(odd: WorkerPeer, media: int) -> None:
    """The plugin's own report: four bytes, ten in all, eight from the end, two there, told ten, 110, nothing beyond."""
    create(odd, DECODER)
    odd.ask(OpenDecoder(1, "x", ""), [media])
    report = json.loads(odd.ask(ReadMetadata(1)).text)
    assert report == ["012389", 4, 10, 8, 2, 10, 110, 0, StatusCode.INVALID_ARG, StatusCode.INVALID_ARG]
    assert os.lseek(media, 0, os.SEEK_CUR) == 10  # the offset that both processes share was never moved


def test_a_decoder_opens_once(odd: WorkerPeer, media: int) -> None:
    create(odd, DECODER)
    odd.refused(ReadMetadata(1), FaultKind.MISUSE)
    odd.ask(OpenDecoder(1, "x", ""), [media])
    odd.refused(OpenDecoder(1, "x", ""), FaultKind.MISUSE, [media])


def test_lies_about_open_and_seek_and_text(odd: WorkerPeer, media: int) -> None:
    for number, mode in enumerate(("no channels", "seek too far", "bad text"), 1):
        create(odd, DECODER, {"mode": mode}, number)
    odd.refused(OpenDecoder(1, "x", ""), FaultKind.CONTRACT, [media])
    odd.ask(OpenDecoder(2, "x", ""), [media])
    odd.refused(SeekDecoder(2, 100), FaultKind.CONTRACT)
    odd.ask(OpenDecoder(3, "x", ""), [media])
    assert "not UTF-8" in odd.refused(ReadMetadata(3), FaultKind.CONTRACT).text


def test_destroy_cancels_the_call_in_progress(odd: WorkerPeer, media: int) -> None:
    create(odd, DECODER, {"mode": "hang in open"})
    opening = odd.send(OpenDecoder(1, "x", ""), [media])
    assert until(lambda: any(lane.call == "open" for lane in odd.page.lanes()), SOON_S)
    assert odd.ask(DestroyInstance(1), within_s=SOON_S) == Done()
    cancelled = odd.answer(opening)
    assert (type(cancelled).__name__, getattr(cancelled, "code", 0)) == ("Failed", StatusCode.CANCELLED)


def test_destroy_cancels_a_call_that_is_queued_as_well(odd: WorkerPeer, media: int) -> None:
    """However soon the destroy comes: nothing before it may hold it up."""
    for number in range(1, 21):
        create(odd, DECODER, {"mode": "hang in open"}, number)
        opening = odd.send(OpenDecoder(number, "x", ""), [media])
        assert odd.ask(DestroyInstance(number), within_s=SOON_S) == Done()
        assert type(odd.answer(opening)).__name__ == "Failed"


def test_a_hanging_instance_disturbs_no_other(odd: WorkerPeer, media: int) -> None:
    create(odd, DECODER, {"mode": "hang in open"}, 1)
    create(odd, SINK, None, 2)
    odd.send(OpenDecoder(1, "x", ""), [media])
    assert until(lambda: any(lane.call == "open" for lane in odd.page.lanes()), SOON_S)
    for _ in range(10):
        odd.ask(Ping(), within_s=SOON_S)
        assert odd.ask(ListTargets(2), within_s=SOON_S).text == b"[]"
