"""Compiles the C references and drivers of ``csrc`` into a temporary folder, and runs them for their numbers."""

from __future__ import annotations

import array
import subprocess
from collections.abc import Sequence
from pathlib import Path

__all__ = ["ROOT", "Programs", "numbers", "plugin_library"]

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = Path(__file__).resolve().parent / "csrc"
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O3", "-Wall", "-Wextra", "-Werror")
INCLUDES = (SOURCES, ROOT / "abi/include", ROOT / "shm_audio/csrc", ROOT / "plugin_worker/csrc")
RING = ("shm_audio/csrc/ring.c", "shm_audio/csrc/wake.c")
STREAM = ("shm_audio/csrc/byte_stream.c",)
MODULE = ("plugin_worker/csrc/module_open.c",)
#: What each program links of the product: the drivers its rings, the references its way of loading a plugin.
PROGRAMS: dict[str, tuple[str, ...]] = {
    "ready": (),
    "token_ring": (),
    "block_driver": RING,
    "stream_driver": RING,
    "gain_chain": MODULE,
    "decode_chain": (*MODULE, *RING, *STREAM, "plugin_worker/csrc/file_io.c", "plugin_worker/csrc/lane.c"),
}
RUN_TIMEOUT_S = 120.0


def numbers(data: bytes) -> list[int]:
    """The raw ``uint64_t`` of a program of ours."""
    found = array.array("Q")
    found.frombytes(data)
    return found.tolist()


def plugin_library(name: str) -> str:
    """The path of a plugin's shared library. Raises: FileNotFoundError, with the remedy."""
    path = ROOT / "native_plugins" / name / f"{name}.so"
    if not path.exists():
        raise FileNotFoundError(f"{path} is not built; run tools/build")
    return str(path)


class Programs:
    """The compiled programs, in a folder of the caller's."""

    def __init__(self, folder: Path) -> None:
        """Compiles all of them. Raises: CalledProcessError, with what the compiler said on stderr."""
        self._folder = folder
        for name, linked in PROGRAMS.items():
            sources = [str(SOURCES / f"{name}.c"), *(str(ROOT / path) for path in linked)]
            includes = [f"-I{path}" for path in INCLUDES]
            subprocess.run(["gcc", *FLAGS, *includes, *sources, "-o", str(folder / name), "-ldl"], check=True)

    def command(self, name: str, *arguments: object) -> list[str]:
        return [str(self._folder / name), *(str(argument) for argument in arguments)]

    def run(self, name: str, *arguments: object, fds: Sequence[int] = (), session: bool = False) -> list[int]:
        """Runs one to its end, in a ``session`` of its own if wished. Raises: CalledProcessError, TimeoutExpired."""
        done = subprocess.run(
            self.command(name, *arguments),
            pass_fds=fds,
            stdout=subprocess.PIPE,
            timeout=RUN_TIMEOUT_S,
            check=True,
            start_new_session=session,
        )
        return numbers(done.stdout)
