"""The command where it cannot be: it says what is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]

PROGRAM = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *more: None if name.split(".")[0] == "textual" else find(name, *more)
sys.stdin.isatty = sys.stdout.isatty = lambda: True
from host.cli.root import run
sys.exit(run(["tui"]))
"""


def test_without_textual_it_names_the_extra() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 4
    assert "stellatune[tui]" in done.stderr and done.stderr.count("\n") == 1


def test_the_list_of_commands_needs_no_textual() -> None:
    program = (
        "import json, sys; from host.cli.root import run; run(['tui', '--help']); print(json.dumps([*sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    modules = json.loads(done.stdout.splitlines()[-1])
    assert "host.tui.command" in modules
    assert not {"textual", "rich", "asyncio", "host.tui.app"} & set(modules)
