# SPDX-License-Identifier: Apache-2.0
"""Which files the linters read."""

from __future__ import annotations

from tests.support import ROOT

# Folders, in the source tree and in Bazel's runfiles alike. The stand-ins' Python runs in the build alone.
SOURCES = [name for name in ("python/dqlitepy", "tests", "tools", "examples") if (ROOT / name).is_dir()]
# Among the files of a test that Bazel runs are rules_python's own launchers, which begin with `_test_`.
assert len(SOURCES) == 4, f"//tests/lint lists the files; here there are only {SOURCES}"
