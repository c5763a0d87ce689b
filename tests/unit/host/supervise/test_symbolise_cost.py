"""Names are asked for where they help, not where they cost a second that the successor needs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from host.ids import Generation, InstanceId, PluginId, Role
from host.supervise import Autopsy, Cause, symbolise
from host.supervise.autopsy import Frame


def death(module: str) -> Autopsy:
    """In one frame of that library; its file is this test, which is as good as any."""
    frame = Frame(0x1000, module, 0x10, __file__)
    return Autopsy(
        plugin_id=PluginId("a.plugin"),
        role=Role.PLAY,
        generation=Generation(1),
        pid=1,
        cause=Cause.CRASH,
        signal="SIGSEGV",
        exit_status=None,
        reason="",
        call="process",
        instance=InstanceId(1),
        last_lines=(),
        backtrace=(str(frame),),
        address=0,
        external=False,
        progress=True,
        frames=(frame,),
    )


@pytest.mark.parametrize(
    ("module", "named"),
    [("libflac.so.12", True), ("libc.so.6", False), ("python3.11", False), ("libpython3.11.so.1.0", False)],
)
def test_who_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, named: bool) -> None:
    program = tmp_path / "addr2line"
    program.write_text("#!/bin/sh\necho read_block\necho flac.c:12\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = asyncio.run(symbolise(death(module), None))
    assert found.backtrace == ((f"read_block at flac.c:12 ({module}+0x10)",) if named else (f"{module}+0x10",))
