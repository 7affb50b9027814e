# SPDX-License-Identifier: Apache-2.0
"""Our patches, tried on another version of what they change."""

from __future__ import annotations

import io
import tarfile

import pytest

from tests.update.pins_copy import Copy
from tests.update.registries import Registries

ARCHIVE = "/github/libuv/libuv/archive/refs/tags/v9.8.7.tar.gz"
PINS = "third_party/pins.bzl"
HEAD = """\
SPDX-License-Identifier: MIT
Modification of libuv 1.50.0 by us, 2026-01-01.
Without: it does not work
Fault: upstream
Forwarded: no
Needs: {needs}
Test: tests/x/test_x.py
Applies-to: 1.50.0
Last-Update: 2026-01-01

{name}: Do it

diff --git a/{file} b/{file}
--- a/{file}
+++ b/{file}
@@ -1,3 +1,3 @@
 before
-{old}
+{new}
 behind
"""


@pytest.fixture
def patched(copy: Copy, registries: Registries) -> Copy:
    """A copy in which libuv has four patches, of which an archive of its next version has one already."""
    names = ["first", "second", "third", "fourth"]
    lines = "".join(f'            "fixes/{name}.patch",\n' for name in names)
    text = copy.read(PINS)
    entry = text.index('"libuv": {')
    begin = text.index('"patches": [\n', entry) + len('"patches": [\n')
    copy.write(PINS, text[:begin] + lines + text[text.index("        ],\n", begin) :])
    for name, needs, file, old, new in [
        ("first", "nothing", "moved.c", "old", "new"),
        ("second", "nothing", "changed.c", "old", "new"),
        ("third", "fixes/second", "changed.c", "new", "newer"),
        ("fourth", "nothing", "taken.c", "old", "new"),
    ]:
        head = HEAD.format(name=name, needs=needs, file=file, old=old, new=new)
        copy.write(f"third_party/libuv/patches/fixes/{name}.patch", head)
    other = copy.read(PINS)
    begin = other.index('"patches": [', other.index('"dqlite": {'))
    copy.write(PINS, other[:begin] + '"patches": [\n' + other[other.index("        ],\n", begin) :])
    registries.files[ARCHIVE] = archive(
        {
            "moved.c": "more\nbefore\nold\nbehind\n",
            "changed.c": "before\nanother\nbehind\n",
            "taken.c": "before\nnew\nbehind\n",
        }
    )
    return copy


def archive(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"libuv-9.8.7/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return content.getvalue()


def test_each_patch_is_tried(patched: Copy) -> None:
    before = patched.files()
    process = patched.run("--try", "libuv", "v9.8.7")
    assert process.returncode == 0, process.stderr
    assert patched.files() == before
    assert process.stdout.splitlines() == [
        "fixes/first   applies",
        "fixes/second  needs work: changed.c:1",
        "fixes/third   waits for fixes/second",
        "fixes/fourth  is in it",
        "",
        "2 of 4 patches fit libuv 9.8.7",
        "Type: git log -- third_party",
    ]


def test_what_cannot_be_tried_is_refused(patched: Copy) -> None:
    assert patched.refusal("--try", "lz4", "1.9.4") == "lz4 has no patches"
    assert patched.refusal("--try", "libuv", "9.8.8") == "GitHub has no libuv 9.8.8"
    assert patched.refusal("--try", "libuv", "new") == "GitHub has no libuv new"
