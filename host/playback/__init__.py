"""From a list of files to sound: opening media, choosing decoders, building the chain, playing it through.

Owns pipelines and their rings. It must never block the control loop, and never touch audio itself.
"""

from host.playback.absence import Absence
from host.playback.chain import Chain
from host.playback.edits import ChainEdits, Edited
from host.playback.effects import Effect, Heard
from host.playback.faults import Fault
from host.playback.format_policy import TRACK_FORMATS, FormatPolicy
from host.playback.graph import Pipeline
from host.playback.inputs import Input, expand
from host.playback.media_opening import MediaOpener, Serves
from host.playback.opening import Opener
from host.playback.output import Output
from host.playback.play_state import PlayState
from host.playback.player import Player, Retargeted
from host.playback.queue import Queue
from host.playback.queue_state import Entry, Modes, QueueState, Repeat
from host.playback.repairs import Grade, Repair, Swapped
from host.playback.running import Now
from host.playback.shuffle import ShuffleState
from host.playback.sizes import Pacing, PipelineFormat
from host.playback.stage_spec import StageSpec, with_files
from host.playback.stage_use import StageUse
from host.playback.target_file import TargetFile, is_same_target
from host.playback.target_files import TargetFiles, create_target_file, create_target_files
from host.playback.timeline import Place, Segment, Timeline
from host.playback.tracks import WHOLE, Excerpt, OpenTrack, PlaybackResult, TrackResult
from host.playback.transport import PlaybackParts, Transport
from host.playback.type_configs import TypeConfigs

__all__ = [
    "TRACK_FORMATS",
    "WHOLE",
    "Absence",
    "Chain",
    "TypeConfigs",
    "ChainEdits",
    "Edited",
    "Effect",
    "Entry",
    "Excerpt",
    "Fault",
    "FormatPolicy",
    "Grade",
    "Heard",
    "Input",
    "MediaOpener",
    "Modes",
    "Now",
    "OpenTrack",
    "Opener",
    "Output",
    "Pacing",
    "Pipeline",
    "PipelineFormat",
    "PlayState",
    "PlaybackParts",
    "Place",
    "PlaybackResult",
    "Player",
    "Queue",
    "QueueState",
    "Repair",
    "Repeat",
    "Retargeted",
    "Segment",
    "Serves",
    "ShuffleState",
    "StageSpec",
    "StageUse",
    "Swapped",
    "TargetFile",
    "TargetFiles",
    "Timeline",
    "TrackResult",
    "Transport",
    "create_target_file",
    "create_target_files",
    "expand",
    "is_same_target",
    "with_files",
]
