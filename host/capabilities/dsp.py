"""An effect as the host sees it: facts of its instance, and its place between two rings."""

from __future__ import annotations

from abi.wire import AttachDsp, FadeDsp, Join, ResetDsp
from host.capabilities.stage import Stage, position_of
from host.runtime import Instance
from shm_audio import Checkpoints, Ring

__all__ = ["Dsp"]


class Dsp(Stage):
    """Raises, in every call, what ``Instance.request`` raises."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance, max(instance.limits.process_ms, instance.limits.update_ms))

    @property
    def latency_frames(self) -> int:
        """By how much it delays the programme."""
        return self.instance.created.latency_frames

    @property
    def layouts(self) -> int:
        """``ST_LAYOUT_*`` bits of the channel layouts it takes."""
        return self.instance.created.layouts

    @property
    def exports_state(self) -> bool:
        """Its running state can be kept in checkpoints and handed on."""
        return self.instance.created.exports_state

    async def attach(
        self,
        inp: Ring,
        out: Ring,
        *,
        epoch: int,
        config_gen: int,
        wake_frames: int,
        checkpoints: Checkpoints,
        checkpoint_frames: int,
        state_slot: int = -1,
        replay_from: int,
        join: Join = Join.NONE,
        join_at: int = 0,
        join_frames: int = 0,
        join_latency_frames: int = 0,
    ) -> int:
        """Begins at the output ring's write position, and says where that is. Sleeps for ``wake_frames`` of input.

        The state is kept every ``checkpoint_frames`` (0: never). An instance that takes over goes on from the
        checkpoint ``state_slot`` (-1: from nothing) and processes the input from ``replay_from`` on once more, unheard;
        ``join`` says how its signal then meets what was heard last; until ``join_at`` a ramp stays dry, and the effect
        sees nothing of that input; its dry signal is ``join_latency_frames`` late.

        Raises:
            PluginRefused: the state is none of its own.
        """
        message = AttachDsp(
            instance=self.instance.id,
            epoch=epoch,
            config_gen=config_gen,
            wake_frames=wake_frames,
            checkpoint_frames=checkpoint_frames,
            state_slot=state_slot,
            replay_from=replay_from,
            join=int(join),
            join_at=join_at,
            join_frames=join_frames,
            join_latency_frames=join_latency_frames,
        )
        limit_s = self._command_s
        if replay_from < out.words().write_pos:  # a replay is never longer than the history, nor slower than playing it
            limit_s += inp.format.history_frames / inp.format.sample_rate_hz
        reply = await self.instance.request(message, limit_s, (inp.fd, out.fd, checkpoints.fd))
        return position_of(self.instance, "attach", reply.position)

    async def reset(self) -> None:
        """Forgets its past, as after create; it holds no rings. Raises: PluginRefused: it cannot."""
        await self.instance.request(ResetDsp(self.instance.id), self._command_s)

    async def fade(self, frames: int, latency_frames: int) -> int:
        """Ramps to the dry signal, so late, and stays there; says from where on it is dry. The effect works no more."""
        reply = await self.instance.request(FadeDsp(self.instance.id, frames, latency_frames), self._command_s)
        return position_of(self.instance, "fade", reply.position)
