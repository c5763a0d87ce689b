"""One song, tagged by real tools in every format, is told alike by whichever decoder reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from abi.wire import OpenDecoder, ReadCover, ReadMetadata
from host.media import read_cover, read_tags
from tests.support.tagged_song import FORMS, FULL, SONG, Form
from tests.support.worker_peer import ROOT, WorkerPeer

WHOLE = read_tags({**SONG})


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_it_is_the_same_song(worker: WorkerPeer, tmp_path: Path, form: Form) -> None:
    path = form.file(tmp_path)
    worker.load(ROOT / f"native_plugins/decoder_{form.decoder}/decoder_{form.decoder}.so")
    worker.ask(worker.creation(CapabilityKind.DECODER, form.decoder))
    with path.open("rb") as media:
        worker.ask(OpenDecoder(1, path.name, path.suffix[1:]), [media.fileno()])
    told = json.loads(worker.ask(ReadMetadata(1)).text)
    assert told == {**{name: SONG[name] for name in form.holds}, **form.others}
    cover = read_cover(worker.ask(ReadCover(1)).picture)
    assert (cover.data if cover else b"") == form.cover
    assert cover is None or cover.mime == "image/jpeg"
    if form.holds == FULL:
        assert read_tags(told) == WHOLE


def test_most_forms_hold_everything() -> None:
    assert sum(form.holds == FULL for form in FORMS) >= 9
    assert {form.decoder for form in FORMS} == {"flac", "vorbis", "opus", "mpg123", "ffmpeg", "wav"}
