"""``python -m tests.bench.python_hop IN_FD OUT_FD WAKE_FRAMES LIBRARY GAIN_DB CORE``: a hop without the C pump.

The best loop over cffi calls that the same rings allow: it looks at room and data once a run of blocks and keeps every
pointer; each block is still copied in, processed, copied out and published by itself.
"""

from __future__ import annotations

import os
import sys
import time

from plugin_worker._core import ffi as plugin_ffi
from plugin_worker._core import lib as plugin_lib
from plugin_worker.module import open_library
from shm_audio._core import ffi, lib

PATIENCE_NS = 5_000_000_000
CHANNELS = 2
RATE_HZ = 48000


def main(in_fd: int, out_fd: int, wake_frames: int, library: str, gain_db: str, core: int) -> None:
    """Runs until it is killed."""
    os.sched_setaffinity(0, {core})
    module = open_library(library, plugin_lib.st_host_table(b"", 0))
    ref = plugin_ffi.new("StDspInstanceRef *")
    type_id, config = plugin_ffi.from_buffer(b"gain"), plugin_ffi.from_buffer(f'{{"gain_db": {gain_db}}}'.encode())
    name = plugin_ffi.new("StStr *", {"ptr": plugin_ffi.cast("char *", type_id), "len": len(type_id)})
    text = plugin_ffi.new("StStr *", {"ptr": plugin_ffi.cast("char *", config), "len": len(config)})
    assert module.create_dsp_instance(name[0], RATE_HZ, CHANNELS, text[0], ref).code == 0
    source, target = ffi.new("st_ring *"), ffi.new("st_ring *")
    assert lib.st_ring_map(source, in_fd, 2) == lib.ST_RING_OK
    assert lib.st_ring_map(target, out_fd, 1) == lib.ST_RING_OK
    lib.st_ring_greet(source)
    lib.st_ring_greet(target)
    sys.stdout.write(".")
    sys.stdout.flush()
    _pump(source, target, ref, wake_frames)


def _pump(source: ffi.CData, target: ffi.CData, ref: ffi.CData, wake_frames: int) -> None:
    block = int(source.format.block_frames)
    samples = ffi.new("float[]", block * CHANNELS)
    in_place = plugin_ffi.cast("float *", int(ffi.cast("uintptr_t", samples)))
    process, handle = ref.vtable.process_interleaved_f32_in_place, ref.handle
    get, put, publish_write, publish_read = (
        lib.st_ring_get,
        lib.st_ring_put,
        lib.st_ring_publish_write,
        lib.st_ring_publish_read,
    )
    data, room, scrubbed, never = (
        ffi.new("uint32_t *"),
        ffi.new("uint32_t *"),
        ffi.new("uint64_t *"),
        ffi.new("uint32_t *"),
    )
    quarter = max(block, int(target.format.ahead_frames) // 4)
    while True:
        lib.st_ring_available(source, data)
        lib.st_ring_room(target, room)
        for _ in range(min(data[0], room[0]) // block):
            get(source, samples, block)
            process(handle, in_place, block)
            put(target, samples, block, scrubbed)
            publish_write(target, block)
            publish_read(source, block)
        lib.st_ring_available(source, data)
        lib.st_ring_room(target, room)
        if data[0] >= block and room[0] >= block:
            continue
        lib.st_ring_before_sleep(source)
        lib.st_ring_before_sleep(target)
        deadline = time.monotonic_ns() + PATIENCE_NS
        if data[0] < block:
            lib.st_ring_wait_for(source, max(block, wake_frames), never, deadline)
        else:
            lib.st_ring_wait_for(target, quarter, never, deadline)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5], int(sys.argv[6]))
