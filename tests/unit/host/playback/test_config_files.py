"""Files that a configuration names: each opened once, none left open, and one line for each that cannot be."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from host.errors import ConfigRejected
from host.ids import PluginId, TypeId
from host.jsontext import Json, JsonObject
from host.packages import CapabilityManifest, PluginManifest
from host.playback.config_files import ConfigFiles, open_config_files
from host.playback.stage_spec import StageSpec, with_files
from host.runtime import MAX_GRANTS

FILE: JsonObject = {"type": "string", "format": "file-read"}
SCHEMA: JsonObject = {
    "properties": {"files": {"items": FILE}, "to": {"type": "string", "format": "file-write"}, "name": {}},
}
OWNER = "example.dsp.room (room)"
IN_TIME_S = 20.0


def opened(*names: str | Path, timeout_s: float = IN_TIME_S) -> ConfigFiles:
    files: list[Json] = [str(name) for name in names]
    config: JsonObject = {"files": files, "to": "out.wav", "name": "no file"}
    return asyncio.run(open_config_files(OWNER, SCHEMA, config, timeout_s))


def refusal(*names: str | Path, timeout_s: float = IN_TIME_S) -> ConfigRejected:
    before = descriptors()
    with pytest.raises(ConfigRejected) as caught:
        opened(*names, timeout_s=timeout_s)
    error = caught.value
    assert error.message.startswith(f"config of {OWNER}: ")
    assert error.remedy and "\n" not in str(error)
    assert descriptors() == before
    return error


def descriptors() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "a", tmp_path / "b"]
    for path in made:
        path.write_text(path.name)
    return made


def contents(files: ConfigFiles) -> list[bytes]:
    return [os.pread(fd, 10, 0) for fd in files.grants.fds]


def test_what_is_to_be_read_is_opened_in_order(files: list[Path]) -> None:
    with opened(files[1], "", *files, files[1]) as found:
        assert found.grants.values == tuple(map(str, (files[1], *files, files[1])))
        assert contents(found) == [b"b", b"a", b"b", b"b"]
        assert not any(map(os.get_inheritable, found.grants.fds))
        fds = found.grants.fds
    found.close()
    assert found.grants.grants == ()
    for fd in fds:
        with pytest.raises(OSError):
            os.fstat(fd)


def test_a_copy_is_the_very_same_file_and_lives_by_itself(files: list[Path]) -> None:
    with opened(*files) as found:
        copy = found.copy()
        inodes = [os.fstat(fd).st_ino for fd in found.grants.fds]
    for path in files:
        path.unlink()
        path.write_text("another")
    with copy:
        assert [os.fstat(fd).st_ino for fd in copy.grants.fds] == inodes
        assert (copy.grants.values, contents(copy)) == (tuple(map(str, files)), [b"a", b"b"])
    with found.copy() as nothing:
        assert nothing.grants.grants == ()


def test_each_thing_that_is_no_file_has_its_own_reason(tmp_path: Path, files: list[Path]) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "null").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    names = ["none", "fifo", "loop", "null", "socket", "x" * 300, "a/below", "\0", "."]
    told = [refusal(files[0], tmp_path / name).message for name in names]
    assert all(str(tmp_path / name) in message for name, message in zip(names, told, strict=True))
    reasons = [message.partition(str(tmp_path / name))[2] for name, message in zip(names, told, strict=True)]
    assert len(set(reasons)) == len(names)
    assert "not UTF-8" in refusal("\udcff").message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file(files: list[Path]) -> None:
    files[1].chmod(0)
    assert "permission denied" in refusal(*files).message


def test_more_than_go_along_with_one_message(files: list[Path]) -> None:
    with opened(*[files[0]] * MAX_GRANTS) as found:
        assert len(found.grants.fds) == MAX_GRANTS
    assert f"names {MAX_GRANTS + 1} files" in refusal(*[files[0]] * (MAX_GRANTS + 1)).message


def test_a_file_system_that_does_not_answer_is_given_up(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    waits, goes_on = os.pipe()
    real = os.open

    def late(path: bytes, flags: int) -> int:
        os.read(waits, 1)
        return real(path, flags)

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(ConfigRejected, match=r"not open after 0\.01 s"):
        opened(files[0], timeout_s=0.01)
    os.close(goes_on)  # the thread comes to its end, and closes what it opened
    os.close(waits)


def test_no_descriptor_left_for_a_copy(files: list[Path]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with opened(*files) as found:
        before = descriptors()
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(found.grants.fds) + 1, hard))
        try:
            with pytest.raises(ConfigRejected, match="Too many open files"), ExitStack() as copies:
                for _ in range(100):
                    copies.enter_context(found.copy())
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert descriptors() == before


def test_a_stage_with_its_files(files: list[Path], tmp_path: Path) -> None:
    """By the schema of its own kind: a type of the same name may be of another."""
    room = TypeId("room")
    schemas: dict[CapabilityKind, JsonObject] = {CapabilityKind.DECODER: {}, CapabilityKind.DSP: SCHEMA}
    capabilities = tuple(CapabilityManifest(kind, room, "", schema, {}) for kind, schema in schemas.items())
    plugin = PluginManifest(PluginId("example.dsp.room"), "", "1", tmp_path, tmp_path, False, capabilities)
    spec = StageSpec("room", plugin.id, room, {"files": [str(files[0])]})
    held = asyncio.run(with_files(spec, CapabilityKind.DSP, plugin, IN_TIME_S))
    with held.files, held.held().files as own:
        assert contents(held.files) == contents(own) == [b"a"]
    assert (spec.files.grants.grants, held.config) == ((), spec.config)
