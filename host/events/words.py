"""Facts as one line for people."""

from __future__ import annotations

from host.events.topics import (
    ConfigReloaded,
    PluginFault,
    PluginLogLine,
    StageBypassed,
    StageGivenUp,
    StageMended,
    Topic,
)

__all__ = ["words_of"]


def words_of(fact: Topic) -> str:
    """Empty for what people need not read. Not yet safe to print: some of it comes from plugins."""
    match fact:
        case PluginLogLine():
            return f"{fact.plugin_id}#{fact.generation}: {fact.text}"
        case PluginFault():
            call = f" in {fact.call}" if fact.call else ""
            return f"{fact.plugin_id}#{fact.generation}: {fact.cause}{call}: {fact.how}; {fact.action}"
        case StageBypassed():
            return f"{fact.name}: left out from frame {fact.position} on: {fact.cause}"
        case StageMended():
            span = "nothing was heard of it" if fact.first is None else f"heard from frame {fact.first} to {fact.last}"
            lost = f", {fact.gap_frames} frames lost" if fact.gap_frames else ""
            step = f"generation {fact.old_generation} -> {fact.generation}"
            return f"{fact.name}: {step} at frame {fact.position}: {fact.cause}; {span}{lost}"
        case StageGivenUp():
            return f"{fact.name}: given up: {fact.error}"
        case ConfigReloaded():
            changed = "; ".join(fact.changed) or "nothing changed"
            later = f"; at the next start: {'; '.join(fact.later)}" if fact.later else ""
            problems = f"; {'; '.join(fact.problems)}" if fact.problems else ""
            return f"the configuration was read again: {changed}{later}{problems}"
        case _:
            return ""
