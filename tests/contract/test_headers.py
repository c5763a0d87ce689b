"""The C headers: clean in every language they promise, and annotated without a gap."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEADERS = sorted((ROOT / "abi/include/stellatune").glob("*.h"))
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "-Iabi/include", "-Iabi/sdk"]
LANGUAGES = {
    "C99": ["gcc", "-std=c99", "-x", "c"],
    "C11": ["gcc", "-std=c11", "-x", "c"],
    "C++11": ["g++", "-std=c++11", "-x", "c++"],
    "C++20": ["g++", "-std=c++20", "-x", "c++"],
}
ANNOTATIONS = ("thread:", "realtime:", "owned:", "valid until:", "errors:")
FUNCTION_POINTER = re.compile(r"\(\*(\w+)\)\s*\(")


def check(language: str, source: str) -> str:
    done = subprocess.run(
        [*LANGUAGES[language], *STRICT, "-"], input=source, text=True, capture_output=True, cwd=ROOT, check=False
    )
    return done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.stem)
def test_each_header_compiles_alone(header: Path, language: str) -> None:
    assert check(language, f"#include <stellatune/{header.name}>\nextern int used;\n") == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sdk_compiles(language: str) -> None:
    assert check(language, "#include <stellatune_sdk.h>\nextern int used;\n") == ""


@pytest.mark.skipif(shutil.which("curl-config") is None, reason="the headers of libcurl are not installed")
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_sdk_has_for_libcurl_compiles(language: str) -> None:
    assert check(language, "#include <stellatune_http.h>\nextern int used;\n") == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_layout_would_not_compile(language: str) -> None:
    """The static assertions work in every language: else the tests above prove nothing about layout."""
    source = '#include <stellatune/common.h>\nST_STATIC_ASSERT(sizeof(StStr) == 17, "wrong");\n'
    assert "error" in check(language, source)


def function_pointers(text: str) -> list[tuple[str, str]]:
    """Name of every function pointer, with the comment that ends on the line before its declaration."""
    found = []
    for match in FUNCTION_POINTER.finditer(text):
        before = text[: match.start()].rpartition("\n")[0].rstrip()
        comment = before[before.rfind("/*") :] if before.endswith("*/") else ""
        found.append((match.group(1), comment))
    return found


def test_every_function_pointer_is_annotated() -> None:
    count = 0
    for header in HEADERS:
        for name, comment in function_pointers(header.read_text()):
            count += 1
            for annotation in ANNOTATIONS:
                line = re.search(rf"^ +\* {annotation} \S", comment, re.MULTILINE)
                assert line, f"{header.name}: {name} has no line `{annotation}`"
            assert re.search(r"\* thread: \[(any|lane|module lane)", comment), f"{header.name}: {name}: unknown thread"
            assert re.search(r"\* realtime: (yes|no)$", comment, re.MULTILINE), f"{header.name}: {name}: yes or no"
    assert count >= 50, f"only {count} function pointers found: the pattern misses them"


def test_the_scanner_sees_a_missing_line() -> None:
    text = "/*\n * Does.\n * thread: [any]\n */\nvoid (*forgotten)(void);\nvoid (*bare)(int x);\n"
    assert [(name, "realtime:" in comment) for name, comment in function_pointers(text)] == [
        ("forgotten", False),
        ("bare", False),
    ]
