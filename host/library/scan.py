"""One scan: what the walk finds goes to the decoders, what they tell goes into the library, and who dies is blamed.

The loop's thread. Files fly in batches, each batch noted in the journal before it flies. A worker that dies makes
suspects of all that flew in it; these fly alone until one kills its worker as the first thing that this worker read.
The scan goes on in any case: without the file, or without the plugin.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from host.capabilities import Candidate, FileToScan, Refusal, Scanned
from host.errors import MediaError, PackageError, PluginRefused, StellaError, Supervised
from host.events import EventBus, PluginFault
from host.ids import Generation, PluginId, TypeId
from host.library.board import Batch, Board, Job
from host.library.budget import DeathBudget
from host.library.changes import Changes, Fresh, Gone
from host.library.facts import FileStamp, Problem, ProblemKind, Track, duration_ms_of
from host.library.findings import Findings
from host.library.journal import Flight, Journal
from host.library.ledger import Ledger
from host.library.opening import close_all, open_all
from host.library.scanners import ScannerPool
from host.library.tally import Tally
from host.library.troubles import Troubles, with_others
from host.media import read_tags
from host.patience import Hands
from host.records import record
from host.runtime import Instance
from host.supervise import Cause
from host.where import extension_of, label_of

__all__ = ["Scan", "ScanParts"]

OPEN_S = 30.0
#: Of a file that flew alone: then it is the file, whoever ended the worker.
_MOST_LOST = 3
#: Of a plugin that dies before it has read anything.
_MOST_FAILED_STARTS = 3
#: Full batches are worth waiting for, unless the walk is slow.
_PATIENCE_S = 0.02
#: Longer than SIGKILL takes, unless the process cannot be killed.
_DYING_S = 5.0


@record
class ScanParts:
    """What a scan works with. ``marks``: what each decoder is; ``readers``: batches that fly at once."""

    bus: EventBus
    pool: ScannerPool
    journal: Journal
    ledger: Ledger
    marks: Mapping[tuple[PluginId, TypeId], str]
    warn: Callable[[str], None]
    readers: int = 2


class Scan:
    """Once."""

    def __init__(self, parts: ScanParts, changes: Changes, troubles: Troubles) -> None:
        self.tally = Tally()
        self._parts = parts
        self.changes = changes
        self._troubles = troubles
        self._board = Board()
        self._hands = Hands()
        self._budget = DeathBudget()
        self._moved_on = asyncio.Condition()
        self._findings: Findings | None = None
        self._exhausted = self._pulling = False
        self._out: set[PluginId] = set()
        self._failed_starts: Counter[PluginId] = Counter()
        self._read_in: Counter[tuple[PluginId, Generation]] = Counter()
        self._faults = parts.bus.subscribe(PluginFault)
        self._causes: dict[tuple[PluginId, Generation], PluginFault] = {}

    async def run(self) -> Tally:
        """To its end. Cancelled, it keeps what it has found out so far.

        Raises: LibraryError: the database cannot be written; it is whole.
        """
        self._findings = Findings(self.changes.all)
        readers = [asyncio.create_task(self._reader(slot)) for slot in range(self._parts.readers)]
        try:
            await asyncio.gather(*readers)
        finally:
            self._findings.stop()
            for reader in readers:
                reader.cancel()
            await asyncio.wait(readers)
            self._faults.close()
            self._hands.close()
            self._count()
            await asyncio.shield(self._parts.ledger.write())
        return self.tally

    def progress(self) -> Tally:
        """How far it is."""
        self._count()
        return self.tally

    def _count(self) -> None:
        self.tally.found = self.changes.found
        self.tally.unchanged = self.changes.unchanged
        self.tally.known_problems = self.changes.still_bad

    # ---- who reads what ----

    async def _reader(self, slot: int) -> None:
        while (batch := await self._next()) is not None:
            try:
                await self._fly(slot, batch)
            finally:
                self._parts.journal.end(slot)
                self._board.landed(batch)
                async with self._moved_on:
                    self._moved_on.notify_all()

    async def _next(self) -> Batch | None:
        walk_is_slow = False
        while True:
            batch = self._board.pick(partial=self._exhausted or walk_is_slow)
            if batch is not None:
                return batch
            if self._exhausted and self._board.idle:
                return None
            if self._exhausted or self._pulling:
                walk_is_slow = not await self._moves_on(None if self._exhausted else _PATIENCE_S)
            else:
                await self._pull()

    async def _moves_on(self, within_s: float | None) -> bool:
        """Waits until something has changed on the board; False when nothing did in time."""
        try:
            async with asyncio.timeout(within_s), self._moved_on:
                await self._moved_on.wait()
        except TimeoutError:
            return False
        return True

    async def _pull(self) -> None:
        """Takes some more of what the walk has found."""
        assert self._findings is not None
        self._pulling = True
        try:
            chunk = await self._findings.next()
        finally:
            self._pulling = False
        self._exhausted = chunk is None
        for finding in chunk or ():
            if isinstance(finding, Fresh):
                job = self._job(finding)
                if not self._troubled(job):
                    self._board.add(job)
                else:
                    await self._place(job)
                continue
            await self._parts.ledger.change(finding)
            self.tally.removed += isinstance(finding, Gone)
            self.tally.moved += not isinstance(finding, Gone)
        async with self._moved_on:
            self._moved_on.notify_all()

    def _job(self, fresh: Fresh) -> Job:
        stamp = FileStamp(fresh.size_bytes, fresh.mtime_ns)
        candidates = tuple(self._troubles.allowed(fresh.path, stamp))
        return Job(fresh.path, stamp, fresh.known, candidates, fresh.side_cover)

    def _troubled(self, job: Job) -> bool:
        """Whether there is more to think about than that it waits for its next decoder, as nearly always."""
        journal = self._parts.journal
        return not job.candidates or bool(self._out or journal.suspected or journal.blamed)

    async def _place(self, job: Job) -> None:
        """To its next decoder; to nobody when there is none left."""
        suspected, blamed = self._parts.journal.suspected, self._parts.journal.blamed
        while job.candidates:
            flight = (_name(job.next_decoder), job.path)
            if job.candidates[0].plugin_id in self._out:
                job.left_out = True
                job.pass_on()
            elif flight in blamed:
                blamed.discard(flight)
                suspected.discard(flight)
                await self._blame(job, ProblemKind.CRASHED, "the whole scan ended while it was read alone")
            elif flight in suspected:
                suspected.discard(flight)
                self._board.suspect([job])
                return
            else:
                self._board.add(job)
                return
        await self._nobody_reads(job)

    # ---- one batch ----

    async def _fly(self, slot: int, batch: Batch) -> None:
        plugin_id, type_id = batch.decoder
        try:
            scanner = await self._parts.pool.take(plugin_id, type_id)
        except (StellaError, OSError) as error:
            await self._cannot_start(batch, error)
            return
        files: list[tuple[Job, int]] = []
        try:
            files = await self._opened(slot, batch)
            if files:
                told = await scanner.scan([_to_scan(job.path, fd) for job, fd in files])
                self._failed_starts.pop(plugin_id, None)
                self._read_in[plugin_id, scanner.instance.generation] += len(told)
                self._budget.read(plugin_id, len(told))
                self._board.put_back([job for job, _ in files[len(told) :]])
                for (job, _), answer in zip(files, told, strict=False):
                    await self._answered(job, answer)
        except asyncio.CancelledError:
            scanner.instance.worker.terminate("the scan ends")  # nobody waits for its answer any more
            raise
        except Supervised as error:
            await self._died(batch, [job for job, _ in files], scanner.instance, error)
        finally:
            close_all([fd for _, fd in files])
            self._parts.pool.give_back(scanner)

    async def _opened(self, slot: int, batch: Batch) -> list[tuple[Job, int]]:
        """Those of its files that can be opened, noted in the journal; the others are done with."""
        flight = Flight(_name(batch.decoder), tuple(job.path for job in batch.jobs), batch.alone)

        def note_and_open() -> list[int | MediaError | None]:
            self._parts.journal.begin(slot, flight)
            return open_all([job.path for job in batch.jobs])

        try:
            found = await self._hands.off_loop(note_and_open, OPEN_S, discard=close_all)
        except TimeoutError:
            self._parts.warn(f"{_label(batch.jobs[0].path)}: its file system gives no answer")
            self.tally.left += len(batch.jobs)
            return []
        try:
            for job, each in zip(batch.jobs, found, strict=True):
                if isinstance(each, MediaError):
                    await self._not_opened(job, each)
        except BaseException:
            close_all(found)
            raise
        return [(job, each) for job, each in zip(batch.jobs, found, strict=True) if isinstance(each, int)]

    async def _not_opened(self, job: Job, error: MediaError) -> None:
        if job.stamp.size_bytes == 0:
            job.refusals.extend((candidate, "the file is empty") for candidate in job.candidates)
            job.candidates = ()
            await self._nobody_reads(job)
        else:
            self._parts.warn(str(error))
            self.tally.left += 1

    async def _answered(self, job: Job, answer: Scanned | Refusal) -> None:
        if isinstance(answer, Refusal):
            job.refusals.append((job.candidates[0], answer.reason))
            job.pass_on()
            await self._place(job)
            return
        opened = answer.opened
        os.sched_yield()  # as the worker does after each file
        track = Track(
            Path(os.fsdecode(job.path)),
            job.stamp,
            _name(job.next_decoder),
            self._parts.marks[job.next_decoder],
            extension_of(os.fsdecode(job.path)) or job.candidates[0].type_id,
            opened.sample_rate_hz,
            opened.channels,
            opened.bits_per_sample,
            duration_ms_of(opened.duration_ms, opened.total_frames, opened.sample_rate_hz),
            read_tags(answer.tags),
            answer.cover_sha256 or None,
        )
        if job.crashed or job.path in self._troubles:
            await self._settle(job)
        await self._parts.ledger.track(track, answer.cover, job.side_cover)
        self.tally.read += 1
        self.tally.added += not job.known
        self.tally.changed += job.known

    # ---- what goes wrong ----

    async def _nobody_reads(self, job: Job) -> None:
        """Nobody is left to be asked. Who was not asked might have read it: then it is left for the next scan."""
        if job.left_out:
            self.tally.left += 1
            return
        if job.known:
            await self._parts.ledger.change(Gone(job.path))
            self.tally.removed += 1
        await self._settle(job)
        others = self._troubles.mark_of_all(candidate for candidate, _ in job.refusals)
        if job.crashed:
            last = job.crashed[-1]
            await self._parts.ledger.problem(replace(last, mark=with_others(last.mark, others)))
        elif job.refusals:
            first, reason = job.refusals[0]
            await self._tell(job, first, others, ProblemKind.UNREADABLE, reason)

    async def _settle(self, job: Job) -> None:
        """Its problems are those that were found now."""
        if job.path in self._troubles:
            await self._parts.ledger.settled(job.path)
        for problem in job.crashed:
            await self._parts.ledger.problem(problem)

    async def _tell(self, job: Job, who: Candidate, mark: str, kind: ProblemKind, reason: str) -> None:
        path = Path(os.fsdecode(job.path))
        await self._parts.ledger.problem(Problem(path, job.stamp, who.plugin_id, who.type_id, mark, kind, reason))
        self.tally.problems += 1

    async def _blame(self, job: Job, kind: ProblemKind, reason: str) -> None:
        """It has killed its decoder, which is written down at once, and goes to the next one."""
        who = job.candidates[0]
        mark = self._parts.marks[job.next_decoder]
        path = Path(os.fsdecode(job.path))
        job.crashed.append(Problem(path, job.stamp, who.plugin_id, who.type_id, mark, kind, reason))
        await self._tell(job, who, mark, kind, reason)
        await self._parts.ledger.write()
        job.pass_on()

    async def _died(self, batch: Batch, jobs: list[Job], instance: Instance, error: Supervised) -> None:
        """The worker is gone with these in it, or will be at once; nothing flies in it any more."""
        self.tally.deaths += 1
        self._board.suspect(jobs, first=batch.alone)
        await instance.worker.wait_exit(_DYING_S)
        plugin_id, generation = instance.plugin_id, instance.generation
        if not batch.alone or self._read_in[plugin_id, generation]:
            return
        (job,) = jobs
        job.lost += 1
        fault = self._fault_of(plugin_id, generation)
        if fault is not None and fault.cause == Cause.KILLED and job.lost < _MOST_LOST:
            return
        self._board.clear(job)
        hung = fault is not None and fault.cause == Cause.HANG
        reason = error.message if fault is None else _reason(fault)
        await self._blame(job, ProblemKind.HUNG if hung else ProblemKind.CRASHED, reason)
        if self._budget.died(plugin_id):
            why = "it died of too many files; what it has not read is left for the next scan"
            await self._leave_out(plugin_id, why)
        await self._place(job)

    async def _cannot_start(self, batch: Batch, error: StellaError | OSError) -> None:
        """No scanner could be had: that is no file's fault."""
        self._board.put_back(batch.jobs)
        self._failed_starts[batch.plugin_id] += 1
        final = isinstance(error, PackageError | PluginRefused)
        if final or self._failed_starts[batch.plugin_id] >= _MOST_FAILED_STARTS:
            await self._leave_out(batch.plugin_id, str(error))

    async def _leave_out(self, plugin_id: PluginId, why: str) -> None:
        """Nothing more is given to it in this scan."""
        if plugin_id in self._out:
            return
        self._out.add(plugin_id)
        self._parts.warn(f"{plugin_id} is passed over: {why}")
        for job in self._board.drop(plugin_id):
            await self._place(job)

    def _fault_of(self, plugin_id: PluginId, generation: Generation) -> PluginFault | None:
        """The autopsy; it is told before those who wait for the worker are."""
        while (fault := self._faults.poll()) is not None:
            self._causes[fault.plugin_id, fault.generation] = fault
        return self._causes.get((plugin_id, generation))


def _to_scan(path: bytes, fd: int) -> FileToScan:
    name = os.fsdecode(path.rpartition(b"/")[2])
    return FileToScan(fd, name, extension_of(name))


def _name(decoder: tuple[PluginId, TypeId]) -> str:
    return f"{decoder[0]}:{decoder[1]}"


def _label(path: bytes) -> str:
    return label_of(Path(os.fsdecode(path)))


def _reason(fault: PluginFault) -> str:
    return f"{fault.how} in {fault.call}" if fault.call else fault.how
