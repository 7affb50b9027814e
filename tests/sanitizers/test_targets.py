# SPDX-License-Identifier: Apache-2.0
"""Each test of a patch that starts a node of its own runs on the sanitized one, too."""

from __future__ import annotations

import re

from tests.support import ROOT

# AddressSanitizer keeps what was freed, and these measure or limit memory.
MEMORY = {"blank_databases", "idle_connections", "no_memory", "request_bytes"}
# The sanitized node has no options, and writes no log.
LIBRARY = {"connections", "forged_files", "log_bytes", "peers"}


def test_no_test_of_a_patch_is_forgotten() -> None:
    starting = {
        file.stem.removeprefix("test_")
        for file in (ROOT / "tests" / "patches").glob("test_*.py")
        if re.search(r"\b(NodeProcess|node: |client: Client)", file.read_text(encoding="utf-8"))
    }
    build = (ROOT / "tests" / "sanitizers" / "BUILD.bazel").read_text(encoding="utf-8")
    [named] = re.findall(r"for test in \[(.*?)\]", build, flags=re.DOTALL)
    assert set(re.findall(r'"(\w+)"', named)) == starting - MEMORY - LIBRARY
