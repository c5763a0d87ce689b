"""The cursor: tells each line of the words when the frame it belongs to is heard, as long as somebody listens.

It sleeps until the next line is due, and looks then whether the music is there: what counts is the frame that is
heard, not the clock. Paused, it sleeps until something happens, but for what a device still plays out. A seek, another
track and an output that comes back wake it at once.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from host.events import (
    EventBus,
    LyricsChanged,
    LyricsCursor,
    OutputBack,
    OutputLost,
    PlaybackStateChanged,
    Seeked,
    StageMended,
    Topic,
    TrackHeard,
    TrackStarted,
)
from host.lyrics.cursor import BEFORE, Spot, spot_at
from host.lyrics.finder import Search
from host.lyrics.found import Found
from host.lyrics.lrc import NO_SHEET
from host.lyrics.played import PlayedWords
from host.records import record

__all__ = ["Follower", "Moment", "Stage"]

#: When the music is not where it should be by the clock, it is looked for this often, and then less and less.
LEAST_LOOK_S = 0.002
LONGEST_LOOK_S = 0.03
#: Nothing can be said of what plays, though it plays: rings are made anew.
UNKNOWN_LOOK_S = 0.1
#: So much further than the clock says, and the music has leapt; over so much, what lies between is not told.
LEAP_MS = 40.0
LONG_LEAP_MS = 1500.0

_WAKING = (TrackStarted, TrackHeard, Seeked, PlaybackStateChanged, StageMended, OutputLost, OutputBack, LyricsChanged)


@record
class Moment:
    """What is heard now: play ``play`` of ``entry``, at ``frame`` of its file, which is ``position_ms``.

    ``ahead_ms``: so much the output holds, and plays out also when it is paused.
    """

    play: int
    entry: int
    position_ms: float
    frame: int
    sample_rate_hz: int
    plays: bool
    ahead_ms: float


class Stage(Protocol):
    """Who knows what is heard."""

    @property
    def plays(self) -> bool: ...
    def moment(self) -> Moment | None: ...


class Follower:
    """Of one host; it works while somebody has subscribed to ``LyricsCursor``. The loop's thread."""

    def __init__(self, bus: EventBus, stage: Stage, words: PlayedWords) -> None:
        self._bus = bus
        self._stage = stage
        self._words = words
        self._task: asyncio.Task[None] | None = None
        self._play = 0
        self._search: asyncio.Task[Search] | None = None
        self._told: Search | None = None
        self._shown: Spot | None = None
        self._at_ms = 0.0
        self._looked_s = 0.0
        self._stood: tuple[float, float] | None = None
        self._patience_s = LEAST_LOOK_S
        self._away = False
        bus.on_interest(LyricsCursor, self._listened)

    @property
    def works(self) -> bool:
        """Whether somebody listens."""
        return self._task is not None

    def words_changed(self) -> None:
        """Those of what is heard may be others now."""
        if self._task is not None:
            self._look()

    async def close(self) -> None:
        """Twice is fine."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    def _listened(self, somebody: bool) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if somebody:
            self._play, self._away = 0, False
            self._task = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        with self._bus.subscribe(*_WAKING) as facts:
            while True:
                wait_s = self._look()
                fact: Topic | None = None
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        fact = await anext(facts)
                fact = fact or facts.poll()
                while fact is not None:
                    self._note(fact)
                    fact = facts.poll()

    def _note(self, fact: Topic) -> None:
        match fact:
            case TrackStarted():
                self._words.prepare(fact.index)  # it is heard a little later
            case Seeked():
                self._shown = None
            case PlaybackStateChanged():
                self._stood, self._looked_s = None, asyncio.get_running_loop().time()
            case OutputLost():
                self._away = True
            case OutputBack():
                self._away = False
            case _:
                pass

    def _look(self) -> float | None:
        """Tells what is due; says in how many seconds to look again, None: when something happens."""
        moment = self._stage.moment()
        if moment is None:
            return UNKNOWN_LOOK_S if self._play and self._stage.plays else None
        if moment.play != self._play:
            self._play, self._shown, self._told = moment.play, None, None
        found = self._found(moment)
        if found is None or not found.sheet.timed:
            return None
        return self._tell(self._playing_out(moment), found)

    def _found(self, moment: Moment) -> Found | None:
        """The words of what is heard, which are told when they are known."""
        search = self._words.prepare(moment.play)
        if search is None:
            return None
        if search is not self._search:
            self._search, self._told = search, None
            search.add_done_callback(self._searched)
        if not search.done() or search.cancelled() or search.exception() is not None:
            return None
        result = search.result()
        if result is not self._told:
            self._told, self._shown = result, None
            found, sheet = result.found, NO_SHEET if result.found is None else result.found.sheet
            problems = tuple(f"{each.provider}: {each.error}" for each in result.problems)
            provider = "" if found is None else found.provider
            self._bus.publish(
                LyricsChanged(moment.play, moment.entry, provider, sheet.timed, len(sheet.lines), problems)
            )
        return result.found

    def _searched(self, search: asyncio.Task[Search]) -> None:
        """What is told then wakes the loop, if it still waits for that."""
        if search is self._search and not search.cancelled() and search.exception() is None:
            self.words_changed()

    def _playing_out(self, moment: Moment) -> Moment:
        """Paused, what a device had taken is still heard, and nobody asks it how far it is: the clock tells."""
        if moment.plays or self._away:
            return moment
        now_s = asyncio.get_running_loop().time()
        since_s, stood_ms = self._stood = self._stood or (now_s, moment.position_ms)
        heard_ms = stood_ms + (now_s - since_s) * 1000
        position_ms = max(moment.position_ms, min(heard_ms, moment.position_ms + moment.ahead_ms))
        further_ms = position_ms - moment.position_ms
        return replace(
            moment,
            position_ms=position_ms,
            frame=moment.frame + round(further_ms * moment.sample_rate_hz / 1000),
            ahead_ms=moment.ahead_ms - further_ms,
        )

    def _tell(self, moment: Moment, found: Found) -> float | None:
        begins_ms = 0 if found.of_file else self._words.song(moment.play).begins_ms
        at_ms = moment.position_ms - begins_ms
        now_s = asyncio.get_running_loop().time()
        if self._shown is not None:
            at_ms = max(at_ms, self._at_ms)  # it never goes back by itself
            leapt_ms = at_ms - self._at_ms - (now_s - self._looked_s) * 1000
        else:
            leapt_ms = LONG_LEAP_MS + 1
        spot = spot_at(found.sheet, at_ms)
        self._publish(moment, found, spot, leapt_ms)
        self._patience_s = LEAST_LOOK_S if at_ms != self._at_ms else min(2 * self._patience_s, LONGEST_LOOK_S)
        self._shown, self._at_ms, self._looked_s = spot, at_ms, now_s
        if spot.next_ms is None or self._away:
            return None
        wait_ms = spot.next_ms - at_ms
        if not moment.plays and wait_ms > moment.ahead_ms:
            return None
        return max(wait_ms / 1000, self._patience_s)

    def _publish(self, moment: Moment, found: Found, spot: Spot, leapt_ms: float) -> None:
        before, moved = self._shown, leapt_ms > LEAP_MS
        if before is not None and (before.line, before.word) == (spot.line, spot.word):
            return
        first = spot.line if before is None or leapt_ms > LONG_LEAP_MS or before.line > spot.line else before.line + 1
        for line in range(first, spot.line):
            self._bus.publish(self._fact(moment, found, line, None, moved=moved))
        self._bus.publish(self._fact(moment, found, spot.line, spot.word, moved=moved))

    def _fact(self, moment: Moment, found: Found, line: int, word: int | None, *, moved: bool) -> LyricsCursor:
        text, at_ms, sung = "", 0, None
        if line > BEFORE:
            shown = found.sheet.lines[line]
            text, at_ms = shown.text, shown.at_ms or 0
            if word is not None:
                at_ms = max(at_ms, shown.words[word].at_ms)
                sung = len("".join(each.text for each in shown.words[: word + 1]).strip())
        return LyricsCursor(
            moment.play,
            moment.entry,
            line,
            word,
            sung,
            text,
            at_ms,
            round(moment.position_ms, 3),
            moment.frame,
            moment.sample_rate_hz,
            moved,
        )
