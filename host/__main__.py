"""`python -m host`: the same as the command `stellatune`."""

import sys

from host.cli import main

sys.exit(main())
