"""What a worker has given up before any plugin code runs, seen from outside in /proc and from inside by a plugin."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from abi.wire import CreateInstance, Event, LoadModule, Payload
from host.errors import PluginRefused
from host.ids import Generation, PluginId, Role
from host.settings import Limits
from host.worker import WorkerHandle, WorkerSpec, Zygote, spawn

SPEC = WorkerSpec(PluginId("test.sink.witness"), Role.PLAY, Generation(3))
LIMITS = replace(Limits(), handshake_ms=20_000)
LONG_S = 30.0
KEPT = {"HOME", "LANG", "LANGUAGE", "PATH", "TMPDIR", "TZ", "USER", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"}
KEPT_PREFIXES = ("ALSA_", "GLIBC_", "JACK_", "LC_", "PA_", "PIPEWIRE_", "PULSE_", "STELLATUNE_SHM")
KEPT_ENDINGS = ("_proxy", "_PROXY")
#: Tells what it sees by refusing to be created.
WITNESS = """
import os, signal, resource, threading

def create(kind, type_id, config, host):
    seen = {
        "environment": sorted(os.environ),
        "descriptors": sorted(os.readlink(f"/proc/self/fd/{name}").split(":")[0] for name in os.listdir("/proc/self/fd")
                              if os.path.lexists(f"/proc/self/fd/{name}")),
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "term": signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
        "stack": threading.stack_size(),
    }
    raise ValueError(repr(seen))
"""
MANIFEST = """
id = "test.sink.witness"
name = "Witness"
version = "1.0.0"
api_version = 6
module = "plugin.py"
[[capabilities]]
kind = "sink"
type_id = "witness"
name = "Witness"
config_schema = "{}"
default_config = "{}"
"""


def ignore(_handle: WorkerHandle, _event: Event) -> None:
    """Nobody listens."""


@contextmanager
def careless_launcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host that was started with signals blocked, secrets in its environment and an inheritable descriptor."""
    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nowhere")
    monkeypatch.setenv("LC_TIME", "C")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    extra = os.open("/dev/zero", os.O_RDONLY)
    os.set_inheritable(extra, True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(extra)


def look(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, object], dict[str, str]]:
    """What the plugin says, and files of /proc."""
    (folder / "plugin.py").write_text(WITNESS)
    (folder / "plugin.toml").write_text(MANIFEST)

    async def body() -> tuple[dict[str, object], dict[str, str]]:
        zygote = Zygote()
        with careless_launcher(monkeypatch):
            handle = await spawn(SPEC, ignore, LIMITS, zygote.start)
        here = Path(f"/proc/{handle.pid}")
        files = {name: (here / name).read_text() for name in ("status", "limits", "oom_score_adj", "stat")}
        await handle.request(LoadModule(str(folder / "plugin.py"), str(folder), True, ()), LONG_S)
        with pytest.raises(PluginRefused) as said:
            sink = CapabilityKind.OUTPUT_SINK
            await handle.request(CreateInstance(1, sink, "witness", Payload(b"{}"), 0, 0, ()), LONG_S)
        handle.terminate()
        await handle.wait_exit(LONG_S)
        zygote.close()
        seen: dict[str, object] = eval(re.findall(r"\{.*\}", said.value.message)[0])
        return seen, files

    return asyncio.run(body())


def test_a_worker_has_what_it_needs_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, files = look(tmp_path, monkeypatch)
    status = dict(re.findall(r"^(\w+):\t(.*)$", files["status"], re.MULTILINE))
    pid, stat = status["Pid"], files["stat"].rpartition(")")[2].split()
    assert (stat[2], stat[3], stat[4]) == (pid, pid, "0"), "a group, a session, and no terminal"
    assert stat[1] == str(os.getpid()), "the host is its parent"
    assert status["NoNewPrivs"] == "1"
    assert int(status["SigBlk"], 16) == 0
    assert not int(status["SigIgn"], 16) & 1 << (signal.SIGTERM - 1)
    assert status["Umask"] == "0077"
    assert files["oom_score_adj"] == "500\n"
    for limit, most in {
        "Max core file size": "0",
        "Max open files": "1024",
        "Max stack size": str(8 << 20),
        "Max realtime timeout": "200000",
    }.items():
        assert re.search(rf"^{limit} +{most} +{most} ", files["limits"], re.MULTILINE), limit
    assert (seen["blocked"], seen["term"], seen["stack"]) == ([], True, 8 << 20)
    assert seen["descriptors"] == ["/dev/null", "anon_inode", "pipe", "pipe", "socket", "socket"]
    names = seen["environment"]
    assert isinstance(names, list)
    assert {"LC_TIME", "https_proxy"} <= set(names)
    assert not {"SOME_TOKEN", "LD_LIBRARY_PATH", "PYTHONPATH"} & set(names)
    assert all(name in KEPT or name.startswith(KEPT_PREFIXES) or name.endswith(KEPT_ENDINGS) for name in names), names
