"""The real command in a place of its own, and a look behind it: no process, no half-written file may be left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from host.settings import Limits, OutputSettings, PipelineSizes
from tests.support.patient import PATIENT

ROOT = Path(__file__).resolve().parents[2]
MARK = "STELLATUNE_TEST_RUN"
KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "STELLATUNE_SHM")


@dataclass(frozen=True)
class Outcome:
    """One finished command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def errors(self) -> list[str]:
        """The lines that are errors."""
        return [line for line in self.err.splitlines() if line.startswith("stellatune: error:")]


class Started(subprocess.Popen[str]):
    """A command under way. When its block fails it is killed, lest the failure waits for the end of an endless play."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)


@dataclass
class Stellatune:
    """Runs the command with directories of its own, ``limits``, ``sizes`` and ``output``; ``runs`` counts."""

    place: Path
    limits: Limits = PATIENT
    sizes: PipelineSizes = field(default_factory=PipelineSizes)
    output: OutputSettings = field(default_factory=OutputSettings)
    runs: int = 0
    marks: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """A clean one, marked, so that whatever inherits it can be found."""
        self.marks.append(uuid.uuid4().hex)
        home = self.place / "home"
        config = home / "config" / "stellatune" / "config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        sections = {"limits": asdict(self.limits), "pipeline": asdict(self.sizes), "output": asdict(self.output)}
        lines = (
            line
            for name, of in sections.items()
            for line in (f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in of.items()))
        )
        config.write_text("\n".join(lines))
        kept = {
            name: os.environ[name]
            for name in ("PATH", "LANG", "LD_LIBRARY_PATH", "STELLATUNE_SHM")
            if name in os.environ
        }
        xdg = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "STATE", "DATA", "CACHE")}
        (home / "run").mkdir(mode=0o700, exist_ok=True)
        xdg["XDG_RUNTIME_DIR"] = str(home / "run")
        return {**kept, **xdg, "HOME": str(home), "PYTHONPATH": str(ROOT), MARK: self.marks[-1]}

    def start(self, *arguments: str | Path, **environment: str) -> Started:
        """Starts the command; the caller waits for it."""
        self.runs += 1
        return Started(
            [sys.executable, "-m", "host", *map(str, arguments)],
            cwd=self.place,
            env={**self.environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str | Path, **environment: str) -> Outcome:
        """Runs the command to its end and looks for what it left."""
        with self.start(*arguments, **environment) as process:
            out, err = process.communicate(timeout=120)
        self.expect_nothing_left()
        return Outcome(process.returncode, out, err)

    def ok(self, *arguments: str | Path, **environment: str) -> Outcome:
        """The same, and it must succeed."""
        outcome = self(*arguments, **environment)
        assert outcome.code == 0, outcome.err
        return outcome

    def expect_nothing_left(self) -> None:
        """No process of any run so far, no temporary file."""
        wanted = [f"{MARK}={mark}".encode() for mark in self.marks]
        left = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                try:
                    variables = (folder / "environ").read_bytes().split(b"\0")
                except OSError:
                    continue
                if any(mark in variables for mark in wanted):
                    left.append((folder.name, (folder / "cmdline").read_bytes()))
        assert not left, f"processes are left: {left}"
        parts = [str(path) for path in self.place.rglob("*.part")]
        assert not parts, f"half-written files are left: {parts}"


def wait_until_it_plays(process: subprocess.Popen[str]) -> None:
    """Reads stderr up to the first progress line."""
    assert process.stderr is not None
    assert any(line.startswith("> ") for line in process.stderr), "it never played"


@pytest.fixture
def stellatune(tmp_path: Path) -> Iterator[Stellatune]:
    """The command; a test that never ran it proves nothing."""
    command = Stellatune(tmp_path)
    yield command
    assert command.runs > 0


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Real audio that lies beside the repository on the project's machine."""
    found = ROOT.parent / "shared" / "corpora"
    if not found.is_dir():
        pytest.skip("../shared/corpora is not here")
    return found
