"""``stellatune completion``: what a shell needs to complete commands, options and names."""

from __future__ import annotations

import click

from host.cli.completing import script
from host.cli.console import Console
from host.cli.root import COMPLETE_VARIABLE

__all__ = ["completion"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """The script that a shell reads to complete this command.

    \b
    bash   eval "$(stellatune completion bash)"          in ~/.bashrc
    zsh    eval "$(stellatune completion zsh)"           in ~/.zshrc
    fish   stellatune completion fish | source           in ~/.config/fish/config.fish
    """
    text = script(ctx.find_root().command, shell, COMPLETE_VARIABLE)
    console = ctx.obj
    assert isinstance(console, Console)
    if console.json:
        console.document("stellatune.completion/1", {"shell": shell, "script": text})
    else:
        console.result(text)
    return 0
