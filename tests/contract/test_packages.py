"""What packages publish, and what the papers point to."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOPS = ("abi", "shm_audio", "plugin_worker", "host")
PACKAGES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts) for top in TOPS for path in (ROOT / top).rglob("__init__.py")
)
PAPERS = sorted(path for path in ROOT.glob("*.md"))


def test_every_folder_with_modules_is_a_package() -> None:
    """A folder without `__init__` would be missing from the wheel."""
    folders = {path.parent for top in TOPS for path in (ROOT / top).rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("name", PACKAGES)
def test_all_exists_and_resolves(name: str) -> None:
    package = importlib.import_module(name)
    published: list[str] = package.__all__
    assert len(set(published)) == len(published)
    assert [each for each in published if not hasattr(package, each)] == []
    assert package.__doc__


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.stem)
def test_links_resolve(paper: Path) -> None:
    text = re.sub(r"```.*?```", "", paper.read_text(), flags=re.DOTALL)
    targets = [each.split("#")[0] for each in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in each]
    assert [each for each in targets if each and not (paper.parent / each).exists()] == []


def test_there_are_papers_and_packages() -> None:
    assert len(PACKAGES) >= 4
    assert ROOT / "README.md" in PAPERS
