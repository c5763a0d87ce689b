"""Build steps that pyproject.toml cannot say: the cffi modules, and one shared library per C plugin.

A plugin folder is `native_plugins/<name>/` with a `plugin.toml`. Where that names a `library`, all C files of the
folder are compiled into it, with the headers of `abi/` and what its `[build]` table asks for:

    [build]
    libraries = ["FLAC"]                    # linked
    headers = ["FLAC/stream_decoder.h"]     # looked for before compiling
    packages = ["libflac-dev"]              # where a Debian system finds them
    cflags = []                             # optional

Folders with `module = "plugin.py"` hold Python and ship as data.
"""

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
        headers = [*(ROOT / "abi").rglob("*.h"), *folder.parent.glob("*.h"), *folder.glob("*.h")]
        super().__init__(
            f"native_plugins.{folder.name}.{library.removesuffix('.so')}",
            sources=sources,
            depends=[*relative(headers), *relative([folder / "plugin.toml"])],
            include_dirs=INCLUDE_DIRS,
            libraries=build.get("libraries", []),
            extra_compile_args=[*CFLAGS, *build.get("cflags", [])],
        )
        self.plugin = folder.name
        self.headers = build.get("headers", [])
        self.packages = build.get("packages", [])


class BuildExt(build_ext):
    """Builds extension modules as ever, and plugin libraries under their plain names."""

    def get_ext_filename(self, fullname: str) -> str:
        """A plugin library keeps its plain name, without ABI tag. Asked by full name or by its last part alone."""
        if isinstance(self.ext_map.get(fullname), PluginLibrary):
            return str(Path(*fullname.split("."))) + ".so"
        return super().get_ext_filename(fullname)

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """A plugin library exports by attribute and has no PyInit symbol."""
        return [] if isinstance(ext, PluginLibrary) else super().get_export_symbols(ext)

    def build_extension(self, ext: Extension) -> None:
        """Says which package is missing before the compiler says which line."""
        if isinstance(ext, PluginLibrary):
            for header in ext.headers:
                if not self.has_header(header, ext.extra_compile_args):
                    remedy = f"apt-get install {' '.join(ext.packages)}" if ext.packages else "install what provides it"
                    raise CompileError(f"plugin {ext.plugin} needs the header <{header}>: {remedy}")
        super().build_extension(ext)

    def has_header(self, header: str, flags: list[str]) -> bool:
        """Asks the compiler itself, so that its own search path counts."""
        command = [*self.compiler.compiler_so, *flags, "-fsyntax-only", "-x", "c", "-"]
        probe = f"#if !__has_include(<{header}>)\n#error absent\n#endif\nextern int probe;\n"
        return subprocess.run(command, input=probe, text=True, capture_output=True, check=False).returncode == 0


def plugin_libraries() -> list[Extension]:
    """One library per plugin folder whose plugin.toml names one."""
    found: list[Extension] = []
    for path in sorted((ROOT / "native_plugins").glob("*/plugin.toml")):
        manifest = tomllib.loads(path.read_text(encoding="utf-8"))
        if "library" in manifest:
            found.append(PluginLibrary(path.parent, manifest["library"], manifest.get("build", {})))
    return found


setup(cffi_modules=CFFI_MODULES, ext_modules=plugin_libraries(), cmdclass={"build_ext": BuildExt})
