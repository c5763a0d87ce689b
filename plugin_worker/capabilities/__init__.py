"""What a worker does with instances of each kind: create, open, ask, join rings, end. Runs on lane threads only."""

from plugin_worker.capabilities.creating import create_instance
from plugin_worker.capabilities.decoder import DecoderInstance, opened_of, require_decoder
from plugin_worker.capabilities.dsp import DspInstance
from plugin_worker.capabilities.instance import Instance
from plugin_worker.capabilities.lyrics import LyricsInstance
from plugin_worker.capabilities.mix import MixStage
from plugin_worker.capabilities.sink import SinkInstance
from plugin_worker.capabilities.source import SourceInstance
from plugin_worker.capabilities.stage import StageInstance

__all__ = [
    "DecoderInstance",
    "DspInstance",
    "Instance",
    "LyricsInstance",
    "MixStage",
    "SinkInstance",
    "SourceInstance",
    "StageInstance",
    "create_instance",
    "opened_of",
    "require_decoder",
]
