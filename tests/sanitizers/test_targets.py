# SPDX-License-Identifier: Apache-2.0
"""Each test of a patch or of a limit that starts a node of its own runs on a sanitized one, too."""

from __future__ import annotations

import re

from tests.support import ROOT

# AddressSanitizer keeps what was freed, and these measure or limit memory.
MEMORY = {"blank_databases", "freed_memory", "idle_connections", "no_memory", "request_bytes"}
# It needs terabytes of addresses for itself.
ADDRESSES = {"address_space"}
# The sanitized node has no options, and writes no log. So these have a sanitized library.
LIBRARY = {
    "connections",
    "forged_files",
    "idle_transactions",
    "large_entries",
    "large_messages",
    "listed_connections",
    "local_reads",
    "log_bytes",
    "long_readers",
    "peers",
}


def test_no_test_of_a_patch_is_forgotten() -> None:
    starting = {
        file.stem.removeprefix("test_")
        for file in (ROOT / "tests" / "patches").glob("test_*.py")
        if re.search(r"\b(NodeProcess|node: |client: Client)", file.read_text(encoding="utf-8"))
    }
    build = (ROOT / "tests" / "sanitizers" / "BUILD.bazel").read_text(encoding="utf-8")
    [named] = re.findall(r"for test in \[(.*?)\]", build, flags=re.DOTALL)
    assert names(named) == starting - MEMORY - LIBRARY


def test_no_test_of_a_limit_is_forgotten() -> None:
    build = (ROOT / "tests" / "sanitizers" / "BUILD.bazel").read_text(encoding="utf-8")
    library = {folder: names(tests) for folder, tests in re.findall(r'"(\w+)": \[(.*?)\]', build, flags=re.DOTALL)}
    faults = {file.stem.removeprefix("test_") for file in (ROOT / "tests" / "faults").glob("test_*.py")}
    assert (library["faults"], library["patches"], library["jepsen"]) == (faults - ADDRESSES, LIBRARY, {"runs"})


def names(listed: str) -> set[str]:
    """The strings in a list of a BUILD file."""
    return set(re.findall(r'"(\w+)"', listed))
