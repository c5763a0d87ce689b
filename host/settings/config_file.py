"""The configuration file as something that is changed: read, edited and replaced whole, one writer at a time.

Links are followed. Blocking.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path

from host.errors import Usage
from host.jsontext import Json, JsonObject
from host.settings.lines import KeyPath
from host.whole_file import WholeFile

__all__ = ["ConfigFile"]

_CODE = "config_file"


class ConfigFile:
    """One file, which need not exist yet. A file that is not TOML is never changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = WholeFile(Path(os.path.realpath(path)))

    def expect_toml(self) -> None:
        """Raises: Usage when it could not be changed, for it cannot be read or understood."""
        try:
            tomllib.loads(self._text())
        except OSError as error:
            raise self._failure("read", error) from error
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            raise self._broken(str(error)) from error

    def put(self, path: KeyPath, value: Json) -> None:
        """Saves one value.

        Raises:
            ConfigRejected: TOML cannot hold it. Usage: the file cannot be read, understood, changed or written.
        """
        from host.settings.editing import with_value

        self._change(lambda text: with_value(text, path, value))

    def put_members(self, path: KeyPath, members: JsonObject) -> None:
        """Saves a whole table in the place of what it held. Raises as ``put``."""
        from host.settings.editing import with_members

        self._change(lambda text: with_members(text, path, members))

    def remove(self, path: KeyPath) -> bool:
        """Takes out a value or a table; whether there was one. Raises as ``put``."""
        from host.settings.editing import without

        return self._change(lambda text: without(text, path))

    def _change(self, edit: Callable[[str], str]) -> bool:
        try:
            with self._file.locked():
                before = self._text()
                after = edit(before)
                if after != before:
                    self._file.replace(after.encode("utf-8"))
                return after != before
        except OSError as error:
            raise self._failure("changed", error) from error
        except UnicodeDecodeError as error:
            raise self._broken(str(error)) from error
        except Usage as error:
            raise Usage(f"{self.path}: {error.message}", remedy=error.remedy, code=_CODE) from error

    def _text(self) -> str:
        return (self._file.read() or b"").decode("utf-8")

    def _broken(self, why: str) -> Usage:
        return Usage(f"{self.path}: {why}; it is left as it is", remedy="mend the file first", code=_CODE)

    def _failure(self, verb: str, error: OSError) -> Usage:
        reason = "somebody else is changing it" if isinstance(error, BlockingIOError) else error.strerror or error
        return Usage(f"{self.path}: cannot be {verb}: {reason}", remedy="look at its folder", code=_CODE)
