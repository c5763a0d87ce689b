"""Good packets, damaged at random: a packet or PacketRefused, nothing else. The seed is printed, and can be given."""

from __future__ import annotations

import os
import random

from abi.wire import Packet, PacketRefused, close_fds, decode, encode
from abi.wire.payload import write_payload
from tests.support.messages import SAMPLES

ITERATIONS = 4000
HEADS = (0x00, 0x7F, 0x80, 0x90, 0xC0, 0xC1, 0xC6, 0xCB, 0xDB, 0xDD, 0xDF, 0xFF)
SEED_VARIABLE = "STELLATUNE_TEST_SEED"


def damaged(data: bytes, others: list[bytes], random_: random.Random) -> bytes:
    """One to three small damages."""
    out = bytearray(data)
    for _ in range(random_.randint(1, 3)):
        at = random_.randrange(len(out) + 1)
        match random_.randrange(6):
            case 0 if out:
                out[at % len(out)] ^= 1 << random_.randrange(8)
            case 1:
                out[at:at] = random_.randbytes(random_.randint(1, 4))
            case 2:
                del out[at : at + random_.randint(1, 4)]
            case 3 if out:
                out[at % len(out)] = random_.choice(HEADS)
            case 4:
                other = random_.choice(others)
                out[at:] = other[random_.randrange(len(other)) :]
            case _:
                out[at:at] = out[: random_.randint(0, len(out))]
    return bytes(out)


def test_damaged_packets() -> None:
    seed = int(os.environ.get(SEED_VARIABLE, random.SystemRandom().randrange(2**32)))
    print(f"{SEED_VARIABLE}={seed}")
    random_ = random.Random(seed)
    good = [encode(sample, 5, 1)[0] for sample in SAMPLES]
    understood = refused = 0
    for _ in range(ITERATIONS):
        data = damaged(random_.choice(good), good, random_)
        fds = [write_payload(b"{}")] if random_.random() < 0.1 else []
        try:
            packet = decode(data, tuple(fds))
        except PacketRefused:
            refused += 1
            close_fds(fds)
        else:
            assert isinstance(packet, Packet)
            understood += 1
            close_fds(list(packet.fds))
    assert understood + refused == ITERATIONS
    assert min(understood, refused) > ITERATIONS // 50, (understood, refused)
