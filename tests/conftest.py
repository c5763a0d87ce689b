"""What every test may use, and the census that every test must pass: it leaves nothing behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import census
from tests.support.failpoints import Failpoints, build_worker

# How long an example takes is an affair of the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def _own_temporary_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Temporary files of this run and its children, apart from those of everybody else; those of libpulse apart again.

    It makes a folder at its first use and keeps it for the next.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))
        patch.setenv("PULSE_RUNTIME_PATH", str(tmp_path_factory.mktemp("pulse")))
        patch.setattr(tempfile, "tempdir", os.environ["TMPDIR"])
        yield


@pytest.fixture(scope="session")
def _failpoint_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failpoints]:
    """A worker with failpoints, built once."""
    with build_worker(tmp_path_factory.mktemp("failpoints")) as built:
        yield built


@pytest.fixture
def failpoints(_failpoint_worker: Failpoints) -> Iterator[Failpoints]:
    """None is armed, and none is afterwards; hosts and workers with its ``python_path`` come by them."""
    yield _failpoint_worker
    _failpoint_worker.clear()


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Invariant I3: after any test, processes, descriptors, threads, mappings and files equal the baseline."""
    before = census.take()
    yield
    left = census.left_behind(before)
    assert not left, "the test left behind:\n  " + "\n  ".join(left)
