"""A small part of ``./tools/fuzz tags`` on every run: workers answer for each mutant, and live."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from abi.wire import CreateScanner, Payload, ScanFiles
from tests.fuzz.harness import Answer, Harness, build
from tests.fuzz.mutations import mutant
from tests.fuzz.tags import Sample, problem_with, samples
from tests.support.worker_peer import ROOT, WorkerPeer

SEED = 20261128
TIMES = 32


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, ...]:
    return samples(tmp_path_factory.mktemp("good"))


@pytest.mark.parametrize("decoder", ["flac", "mpg123", "vorbis", "opus", "ffmpeg"])
def test_a_worker_answers_for_every_mutant(
    worker: WorkerPeer, tmp_path: Path, good: tuple[Sample, ...], decoder: str
) -> None:
    rng, mine = random.Random(SEED), [sample for sample in good if sample.decoder == decoder]
    if not mine:
        pytest.skip(f"no tool here writes what {decoder} reads")
    worker.load(ROOT / f"native_plugins/decoder_{decoder}/decoder_{decoder}.so")
    worker.ask(CreateScanner(1, decoder, Payload(b"{}")))
    answered = 0
    for number in range(TIMES):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(mutant(rng.choice(mine).data, rng))
        with path.open("rb") as media:
            answered += len(worker.ask(ScanFiles(1, (path.name,), ("bin",)), [media.fileno()]).files)
    assert answered == TIMES


def test_the_id3_reader_takes_no_false_step(tmp_path: Path, good: tuple[Sample, ...]) -> None:
    """Under the address and undefined behaviour sanitizers: leaks, too, are found at the end."""
    rng, mine = random.Random(SEED), [sample for sample in good if sample.decoder == "wav"]
    if not mine:
        pytest.skip("ffmpeg is not installed")
    with Harness(build("wav", tmp_path), "wav") as harness:
        for _ in range(20 * TIMES):
            data = mutant(rng.choice(mine).data, rng)
            assert not problem_with(data, harness.read(data, seeks=rng.random() < 0.9))
        harness.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(0, b'{"title": "a"}', 1, 1), ""),
        (Answer(0, b'{"title": "\xff"}', 1, 1), "no JSON"),
        (Answer(0, b'{"title": 1}', 1, 1), "not what decoder.h says"),
        (Answer(0, b"{}", 1000, 1), "1000 MiB"),
        (Answer(2, b"{}", 1, 1), "beside a failure"),
    ],
)
def test_what_is_no_answer_is_seen(answer: Answer, words: str) -> None:
    assert words in problem_with(b"", answer) and bool(words) == bool(problem_with(b"", answer))
