"""Where the music goes: the plugin, its target, and what is done while its device is away."""

from __future__ import annotations

from dataclasses import field

from host.jsontext import JsonObject
from host.playback.stage_spec import StageSpec
from host.playback.target_files import NO_TARGET_FILES, TargetFiles
from host.records import record
from host.runtime import FileGrants

__all__ = ["Output"]


@record
class Output:
    """Where it goes. ``silence_after_ms``: how long a device may starve before it gets silence; 0: it waits.

    ``waits``: a device that is gone is waited for; ``stand_in``: what is played to meanwhile, where the music goes on.
    ``files``: what the target names, open; ``written``: the new ones among them, which whoever made it puts in place.
    """

    stage: StageSpec
    target: JsonObject
    files: FileGrants = field(default_factory=FileGrants)
    silence_after_ms: int = 0
    written: TargetFiles = NO_TARGET_FILES
    waits: bool = False
    stand_in: Output | None = None

    @property
    def is_device(self) -> bool:
        """Whether it plays what it is given in its own time."""
        return self.silence_after_ms > 0

    @property
    def awaited(self) -> bool:
        """Whether it is waited for when its device is gone."""
        return self.is_device and self.waits
