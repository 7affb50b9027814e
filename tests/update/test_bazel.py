# SPDX-License-Identifier: Apache-2.0
"""Bazel, its modules, bazelisk and the workflows' actions."""

from __future__ import annotations

import hashlib
import re

from tests.update.pins_copy import Copy
from tests.update.registries import Registries


def test_a_module_is_changed_wherever_it_is_named(copy: Copy, registries: Registries) -> None:
    registries.central_registry("rules_python", "2.3.2", "9.8.7")
    changed = copy.apply("rules_python", "9.8.7")
    dependency = 'bazel_dep(name = "rules_python", version = "9.8.7")'
    assert changed == {
        "MODULE.bazel": [dependency],
        "tests/consumer/MODULE.bazel": [dependency],
        "tools/airgap/rulesets/rules_python/MODULE.bazel": [
            '"""Stand-in for rules_python 9.8.7, used where neither GitHub nor the Central Registry answers.',
            '    version = "9.8.7",',
        ],
    }


def test_a_version_that_the_registry_withdrew_is_neither_shown_nor_applied(copy: Copy, registries: Registries) -> None:
    registries.central_registry("platforms", "1.1.0", "1.2.0", "2.0.0-rc1", yanked=("1.3.0",))
    assert copy.table("platforms")[0]["platforms"][1] == "1.2.0"
    assert "the Central Registry has no platforms 1.3.0" in copy.refusal("--apply", "platforms", "1.3.0")


def test_bazel_is_that_of_the_consumer_too_and_has_a_sum_for_each_cpu(copy: Copy, registries: Registries) -> None:
    registries.github_tags("bazelbuild/bazel", "8.7.0", "8.9.0", "9.0.0-pre.20260101.1")
    assert copy.table("bazel")[0]["bazel"][1:] == ["8.9.0", "GitHub"]
    release = "/github/bazelbuild/bazel/releases/download/8.9.0/bazel-8.9.0-linux"
    registries.files[f"{release}-x86_64.sha256"] = b"1f bazel-8.9.0-linux-x86_64\n"
    assert "GitHub has no bazel 8.9.0" in copy.refusal("--apply", "bazel", "8.9.0")
    registries.files[f"{release}-arm64.sha256"] = b"2f bazel-8.9.0-linux-arm64\n"
    changed = copy.apply("bazel", "8.9.0")
    assert changed == {
        ".bazelversion": ["8.9.0"],
        "tests/consumer/.bazelversion": ["8.9.0"],
        "tools/online/bazelisk.sh": ["bazel_sha256_amd64=1f", "bazel_sha256_arm64=2f"],
    }
    assert "GitHub has no bazel 8.9.1" in copy.refusal("--apply", "bazel", "8.9.1")


def test_bazelisk_has_a_sum_for_each_cpu(copy: Copy, registries: Registries) -> None:
    release = "/github/bazelbuild/bazelisk/releases/download/v9.9.9/bazelisk-linux"
    registries.files[f"{release}-amd64"] = b"for x86_64"
    assert "GitHub has no bazelisk 9.9.9" in copy.refusal("--apply", "bazelisk", "9.9.9")
    registries.files[f"{release}-arm64"] = b"for aarch64"
    changed = copy.apply("bazelisk", "v9.9.9")
    assert changed == {
        "tools/online/bazelisk.sh": [
            "bazelisk_version=9.9.9",
            f"bazelisk_sha256_amd64={hashlib.sha256(b'for x86_64').hexdigest()}",
            f"bazelisk_sha256_arm64={hashlib.sha256(b'for aarch64').hexdigest()}",
        ]
    }


def test_an_action_is_pinned_by_the_commit_of_its_tag_in_every_workflow(copy: Copy, registries: Registries) -> None:
    commits = registries.github_tags("actions/checkout", "v7.0.1", "v9", "v9.1.0")
    using = [name for name, text in copy.files().items() if "uses: actions/checkout@" in text]
    assert len(using) > 1
    assert copy.table("actions/checkout")[0]["actions/checkout"][1] == "9.1.0"
    changed = copy.apply("actions/checkout", "9.1.0")
    assert sorted(changed) == sorted(using)
    for lines in changed.values():
        assert {line.strip() for line in lines} == {f"- uses: actions/checkout@{commits['v9.1.0']} # v9.1.0"}


def test_everything_that_is_pinned_is_in_the_table(copy: Copy) -> None:
    """And of each pin it is said that nobody could be asked: here, no registry has anything."""
    rows, _ = copy.table()
    module = copy.read("MODULE.bazel")
    for name, version in re.findall(r'^bazel_dep\(name = "(\S+)", version = "(\S+)"\)', module, re.MULTILINE):
        assert rows[name][0] == version
    for path, version in re.findall(r"^\t(\S+) v(\S+)$", copy.read("go/go.mod"), re.MULTILINE):
        assert rows[path][0] == version
    for file in re.findall(r"^deb (\S+) ", copy.read("tools/airgap/lock.txt"), re.MULTILINE):
        package, version, _ = file.split("_")
        assert rows[package][0] == version
    used = {use for text in copy.files().values() for use in re.findall(r"uses: (\S+)@", text)}
    assert used <= rows.keys()
    assert {"bazel", "bazelisk", "go", "dqlite", "libuv", "lz4", "github.com/bazelbuild/bazel-gazelle"} <= rows.keys()
    # The table names nothing twice, since a name is what one types.
    assert len(rows) == copy.run().stdout.partition("\n\n")[0].count("\n")
