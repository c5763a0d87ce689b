# Sourced by every command in this folder: makes the checkout ready to use, at once when it is.
#
# Gives $ROOT and set_up LEVEL, where LEVEL is `run` (what the host needs) or `test` (and what its tests need). Ready
# means: the Debian packages below, and .venv holding an editable install of what the sources are now. Progress goes to
# stderr; nothing is written where nothing had to be done.

ROOT=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
VENV="$ROOT/.venv"
MIN_PYTHON="3.11"

# libportaudio2 brings ALSA and its configuration with it.
RUN_PACKAGES=(pkg-config libflac-dev libsndfile1-dev libkissfft-dev libsoxr-dev libportaudio2 flac)
# What more plugins are built with. Each can be done without: what needs it is not built.
PLUGIN_PACKAGES=(libmpg123-dev libvorbis-dev libopusfile-dev libavformat-dev libavcodec-dev libavutil-dev libebur128-dev
    libcurl4-openssl-dev)
TEST_PACKAGES=(g++ libebur128-1)
# For the tier against a real sound server, which is skipped where it cannot be had.
SOUND_PACKAGES=(pulseaudio pulseaudio-utils libasound2-plugins)
# Whose files the tests of decoders read.
CODEC_PACKAGES=(ffmpeg lame vorbis-tools opus-tools)
# For the models of tests/models, skipped likewise.
MODEL_PACKAGES=(spin)
# For the tests on a message bus of their own, skipped likewise.
BUS_PACKAGES=(dbus-daemon dbus-bin)

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# One number for all that an install depends on.
fingerprint() {
    (
        cd -- "$ROOT" || exit
        {
            printf '%s\0' pyproject.toml setup.py MANIFEST.in
            find abi shm_audio plugin_worker native_plugins -type f \
                \( -name '*.[ch]' -o -name '*.toml' -o -name 'build_*.py' -o -name 'cdef*.py' \) \
                ! -name '_*.c' -print0 | LC_ALL=C sort -z
        } | xargs -0 cksum | cksum
        printf '%s\n' "$ROOT"
    )
}

# Runs a command silently; shows what it said only when it fails.
quietly() {
    local said status=0
    said=$("$@" 2>&1 </dev/null) || status=$?
    [ "$status" -eq 0 ] || printf '%s\n' "$said" >&2
    return "$status"
}

missing_packages() {
    [ "$#" -gt 0 ] || return 0
    local installed package
    installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null)
    for package in "$@"; do
        case $'\n'"$installed"$'\n' in *$'\n'"$package installed"$'\n'*) ;; *) printf '%s\n' "$package" ;; esac
    done
}

APT_UPDATED=""
apt_install() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    if ! command -v apt-get >/dev/null || { [ "${#as_root[@]}" -gt 0 ] && ! command -v sudo >/dev/null; }; then
        say "missing: $*. Neither root nor sudo with apt-get is here: install them and start again."
        return 1
    fi
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -y)
    if [ -z "$APT_UPDATED" ]; then
        say "apt-get update"
        quietly "${apt[@]}" update || say "the package lists could not be refreshed; trying with those that are here"
        APT_UPDATED=yes
    fi
    say "apt-get install $*"
    # Never at the price of something else: pulseaudio, for one, would push pipewire-pulse off the machine.
    quietly "${apt[@]}" install --no-install-recommends --no-remove "$@"
}

python_is() { # PYTHON TEST: old enough | able to compile against | able to make a venv
    case $2 in
        recent) "$1" -c "import sys; sys.exit(sys.version_info < tuple(map(int, '$MIN_PYTHON'.split('.'))))" ;;
        headers) "$1" -c 'import os, sysconfig as s; assert os.path.exists(s.get_path("include") + "/Python.h")' ;;
        venv) command -v uv || "$1" -c 'import venv, ensurepip' ;;
    esac >/dev/null 2>&1
}

# The first interpreter on PATH that has everything; otherwise Debian's, which apt can complete.
PYTHON=""
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        PYTHON=$(command -v "$name") || continue
        if python_is "$PYTHON" recent && python_is "$PYTHON" headers && python_is "$PYTHON" venv; then
            PYTHON=$("$PYTHON" -c 'import sys; print(sys.executable)')  # what a version manager's shim stands for
            return 0
        fi
    done
    PYTHON=/usr/bin/python3
    return 1
}

system_packages() { # LEVEL
    local wanted=("${RUN_PACKAGES[@]}") missing=()
    if ! command -v dpkg-query >/dev/null; then
        say "no dpkg here: make sure of a C compiler, Python.h, PortAudio, soxr, pkg-config, and the libraries of the plugins"
        find_python || die "Python $MIN_PYTHON or newer with its headers (Python.h) and venv is needed"
        return
    fi
    [ "$1" = run ] || wanted+=("${TEST_PACKAGES[@]}")
    command -v gcc >/dev/null || wanted+=(gcc libc6-dev)
    find_python || wanted+=(python3 python3-dev python3-venv)
    mapfile -t missing < <(missing_packages "${wanted[@]}")
    if [ "${#missing[@]}" -gt 0 ]; then
        apt_install "${missing[@]}" || die "system packages could not be installed: ${missing[*]}"
    fi
    find_python || die "Python $MIN_PYTHON or newer with its headers and venv is needed; found $("$PYTHON" -V 2>&1)"
    wish_for "what is built with them" "${PLUGIN_PACKAGES[@]}"
    [ "$1" = run ] && return
    wish_for "tests with them" "${CODEC_PACKAGES[@]}"
    wish_for "tests with them" "${SOUND_PACKAGES[@]}"
    wish_for "tests with them" "${MODEL_PACKAGES[@]}"
    wish_for "tests with them" "${BUS_PACKAGES[@]}"
}

wish_for() { # WHAT is left out without them, and PACKAGES that can be done without
    local what=$1 missing=() package
    shift
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -eq 0 ] || apt_install "${missing[@]}" && return
    # One that apt does not know stops them all: one by one, then.
    for package in "${missing[@]}"; do
        apt_install "$package" || say "going on without $package and $what"
    done
}

python_packages() { # LEVEL
    local target=".[tui]" made
    [ "$1" = run ] || target=".[dev]"
    made="$ROOT $("$PYTHON" -V)"
    # A venv knows its own place, so a moved checkout needs a new one; so does one that was left half made.
    if [ "$(cat -- "$VENV/.made" 2>/dev/null)" != "$made" ]; then
        rm -rf -- "$VENV"
        if command -v uv >/dev/null; then
            quietly uv venv --quiet --python "$PYTHON" "$VENV" || die "uv could not make $VENV"
        else
            quietly "$PYTHON" -m venv "$VENV" || die "could not make $VENV"
        fi
        printf '%s\n' "$made" >"$VENV/.made"
    fi
    say "building and installing into .venv"
    cd -- "$ROOT" || exit
    if command -v uv >/dev/null; then
        quietly uv pip install --quiet --python "$VENV/bin/python" -e "$target"
    else
        quietly "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -e "$target"
    fi || die "the install failed; what it said stands above"
    # The first start is to be as quick as all others, also where Python is told to write no byte code.
    "$VENV/bin/python" -m compileall -q abi host plugin_worker shm_audio native_plugins >/dev/null || true
}

set_up() { # LEVEL
    local now
    now=$(fingerprint)
    [ "$now" = "$(cat -- "$VENV/.stamp-$1" 2>/dev/null)" ] && return
    mkdir -p -- "$ROOT/.cache"
    {
        flock 9
        # Somebody else may have done it while we waited.
        if [ "$now" != "$(cat -- "$VENV/.stamp-$1" 2>/dev/null)" ]; then
            system_packages "$1"
            (python_packages "$1") || exit
            printf '%s\n' "$now" >"$VENV/.stamp-run"
            [ "$1" = run ] || printf '%s\n' "$now" >"$VENV/.stamp-test"
        fi
    } 9>"$ROOT/.cache/setup.lock"
}
