"""The chain as rows: who works at each place, in which generation and process, and what that costs. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from host.cli.rows import number, objects, text
from host.cli.talking import short
from host.cli.top_rows import Row, rows_between
from host.jsontext import JsonObject
from host.records import record
from host.tui.playing import fitted

__all__ = ["Stage", "stage_lines", "stages_of"]

_METER_CELLS = 8
_HEARD = {"left_out": "bypassed", "missing": "left out"}


@record
class Stage:
    """One place of the chain. ``plugin``: of whoever belongs there, also while the dry stage stands in for it.

    ``heard``: of an effect, as `dsp.list` has it; empty for others. ``load`` and ``clipped``: of its lane.
    """

    name: str
    plugin: str
    type: str
    generation: str
    pid: str
    heard: str = ""
    load: Row | None = None
    clipped: int = 0

    @property
    def is_effect(self) -> bool:
        """Whether it can be left out."""
        return self.heard != ""


def stages_of(playback: JsonObject, effects: list[JsonObject], before: JsonObject, now: JsonObject) -> list[Stage]:
    """The chain that plays, or the effects that wait for the next playback; two looks at the loads beside it."""
    by_name = {text(each, "name"): each for each in effects}
    lanes = _lanes(before, now)
    found = []
    for use in objects(playback, "chain") or effects:
        effect = by_name.get(text(use, "name"), {})
        lane, load = lanes.get((text(use, "pid"), text(use, "instance")), ({}, None))
        found.append(
            Stage(
                text(use, "name"),
                text(effect or use, "plugin"),
                text(effect or use, "type"),
                text(use, "generation"),
                text(use, "pid"),
                text(effect, "heard") if effect else "",
                load,
                int(number(lane, "clipped_samples") or 0),
            )
        )
    return found


def _lanes(before: JsonObject, now: JsonObject) -> dict[tuple[str, str], tuple[JsonObject, Row | None]]:
    """By process and instance."""
    rows = {(str(row.pid), str(row.instance)): row for row in rows_between(before, now)} if before else {}
    return {
        (pid, instance): (lane, rows.get((pid, instance)))
        for worker in objects(now, "workers")
        for lane in objects(worker, "lanes")
        for pid, instance in [(text(worker, "pid"), text(lane, "instance"))]
    }


def stage_lines(stage: Stage, width: int, *, fresh: bool) -> tuple[Text, Text]:
    """``warm  dsp.equalizer      gen 4  4190`` above its meters; ``fresh``: its generation is new."""
    who = Text.assemble((stage.name, "bold"), f"  {short(stage.plugin)}", no_wrap=True)
    generation = Text.assemble(
        (f" gen {stage.generation} ", "bold reverse green" if fresh else ""), (f" {stage.pid}", "dim")
    )
    return fitted(who, generation, width), fitted(Text.assemble("  ", *_meters(stage)), _counts(stage), width)


def _meters(stage: Stage) -> Iterator[Text]:
    """How busy, and at which rate. An output is busy with waiting for its device, which is no load."""
    load, state = stage.load, _HEARD.get(stage.heard)
    if state is not None:
        yield Text(state, style="bold yellow")
    elif load is not None and load.pace is not None:
        share = load.pace.busy_share
        full = min(_METER_CELLS, max(1, round(share * _METER_CELLS)) if share > 0 else 0)
        loaded = "red" if share > 0.8 else "yellow" if share > 0.5 else "green"
        yield Text("▮" * full, style="cyan" if load.kind == "sink" else loaded)
        yield Text("▯" * (_METER_CELLS - full), style="dim")
        yield Text(f" {100 * share:.1f}%")
        if load.rate_hz:
            yield Text(f"  {load.rate_hz / 1000:g}k", style="dim")
    else:
        yield Text("waits", style="dim")


def _counts(stage: Stage) -> Text:
    xruns = 0 if stage.load is None else stage.load.xruns or 0
    return Text.assemble(
        (f"xr {xruns}", "red" if xruns else "dim"), "  ", (f"clip {stage.clipped}", "red" if stage.clipped else "dim")
    )
