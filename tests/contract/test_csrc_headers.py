"""Our own C headers carry the same five lines above every function, or group of functions, as the public ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("shm_audio/csrc", "plugin_worker/csrc", "abi/wire/csrc", "host/library/csrc")
HEADERS = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.h"))
ANNOTATIONS = ("thread:", "realtime:", "owned:", "valid until:", "errors:")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
DECLARATION = re.compile(r"^(?!_Static_assert)[a-z_](?:\w|[ *])*?\**(\w+)\([^;{}]*\);", re.MULTILINE)


@dataclass(frozen=True)
class Function:
    """A declared function and the comment that speaks for it: the last one before it, across declarations only."""

    name: str
    comment: str


def functions(text: str) -> list[Function]:
    found: list[Function] = []
    comment, at = "", 0
    for match in COMMENT.finditer(text):
        found += [Function(name, comment) for name in DECLARATION.findall(text[at : match.start()])]
        comment, at = match.group(), match.end()
    return found + [Function(name, comment) for name in DECLARATION.findall(text[at:])]


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.stem)
def test_every_function_is_annotated(header: Path) -> None:
    for function in functions(header.read_text()):
        for annotation in ANNOTATIONS:
            line = re.search(rf"^ \* {annotation} \S", function.comment, re.MULTILINE)
            assert line, f"{header.name}: {function.name} has no line `{annotation}`"


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.stem)
def test_the_first_lines_say_what_the_file_is_for(header: Path) -> None:
    assert re.match(rf"/\*\n \* {header.name}: \S", header.read_text())


def test_the_scanner_finds_the_functions() -> None:
    assert sum(len(functions(path.read_text())) for path in HEADERS) >= 60


def test_the_scanner_sees_a_missing_line() -> None:
    text = "/* x.h: x. */\n\n/*\n * thread: any\n */\nint first(void);\nvoid *second(int a,\n             int b);\n"
    assert [(each.name, "thread:" in each.comment) for each in functions(text)] == [("first", True), ("second", True)]
    assert functions("/* x.h: x. */\nvoid bare(void);\n")[0].comment == "/* x.h: x. */"
