"""Where the host reads and writes."""

from __future__ import annotations

import warnings
from pathlib import Path

import platformdirs

from host.records import record

__all__ = ["Paths"]


@record
class Paths:
    """Where the host reads and writes, after the XDG base directory rules."""

    config_file: Path
    state_dir: Path
    data_dir: Path
    cache_dir: Path
    runtime_dir: Path

    @property
    def log_file(self) -> Path:
        """Where a host that answers commands writes down what happens."""
        return self.state_dir / "stellatune.log"

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
