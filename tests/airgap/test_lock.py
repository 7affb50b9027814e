# SPDX-License-Identifier: Apache-2.0
"""The Go modules of the lock are those that the build asks for."""

from __future__ import annotations

import re

from tests.airgap.machine import ROOT
from tools.update.versions import precedence

LOCKED = {
    path: (version, h1)
    for kind, path, version, h1 in (
        line.split()
        for line in (ROOT / "tools" / "airgap" / "lock.txt").read_text().splitlines()
        if line.startswith("go ")
    )
}
MODULE = (ROOT / "MODULE.bazel").read_text()


def test_each_requirement_of_the_go_module_is_locked_at_its_version_or_a_higher_one() -> None:
    requirements = re.findall(r"^\t(\S+) (v\S+)", (ROOT / "go" / "go.mod").read_text(), re.MULTILINE)
    assert requirements
    for path, version in requirements:
        assert precedence(LOCKED[path][0]) >= precedence(version), path


def test_sums_agree_with_those_of_the_online_edition() -> None:
    sums = {
        (path, version): h1 for path, version, h1 in map(str.split, (ROOT / "go" / "go.sum").read_text().splitlines())
    }
    common = [path for path, (version, _) in LOCKED.items() if (path, version) in sums]
    assert "github.com/canonical/go-dqlite/v3" in common
    for path in common:
        version, h1 = LOCKED[path]
        assert h1 == sums[path, version], path


def test_the_sdk_and_rules_go_are_those_of_the_online_edition() -> None:
    sdk = re.search(r'go_sdk\.download\(version = "([^"]+)"', MODULE)
    rules_go = re.search(r'bazel_dep\(name = "rules_go", version = "([^"]+)"\)', MODULE)
    assert sdk
    assert rules_go
    assert LOCKED["golang.org/toolchain"][0] == f"v0.0.1-go{sdk[1]}.linux-amd64"
    assert LOCKED["github.com/bazelbuild/rules_go"][0] == f"v{rules_go[1]}"
