"""The bytes of every message. Whoever changes them raises WIRE_VERSION and this file in the same commit."""

from __future__ import annotations

import pytest

from abi.wire import WIRE_VERSION, Event, Message, Reply, Request, decode, encode
from abi.wire import message as wire_message
from tests.support.messages import SAMPLES

REQUEST_ID = 5
GENERATION = 1
GOLDEN_VERSION = 8
GOLDEN: dict[str, str] = {
    "HelloReply": "94010501940206cd126793cc8028cd3000",
    "Hello": "94020501940206b37374656c6c6174756e652e6473702e6761696ea4706c6179",
    "Pong": "9403050190",
    "Ping": "9404050190",
    "Failed": "94090501940103a46f70656eac6e6f20737563682066696c65",
    "ModuleInfo": (
        "940a050195b77374656c6c6174756e652e6465636f6465722e666c6163a4464c4143a5312e302e30c4027b7d"
        "919601a4666c6163a4464c4143c4027b7dc4027b7d9192a4666c616364"
    ),
    "LoadModule": "940b050194b02f706c7567696e732f6761696e2e736fa82f706c7567696e73c291ae636f6e74726f6c3a706c61796572",
    "ShutdownDone": "940c050190",
    "Shutdown": "940d050190",
    "Done": "9414050190",
    "InstanceCreated": "94150501934003c3",
    "CreateInstance": (
        "94160501970702a46761696ec40e7b226761696e5f6462223a2d337dcdac440292a6696e2e776176a76f75742e776176"
    ),
    "DestroyInstance": "941705019107",
    "DecoderOpened": "941805019acdac4402cd03e8cdac44cd0210cd04511007c3c2",
    "OpenDecoder": "941905019307ad2f6d757369632f612e666c6163a4666c6163",
    "OpenFromStream": "942305019407ad2f6d757369632f612e666c6163a4666c6163cd7530",
    "Json": "941a050191c40f5b7b226964223a226e756c6c227d5d",
    "ReadMetadata": "941b05019107",
    "CoverTold": "9424050191c404ffd8ffd9",
    "ReadCover": "942505019107",
    "Landed": "941c050192ce0006baa8c3",
    "SeekDecoder": "941d05019207cf0000010000000000",
    "ListTargets": "941e05019107",
    "Negotiated": "941f050194cdbb8002cd020002",
    "NegotiateSink": "942005019407c40d7b226964223a226e756c6c227dcdac4406",
    "OpenSink": "942105019607c40d7b226964223a226e756c6c227dcdbb8002cd040091a76f75742e776176",
    "CloseSink": "942205019107",
    "At": "9428050191cf0000010000000000",
    "AtCut": "9443050191cf0000010000000000",
    "AttachDecode": "94290501990703cd01b9cd0240ffcc93cb3fe000000000000002c3",
    "AttachDsp": "942a05019b070302cd0400cd3000ffcf00000100000000000100cd01e040",
    "AttachSink": "942b0501990703cd0400cb3fe0000000000000cd0372c314ffcf0000010000000000",
    "HoldStage": "942c05019107",
    "ReleaseStage": "942d0501920704",
    "FinishStage": "942e05019207cf0000010000000000",
    "DetachStage": "942f05019107",
    "SetVolume": "943005019307cb3fd0000000000000cd01b9",
    "CutDigest": "943105019207cf0000010000000000",
    "StageStopped": "9432050196070304cf000001000000000005a869742062726f6b65",
    "DigestReady": (
        "94330501940700cf0000010000000000d9403030303030303030303030303030303030303030303030303030"
        "3030303030303030303030303030303030303030303030303030303030303030303030303030"
    ),
    "Planned": "94460501930203b674686520696d70756c736520697320616e6f74686572",
    "PlanUpdate": "944705019207c40e7b226761696e5f6462223a2d337d",
    "Applied": "9448050191cf0000010000000000",
    "ApplyUpdate": "944905019407c40e7b226761696e5f6462223a2d337d0291a6696e2e776176",
    "State": "944a05019201c403010203",
    "ExportState": "944b05019107",
    "Inherited": "944c050192c2b26f6620616e6f746865722076657273696f6e",
    "ImportState": "944d0501930701c403010203",
    "ListItems": "945005019207c40b7b2270617468223a22227d",
    "StreamOpened": "9455050194c4027b7dc3c2cf0000010000000000",
    "OpenStream": "945105019207c40a7b226964223a2261227d",
    "AttachStream": "94560501930703c3",
    "CloseStream": "945705019107",
    "SearchLyrics": "945205019207c40d7b227469746c65223a2278227d",
    "FetchLyrics": "945305019207c40a7b226964223a2262227d",
    "CancelCall": "945405019107",
    "CreateScanner": "946e05019307a4666c6163c40c7b226d6435223a747275657d",
    "FilesScanned": (
        "946f0501939297919acdac4402cd03e8cdac44cd0210cd04511007c3c2a000a00dc420010101010101010101010101"
        "0101010101010101010101010101010101010101039790a46f70656e02ae6e6f207375636820666f726d617400c400"
        "00c40d7b227469746c65223a2278227dc403010203"
    ),
    "ScanFiles": "94700501930792a6612e666c6163a16292a4666c6163a0",
    "FadeDsp": "943405019307cd01b940",
    "SwitchInput": "943505019307cf0000010000000000cd0400",
    "AttachMix": "94400501970703cd0400cf0000010000000000ffcd01e0ff",
    "JoinMix": "944105019407cf0000010000000000cd01e0ff",
    "LimitMix": "944205019207cf0000010000000000",
    "FlushSink": "943605019107",
    "Discarded": "9438050191cd113a",
    "ResetSink": "943705019207cf0000010000000000",
    "ResetDsp": "943905019107",
    "PrimeDecoder": "943a05019107",
    "PluginLog": "943c0501930703a568656c6c6f",
    "PluginEvent": "943d05019207c40c7b226b696e64223a2278227d",
    "Dropped": "943e0501920203",
    "HostEventsTaken": "945a05019103",
    "PushHostEvents": "945b05019192c40c7b2274797065223a2278227dc4027b7d",
    "ControlAsked": "945c0501930705c4147b22636f6e74726f6c223a22706c61796572227d",
}


def all_types() -> list[type[Message]]:
    return list(wire_message._TYPES.values())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_packet_is_the_golden_one(sample: Message) -> None:
    assert WIRE_VERSION == GOLDEN_VERSION
    packed, fds = encode(sample, REQUEST_ID, GENERATION)
    assert (packed.hex(), fds) == (GOLDEN[type(sample).__name__], [])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_golden_packet_is_understood(sample: Message) -> None:
    packet = decode(bytes.fromhex(GOLDEN[type(sample).__name__]))
    assert (packet.message, packet.request_id, packet.generation) == (sample, REQUEST_ID, GENERATION)


def test_there_is_one_for_every_type() -> None:
    assert {type(sample) for sample in SAMPLES} == set(all_types())
    assert len(SAMPLES) == len(all_types()) == len(GOLDEN) >= 39


def test_tags_are_unique_and_fit_one_byte() -> None:
    tags = [cls.TAG for cls in all_types()]
    assert len(set(tags)) == len(tags)
    assert all(0 < tag < 128 for tag in tags)


def test_every_request_names_its_reply() -> None:
    requests = [cls for cls in all_types() if issubclass(cls, Request)]
    assert len(requests) >= 20
    for cls in requests:
        assert issubclass(cls.REPLY, Reply), cls
        assert cls.REPLY in all_types(), cls


def test_every_message_is_request_reply_or_event() -> None:
    for cls in all_types():
        assert sum(issubclass(cls, kind) for kind in (Request, Reply, Event)) == 1, cls


def test_every_reply_but_the_failure_answers_something() -> None:
    answered = {cls.REPLY for cls in all_types() if issubclass(cls, Request)}
    replies = {cls for cls in all_types() if issubclass(cls, Reply)}
    assert {cls.__name__ for cls in replies if not issubclass(cls, tuple(answered))} == {"Failed"}
