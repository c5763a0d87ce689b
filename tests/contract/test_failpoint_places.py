"""Failpoints are put into a copy of the worker: their anchors still stand, and the product has none."""

from __future__ import annotations

from pathlib import Path

from tests.support.failpoints import PLACES, ROOT, instrument


def test_every_anchor_stands_where_it_should(tmp_path: Path) -> None:
    instrument(tmp_path)
    for place in PLACES:
        assert (tmp_path / place.file).read_text().count(f'"{place.name}")') == 1
    assert len(PLACES) >= 12


def test_the_product_has_none() -> None:
    tops = ("plugin_worker", "shm_audio", "abi", "host")
    sources = [path for top in tops for suffix in ("c", "h", "py") for path in (ROOT / top).rglob(f"*.{suffix}")]
    assert len(sources) > 100
    assert [path.name for path in sources if "failpoint" in path.read_text()] == []
