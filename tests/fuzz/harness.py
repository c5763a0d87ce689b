"""A decoder in a process of its own that reads files from a pipe, built from its sources with gcc's sanitizers."""

from __future__ import annotations

import os
import select
import shlex
import struct
import subprocess
import tempfile
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

__all__ = ["Answer", "Fallen", "Harness", "build"]

ROOT = Path(__file__).resolve().parents[2]
SANITIZERS = "-fsanitize=address,undefined,float-cast-overflow,bounds-strict -fno-sanitize-recover=all"
CFLAGS = f"-std=c11 -O1 -g -fno-omit-frame-pointer -D_GNU_SOURCE {SANITIZERS} -Wall -Wextra -Werror"
#: A single block of memory beyond this is a finding; libavformat alone allocates covers whole.
ENVIRONMENT = {"ASAN_OPTIONS": "max_allocation_size_mb=320:allocator_may_return_null=1:detect_leaks=1"}
#: libsndfile 1.2.0 loses a few KiB over an Ogg file whose Vorbis header is none.
FOREIGN_LEAKS = ("vorbis_info_init", "vorbis_block_init", "vorbis_synthesis_headerin", "ogg_stream_init")
DEADLINE_S = 20.0
_TAIL = 4000


class Fallen(Exception):
    """The process ended, or stood still, over a file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``read_mib``: bytes that it asked for, rounded up."""

    code: int
    tags: bytes
    read_mib: int
    took_ms: int


def build(decoder: str, folder: Path) -> Path:
    """Compiles the harness of ``native_plugins/decoder_NAME``. Raises: CalledProcessError."""
    source = ROOT / "native_plugins" / f"decoder_{decoder}"
    wanted = tomllib.loads((source / "plugin.toml").read_text(encoding="utf-8"))["build"]
    libraries: list[str] = []
    if wanted.get("pkg_config"):
        flags = ["pkg-config", "--cflags", "--libs", *wanted["pkg_config"]]
        libraries = shlex.split(subprocess.run(flags, check=True, capture_output=True, text=True).stdout)
    libraries += [f"-l{name}" for name in wanted.get("libraries", [])]
    files = [str(ROOT / "tests/fuzz/csrc/harness.c"), *map(str, sorted(source.glob("*.c")))]
    target = folder / f"harness-{decoder}"
    includes = [f"-I{ROOT}/abi/include", f"-I{ROOT}/abi/sdk", f"-I{source}"]
    subprocess.run(["gcc", *CFLAGS.split(), *includes, *files, "-o", str(target), *libraries], check=True)
    return target


class Harness:
    """The process; started with the first file, and again after a fall. A context manager."""

    def __init__(self, program: Path, type_id: str) -> None:
        self._program, self._type_id = program, type_id
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def read(self, data: bytes, seeks: bool) -> Answer:
        """What the decoder makes of a file. Raises: Fallen, with what the process said."""
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(struct.pack("=II", len(data), seeks) + data)
            process.stdin.flush()
        except BrokenPipeError:
            raise self._fallen("it fell") from None
        head = self._take(process, 16)
        code, tags_bytes, read_mib, took_ms = struct.unpack("=iIII", head)
        return Answer(code, self._take(process, tags_bytes), read_mib, took_ms)

    def close(self) -> None:
        """Lets it end. Raises: Fallen: it has leaked."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        code = process.wait(DEADLINE_S)
        process.stdout.close()
        words = self._last_words()
        if code != 0:
            raise Fallen(f"exit code {code} at its end\n{words}")

    def _start(self) -> subprocess.Popen[bytes]:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  open as long as the process is
        leaks: dict[str, str] = {}
        if self._type_id == "sndfile":
            known = self._program.with_suffix(".leaks")
            known.write_text("".join(f"leak:{name}\n" for name in FOREIGN_LEAKS), encoding="ascii")
            leaks = {"LSAN_OPTIONS": f"suppressions={known}:print_suppressions=0"}
        self._process = subprocess.Popen(
            [self._program, self._type_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, **ENVIRONMENT, **leaks},
        )
        return self._process

    def _take(self, process: subprocess.Popen[bytes], size: int) -> bytes:
        assert process.stdout is not None
        taken = b""
        while len(taken) < size:
            ready, _, _ = select.select([process.stdout], [], [], DEADLINE_S)
            if not ready:
                raise self._fallen(f"no answer after {DEADLINE_S:g} s")
            part = os.read(process.stdout.fileno(), size - len(taken))
            if not part:
                raise self._fallen("it fell")
            taken += part
        return taken

    def _fallen(self, what: str) -> Fallen:
        process, self._process = self._process, None
        assert process is not None and process.stdin is not None and process.stdout is not None
        process.kill()
        code = process.wait()
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.close()
        return Fallen(f"{what}, exit code {code}\n{self._last_words()}")

    def _last_words(self) -> str:
        said, self._said = self._said, None
        if said is None:
            return ""
        with said:
            said.seek(0)
            return said.read().decode("utf-8", "replace")[-_TAIL:]

    def __enter__(self) -> Harness:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._fallen("it is not needed any more")
