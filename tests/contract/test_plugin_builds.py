"""The build of the plugin libraries: what pkg-config does not find is left out and told, and stops nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from host.cli.checkup import State, checkup
from host.packages import PATH_VARIABLE, discover
from host.settings import Paths, Settings
from tests.unit.host.packages.plugin_folder import named

ROOT = Path(__file__).resolve().parents[2]
BUILDERS = (
    "abi/wire/build_scan.py",
    "shm_audio/build_core.py",
    "plugin_worker/build_core.py",
    "host/library/build_opening.py",
)
NO_MODULE = "from cffi import FFI\nffibuilder = FFI()\nffibuilder.set_source('no_module', None)\n"
SOURCE = "#ifndef PRESENT\n#error built without the flags of pkg-config\n#endif\nint stellatune_gain(void);\n"
PRESENT = "Name: present\nDescription: a library\nVersion: 1\nCflags: -DPRESENT=1\nLibs: -lm\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Our setup.py over three plugins: one that needs nothing, one whose library is here, one whose library is not."""
    shutil.copy(ROOT / "setup.py", tmp_path)
    for builder in BUILDERS:
        (tmp_path / builder).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / builder).write_text(NO_MODULE)
    for name, wanted in (("plain", ""), ("lucky", '"present"'), ("poor", '"present", "absent"')):
        folder = tmp_path / "native_plugins" / name
        folder.mkdir(parents=True)
        build = f'[build]\npkg_config = [{wanted}]\npackages = ["lib{name}-dev"]\n'
        (folder / "plugin.toml").write_text(named(f"x.{name}", "t") + build)
        (folder / "gain.c").write_text(SOURCE if wanted else "int stellatune_gain(void);\n")
    (tmp_path / "pkgconfig").mkdir()
    (tmp_path / "pkgconfig" / "present.pc").write_text(PRESENT)
    return tmp_path


def build(project: Path, **environment: str) -> str:
    """What it says; it succeeds."""
    done = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--inplace"],
        cwd=project,
        env={**os.environ, "PKG_CONFIG_LIBDIR": str(project / "pkgconfig"), **environment},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.skipif(shutil.which("pkg-config") is None, reason="pkg-config is not installed")
def test_a_plugin_whose_library_is_absent_is_left_out(project: Path) -> None:
    said = build(project)
    assert "plugin poor is not built" in said and "apt-get install pkg-config libpoor-dev" in said
    assert "lucky" not in said
    found = discover([project / "native_plugins"])
    assert (list(found.plugins), found.problems) == (["x.lucky", "x.plain"], ())
    assert [each.id for each in found.unbuilt] == ["x.poor"]


def test_without_pkg_config_what_needs_nothing_is_built(project: Path) -> None:
    said = build(project, PKG_CONFIG=str(project / "nowhere"))
    assert "plugin lucky is not built" in said and "plugin poor is not built" in said
    found = discover([project / "native_plugins"])
    assert list(found.plugins) == ["x.plain"]
    assert [each.id for each in found.unbuilt] == ["x.lucky", "x.poor"]


def test_doctor_says_what_brings_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(project / "native_plugins" / "poor"))
    findings = checkup(Paths(project / "c.toml", project, project, project, project), Settings())
    (finding,) = (each for each in findings if "x.poor" in each.text)
    assert finding.state is State.WARNING
    assert "present, absent" in finding.text and "apt-get install pkg-config libpoor-dev" in finding.remedy
