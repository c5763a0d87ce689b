"""``stellatune plugins top``: what every worker does and costs, again and again."""

from __future__ import annotations

import time

import click

from host.cli.console import Console, plain
from host.cli.rejoining import answers
from host.cli.screen import screen
from host.cli.top_rows import rows_between, table
from host.jsontext import JsonObject

__all__ = ["INTERVAL", "top"]

TOP_SCHEMA = "stellatune.plugins-top/1"
INTERVAL = click.FloatRange(0.1, 30)


@click.command()
@click.option("--interval", "interval_s", metavar="S", type=INTERVAL, default=1.0, show_default=True)
@click.option("--once", is_flag=True, help="One table, of the first interval.")
@click.pass_obj
def top(console: Console, interval_s: float, once: bool) -> int:
    """What every plugin's worker does and costs.

    \b
    S      R moves audio, W waits, I nothing lives in it, S starts, D drains
    WAIT   of the time of one block, what was not spent in the plugin
    BUSY   in one call of the plugin that moves audio
    W/Q    both, as shares of that time
    B/Q
    RST    restarts after faults
    """
    before: JsonObject | None = None
    with screen(console) as show:
        for found in answers(console, "plugins.top", interval_s):
            if found is not None and before is not None:
                rows = rows_between(before, found)
                if console.json:
                    console.line(TOP_SCHEMA, {"time": round(time.time(), 3), "rows": [row.facts for row in rows]})
                else:
                    show([*map(plain, table(rows)), ""])
                if once:
                    return 0
            before = found
    return 0
