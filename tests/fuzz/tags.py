"""Mutants of one song in all formats, through every decoder that could be given them: no fall, no leak, no excess."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from abi.kinds import StatusCode
from tests.fuzz.harness import Answer, Fallen, Harness, build
from tests.fuzz.mutations import mutant
from tests.support.tagged_song import FORMS

__all__ = ["DECODERS", "Sample", "problem_with", "run_tags", "samples"]

DECODERS = ("flac", "mpg123", "vorbis", "opus", "wav", "sndfile", "ffmpeg")
MOST_TAGS = 18 << 20
#: Reading may go over a file more than once, but not without end.
MOST_READ_MIB = 130


@dataclass(frozen=True, slots=True)
class Sample:
    """A good file; ``decoder`` is the one that it is for."""

    name: str
    decoder: str
    data: bytes


def samples(folder: Path) -> tuple[Sample, ...]:
    """One song in all forms that the tools here can write."""
    made: list[Sample] = []
    for number, form in enumerate(FORMS):
        place = folder / str(number)
        place.mkdir()
        try:
            path = form.file(place)
        except pytest.skip.Exception as left_out:
            print(f"  without {form}: {left_out}")
            continue
        made.append(Sample(f"{form.name}{path.suffix}", form.decoder, path.read_bytes()))
    return tuple(made)


def problem_with(data: bytes, answer: Answer) -> str:
    """Why an answer is none that a decoder may give; empty when it is one."""
    if answer.read_mib > MOST_READ_MIB:
        return f"it read {answer.read_mib} MiB of a file of {len(data)} bytes"
    if answer.code != StatusCode.OK:
        return "" if not answer.tags else "tags beside a failure"
    if len(answer.tags) > MOST_TAGS:
        return f"{len(answer.tags)} bytes of tags"
    try:
        told = json.loads(answer.tags.decode("utf-8"))
    except ValueError as error:
        return f"what it tells is no JSON: {error}"
    cover = told.pop("cover", {})
    if not isinstance(cover, dict) or not all(isinstance(each, str) for each in told.values()):
        return "what it tells is not what decoder.h says"
    if "offset" in cover and cover["offset"] + cover["bytes"] > len(data) + (1 << 28):
        return f"a cover at {cover['offset']} of a file of {len(data)} bytes"
    return ""


def _orders(good: tuple[Sample, ...], times: int, rng: random.Random) -> Iterator[tuple[Sample, str, bytes, bool]]:
    """Mutant by mutant: what it was, who reads it - seldom another than it is for -, and whether its input can seek."""
    for _ in range(times):
        sample = rng.choice(good)
        reader = sample.decoder if rng.random() < 0.85 else rng.choice(DECODERS)
        yield sample, reader, mutant(sample.data, rng), rng.random() < 0.9


def run_tags(times: int, seed: int, keep: Path) -> int:
    """All of it, told; gives the exit code. What fails is kept in ``keep``."""
    print(f"fuzz tags: {times} mutants, seed {seed}; building", flush=True)
    rng = random.Random(seed)
    codes: Counter[str] = Counter()
    failed = slowest_ms = 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stellatune-fuzz-") as name, ExitStack() as stack:
        good = samples(Path(name))
        harnesses = {each: stack.enter_context(Harness(build(each, Path(name)), each)) for each in DECODERS}
        for number, (sample, reader, data, seeks) in enumerate(_orders(good, times, rng)):
            try:
                answer = harnesses[reader].read(data, seeks)
                problem = problem_with(data, answer)
                slowest_ms = max(slowest_ms, answer.took_ms)
                codes[StatusCode(answer.code).name] += 1
            except Fallen as fall:
                problem = str(fall)
            if problem:
                failed += 1
                keep.mkdir(exist_ok=True)
                path = keep / f"{seed}-{number}-{reader}{'' if seeks else '-forwards'}{Path(sample.name).suffix}"
                path.write_bytes(data)
                print(f"mutant {number} of {sample.name} by {reader}, kept as {path}:\n{problem}", flush=True)
        for each, harness in harnesses.items():
            try:
                harness.close()
            except Fallen as fall:
                failed += 1
                print(f"{each}: {fall}")
    told = ", ".join(f"{count} {name}" for name, count in codes.most_common())
    took_s = time.monotonic() - began
    print(
        f"fuzz tags: seed {seed}, {times} mutants of {len(good)} files in {took_s:.0f} s: {told}; {failed} not survived"
    )
    print(f"the slowest took {slowest_ms} ms")
    return 1 if failed or not times else 0
