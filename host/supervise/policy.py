"""What follows a fault: a pure function of what a plugin did before, in one role, and of now.

A fault leads to a restart, at once or after a growing delay, or to quarantine. Faults *with progress* (its generation
had published a block) restart at once and leave the delay where it is. Whoever has not earned trust back goes from
quarantine into a longer one at the next fault without progress, the sixth and all that follow in the same row.
"""

from __future__ import annotations

import math
from dataclasses import replace
from enum import Enum, unique
from random import Random

from host.records import record

__all__ = [
    "CLEAN",
    "Fault",
    "History",
    "Quarantine",
    "Restart",
    "Rules",
    "Standing",
    "State",
    "Verdict",
    "after",
    "judge",
    "turned_audible",
]


@record
class Rules:
    """The numbers. ``terms_s``: how long each quarantine lasts; the one after the last ends by a reset only."""

    delays_s: tuple[float, ...] = (0.0, 0.1, 0.4, 1.6, 5.0)
    jitter: float = 0.1
    health_s: float = 60.0
    row: int = 6
    window_s: float = 60.0
    most_audible: int = 5
    most_faults: int = 100
    terms_s: tuple[float, ...] = (60.0, 600.0)


@record
class Fault:
    """One loss nobody asked for. ``audible``: a bypass or a gap; ``paced``: somebody listened.

    ``lived_s``: how long its generation had been loaded.
    """

    at_s: float
    progress: bool
    audible: bool
    paced: bool
    lived_s: float = math.inf


@record
class History:
    """What counts against one plugin in one role.

    ``total``: faults since the last reset. ``row``: those without progress since the last one with it. ``level``:
    those without progress that made the delay grow. ``recent``: paced ones of the window. ``last``: the newest of all.
    ``served``: quarantines so far. ``until_s``: the end of the last one (None: by a reset only). ``seed`` chooses the
    jitter.
    """

    seed: int = 0
    total: int = 0
    row: int = 0
    level: int = 0
    recent: tuple[Fault, ...] = ()
    last: Fault | None = None
    not_before_s: float = -math.inf
    served: int = 0
    until_s: float | None = -math.inf

    def held(self, now_s: float) -> bool:
        """In quarantine."""
        return self.until_s is None or now_s < self.until_s


CLEAN = History()


@record
class Restart:
    """May run again after ``delay_s``."""

    delay_s: float


@record
class Quarantine:
    """Stays out until ``until_s``; None: until somebody resets it, or its file is another."""

    until_s: float | None


Verdict = Restart | Quarantine


@unique
class State(Enum):
    """READY may run; WAIT soon; QUARANTINED stays out."""

    READY = "ready"
    WAIT = "wait"
    QUARANTINED = "quarantined"


@record
class Standing:
    """Where a plugin stands now; ``until_s``: when that ends by itself, None for never."""

    state: State
    until_s: float | None = None


def after(history: History, fault: Fault, rules: Rules) -> tuple[History, Verdict]:
    """The history with one fault more, and what is to be done. Faults come in the order of their times."""
    quiet_s = math.inf if history.last is None else fault.at_s - history.last.at_s
    if min(fault.lived_s, quiet_s) >= rules.health_s and not history.held(fault.at_s):
        history = replace(CLEAN, seed=history.seed, total=history.total)
    counted = replace(
        history,
        total=history.total + 1,
        row=0 if fault.progress else history.row + 1,
        level=history.level if fault.progress else history.level + 1,
        recent=_recent(history, fault, rules),
        last=fault,
    )
    if history.held(fault.at_s):
        return counted, Quarantine(history.until_s)
    if _too_much(counted, rules):
        return _quarantined(counted, fault.at_s, rules)
    delay_s = 0.0 if fault.progress else _delay_s(counted, rules)
    return replace(counted, not_before_s=fault.at_s + delay_s), Restart(delay_s)


def turned_audible(history: History, now_s: float, rules: Rules) -> tuple[History, Verdict | None]:
    """The newest fault was heard after all; None when that changes nothing."""
    if history.last is None or history.last.audible or not history.last.paced:
        return history, None
    last = replace(history.last, audible=True)
    heard = replace(history, last=last, recent=(*history.recent[:-1], last))
    if heard.held(now_s) or not _too_much(heard, rules):
        return heard, None
    return _quarantined(heard, now_s, rules)


def judge(history: History, now_s: float) -> Standing:
    """Where the plugin stands at this moment."""
    if history.held(now_s):
        return Standing(State.QUARANTINED, history.until_s)
    if now_s < history.not_before_s:
        return Standing(State.WAIT, history.not_before_s)
    return Standing(State.READY)


def _recent(history: History, fault: Fault, rules: Rules) -> tuple[Fault, ...]:
    """Paced faults of the window, no more of them than make it too many."""
    known = history.recent[-rules.most_faults :]
    kept = tuple(one for one in known if fault.at_s - one.at_s < rules.window_s)
    return (*kept, fault) if fault.paced else kept


def _too_much(history: History, rules: Rules) -> bool:
    audible = sum(fault.audible for fault in history.recent)
    return history.row >= rules.row or audible > rules.most_audible or len(history.recent) > rules.most_faults


def _quarantined(history: History, now_s: float, rules: Rules) -> tuple[History, Quarantine]:
    until_s = now_s + rules.terms_s[history.served] if history.served < len(rules.terms_s) else None
    return replace(history, served=history.served + 1, until_s=until_s), Quarantine(until_s)


def _delay_s(history: History, rules: Rules) -> float:
    plain = rules.delays_s[min(history.level, len(rules.delays_s)) - 1]
    chance = Random(f"{history.seed}:{history.total}").uniform(-rules.jitter, rules.jitter)
    return plain * (1 + chance)
