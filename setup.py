"""Build steps that pyproject.toml cannot say: the cffi modules, and one shared library per C plugin.

A plugin folder is `native_plugins/<name>/` with a `plugin.toml`. Where that names a `library`, all C files of the
folder are compiled into it, with the headers of `abi/` and what its `[build]` table asks for:

    [build]
    pkg_config = ["flac"]                   # libraries, as pkg-config calls them; it says how to compile and link
    packages = ["libflac-dev"]              # where a Debian system has them
    libraries = ["m"]                       # linked besides: what every system has
    cflags = []                             # optional

A library is built where pkg-config finds all that it asks for. Where it does not, the folder ships without it: the host
tells such a plugin as not built, and `stellatune doctor` says what brings it. Folders with `module = "plugin.py"` hold
Python and ship as data.
"""

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

ROOT = Path(__file__).resolve().parent
# The builders import their neighbours (abi.cdef); under PEP 517 the root of the project is not on the path by itself.
sys.path.insert(0, str(ROOT))

INCLUDE_DIRS = ["abi/include", "abi/sdk"]
CFLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"]
CFFI_MODULES = [
    "abi/wire/build_scan.py:ffibuilder",
    "shm_audio/build_core.py:ffibuilder",
    "plugin_worker/build_core.py:ffibuilder",
    "host/library/build_opening.py:ffibuilder",
]


def relative(paths: list[Path]) -> list[str]:
    """Paths as setuptools wants them: relative to the root, sorted."""
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


class PluginLibrary(Extension):
    """A plugin's shared library: loaded by dlopen, never imported."""

    def __init__(self, folder: Path, library: str, build: dict[str, list[str]]) -> None:
        if Path(library).name != library or not library.endswith(".so"):
            raise CompileError(f"{folder.name}/plugin.toml: library must be a plain file name in .so, not {library!r}")
        sources = relative(list(folder.glob("*.c")))
        if not sources:
            raise CompileError(f"{folder.name}/plugin.toml: library is {library!r}, but the folder has no C file")
        wanted = build.get("pkg_config", [])
        cflags, libs = pkg_config("--cflags", wanted), pkg_config("--libs", wanted)
        headers = [*(ROOT / "abi").rglob("*.h"), *folder.parent.glob("*.h"), *folder.glob("*.h")]
        super().__init__(
            f"native_plugins.{folder.name}.{library.removesuffix('.so')}",
            sources=sources,
            depends=[*relative(headers), *relative([folder / "plugin.toml"])],
            include_dirs=INCLUDE_DIRS,
            libraries=build.get("libraries", []),
            extra_compile_args=[*CFLAGS, *build.get("cflags", []), *(cflags or [])],
            extra_link_args=libs or [],
        )
        self.plugin = folder.name
        self.absent = "" if cflags is not None and libs is not None else ", ".join(wanted)
        self.remedy = " ".join(["apt-get install pkg-config", *build.get("packages", [])])


def pkg_config(what: str, names: list[str]) -> list[str] | None:
    """Flags, or None where one of the libraries, or pkg-config itself, is not here."""
    if not names:
        return []
    command = [os.environ.get("PKG_CONFIG") or "pkg-config", what, *names]
    try:
        said = subprocess.run(command, text=True, capture_output=True, check=False)
    except OSError:
        return None
    return shlex.split(said.stdout) if said.returncode == 0 else None


class BuildExt(build_ext):
    """Builds extension modules as ever, and plugin libraries under their plain names where they can be built."""

    def finalize_options(self) -> None:
        """Leaves out the plugin libraries that cannot be built here, and says so."""
        super().finalize_options()
        left_out = [each for each in self.extensions if isinstance(each, PluginLibrary) and each.absent]
        self.extensions = [each for each in self.extensions if each not in left_out]
        for each in left_out:
            self.warn(f"plugin {each.plugin} is not built: not all of {each.absent} found ({each.remedy})")

    def get_ext_filename(self, fullname: str) -> str:
        """A plugin library keeps its plain name, without ABI tag. Asked by full name or by its last part alone."""
        if isinstance(self.ext_map.get(fullname), PluginLibrary):
            return str(Path(*fullname.split("."))) + ".so"
        return super().get_ext_filename(fullname)

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """A plugin library exports by attribute and has no PyInit symbol."""
        return [] if isinstance(ext, PluginLibrary) else super().get_export_symbols(ext)


def plugin_libraries() -> list[Extension]:
    """One library per plugin folder whose plugin.toml names one."""
    found: list[Extension] = []
    for path in sorted((ROOT / "native_plugins").glob("*/plugin.toml")):
        manifest = tomllib.loads(path.read_text(encoding="utf-8"))
        if "library" in manifest:
            found.append(PluginLibrary(path.parent, manifest["library"], manifest.get("build", {})))
    return found


setup(cffi_modules=CFFI_MODULES, ext_modules=plugin_libraries(), cmdclass={"build_ext": BuildExt})
