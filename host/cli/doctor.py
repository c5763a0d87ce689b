"""``stellatune doctor``: looks whether all that is needed is there, and says what to do about what is not."""

from __future__ import annotations

from dataclasses import replace

import click

from host.cli.checkup import Finding, State, checkup
from host.cli.config import paths_of, settings_of
from host.cli.console import Console, plain
from host.cli.exits import Exit
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.outputs import device_finding
from host.cli.session import application

__all__ = ["doctor"]

MARKS = {State.GOOD: ("ok", "green"), State.WARNING: ("warning", "yellow"), State.MISSING: ("missing", "red")}


@click.command()
@click.pass_obj
def doctor(console: Console) -> int:
    """Look whether all that is needed is there."""
    places = paths_of(console)
    quiet = replace(console, verbosity=-1, warnings=[])  # what is wrong becomes a finding
    findings = [*checkup(places, settings_of(quiet, places))]

    async def work(_interrupts: Interrupts) -> int:
        async with application(quiet) as app:
            findings.append(await device_finding(app))
        return Exit.DONE

    interrupted = run_interruptible(work)
    if interrupted:
        return interrupted
    healthy = all(finding.state is not State.MISSING for finding in findings)
    if console.json:
        rows = [
            {"check": each.check, "state": each.state.value, "text": each.text, "remedy": each.remedy}
            for each in findings
        ]
        console.document("stellatune.doctor/1", {"healthy": healthy, "findings": rows})
    else:
        for finding in findings:
            _show(console, finding)
    return Exit.DONE if healthy else Exit.PROBLEMS_FOUND


def _show(console: Console, finding: Finding) -> None:
    word, color = MARKS[finding.state]
    remedy = f" ({finding.remedy})" if finding.remedy and finding.state is not State.GOOD else ""
    console.result(f"{click.style(f'{word:8}', fg=color)} {finding.check:12} {plain(finding.text)}{plain(remedy)}")
