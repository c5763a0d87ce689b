"""Seeks in real codecs through the running transport; their large brother is ``./tools/faults seeks``."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.faults.seeks import FORMATS, seeks

SEED = 20261128
SEEKS = 75


@pytest.mark.parametrize("name", list(FORMATS))
def test_what_follows_a_seek_is_the_full_decode_from_there(tmp_path: Path, name: str) -> None:
    assert seeks(tmp_path, name, SEEKS, Random(f"{SEED} {name}")) == []
