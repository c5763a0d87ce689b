"""A host's session that changes without end, and is written as fast as it goes: ``STATE_DIR SEED``. To be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from random import Random

from host.app import session_store
from host.app.saved_position import Place
from host.app.session_store import SessionStore
from host.playback import Input, Modes, PlayState, Queue


async def _live(state_dir: Path, random: Random) -> None:
    queue = Queue(random)
    store = SessionStore(state_dir, queue, lambda text: print(text, file=sys.stderr))
    await store.load()
    print("loaded", flush=True)
    queue.set_modes(Modes(shuffle=True))
    while True:
        count = random.randrange(20)
        queue.add([Input(Path(f"/music/{random.randrange(1000)} \udcff.flac")) for _ in range(count)])
        entry = queue.advance()
        if len(queue) > 400:
            queue.remove([each.id for each in queue.entries[:200]])
        store.note(Place(entry.id if entry else None, random.random(), -3.0, PlayState.PLAYING))
        await asyncio.sleep(0)
        print(queue.version, flush=True)


if __name__ == "__main__":
    session_store.PAUSE_S = session_store.PAUSE_TIMES = 0
    asyncio.run(_live(Path(sys.argv[1]), Random(int(sys.argv[2]))))
