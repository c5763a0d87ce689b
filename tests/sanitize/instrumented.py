"""A copy of the whole tree with the address and undefined behaviour sanitizers in its C, and a Python to run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.sanitize.sources import PATCHES, Planted, copy_sources, patch
from tests.support.patient import PATIENT

__all__ = ["Instrumented"]

LAUNCHER = Path(__file__).resolve().parent / "csrc/python.c"
SANITIZERS = "-fsanitize=address,undefined,float-cast-overflow,bounds-strict"
CFLAGS = f"{SANITIZERS} -fno-sanitize-recover=all -fno-omit-frame-pointer -g"
#: For commands in which nobody falls by intention: what the worker's own handler would keep for the host is a report.
NO_HANDLERS = ":".join(f"handle_{signal}=2" for signal in ("segv", "sigbus", "sigfpe", "sigill", "abort"))
TIMEOUT_S = 1800.0
_BUILD = ("-W", "ignore", "setup.py", "-q", "build_ext", "--inplace", "--parallel", "2")


class Instrumented:
    """In a folder of the caller's: ``tree``, ``python``, a ``place`` to run in, reports and marks."""

    def __init__(self, folder: Path) -> None:
        """Builds it. Raises: CalledProcessError, with what the compiler or git said on stderr."""
        self.tree = copy_sources(folder / "tree")
        self.place = folder / "place"
        self._marks = folder / "workers"  # where patches/count-workers.patch makes them
        self._reports = folder / "reports"
        for each in (self.place, self._reports):
            each.mkdir()
        self.python = self._make_python(folder / "venv")
        patch(self.tree, PATCHES / "count-workers.patch")
        self.build()
        self._configure()

    def build(self) -> None:
        """Compiles what is not compiled as it is now."""
        environment = {**os.environ, "PYTHONPATH": str(self.tree), "CFLAGS": CFLAGS, "LDFLAGS": SANITIZERS}
        subprocess.run([self.python, *_BUILD], cwd=self.tree, env=environment, check=True, timeout=TIMEOUT_S)

    def plant(self, bug: Planted) -> None:
        """Spoils the copy, for good. Raises: CalledProcessError."""
        patch(self.tree, bug.path)
        self.build()

    def run(self, arguments: Sequence[object], *, falls_are_reports: bool) -> subprocess.CompletedProcess[str]:
        """Runs Python in ``place``; what it says comes back as one text."""
        options = {"ASAN_OPTIONS": NO_HANDLERS} if falls_are_reports else {}
        environment = {**self._home(), **options}
        return self._run(arguments, self.place, environment)

    def test(self, arguments: Sequence[object]) -> subprocess.CompletedProcess[str]:
        """Runs pytest in the tree, where workers may fall by intention."""
        command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)
        return self._run(command, self.tree, {**os.environ, **self._home()})

    def take_reports(self) -> list[str]:
        """What the sanitizers found since the last call."""
        found = sorted(self._reports.iterdir())
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in found]
        for path in found:
            path.unlink()
        return texts

    def processes(self) -> tuple[int, int, int]:
        """How many Pythons were started, workers among their forks, and workers without the sanitizer."""
        marks = self._marks.read_text(encoding="ascii") if self._marks.exists() else ""
        return marks.count("p"), marks.count("."), marks.count("-")

    def _make_python(self, venv: Path) -> Path:
        """A virtual environment with the packages of ours."""
        python = venv / "bin/python"
        python.parent.mkdir(parents=True)
        ours = Path(sys.prefix)
        shutil.copy(ours / "pyvenv.cfg", venv)
        for name in ("lib", "lib64"):
            if (ours / name).exists():
                (venv / name).symlink_to((ours / name).resolve())
        libraries = sysconfig.get_config_var("LIBDIR")
        version = sysconfig.get_config_var("LDVERSION")
        places = (f'-DREPORTS="{self._reports / "report"}"', f'-DMARKS="{self._marks}"')
        command = ["gcc", "-Wall", "-Wextra", "-Werror", *CFLAGS.split(), *places]
        command += [f"-I{sysconfig.get_path('include')}", str(LAUNCHER), "-o", str(python), "-rdynamic"]
        command += [f"-L{libraries}", f"-Wl,-rpath,{libraries}", f"-lpython{version}", "-ldl", "-lm"]
        subprocess.run(command, check=True)
        return python

    def _home(self) -> dict[str, str]:
        home = self.place / "home"
        folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "STATE", "DATA", "CACHE")}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(self.tree),
            "XDG_RUNTIME_DIR": str(home / "run"),
            **folders,
        }

    def _configure(self) -> None:
        """Limits that nobody exceeds who is merely slow."""
        home = self.place / "home"
        config = home / "config/stellatune/config.toml"
        config.parent.mkdir(parents=True)
        (home / "run").mkdir(mode=0o700)
        lines = (f"{name} = {value}" for name, value in asdict(PATIENT).items())
        config.write_text("\n".join(("[limits]", *lines)), encoding="utf-8")

    def _run(
        self, arguments: Sequence[object], place: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.python), *map(str, arguments)],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
