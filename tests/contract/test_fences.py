"""The fences of the ring, and of the byte stream, which sleeps and wakes alike.

``tests/models/wake.pml`` shows that they are needed; that they stand there is seen here.
A missing one costs a wake-up once in a very long while, on some processors, so that no test of behaviour would tell.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FENCE = "atomic_thread_fence(memory_order_seq_cst)"

#: Function: what is stored before its fence, and what is loaded behind it.
FENCED = {
    "st_ring_wait": (r"atomic_store_explicit\(wants, target_for", r"is_ready\(ring, enough"),
    "st_ring_nap": (r"atomic_fetch_add_explicit\(bell", r"atomic_load_explicit\(interrupt"),
    "ring_if_reached": ("", r"peer_wants\(ring\)"),
    "st_ring_before_sleep": ("", r"peer_wants\(ring\)"),
}
FENCED_STREAM = {
    "st_stream_wait": (r"atomic_store_explicit\(wants, target_for", r"is_ready\(s, bytes"),
    "ring_if_reached": ("", r"atomic_load_explicit\(word"),
}
#: Positions are stored right before these look at the peer.
PUBLISHERS = {
    "st_ring_publish_write": r"atomic_store_explicit\(&ring->words->write_pos",
    "st_ring_publish_read": r"atomic_store_explicit\(&ring->words->read_pos",
}


PUBLISHERS_STREAM = {
    "st_stream_put": r"atomic_store_explicit\(&s->words->write_pos",
    "consume": r"atomic_store_explicit\(&s->words->read_pos",
    "st_stream_ask": r"atomic_store_explicit\(&s->words->seek_epoch",
    "st_stream_answer": r"write_answer\(s->words",
    "st_stream_end": r"atomic_store_explicit\(&s->words->ended",
    "st_stream_fail": r"atomic_store_explicit\(&s->words->failure",
}


def code_of(root: Path, name: str) -> str:
    """Without comments."""
    return re.sub(r"/\*.*?\*/", "", (root / "shm_audio/csrc" / name).read_text(), flags=re.DOTALL)


@pytest.fixture(scope="module")
def source(root: Path) -> str:
    return code_of(root, "ring.c")


@pytest.fixture(scope="module")
def stream(root: Path) -> str:
    return code_of(root, "byte_stream.c")


def body(source: str, function: str) -> str:
    (found,) = re.findall(rf"^\w[^\n;]*\b{function}\([^;{{]*\{{\n(.*?)^\}}", source, re.MULTILINE | re.DOTALL)
    assert isinstance(found, str)
    return found


def fenced(source: str, function: str, before: str, behind: str) -> None:
    code = body(source, function)
    first, found, rest = code.partition(FENCE)
    assert found, f"{function} has no full fence"
    assert re.search(before, first)
    assert re.search(behind, rest)
    assert not re.search(behind, first), f"{function} looks before its fence"


@pytest.mark.parametrize("function", FENCED)
def test_a_full_fence_stands_where_the_model_of_waking_has_one(source: str, function: str) -> None:
    fenced(source, function, *FENCED[function])


@pytest.mark.parametrize("function", FENCED_STREAM)
def test_so_does_one_in_the_byte_stream(stream: str, function: str) -> None:
    fenced(stream, function, *FENCED_STREAM[function])


@pytest.mark.parametrize("function", PUBLISHERS)
def test_a_position_is_published_before_the_peer_is_looked_at(source: str, function: str) -> None:
    first, found, _ = body(source, function).partition("ring_if_reached(ring)")
    assert found
    assert re.search(PUBLISHERS[function], first)


@pytest.mark.parametrize("function", PUBLISHERS_STREAM)
def test_so_is_all_that_a_stream_s_peer_may_wait_for(stream: str, function: str) -> None:
    first, found, _ = body(stream, function).partition("ring_if_reached(s, ")
    assert found
    assert re.search(PUBLISHERS_STREAM[function], first)
