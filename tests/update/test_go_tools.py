# SPDX-License-Identifier: Apache-2.0
"""The programs that our tests run: MODULE.bazel lists each module that they are compiled from."""

from __future__ import annotations

import re

import pytest

from tests.update.pins_copy import Copy
from tests.update.registries import Registries
from tools.update.go_pins import GAZELLE, RULES_GO, TOOLCHAIN

LOCK = "tools/airgap/lock.txt"
ACTIONLINT = "github.com/rhysd/actionlint"
SYNC = "golang.org/x/sync"
MAIN = 'package main\n\nimport _ "example.com/colour"\nimport _ "golang.org/x/sync"\n\nfunc main() {}\n'


@pytest.fixture
def proxy(copy: Copy, registries: Registries) -> Copy:
    required = dict(re.findall(r"^\t(\S+) (v\S+)$", copy.read("go/go.mod"), re.MULTILINE))
    for path, version in required.items():
        registries.go_module(
            path, version, files={"package.go": f"package {path.rpartition('/')[2].partition('.')[0]}\n"}
        )
    registries.go_module(RULES_GO, copy.pinned(rf"^go {RULES_GO} (\S+) ", LOCK))
    registries.go_module(GAZELLE, copy.pinned(rf"^go {GAZELLE} (\S+) ", LOCK))
    registries.go_module(TOOLCHAIN, copy.pinned(rf"^go {TOOLCHAIN} (\S+) ", LOCK))
    registries.go_module("example.com/colour", "v1.2.3", files={"colour.go": "package colour\n"})
    needs = {"example.com/colour": "v1.2.3", SYNC: required[SYNC]}
    registries.go_module(ACTIONLINT, "v1.99.0", needs=needs, files={"cmd/actionlint/main.go": MAIN})
    return copy


def test_a_tool_takes_its_modules_along_and_leaves_those_of_the_library(proxy: Copy) -> None:
    before = proxy.read("MODULE.bazel")
    process = proxy.run("--apply", ACTIONLINT, "1.99.0")
    assert process.returncode == 0, process.stderr
    after = proxy.read("MODULE.bazel")
    listed = re.findall(
        r'^go_tools\.module\((.*?)path = "(\S+)", sum = "(h1:\S+)", version = "(\S+)"\)$', after, re.MULTILINE
    )
    assert [(indirect, path, version) for indirect, path, _, version in listed] == [
        ("indirect = True, ", "example.com/colour", "v1.2.3"),
        ("", ACTIONLINT, "v1.99.0"),
    ]
    for _, path, h1, version in listed:
        assert f"go {path} {version} {h1}\n" in proxy.read(LOCK)

    def without_tools(text: str) -> str:
        return re.sub(r"(?m)^go_tools\.module.*\n", "", text)

    assert without_tools(after) == without_tools(before)


def test_only_the_tool_itself_has_a_row(proxy: Copy) -> None:
    rows, _ = proxy.table()
    assert rows[ACTIONLINT] == [
        proxy.pinned(rf'path = "{ACTIONLINT}", .*version = "v(\S+)"', "MODULE.bazel"),
        "1.99.0",
        "Go proxy",
    ]
    assert "github.com/fatih/color" not in rows
