# SPDX-License-Identifier: Apache-2.0
"""The table that people read."""

from __future__ import annotations

from typing import NamedTuple

from tools.update.pin import Pin, Sources
from tools.update.versions import is_release, precedence
from tools.update.web import Missing, Unreachable

# Why a pin is behind on purpose. A newer version is tried with these in mind.
HELD = {
    "bazel": "8.x: rules_foreign_cc 0.15.1 does not declare 9; the workflows build under 7 and 9 as well",
    "gazelle": "a lower bound, the lowest that is tested; rules_go and rules_python raise it in each graph",
    "platforms": "a lower bound, as gazelle",
    "rules_cc": "a lower bound, as gazelle",
    "rules_foreign_cc": "0.15.1 is the newest release, and declares Bazel 7",
    "rules_go": "0.64 asks Debian's bazel_features 1.11 for flags that it does not have",
    "github.com/bazelbuild/bazel-gazelle": "0.47.0 is the last whose Go module is whole; online, it is gazelle",
    "django_5_2.txt:django": "this lock is for the 5.2 series",
    "sqlalchemy_2_0.txt:sqlalchemy": "this lock is for the 2.0 series",
}


class Row(NamedTuple):
    """What was learnt of one pin."""

    name: str
    pinned: str
    seen: list[tuple[str, str]]
    unreachable: list[Unreachable]

    @property
    def newest(self) -> str:
        """The highest version seen, where it is newer than the pinned one; a question mark where nobody answered."""
        if not self.seen:
            return "?"
        releases = [version for _, version in self.seen if is_release(version)]
        if not is_release(self.pinned) or not releases:
            # Debian's versions and pre-releases: the one place that carries them says which is current.
            return self.seen[-1][1]
        highest = max(releases, key=precedence)
        return highest if precedence(highest) > precedence(self.pinned) else self.pinned


def look(pin: Pin, sources: Sources) -> Row:
    """Asks every place that may know."""
    seen: list[tuple[str, str]] = []
    unreachable: list[Unreachable] = []
    for place in pin.places(sources):
        try:
            version = place.newest()
        except Unreachable as error:
            unreachable.append(error)
            continue
        except Missing:
            continue
        if version:
            seen.append((place.name, version))
    return Row(pin.name, pin.pinned, seen, unreachable)


def render(rows: list[Row]) -> str:
    """Returns the table, what is held back, and what could not be reached."""
    lines = _columns([("NAME", "PINNED", "NEWEST", "SEEN AT"), *(_cells(row) for row in rows)])
    held = [(row.name, HELD[row.name]) for row in rows if row.name in HELD and row.newest != row.pinned]
    if held:
        lines += ["", "held back on purpose:", *(f"  {name}: {reason}" for name, reason in held)]
    silent: dict[str, list[str]] = {}
    for row in rows:
        for error in row.unreachable:
            silent.setdefault(str(error), []).append(row.name)
    if silent:
        lines += ["", "could not be reached, so that newer versions may be there:"]
        lines += [f"  {source}: {', '.join(dict.fromkeys(names))}" for source, names in silent.items()]
    newer = [row for row in rows if row.newest not in ("?", row.pinned)]
    if newer:
        lines += ["", "Type: tools/bazel run //tools:update -- --apply NAME VERSION"]
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, str, str, str]:
    # A place that has another version than the newest one says which.
    where = ", ".join(place if version == row.newest else f"{place} {version}" for place, version in row.seen)
    newest = "" if row.newest == row.pinned else row.newest
    return row.name, row.pinned, newest, where


def _columns(table: list[tuple[str, str, str, str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
