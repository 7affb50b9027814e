# SPDX-License-Identifier: Apache-2.0
"""A patch names in its head the patches that it does not apply without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import ROOT
from tools.patches.heads import Patch, read_patches
from tools.patches.needs import Moved, all_needs, direct_needs

PATCHES = read_patches(ROOT)


@pytest.mark.parametrize("component", sorted({patch.component for patch in PATCHES}))
def test_each_patch_says_what_it_needs(component: str) -> None:
    patches = [patch for patch in PATCHES if patch.component == component]
    said = {patch.name: set(patch.needs) for patch in patches}
    unsaid = {name: needs - all_needs(name, said) for name, needs in direct_needs(ROOT, patches).items()}
    assert {name: sorted(needs) for name, needs in unsaid.items() if needs} == {}


def write(folder: Path, name: str, *hunks: str) -> Patch:
    file = folder / "third_party" / "x" / "patches" / f"{name}.patch"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("the reason\n\n--- a/f.c\n+++ b/f.c\n" + "".join(hunks))
    return Patch("x", name, {}, "")


def test_what_a_hunk_meets(tmp_path: Path) -> None:
    patches = [
        write(tmp_path, "adds", "@@ -2,2 +2,3 @@\n two\n+new\n three\n"),
        write(tmp_path, "removes", "@@ -20,3 +20,2 @@\n a\n-b\n c\n"),
        write(tmp_path, "is-far-away", "@@ -40 +40 @@\n-x\n+y\n"),
        write(tmp_path, "changes-what-was-added", "@@ -3,2 +3,2 @@\n-new\n+newer\n three\n"),
        write(tmp_path, "spans-what-was-removed", "@@ -20,2 +20,3 @@\n a\n c\n+d\n"),
        write(tmp_path, "begins-behind-it", "@@ -21,2 +21,1 @@\n c\n-d\n"),
        write(tmp_path, "is-behind-all", "@@ -5,1 +5,2 @@\n five\n+six\n", "@@ -40 +41 @@\n-y\n+z\n"),
    ]
    assert direct_needs(tmp_path, patches) == {
        "adds": set(),
        "removes": set(),
        "is-far-away": set(),
        "changes-what-was-added": {"adds"},
        "spans-what-was-removed": {"removes"},
        "begins-behind-it": {"spans-what-was-removed"},
        "is-behind-all": {"is-far-away"},
    }


def test_needs_of_needs() -> None:
    assert all_needs("c", {"a": set(), "b": {"a"}, "c": {"b"}}) == {"a", "b"}


def test_a_new_file_belongs_to_its_patch(tmp_path: Path) -> None:
    patches = [
        write(tmp_path, "makes", "@@ -0,0 +1,2 @@\n+one\n+two\n"),
        write(tmp_path, "goes-on", "@@ -2 +2,2 @@\n two\n+three\n\\ No newline at end of file\n"),
    ]
    assert direct_needs(tmp_path, patches) == {"makes": set(), "goes-on": {"makes"}}


def test_a_patch_whose_lines_have_moved_is_found(tmp_path: Path) -> None:
    patches = [
        write(tmp_path, "adds", "@@ -2,2 +2,3 @@\n two\n+new\n three\n"),
        write(tmp_path, "is-old", "@@ -3 +3 @@\n-three\n+four\n"),
    ]
    with pytest.raises(Moved, match="is-old: line 3 of f.c is 'new', and not 'three'"):
        direct_needs(tmp_path, patches)
