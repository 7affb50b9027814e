# SPDX-License-Identifier: Apache-2.0
"""Which patches each patch stands on: those that added, or removed, one of the lines that its hunks show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tools.patches.heads import Patch

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class Moved(Exception):
    """A patch does not show the lines that stand where it says: it has to be exported anew."""


@dataclass
class _Line:
    """A line of a patched file."""

    text: str | None = None  # None until a patch shows it
    owner: str | None = None  # the patch that added it, None for upstream
    cut: set[str] = field(default_factory=set)  # the patches that removed what stood just before it


@dataclass(frozen=True)
class _Hunk:
    file: str
    start: int  # of the first line before the change, from 0
    body: list[str]  # with their " ", "-" or "+"


def direct_needs(checkout: Path, patches: list[Patch]) -> dict[str, set[str]]:
    """Returns by name, for the patches of one component in their order, the patches that each does not apply without.

    Raises:
        Moved: the numbers of lines in a patch are not right.
    """
    files: dict[str, list[_Line]] = {}
    needs: dict[str, set[str]] = {}
    for patch in patches:
        met: set[str] = set()
        moved: dict[str, int] = {}
        for hunk in _hunks(patch.path(checkout).read_text(encoding="utf-8")):
            start = hunk.start + moved.get(hunk.file, 0)
            before, after = _applied(files.setdefault(hunk.file, []), start, hunk, patch.name, met)
            moved[hunk.file] = moved.get(hunk.file, 0) + after - before
        needs[patch.name] = met - {patch.name}
    return needs


def all_needs(name: str, needs: dict[str, set[str]]) -> set[str]:
    """Returns what a patch needs, and what that needs in turn."""
    found: set[str] = set()
    left = [name]
    while left:
        new = needs[left.pop()] - found
        found |= new
        left += new
    return found


def _hunks(text: str) -> list[_Hunk]:
    lines = text.split("\n")
    hunks = []
    file = ""
    at = 0
    while at < len(lines):
        if lines[at].startswith("--- ") and lines[at + 1].startswith("+++ "):
            old, new = (line[4:].split("\t")[0] for line in lines[at : at + 2])
            file = (old if new == "/dev/null" else new).partition("/")[2]
            at += 2
        elif found := _HUNK.match(lines[at]):
            start, *sizes = (1 if number is None else int(number) for number in (found[1], found[2], found[4]))
            body: list[str] = []
            at += 1
            while _sizes(body) != tuple(sizes):
                if not lines[at].startswith("\\"):  # "\ No newline at end of file"
                    body.append(lines[at] or " ")
                at += 1
            hunks.append(_Hunk(file, start - 1 if sizes[0] else start, body))
        else:
            at += 1
    return hunks


def _sizes(body: list[str]) -> tuple[int, int]:
    """Returns how many lines a hunk has before the change and after it."""
    return sum(line[0] != "+" for line in body), sum(line[0] != "-" for line in body)


def _applied(lines: list[_Line], start: int, hunk: _Hunk, name: str, met: set[str]) -> tuple[int, int]:
    """Applies a hunk to what is known of its file, adds the patches that it meets, and returns its `_sizes`."""
    before, after = _sizes(hunk.body)
    lines += [_Line() for _ in range(start + before + 1 - len(lines))]
    result: list[_Line] = []
    cut: set[str] = set()
    at = start
    for shown in hunk.body:
        if shown[0] == "+":
            result.append(_Line(shown[1:], name, cut))
            cut = set()
            continue
        line = lines[at]
        if line.text not in (None, shown[1:]):
            raise Moved(f"{name}: line {at + 1} of {hunk.file} is {line.text!r}, and not {shown[1:]!r}")
        line.text = shown[1:]
        met |= {line.owner} if line.owner else set()
        met |= line.cut if at > start else set()
        if shown[0] == "-":
            cut |= line.cut | {name}
        else:
            line.cut |= cut
            cut = set()
            result.append(line)
        at += 1
    lines[at].cut |= cut
    lines[start:at] = result
    return before, after
