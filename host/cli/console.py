"""Where words go: results to stdout, the rest to stderr; colour only where it is wanted and can be seen."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TextIO

import click

from host.errors import StellaError
from host.records import record

__all__ = ["Console", "plain"]

JsonValue = object


def plain(text: str) -> str:
    """Text of files and plugins without control characters: a terminal must not obey a tag or a log line."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _json(value: JsonValue, indent: int | None = None) -> str:
    """JSON in UTF-8 for sure: a file's name may hold bytes that are none."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace").decode("utf-8")


@record
class Console:
    """The global options, and how to speak under them.

    With JSON, stderr holds the one error object or nothing (but for what ``-v`` asks for): ``warnings`` are kept, and
    go into the document or the details of the error.
    """

    config_file: Path | None = None
    json: bool = False
    color: str = "auto"
    verbosity: int = 0
    socket: Path | None = None
    log_file: Path | None = None
    warnings: list[str] = field(default_factory=list)

    def colored(self, stream: TextIO) -> bool:
        """Whether to colour what goes to ``stream``."""
        if self.color != "auto":
            return self.color == "always"
        return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def draws(self) -> bool:
        """Whether lines may be redrawn: a terminal on stderr, and not asked to be quiet."""
        return self.verbosity >= 0 and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def result(self, text: str) -> None:
        """One line of the result."""
        click.echo(text, color=self.colored(sys.stdout))

    def document(self, schema: str, members: Mapping[str, JsonValue]) -> None:
        """The one JSON document of a command."""
        told = {"warnings": self.warnings} if self.warnings else {}
        click.echo(_json({"schema": schema, **members, **told}, indent=2))

    def line(self, schema: str, members: Mapping[str, JsonValue]) -> None:
        """One JSON object of a stream, in one line."""
        click.echo(_json({"schema": schema, **members}))

    def note(self, text: str, level: int = 0) -> None:
        """A line for people about what goes on; ``level`` 1 needs ``-v``."""
        if self.verbosity >= level and not (self.json and level == 0):
            self._tell(text)

    def warn(self, text: str) -> None:
        """Something is not as it should be, and the work goes on."""
        if self.json or self.verbosity >= 0:
            self.failed(text)

    def failed(self, text: str) -> None:
        """Something that was asked for could not be done, and the work goes on: a warning that quiet does not hide."""
        if self.json:
            self.warnings.append(plain(text))
        else:
            self._tell(click.style("warning: ", fg="yellow") + plain(text))

    def _tell(self, text: str) -> None:
        click.echo(text, err=True, color=self.colored(sys.stderr))

    def fail(self, error: StellaError) -> None:
        """The one line, or JSON object, with which a command ends badly."""
        if self.json:
            told = {"warnings": self.warnings} if self.warnings else {}
            details = {**error.details, **told}
            body = {"code": error.code, "message": error.message, "hint": error.remedy, "details": details}
            click.echo(_json({"error": body}), err=True)
            return
        head = click.style("error: ", fg="red", bold=True)
        self._tell(f"stellatune: {head}{plain(str(error))}")
