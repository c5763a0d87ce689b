"""The numbers of calls in the status page: one table, used by C and Python alike."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from shm_audio import CALLS

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "plugin_worker"


def names_used() -> dict[str, str]:
    """Every call that Python code of the worker marks, and where: second argument of ``call`` and ``invoke``."""
    found: dict[str, str] = {}
    for path in WORKER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("call", "invoke"):
                name = node.args[1]
                if isinstance(name, ast.Constant):
                    found[str(name.value)] = f"{path.name}:{node.lineno}"
    return found


def test_calls_are_distinct_and_zero_is_none() -> None:
    assert CALLS[0] == ""
    assert len(set(CALLS)) == len(CALLS)


def test_numbers_written_by_c_are_those_of_the_table() -> None:
    text = (WORKER / "csrc/lane.h").read_text()
    numbers = {name.lower(): int(value) for name, value in re.findall(r"ST_CALL_(\w+) = (\d+)", text)}
    assert numbers.pop("none") == 0
    shown = {name: CALLS[number] for name, number in numbers.items()}
    assert shown == {
        "create": "create",
        "open": "open",
        "get_info": "get_info",
        "get_metadata": "get_metadata",
        "read": "read",
        "process": "process",
        "write": "write",
        "query": "query_status",
        "export": "export",
        "destroy": "destroy",
        "stream_read": "stream_read",
        "stream_seek": "stream_seek",
    }


def test_every_name_used_is_in_the_table() -> None:
    used = names_used()
    assert {name: place for name, place in used.items() if name not in CALLS} == {}
    assert {"create", "open", "seek", "destroy", "flush", "describe", "shutdown"} <= set(used)
