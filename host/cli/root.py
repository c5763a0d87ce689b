"""The command itself: global options, commands loaded by name, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from host.cli.console import Console
from host.cli.exits import Exit
from host.cli.lazy_commands import LazyCommands
from host.errors import StellaError, Usage
from host.version import VERSION

__all__ = ["run", "stellatune"]

#: As ``LazyCommands`` takes them.
COMMANDS = {
    "play": ("host.cli.play", "play", "Play files, directories and playlists."),
    "render": ("host.cli.render", "render", "Write what would be heard into a file, as fast as it goes."),
    "serve": ("host.cli.serve", "serve", "Run a host that plays its queue and answers commands."),
    "stop": ("host.cli.transport", "stop", "End the music."),
    "pause": ("host.cli.transport", "pause", "Stand still."),
    "resume": ("host.cli.transport", "resume", "Go on."),
    "toggle": ("host.cli.transport", "toggle", "Pause or play."),
    "next": ("host.cli.transport", "following", "To the next track."),
    "prev": ("host.cli.transport", "previous", "To the begin of this track, or to the one before."),
    "seek": ("host.cli.transport", "seek", "To another place of the track."),
    "volume": ("host.cli.transport", "volume", "How loud."),
    "quit": ("host.cli.quit", "leave", "End the running host."),
    "status": ("host.cli.status", "status", "What the running host does."),
    "events": ("host.cli.events", "events", "What happens in the running host, as JSON lines."),
    "queue": ("host.cli.queue", "queue", "What is to be played, and in which order."),
    "dsp": ("host.cli.dsp", "dsp", "The effects of what plays, and live changes of the chain."),
    "plugins": ("host.cli.plugins", "plugins", "What is installed, what lives, and what to do about it."),
    "library": ("host.cli.library", "library", "The music that is there: scanned, searched, arranged."),
    "sources": ("host.cli.sources", "sources", "Where music can come from."),
    "lyrics": ("host.cli.lyrics", "lyrics", "The words of a track."),
    "outputs": ("host.cli.outputs", "outputs", "Where sound can go."),
    "config": ("host.cli.config_commands", "config", "What is set, from where, and what could be."),
    "tui": ("host.tui.command", "tui", "All of it on one screen, with keys."),
    "doctor": ("host.cli.doctor", "doctor", "Look whether all that is needed is there."),
    "paths": ("host.cli.paths", "paths", "Where files are read and written."),
    "completion": ("host.cli.completion", "completion", "What bash, zsh or fish need to complete this command."),
    "demo": ("host.cli.demo", "demo", "Make a short tune and play it through workers."),
}
#: Set by the scripts of `completion` when a shell asks.
COMPLETE_VARIABLE = "_STELLATUNE_COMPLETE"
CONFIG = click.Path(exists=True, dir_okay=False, path_type=Path)
SOCKET = click.Path(path_type=Path)
LOG_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=LazyCommands, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "config_file", type=CONFIG, help="Read this file instead of config.toml.")
@click.option("--socket", type=SOCKET, help="The control socket, instead of the one in the runtime directory.")
@click.option("--log-file", type=LOG_FILE, help="Where a host that answers commands writes its log.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, errors as JSON on stderr.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Only errors.")
@click.option("-v", "--verbose", count=True, help="More; twice for everything.")
@click.version_option(VERSION, prog_name="stellatune", message="%(prog)s %(version)s")
@click.pass_context
def stellatune(
    ctx: click.Context,
    config_file: Path | None,
    socket: Path | None,
    log_file: Path | None,
    as_json: bool,
    color: str,
    quiet: bool,
    verbose: int,
) -> None:
    """A music player that no plugin can bring down: every plugin lives in a worker process of its own."""
    ctx.obj = Console(
        config_file and config_file.absolute(),
        as_json,
        color,
        -1 if quiet else verbose,
        socket and socket.absolute(),
        log_file and log_file.absolute(),
    )


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and gives the exit code. Nothing is raised."""
    console = Console(json="--json" in arguments)
    if asked := os.environ.get(COMPLETE_VARIABLE):
        from host.cli.completing import answer_shell

        return answer_shell(stellatune, COMPLETE_VARIABLE, asked)
    try:
        with stellatune.make_context("stellatune", list(arguments)) as ctx:
            try:
                outcome = stellatune.invoke(ctx)
            finally:
                console = ctx.obj if isinstance(ctx.obj, Console) else console
            sys.stdout.flush()
            return outcome if isinstance(outcome, int) else Exit.DONE
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        if console.json:
            path = error.ctx.command_path
            console.fail(Usage(f"{path}: a command is missing", remedy=f"see `{path} --help`"))
        else:
            click.echo(error.format_message(), err=True)
        return Exit.USAGE
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "stellatune"
        console.fail(Usage(error.format_message().replace("\n", " ").rstrip("."), remedy=f"see `{path} --help`"))
        return Exit.USAGE
    except click.ClickException as error:
        console.fail(Usage(error.format_message()))
        return Exit.USAGE
    except StellaError as error:
        console.fail(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the exit must not flush into the pipe again
        return Exit.UNEXPECTED
    except Exception as error:  # noqa: BLE001  # the outermost edge: a bug becomes a line and exit code 1
        console.fail(
            StellaError(f"unexpected: {type(error).__name__}: {error}", remedy="please report this; -vv shows where")
        )
        if "-vv" in arguments:
            import traceback  # a command that works does without

            traceback.print_exception(error)
        return Exit.UNEXPECTED
