"""What can be set: sizes of the pipeline, limits of calls, and where files live.

Read from a TOML file with the sections `[pipeline]` and `[limits]`. A broken file, section or value is named in
`problems` and left at its default: it never stops the host from starting.
"""

from __future__ import annotations

import tomllib
import warnings
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar

import platformdirs

__all__ = ["Limits", "Paths", "PipelineSizes", "Settings", "load_settings"]


def _range(default: int, low: int, high: int) -> int:
    """A field with its default and the range a user may choose from."""
    made: int = field(default=default, metadata={"low": low, "high": high})
    return made


@dataclass(frozen=True, slots=True)
class PipelineSizes:
    """How much is held where. Rings other than the decode ring use `ring_ahead_ms`.

    `checkpoint_kib`: longest state of an effect that is kept for the case that its worker dies.
    """

    block_frames: int = _range(512, 32, 8192)
    decode_ahead_ms: int = _range(2000, 50, 60_000)
    ring_ahead_ms: int = _range(200, 20, 10_000)
    history_ms: int = _range(1000, 20, 10_000)
    checkpoint_kib: int = _range(256, 1, 16_384)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each call may take. `process_ms` is an upper bound: the limit is min(20 blocks, process_ms).

    `flush_ms` comes on top of what is still to be played out, or written. `cancel_ms` is how long a call that was told
    to give up may go on. A worker with live instances that leaves
    `heartbeat_misses` questions unanswered, one every `heartbeat_ms`, is ended.
    """

    handshake_ms: int = _range(2000, 100, 600_000)
    load_ms: int = _range(5000, 100, 600_000)
    create_ms: int = _range(5000, 100, 600_000)
    open_ms: int = _range(5000, 100, 600_000)
    seek_ms: int = _range(2000, 100, 600_000)
    read_ms: int = _range(1000, 50, 600_000)
    process_ms: int = _range(250, 10, 60_000)
    update_ms: int = _range(1000, 50, 600_000)
    source_ms: int = _range(30_000, 100, 600_000)
    lyrics_ms: int = _range(30_000, 100, 600_000)
    cancel_ms: int = _range(1000, 50, 600_000)
    destroy_ms: int = _range(500, 50, 600_000)
    negotiate_ms: int = _range(5000, 100, 600_000)
    first_write_ms: int = _range(2000, 50, 600_000)
    write_ms: int = _range(1000, 50, 600_000)
    query_ms: int = _range(500, 50, 600_000)
    flush_ms: int = _range(2000, 50, 600_000)
    drain_ms: int = _range(2000, 0, 600_000)
    shutdown_ms: int = _range(1000, 50, 600_000)
    terminate_ms: int = _range(300, 0, 60_000)
    heartbeat_ms: int = _range(500, 100, 60_000)
    heartbeat_misses: int = _range(3, 1, 100)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the host reads and writes, after the XDG base directory rules."""

    config_file: Path
    state_dir: Path
    data_dir: Path
    cache_dir: Path
    runtime_dir: Path

    @property
    def plugins_dir(self) -> Path:
        """Where plugins that the user installed live."""
        return self.data_dir / "plugins"

    @staticmethod
    def of_user() -> Paths:
        """The paths of the user this process runs as."""
        dirs = platformdirs.PlatformDirs("stellatune", appauthor=False)
        with warnings.catch_warnings():
            # Without XDG_RUNTIME_DIR it falls back to a folder for temporary files, which is what we want, and warns.
            warnings.simplefilter("ignore")
            runtime_dir = dirs.user_runtime_path
        return Paths(
            config_file=dirs.user_config_path / "config.toml",
            state_dir=dirs.user_state_path,
            data_dir=dirs.user_data_path,
            cache_dir=dirs.user_cache_path,
            runtime_dir=runtime_dir,
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, and what was wrong in the file they came from (one line each)."""

    pipeline: PipelineSizes = PipelineSizes()
    limits: Limits = Limits()
    problems: tuple[str, ...] = ()


Section = TypeVar("Section", PipelineSizes, Limits)


def _read_section(defaults: Section, name: str, table: object, problems: list[str]) -> Section:
    if not isinstance(table, dict):
        problems.append(f"[{name}] must be a table; it is ignored")
        return defaults
    known = {each.name: each for each in fields(defaults)}
    chosen: dict[str, int] = {}
    for key, value in table.items():
        if key not in known:
            problems.append(f"[{name}] {key} is unknown and ignored; known are {', '.join(known)}")
            continue
        low, high = known[key].metadata["low"], known[key].metadata["high"]
        if type(value) is not int or not low <= value <= high:
            problems.append(f"[{name}] {key} = {value!r} is ignored: it must be a whole number from {low} to {high}")
            continue
        chosen[key] = value
    return replace(defaults, **chosen)


def load_settings(path: Path, *, required: bool = False) -> Settings:
    """Reads the file; an absent one gives the defaults, and a problem only when it was asked for (`required`)."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings(problems=(f"{path}: no such file; the defaults are used",)) if required else Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Settings(problems=(f"{path}: {error}; the defaults are used",))
    problems: list[str] = []
    pipeline = _read_section(PipelineSizes(), "pipeline", document.pop("pipeline", {}), problems)
    limits = _read_section(Limits(), "limits", document.pop("limits", {}), problems)
    problems.extend(f"[{name}] is unknown and ignored; known are pipeline, limits" for name in document)
    return Settings(pipeline, limits, tuple(f"{path}: {problem}" for problem in problems))
