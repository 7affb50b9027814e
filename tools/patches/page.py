# SPDX-License-Identifier: Apache-2.0
"""Renders docs/patches.md from the heads of the patches."""

from __future__ import annotations

from tools.patches.heads import Patch

_OPENING = """\
# The patches

<!-- Made by `tools/bazel run //tools:patches` from the heads of the patches. Change those. -->

dqlite and libuv are built with the patches of `third_party/*/patches`. Each says in its head why it is there, what it
needs, and which test fails without it. All are wire-compatible: nodes with and without them may form one cluster. The
client keeps its own defences for servers that have none of them.

They apply in the order of this page, which is that of `third_party/pins.bzl`. Each group of dqlite's applies and
compiles on top of the groups before it:

- **fixes**: bugs, mostly upstream's.
- **features**: what the client of this package asks of its nodes.
- **bounds**: no input ends a node, and nothing grows without bound.
- **speed**: the same answers in less time. Some of them change which thread does what, and are the daring ones.
- **reads**: servers that do not lead answer, too.

`--//third_party/dqlite:patches=fixes` builds the library without speed and reads. It behaves the same, but is slower,
and local reads go to the leader; its wheel has `+fixes` in its version. `tools/bazel test --config=fixes //tests:fixes`
tests it.

`tools/bazel run //tools:update -- --try dqlite VERSION` tries each patch on another version of dqlite.
"""
_ABOUT = {
    ("dqlite", "fixes"): "dqlite: fixes",
    ("dqlite", "features"): "dqlite: features",
    ("dqlite", "bounds"): "dqlite: bounds",
    ("dqlite", "speed"): "dqlite: speed",
    ("dqlite", "reads"): "dqlite: reads",
}


def render(patches: list[Patch]) -> str:
    """Returns the page's text."""
    parts = [_OPENING]
    for component, group in dict.fromkeys((patch.component, patch.group) for patch in patches):
        rows = [patch for patch in patches if (patch.component, patch.group) == (component, group)]
        title = _ABOUT.get((component, group), component)
        parts.append(
            f"## {title}\n\n| patch | without it | fault | needs | test |\n|---|---|---|---|---|\n" + _rows(rows)
        )
    return "\n".join(parts)


def _rows(patches: list[Patch]) -> str:
    return "".join(f"| {' | '.join(_cells(patch))} |\n" for patch in patches)


def _cells(patch: Patch) -> list[str]:
    return [
        f"[{patch.name.rpartition('/')[2]}](../third_party/{patch.component}/patches/{patch.name}.patch)",
        patch.fields["Without"].replace("|", "\\|"),
        patch.fields["Fault"],
        ", ".join(_need(patch, need) for need in patch.needs),
        patch.fields["Test"].replace("|", "\\|"),
    ]


def _need(patch: Patch, need: str) -> str:
    """A patch of the same group goes without the group's name."""
    return need.removeprefix(f"{patch.group}/")
