# SPDX-License-Identifier: Apache-2.0
"""All places that name the version of version.bzl agree with it."""

from __future__ import annotations

import re

import pytest

from tests.release.files import ROOT

VERSION = re.search(r'^VERSION = "(.+)"$', (ROOT / "version.bzl").read_text(), re.MULTILINE)
assert VERSION


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("MODULE.bazel", r'module\(\s*name = "dqlitepy",\s*version = "(.+)",'),
        ("README.md", r'bazel_dep\(name = "dqlitepy", version = "(.+?)"\)'),
        ("README.md", r"dist/dqlitepy-(.+?)-py3-none"),
        ("docs/building.md", r'bazel_dep\(name = "dqlitepy", version = "(.+?)"\)'),
        ("tests/consumer/MODULE.bazel", r'bazel_dep\(name = "dqlitepy", version = "(.+?)"\)'),
    ],
)
def test_the_version_that_is_released_is_named_everywhere(file: str, pattern: str) -> None:
    assert VERSION
    assert re.findall(pattern, (ROOT / file).read_text(encoding="utf-8")) == [VERSION[1]]


def test_the_changelog_begins_with_that_version() -> None:
    assert VERSION
    newest = re.findall(r"(?m)^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))[0]
    assert re.fullmatch(r"\[Unreleased\]: (\S+)|\[(\S+)\] - \d{4}-\d\d-\d\d", newest)
    assert VERSION[1] in newest
