"""click types over the pure parsers, and the options that ``play`` and ``render`` share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click

from host.cli.chain_options import FormatOption, parse_channels, parse_crossfade, parse_dsp, parse_output, parse_rate
from host.cli.completing import decoder_types, effect_types, output_types
from host.settings import ReplayGainMode

__all__ = [
    "crossfade_option",
    "decoder_option",
    "dsp_option",
    "file_name",
    "file_path",
    "format_options",
    "output_option",
    "parsed",
    "replay_gain_option",
]

T = TypeVar("T")

RESAMPLERS = ("quick", "low", "medium", "high", "very_high")


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
crossfade_option = click.option(
    "--crossfade",
    "crossfade_s",
    metavar="S",
    type=parsed("S", parse_crossfade),
    help="Fade each track into the next within so many seconds; 0: without a gap. As saved unless given.",
)


def format_options(command: Callable[..., int]) -> Callable[..., int]:
    """The options about rate and channels, which the command gets as one, `formats`."""

    @click.option("--rate", type=parsed("HZ|track|best", parse_rate), help="Of the chain, whatever the tracks have.")
    @click.option("--resampler", type=click.Choice(RESAMPLERS), help="How carefully a rate is converted.")
    @click.option("--channels", type=parsed("N|track|stereo", parse_channels), help="Of the chain.")
    @click.option("--lfe", type=click.Choice(["mute", "mix"]), help="Of a low-frequency channel the chain lacks.")
    @wraps(command)
    def taking(
        *args: object,
        rate: int | str | None,
        resampler: str | None,
        channels: int | str | None,
        lfe: str | None,
        **others: object,
    ) -> int:
        return command(*args, formats=FormatOption(rate, resampler, channels, lfe), **others)

    return taking
