"""The tests: unit, contract, integration, faults, e2e, fuzz, bench, plugins."""

import os

# Before anybody imports numpy: its linear algebra starts threads again after a fork, which the census then finds.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
