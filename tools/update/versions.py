# SPDX-License-Identifier: Apache-2.0
"""Which of two versions is the newer one."""

from __future__ import annotations

import re
from collections.abc import Iterable

Precedence = tuple[tuple[int, ...], bool, list[tuple[bool, int, str]]]


def precedence(version: str) -> Precedence:
    """Semantic versioning's order: a release after its pre-releases, numbers as numbers."""
    release, _, suffix = version.removeprefix("v").partition("+")[0].partition("-")
    parts = suffix.split(".") if suffix else []
    identifiers = [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
    return tuple(int(part) for part in release.split(".")), not suffix, identifiers


def is_release(version: str) -> bool:
    """Whether a version is numbers and dots alone: no pre-release, no date, no name."""
    return re.fullmatch(r"v?\d+(\.\d+)+", version) is not None


def newest(versions: Iterable[str]) -> str | None:
    """Returns the highest release."""
    return max(filter(is_release, versions), key=precedence, default=None)
