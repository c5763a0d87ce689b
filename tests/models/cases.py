"""What is verified: each model without a fault in sizes that can be searched to the end, and each with planted bugs.

A planted bug is a macro of its model. It must be found: a model that cannot fail proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BUGS", "CASES", "MODELS", "SOUND", "Case"]

MODELS = ("wake", "recovery", "swap", "join", "stream")


@dataclass(frozen=True, slots=True)
class Case:
    """One verification. ``bug``: the macro without its ``BUG_``, empty for the model as it is."""

    model: str
    sizes: tuple[str, ...] = ()
    bug: str = ""

    @property
    def macros(self) -> tuple[str, ...]:
        """As they are defined for the model."""
        return (*self.sizes, f"BUG_{self.bug}") if self.bug else self.sizes

    def __str__(self) -> str:
        return " ".join((self.model, *self.macros))


SOUND = (
    Case("wake"),
    Case("wake", ("SPURIOUS=1",)),
    Case("wake", ("KILLS=1",)),
    Case("wake", ("HOLDS=1",)),
    Case("wake", ("HOLDS=1", "KILLS=1", "SMALL")),
    Case("recovery", ("KILLS=2",)),
    Case("recovery", ("KILLS=3", "ONLY_DSP_DIES")),
    Case("recovery", ("FAILS=2",)),
    Case("swap", ("KILLS=0",)),
    Case("swap", ("KILLS=2",)),
    Case("join", ("KILLS=4",)),
    Case("stream"),
    Case("stream", ("KILLS=2", "SEEKS=0")),
    Case("stream", ("KILLS=0", "SEEKS=2")),
)

BUGS = (
    Case("wake", bug="NO_FENCE_SLEEP"),
    Case("wake", bug="NO_FENCE_WAKE"),
    Case("wake", bug="NO_OWN_BELL"),
    Case("wake", bug="NO_SECOND_LOOK"),
    Case("wake", bug="SLEEP_WITHOUT_COMPARE"),
    Case("wake", bug="RING_BEFORE_PUBLISH"),
    Case("wake", bug="NO_RING_BEFORE_SLEEP"),
    Case("wake", bug="TARGET_ONLY"),
    Case("wake", ("KILLS=1",), "NO_GREET"),
    Case("wake", ("HOLDS=1",), "FLAG_AFTER_BELL"),
    Case("wake", ("HOLDS=1",), "NO_LOOK_FOR_JOBS"),
    Case("wake", ("HOLDS=1",), "HOLD_SILENT"),
    Case("wake", ("HOLDS=1", "KILLS=1", "SMALL"), "NO_RING_FOR_THE_DEAD"),
    Case("recovery", bug="READ_FIRST"),
    Case("recovery", bug="PUBLISH_EARLY"),
    Case("recovery", bug="NO_RETAIN"),
    Case("recovery", bug="RETAIN_EAGER"),
    Case("recovery", bug="SMALL_CAPACITY"),
    Case("recovery", bug="NO_CATCH_UP"),
    Case("recovery", bug="NO_FENCING"),
    Case("recovery", bug="VALID_FIRST"),
    Case("recovery", bug="NO_INVALIDATE"),
    Case("recovery", bug="ONE_SLOT"),
    Case("recovery", ("KILLS=2",), "NEWER_SLOT"),
    Case("recovery", ("FAILS=2",), "STALE_USABLE"),
    Case("recovery", ("KILLS=3", "ONLY_DSP_DIES"), "NO_CHECKPOINT_AT_TAKEOVER"),
    Case("swap", bug="NO_FINAL_CHECKPOINT"),
    Case("swap", bug="NO_REPLAY"),
    Case("swap", bug="NO_FENCING"),
    Case("swap", bug="ATTACH_BEFORE_HELD"),
    Case("swap", ("KILLS=0",), "RELEASE_ALWAYS"),
    Case("join", bug="PUBLISH_EARLY"),
    Case("join", bug="RESUME_FROM_READ"),
    Case("join", bug="RECORD_NOT_RAISED"),
    Case("join", bug="NO_DETACH"),
    Case("join", bug="STALE_EOF"),
    Case("join", bug="SINK_TOLD_LAST"),
    Case("join", bug="FINISH_FORGOTTEN"),
    Case("stream", bug="ADOPT_THE_QUESTION"),
    Case("stream", bug="NO_HISTORY"),
    Case("stream", bug="ANSWER_FIRST"),
    Case("stream", bug="END_KEPT"),
    Case("stream", bug="NO_READ_EPOCH"),
    Case("stream", bug="PUBLISH_EARLY"),
    Case("stream", bug="TAKEN_FIRST"),
    Case("stream", bug="END_LAST"),
    Case("stream", bug="ASK_FIRST"),
    Case("stream", bug="SKIP_CONSUMES_NOTHING"),
)

CASES = (*SOUND, *BUGS)
