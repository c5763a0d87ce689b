"""click types over the pure parsers, and the options that ``play`` and ``render`` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from host.cli.chain_options import parse_dsp, parse_output
from host.cli.completing import decoder_types, effect_types, output_types
from host.settings import ReplayGainMode

__all__ = ["decoder_option", "dsp_option", "file_name", "file_path", "output_option", "parsed", "replay_gain_option"]

T = TypeVar("T")


def parsed(name: str, parse: Callable[[str], T]) -> Callable[[str], T]:
    """A click type from a function that raises ValueError with a text for people; ``name`` is shown in the help."""

    def convert(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    convert.__name__ = name
    return convert


def file_name(text: str) -> str:
    """What may name a file. Raises: ValueError when it is nothing at all."""
    if not text:
        raise ValueError("the name is empty; is it a variable that is not set?")
    return text


def file_path(text: str) -> Path:
    """The same, as a path."""
    return Path(file_name(text))


dsp_option = click.option(
    "--dsp",
    "dsps",
    type=parsed("[NAME=]TYPE[:JSON]", parse_dsp),
    multiple=True,
    shell_complete=effect_types,
    help='An effect, such as gain:{"gain_db": -3}; again for more, in order.',
)
output_option = click.option(
    "--output",
    type=parsed("TYPE[:TARGET]", parse_output),
    default="system",
    show_default=True,
    help="Where to: system[:DEVICE], null, file:PATH.",
    shell_complete=output_types,
)
decoder_option = click.option(
    "--decoder", metavar="TYPE", help="This decoder, whatever the scores say.", shell_complete=decoder_types
)
replay_gain_option = click.option(
    "--replaygain",
    "replay_gain",
    type=click.Choice([*map(str, ReplayGainMode)]),
    callback=lambda _context, _option, word: word and ReplayGainMode(word),
    help="Make tracks as loud as their tags ask for; as set in [replaygain] unless given.",
)
