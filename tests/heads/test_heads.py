# SPDX-License-Identifier: Apache-2.0
"""Each patch says what it is for, what it needs and which test fails without it; docs/patches.md says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import ROOT
from tools.patches.heads import BadHead, Patch, read_patch, read_patches
from tools.patches.page import render
from tools.pins import read_pins

PATCHES = read_patches(ROOT)
GROUPS = ["fixes", "features", "bounds", "speed", "reads"]
HEAD = """\
SPDX-License-Identifier: MIT
Modification of x 1 by us, 2026-01-01.
Without: it does not work
Fault: upstream
Forwarded: no
Needs: a, b
Test: tests/x/test_x.py, upstream test/y.c
Applies-to: 1
Last-Update: 2026-01-01

x: Do it

Because.
"""


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_what_a_patch_needs_stands_before_it(patch: Patch) -> None:
    before = [other.name for other in PATCHES if other.component == patch.component]
    assert set(patch.needs) <= set(before[: before.index(patch.name)])


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_the_test_of_a_patch_exists(patch: Patch) -> None:
    assert patch.tests or patch.fields["Test"].startswith("upstream test/")
    assert [test for test in patch.tests if not (ROOT / test).exists()] == []


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_it_applies_to_what_is_pinned(patch: Patch) -> None:
    assert patch.fields["Applies-to"] == read_pins(ROOT)[patch.component]["version"]


def test_the_groups_of_dqlite_stand_in_their_order() -> None:
    groups = [patch.group for patch in PATCHES if patch.component == "dqlite"]
    assert groups == sorted(groups, key=GROUPS.index)
    assert set(groups) == set(GROUPS)


def test_a_file_that_is_not_pinned_is_no_patch_of_ours() -> None:
    files = {str(path.relative_to(ROOT)) for path in ROOT.glob("third_party/*/patches/**/*.patch")}
    assert files == {f"third_party/{patch.component}/patches/{patch.name}.patch" for patch in PATCHES}


def test_the_page_is_current() -> None:
    # Else: tools/bazel run //tools:patches
    assert (ROOT / "docs" / "patches.md").read_text(encoding="utf-8") == render(PATCHES)


def write(folder: Path, head: str) -> Path:
    file = folder / "third_party" / "x" / "patches" / "fixes" / "it.patch"
    file.parent.mkdir(parents=True)
    file.write_text(head)
    return folder


def test_a_head_is_read(tmp_path: Path) -> None:
    patch = read_patch(write(tmp_path, HEAD), "x", "fixes/it.patch")
    assert (patch.name, patch.group, patch.title) == ("fixes/it", "fixes", "x: Do it")
    assert patch.needs == ["a", "b"]
    assert patch.tests == ["tests/x/test_x.py"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("Test: tests/x/test_x.py, upstream test/y.c\n", "", "it.patch has no Test"),
        ("Fault: upstream\n", "whose fault\n", "it.patch says 'whose fault', which is no field"),
        ("SPDX", "spdx", "does not begin with its licence"),
    ],
)
def test_a_head_that_is_not_whole_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in HEAD
    with pytest.raises(BadHead, match=complaint):
        read_patch(write(tmp_path, HEAD.replace(old, new)), "x", "fixes/it.patch")
