"""From a message to the work it asks for. Control thread; the work itself is done on lanes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from abi.wire import (
    ApplyUpdate,
    At,
    AtCut,
    AttachDecode,
    AttachDsp,
    AttachMix,
    AttachSink,
    AttachStream,
    CancelCall,
    CloseSink,
    CloseStream,
    CreateInstance,
    CreateScanner,
    CutDigest,
    DestroyInstance,
    DetachStage,
    Done,
    ExportState,
    FadeDsp,
    FetchLyrics,
    FinishStage,
    FlushSink,
    HoldStage,
    ImportState,
    InstanceCreated,
    JoinMix,
    LimitMix,
    ListItems,
    ListTargets,
    Message,
    NegotiateSink,
    OpenDecoder,
    OpenFromStream,
    OpenSink,
    OpenStream,
    Packet,
    PlanUpdate,
    PrimeDecoder,
    ReadCover,
    ReadMetadata,
    ReleaseStage,
    Reply,
    ResetDsp,
    ResetSink,
    ScanFiles,
    SearchLyrics,
    SeekDecoder,
    SetVolume,
    SwitchInput,
    close_fds,
)
from plugin_worker._core import lib
from plugin_worker.capabilities import (
    DecoderInstance,
    DspInstance,
    Instance,
    LyricsInstance,
    MixStage,
    SinkInstance,
    SourceInstance,
    StageInstance,
    create_instance,
)
from plugin_worker.errors import Misuse
from plugin_worker.instances import Instances
from plugin_worker.lane import Job, LaneHome
from plugin_worker.module import LoadedModule
from plugin_worker.reading_requests import (
    as_decoder,
    decoder_request,
    open_decoder,
    open_from_stream,
    stream_request,
)

__all__ = ["dispatch"]

_CANCELLING = (DestroyInstance, CloseSink, CloseStream, DetachStage, CancelCall)


def dispatch(home: LaneHome, instances: Instances, module: LoadedModule | None, packet: Packet) -> None:
    """Queues the work of one request on the lane it is for.

    Raises:
        Misuse: no such instance, or missing descriptors; the packet's descriptors are then still the caller's.
    """
    message = packet.message
    if isinstance(message, CreateInstance):
        _create(home, instances, module, message, packet)
        return
    if isinstance(message, CreateScanner | ScanFiles):
        # Only a worker that scans pays for what that needs.
        from plugin_worker.scanning import dispatch_scan

        dispatch_scan(home, instances, module, packet)
        return
    wanted = _FDS.get(type(message), 0)
    if len(packet.fds) != wanted and not isinstance(message, OpenSink | ApplyUpdate | AttachMix):
        raise Misuse("dispatch", f"{type(message).__name__} carries {wanted} descriptors, not {len(packet.fds)}")
    number = getattr(message, "instance", 0)
    lane = instances.lane(number)
    cancels = isinstance(message, _CANCELLING)
    if isinstance(message, DestroyInstance):
        lane.submit(Job(lambda: _destroy(instances, number), packet.request_id, last=True, cancels=cancels))
        return
    if isinstance(message, AttachMix):
        fds = packet.fds
        lane.submit(Job(lambda: _attach_mix(instances, message, fds), packet.request_id, fds=fds))
        return
    work = _WORK.get(type(message))
    if work is None:
        raise Misuse("dispatch", f"{type(message).__name__} is no request of this wire")
    fds = packet.fds

    def run() -> Reply:
        return work(_asked(instances, number, fds), message, fds)

    lane.submit(Job(run, packet.request_id, cancels=cancels, fds=fds))


def _asked(instances: Instances, number: int, fds: Sequence[int]) -> Instance:
    try:
        return instances.instance(number)
    except Misuse:
        close_fds(list(fds))
        raise


def _create(
    home: LaneHome, instances: Instances, module: LoadedModule | None, request: CreateInstance, packet: Packet
) -> None:
    if module is None:
        raise Misuse("create", "no module is loaded")
    if len(request.files) != len(packet.fds):
        raise Misuse("create", f"{len(request.files)} files are named, {len(packet.fds)} descriptors came")
    lane = instances.new_lane(request.instance)
    lane.native.plugin_free = module.table.plugin_free

    def run() -> Reply:
        _grant(request.files, packet.fds)
        made = create_instance(home, lane, module, request)
        instances.put(request.instance, made)
        return made.facts() if isinstance(made, DspInstance) else InstanceCreated(0, 0, False)

    lane.submit(Job(run, packet.request_id, vital=True))


def _grant(files: Sequence[str], fds: Sequence[int]) -> None:
    for index, (value, fd) in enumerate(zip(files, fds, strict=True)):
        data = value.encode("utf-8", "surrogateescape")
        if lib.st_files_grant(data, len(data), fd) != 0:
            close_fds(list(fds[index:]))
            raise Misuse("files", "too many files for one call")


def _grant_all(call: str, files: Sequence[str], fds: Sequence[int]) -> None:
    if len(files) != len(fds):
        close_fds(list(fds))
        raise Misuse(call, f"{len(files)} files are named, {len(fds)} descriptors came")
    _grant(files, fds)


def _destroy(instances: Instances, number: int) -> Reply:
    instances.take(number).destroy()
    return Done()


def _own(fds: Sequence[int], use: Callable[[], int]) -> At:
    """Rings are mapped by ``use``; their descriptors are not needed afterwards."""
    try:
        return At(use())
    finally:
        close_fds(list(fds))


def _sink(instance: Instance) -> SinkInstance:
    if not isinstance(instance, SinkInstance):
        raise Misuse("dispatch", "the instance is no sink")
    return instance


def _stage(instance: Instance) -> StageInstance:
    if not isinstance(instance, StageInstance):
        raise Misuse("dispatch", "the instance is no stage")
    return instance


def _attach(instance: Instance, message: Message, fds: Sequence[int]) -> Reply:
    match instance, message:
        case DecoderInstance(), AttachDecode():
            return _own(fds, lambda: instance.attach(message, fds[0]))
        case DspInstance(), AttachDsp():
            return _own(fds, lambda: instance.attach(message, fds))
        case SinkInstance(), AttachSink():
            return _own(fds, lambda: instance.attach(message, fds[0]))
    close_fds(list(fds))
    raise Misuse("attach", f"{type(message).__name__} is not for a {type(instance).__name__}")


def _attach_mix(instances: Instances, request: AttachMix, fds: Sequence[int]) -> Reply:
    """The dsp is a mix from here on."""
    try:
        mix = instances.instance(request.instance)
        if isinstance(mix, DspInstance):
            mix = MixStage(mix)
            instances.put(request.instance, mix)
        if not isinstance(mix, MixStage):
            raise Misuse("attach", f"a {type(mix).__name__} mixes nothing")
        return At(mix.attach(request, fds))
    finally:
        close_fds(list(fds))


def _mix_request(instance: Instance, message: Message, fds: Sequence[int]) -> Reply:
    try:
        if not isinstance(instance, MixStage):
            raise Misuse("dispatch", "the instance is no mix")
        if isinstance(message, JoinMix):
            instance.join(message, fds[0])
        elif isinstance(message, LimitMix):
            instance.limit(message.limit)
    finally:
        close_fds(list(fds))
    return Done()


def _switch_input(instance: Instance, message: Message, fds: Sequence[int]) -> Reply:
    assert isinstance(message, SwitchInput)
    try:
        if not isinstance(instance, DspInstance | SinkInstance):
            raise Misuse("switch_input", f"a {type(instance).__name__} reads no ring")
        instance.switch_input(message, fds[0])
    finally:
        close_fds(list(fds))
    return Done()


def _fade(instance: Instance, message: Message, _fds: Sequence[int]) -> Reply:
    assert isinstance(message, FadeDsp)
    if not isinstance(instance, DspInstance):
        raise Misuse("fade", "the instance is no dsp")
    return At(instance.fade(message))


def _reset(instance: Instance, _message: Message, _fds: Sequence[int]) -> Reply:
    if not isinstance(instance, DspInstance):
        raise Misuse("reset", "the instance is no dsp")
    instance.reset()
    return Done()


def _open_sink(instance: Instance, message: Message, fds: Sequence[int]) -> Reply:
    assert isinstance(message, OpenSink)
    _grant_all("open", message.files, fds)
    _sink(instance).open(message)
    return Done()


def _plan(instance: Instance, message: Message, _fds: Sequence[int]) -> Reply:
    assert isinstance(message, PlanUpdate)
    return instance.plan(message.config)


def _apply(instance: Instance, message: Message, fds: Sequence[int]) -> Reply:
    assert isinstance(message, ApplyUpdate)
    _grant_all("apply", message.files, fds)
    return instance.apply(message)


def _move_state(instance: Instance, message: Message, _fds: Sequence[int]) -> Reply:
    return instance.inherit(message) if isinstance(message, ImportState) else instance.export()


def _steer(instance: Instance, message: Message, _fds: Sequence[int]) -> Reply:
    stage = _stage(instance)
    match message:
        case HoldStage():
            return _stood(stage, stage.hold())
        case ReleaseStage():
            stage.release(message.epoch)
        case FinishStage():
            if isinstance(stage, DspInstance):
                raise Misuse("finish", "a dsp has no end of its own")
            ends = stage if isinstance(stage, SinkInstance | MixStage) else as_decoder(stage)
            ends.finish(message.position)
    return Done()


def _detach(instance: Instance, _message: Message, _fds: Sequence[int]) -> Reply:
    if isinstance(instance, SourceInstance):
        return At(instance.detach())
    stage = _stage(instance)
    return _stood(stage, stage.detach())


def _stood(stage: StageInstance, position: int) -> Reply:
    return AtCut(position) if isinstance(stage, DecoderInstance) and stage.cut else At(position)


def _sink_request(instance: Instance, message: Message, _fds: Sequence[int]) -> Reply:
    sink = _sink(instance)
    match message:
        case ListTargets():
            return sink.list_targets()
        case NegotiateSink():
            return sink.negotiate(message)
        case SetVolume():
            sink.set_volume(message)
        case FlushSink():
            sink.flush()
        case ResetSink():
            return sink.reset(message.next_frame)
        case CutDigest():
            sink.cut_digest(message.position)
        case CloseSink():
            sink.close()
    return Done()


def _query(instance: Instance, message: Message, _fds: Sequence[int]) -> Reply:
    match instance, message:
        case SourceInstance(), ListItems():
            return instance.list_items(message.request)
        case SourceInstance(), OpenStream():
            return instance.open_stream(message.track)
        case LyricsInstance(), SearchLyrics():
            return instance.search(message.query)
        case LyricsInstance(), FetchLyrics():
            return instance.fetch(message.track)
    raise Misuse("dispatch", f"{type(message).__name__} is not for a {type(instance).__name__}")


def _call_ended(_instance: Instance, _message: Message, _fds: Sequence[int]) -> Reply:
    """The lane comes to this once the call in progress is over."""
    return Done()


#: Descriptors that a request carries, where there are any.
_FDS: dict[type[Message], int] = {
    OpenDecoder: 1,
    OpenFromStream: 1,
    AttachStream: 1,
    AttachDecode: 1,
    AttachDsp: 3,
    AttachSink: 1,
    JoinMix: 1,
    SwitchInput: 1,
}

_Work = Callable[[Instance, Message, Sequence[int]], Reply]
_WORK: dict[type[Message], _Work] = {
    OpenDecoder: open_decoder,
    OpenFromStream: open_from_stream,
    ReadMetadata: decoder_request,
    ReadCover: decoder_request,
    SeekDecoder: decoder_request,
    PrimeDecoder: decoder_request,
    ListTargets: _sink_request,
    NegotiateSink: _sink_request,
    SetVolume: _sink_request,
    CutDigest: _sink_request,
    FlushSink: _sink_request,
    ResetSink: _sink_request,
    ResetDsp: _reset,
    CloseSink: _sink_request,
    OpenSink: _open_sink,
    PlanUpdate: _plan,
    ApplyUpdate: _apply,
    ExportState: _move_state,
    ImportState: _move_state,
    ListItems: _query,
    OpenStream: _query,
    AttachStream: stream_request,
    CloseStream: stream_request,
    SearchLyrics: _query,
    FetchLyrics: _query,
    CancelCall: _call_ended,
    AttachDecode: _attach,
    AttachDsp: _attach,
    AttachSink: _attach,
    HoldStage: _steer,
    ReleaseStage: _steer,
    DetachStage: _detach,
    FinishStage: _steer,
    FadeDsp: _fade,
    SwitchInput: _switch_input,
    JoinMix: _mix_request,
    LimitMix: _mix_request,
}
