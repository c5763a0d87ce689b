"""``stellatune library scan`` and ``watch``: a process of its own that reads what is new, behind whatever plays."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import click

from host.app import scan_host
from host.cli.completing import files
from host.cli.config import paths_of, settings_of
from host.cli.console import Console
from host.cli.exits import Exit
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.library_open import tidy
from host.cli.library_words import NO_ROOTS
from host.cli.params import file_path, parsed
from host.cli.scan_progress import ScanProgress
from host.errors import LibraryBusy
from host.library import Store, cover_folder, database_file
from host.library.scans import POLL_S, Scanning, Tally, Watch
from host.patience import off_loop
from host.supervise import step_back

__all__ = ["scan", "watch"]

OPEN_S = 60.0
SCHEMA = "stellatune.library-scan/1"
WATCH_SCHEMA = "stellatune.library-watch/1"
#: Between two tries of a host's own watch, while another scan is at work.
TAKEN_S = 5.0


@click.command()
@click.option("--full", is_flag=True, help="Read unchanged files, too.")
@click.argument("folders", metavar="[DIR]...", type=parsed("DIR", file_path), nargs=-1, shell_complete=files)
@click.pass_obj
def scan(console: Console, full: bool, folders: tuple[Path, ...]) -> int:
    """Read what is new or changed in the roots, or in some folders of them."""
    step_back()
    wanted = [Path(os.path.normpath(folder.absolute())) for folder in folders]

    async def work(_interrupts: Interrupts) -> int:
        began_s = time.monotonic()
        async with scanning_shown(console) as scanning:
            try:
                tally = await scanning.run(wanted, full=full)
            except asyncio.CancelledError:
                if scanning.scan is not None:
                    tell(console, scanning.scan.progress(), time.monotonic() - began_s, complete=False)
                raise
            if not wanted and not await off_loop(scanning.store.roots, OPEN_S):
                console.note(NO_ROOTS)
        tell(console, tally, time.monotonic() - began_s, complete=True)
        return exit_of(tally)

    return run_interruptible(work)


@click.command()
@click.option(
    "--poll",
    "poll_s",
    metavar="[SECONDS]",
    type=click.FloatRange(min=1),
    is_flag=False,
    flag_value=POLL_S,
    help="Look at all roots this often instead of being told of changes; shares of other machines always are.",
)
@click.option("--attached", is_flag=True, help="End when the standard input ends.")
@click.pass_obj
def watch(console: Console, poll_s: float | None, attached: bool) -> int:
    """Scan, then keep the library as its roots are, until it is ended."""
    step_back()

    async def work(interrupts: Interrupts) -> int:
        if attached:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _input_came, interrupts)

        def told(tally: Tally) -> None:
            if console.json:
                console.line(WATCH_SCHEMA, asdict(tally))
            elif tally.changes:
                console.result(summary(tally))

        while True:
            try:
                async with scanning_shown(console) as scanning:
                    await Watch(scanning, told, console.warn, poll_s).run()
                return Exit.DONE
            except LibraryBusy:  # a scan that somebody began before the host
                if not attached:
                    raise
                await asyncio.sleep(TAKEN_S)

    return run_interruptible(work)


def _input_came(interrupts: Interrupts) -> None:
    """Whatever is said there is nothing to a watch, but for the end."""
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        interrupts.stop()


@asynccontextmanager
async def scanning_shown(console: Console) -> AsyncIterator[Scanning]:
    """What scans, with its progress shown. Raises: LibraryBusy: another process scans; LibraryError."""
    paths = paths_of(console)
    settings = settings_of(console, paths)
    scanning: Scanning | None = None
    progress = ScanProgress(console, lambda: None if scanning is None else scanning.progress())
    async with scan_host(settings, paths) as host:
        for problem in host.discovery.problems:
            console.warn(str(problem.error))
        store = await off_loop(lambda: Store.open(database_file(settings.library, paths)), OPEN_S, discard=Store.close)
        with store:
            if store.database.notice:
                console.warn(store.database.notice)
            covers = cover_folder(settings.library, store.database.path)
            made = Scanning(
                store,
                covers,
                host.runtime,
                host.bus,
                host.config_of,
                progress.warn,
                host.at_work,
            )
            async with made as scanning, progress.shown():
                yield scanning
            if scanning.scan is not None and (tally := scanning.scan.progress()).changed + tally.removed:
                await off_loop(lambda: tidy(store, covers), OPEN_S)


def tell(console: Console, tally: Tally, wall_s: float, *, complete: bool) -> None:
    """What a scan did."""
    if console.json:
        files_per_s = round(tally.read / wall_s, 1) if wall_s > 0 else 0.0
        told = {**asdict(tally), "wall_s": round(wall_s, 3), "files_per_s": files_per_s, "complete": complete}
        console.document(SCHEMA, told)
        return
    rate = f", {tally.read / wall_s:.0f} files/s" if tally.read and wall_s > 0 else ""
    console.result(f"{'' if complete else 'interrupted: '}{summary(tally)} in {wall_s:.1f} s{rate}")
    if tally.problems or tally.known_problems:
        console.note("`stellatune library problems` names the files")


def summary(tally: Tally) -> str:
    """Its counts in words."""
    return ", ".join(
        f"{count} {word}"
        for word, count in (
            ("added", tally.added),
            ("changed", tally.changed),
            ("moved", tally.moved),
            ("removed", tally.removed),
            ("unchanged", tally.unchanged),
            ("with new problems", tally.problems),
            ("with known problems", tally.known_problems),
            ("left for the next scan", tally.left),
        )
        if count or word in ("added", "unchanged")
    )


def exit_of(tally: Tally) -> int:
    """10 when problems were found, 6 when some files could not be read now, else 0."""
    if tally.problems:
        return Exit.PROBLEMS_FOUND
    return Exit.PARTLY_PLAYED if tally.left else Exit.DONE
