"""Settings of tests of machine code."""

from __future__ import annotations

import os

from graphad.llvm.cache import VARIABLE

# Tests neither read nor write the user's cache, not even those that compile as they are imported.
os.environ[VARIABLE] = "off"
