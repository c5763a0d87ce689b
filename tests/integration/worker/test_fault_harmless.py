"""The fault plugin without an order: numbered frames, an effect that changes nothing or keeps a state, an output."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from abi.wire import FaultKind, FinishStage, OpenDecoder, SeekDecoder, StopReason
from host.capabilities import select_decoders
from host.packages import read_manifest
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, borrow
from plugin_worker.module import open_library
from tests.integration.worker.fault_stages import attach_decoder, attach_dsp, attach_sink, load, open_decoder
from tests.integration.worker.stages import DECODER, stopped
from tests.support.faulty import LIBRARY, PLUGIN
from tests.support.frames import first_wrong, frame_numbers, frames_said, numbered_audio, with_state
from tests.support.stage_rings import BLOCK, StageRings
from tests.support.worker_peer import WorkerPeer


def test_a_real_file_is_never_for_the_decoder(worker: WorkerPeer, tmp_path: Path) -> None:
    manifests = [read_manifest(each.parent) for each in PLUGIN.parent.glob("*/plugin.toml")]
    chosen = {each: select_decoders(manifests, each)[0].plugin_id for each in ("frames", "flac", "mp3", "wav")}
    assert [each for each, plugin in chosen.items() if plugin == "stellatune.fault"] == ["frames"]
    unknown = [each.plugin_id for each in select_decoders(manifests, "xyz")]
    assert "stellatune.fault" not in unknown
    load(worker)
    texts = ("", "{}", "RIFF....WAVE", '{"frames": -1}', '{"frames": 1e300}', '{"frames": 9}' + " " * 9000)
    for instance, text in enumerate(texts, 1):
        path = tmp_path / "none"
        path.write_text(text)
        worker.ask(worker.creation(DECODER, "fault", instance=instance))
        with path.open("rb") as opened:
            refusal = worker.refused(OpenDecoder(instance, "none", ""), FaultKind.PLUGIN, [opened.fileno()])
        assert "not a text like" in refusal.text
    assert instance == len(texts)


def test_the_decoder_numbers_its_frames_from_wherever_it_stands(
    worker: WorkerPeer, rings: StageRings, tmp_path: Path
) -> None:
    open_decoder(load(worker), tmp_path, {}, 5000)
    assert worker.ask(SeekDecoder(1, 1234)).frame == 1234
    attach_decoder(worker, rings)
    assert first_wrong(rings.taste(5000 - 1234), 2, 1234) == ""
    stopped(worker, StopReason.END_OF_STREAM, 5000 - 1234)


def test_numbers_beyond_what_float32_counts(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    start = (1 << 24) - 50
    open_decoder(load(worker), tmp_path, {}, start + 100)
    worker.ask(SeekDecoder(1, start))
    attach_decoder(worker, rings)
    audio = rings.taste(100)
    assert first_wrong(audio, 2, start) == ""
    assert np.array_equal(frames_said(audio[::2]), np.arange(start, start + 100))
    assert first_wrong(audio, 2, start - 1).endswith(f"channel 0 says frame {start}")


@pytest.mark.parametrize("start", [0, (1 << 24) - 9, (1 << 24) + (1 << 23) - 9, (1 << 24) + 90 * (1 << 23) - 9])
def test_every_frame_has_a_number_of_its_own(start: int) -> None:
    assert np.array_equal(frames_said(frame_numbers(start, 18)), np.arange(start, start + 18))


def test_the_effect_changes_nothing(worker: WorkerPeer, rings: StageRings) -> None:
    attach_dsp(load(worker), rings, {})
    rings.feed(20 * BLOCK)
    assert first_wrong(rings.taste(20 * BLOCK), 2) == ""


def test_the_state_remembers_all_that_came(worker: WorkerPeer, rings: StageRings) -> None:
    attach_dsp(load(worker), rings, {"state": True})
    rings.feed(20 * BLOCK)
    assert np.array_equal(rings.taste(20 * BLOCK), with_state(numbered_audio(0, 20 * BLOCK, 2), 2))


def test_one_block_lost_or_doubled_changes_all_that_follows() -> None:
    whole = numbered_audio(0, 10 * BLOCK, 1)
    right = with_state(whole, 1)
    lost = with_state(np.concatenate([whole[:BLOCK], whole[2 * BLOCK :]]), 1)
    doubled = with_state(np.concatenate([whole[: 2 * BLOCK], whole[BLOCK:]]), 1)
    assert np.mean(lost[BLOCK:] == right[2 * BLOCK :]) < 0.01
    assert np.mean(doubled[2 * BLOCK : 10 * BLOCK] == right[2 * BLOCK :]) < 0.01


def make_dsp(table: CData, config: bytes) -> CData:
    ref = ffi.new("StDspInstanceRef *")
    type_id, kept = borrow(b"fault")
    text, keep = borrow(config)
    assert table.create_dsp_instance(type_id, 48000, 2, text, ref).code == lib.ST_OK
    del kept, keep
    return ref


def processed(ref: CData, audio: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    buffer = ffi.new("float[]", audio.tolist())
    assert ref.vtable.process_interleaved_f32_in_place(ref.handle, buffer, len(audio) // 2).code == lib.ST_OK
    return bytes(ffi.buffer(buffer))


def test_an_exported_state_goes_on_to_the_bit() -> None:
    table = open_library(str(PLUGIN / LIBRARY), lib.st_host_table(b"/", 1))
    first, second = make_dsp(table, b'{"state": true}'), make_dsp(table, b'{"state": true}')
    audio = numbered_audio(0, 640, 2)
    processed(first, audio[:640])
    blob = ffi.new("StBlob *")
    assert first.vtable.instance.export_state_blob(first.handle, blob).code == lib.ST_OK
    state = bytes(ffi.buffer(blob.ptr, blob.len))
    damaged = ffi.new("StBlob *", {"ptr": blob.ptr, "len": blob.len - 1})[0]
    refused = second.vtable.instance.import_state_blob(second.handle, damaged)
    assert refused.code == lib.ST_ERROR_INVALID_ARG
    table.plugin_free(ffi.cast("void *", refused.message.ptr), refused.message.len, 1)
    assert second.vtable.instance.import_state_blob(second.handle, blob[0]).code == lib.ST_OK
    assert processed(first, audio[640:]) == processed(second, audio[640:]) == with_state(audio, 2)[640:].tobytes()
    assert second.vtable.instance.export_state_blob(second.handle, blob).code == lib.ST_OK
    assert bytes(ffi.buffer(blob.ptr, blob.len)) != state
    assert second.vtable.reset(second.handle).code == lib.ST_OK
    assert processed(second, audio[:640]) == with_state(audio[:640], 2).tobytes()
    for ref in (first, second):
        ref.vtable.instance.destroy(ref.handle)
    plain = make_dsp(table, b"{}")
    assert plain.vtable.instance.export_state_blob == ffi.NULL
    plain.vtable.instance.destroy(plain.handle)


def test_the_output_takes_all(worker: WorkerPeer, rings: StageRings) -> None:
    attach_sink(load(worker), rings, {})
    rings.feed(20 * BLOCK)
    worker.ask(FinishStage(1, 20 * BLOCK))
    stopped(worker, StopReason.FINISHED, 20 * BLOCK)
    assert not list(Path(tempfile.gettempdir()).glob("fired-*"))
    assert "fault:" not in worker.output
    assert os.path.exists(f"/proc/{worker.process.pid}")  # noqa: PTH110  it lives
