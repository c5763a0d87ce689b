"""What a running host makes of a change: each stage that plays says applied, recreated, rejected or failed."""

from __future__ import annotations

from host.cli.console import Console, plain
from host.cli.exits import Exit
from host.cli.rows import number, objects, text
from host.cli.talking import ANSWER_S, RENEW_S, host_if_any, running_host
from host.control.client import RemoteError
from host.errors import ConfigRejected, NotFound, NotRunning, PluginRefused
from host.ids import PluginId, TypeId
from host.jsontext import Json, JsonObject
from host.records import record

__all__ = ["Told", "stages_in_force", "tell_host", "update_stage", "what_host_keeps"]


_SAVED_ALL_THE_SAME = "it is saved all the same, for what is opened from now on: `config unset` takes it back"


@record
class Told:
    """``live``: a host runs. ``effect``: what it does about the change; empty where there is nothing to say.

    ``outcomes``: of each stage that plays with it.
    """

    live: bool
    effect: str = ""
    outcomes: tuple[JsonObject, ...] = ()

    @property
    def code(self) -> int:
        """How a command ends that had this answer."""
        kinds = {text(each, "outcome") for each in self.outcomes}
        if "failed" in kinds:
            return PluginRefused.exit_code
        return ConfigRejected.exit_code if "rejected" in kinds else Exit.DONE

    @property
    def facts(self) -> JsonObject:
        """For ``--json``."""
        outcomes: list[Json] = [*self.outcomes]
        return {"live": self.live, "effect": self.effect, "outcomes": outcomes}

    def show(self, console: Console) -> None:
        """One line for each stage."""
        for each in self.outcomes:
            console.result(outcome_line(each))
        if self.effect:
            console.note(self.effect)


def outcome_line(outcome: JsonObject) -> str:
    """``gain  applied  config_gen 2  gen 1  heard in 187 ms``"""
    line = (
        f"{text(outcome, 'name')}  {text(outcome, 'outcome')}  config_gen {text(outcome, 'config_gen')}"
        f"  gen {text(outcome, 'generation')}"
    )
    heard_ms, reason = number(outcome, "heard_after_ms"), outcome.get("reason")
    if heard_ms is not None:
        line += f"  heard in {heard_ms:.0f} ms"
    return plain(f"{line}  ({reason})" if isinstance(reason, str) and reason else line)


def tell_host(console: Console, plugin_id: PluginId, type_id: TypeId, members: JsonObject) -> Told:
    """After members of a type were saved: whatever plays with that type takes them, too."""
    with host_if_any(console) as client:
        if client is None:
            return Told(live=False)
        name = f"{plugin_id}:{type_id}"
        try:
            answer = client.ask("config.update", {"name": name, "config": members, "merge": True}, RENEW_S)
        except RemoteError as error:
            if error.exit_code not in (NotRunning.exit_code, NotFound.exit_code):
                raise
            return Told(live=True, effect="nothing that plays uses it; what is opened from now on does")
        outcomes = tuple(objects(answer, "outcomes"))
        refused = any(text(each, "outcome") == "rejected" for each in outcomes)
        return Told(live=True, effect=_SAVED_ALL_THE_SAME if refused else "", outcomes=outcomes)


def update_stage(console: Console, name: str, members: JsonObject, *, merge: bool) -> Told:
    """A stage of the running chain takes another configuration; nothing is saved.

    Raises:
        NotRunning: no host runs, or it plays nothing. NotFound: no stage of it is called so.
    """
    with running_host(console) as client:
        answer = client.ask("config.update", {"name": name, "config": members, "merge": merge}, RENEW_S)
    return Told(live=True, outcomes=tuple(objects(answer, "outcomes")))


def stages_in_force(console: Console) -> list[JsonObject]:
    """The stages that play, with their configurations; none where nothing plays. Raises: NotRunning."""
    with running_host(console) as client:
        return objects(client.ask("config.show", {}, ANSWER_S), "stages")


def what_host_keeps(console: Console) -> Told:
    """After something was saved that a host reads only when it starts."""
    with host_if_any(console) as client:
        if client is None:
            return Told(live=False)
        return Told(live=True, effect="the running host goes on with it as before; its next start takes it up")
