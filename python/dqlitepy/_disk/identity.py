# SPDX-License-Identifier: Apache-2.0
"""info.yaml and cluster.yaml, which say who a node is and whom it knew; and who has the directory open."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path

from dqlitepy._disk.configuration import Member
from dqlitepy._disk.damage import Damaged

INFO = "info.yaml"
CLUSTER = "cluster.yaml"
LOCK = "dqlite-lock"
HOLDER = "dqlitepy.pid"

# The client protocol's codes, which go-dqlite writes; raft's log numbers them otherwise.
_ROLES = {"0": "voter", "1": "standby", "2": "spare"}
_FIELD = re.compile(r"(-\s+|\s*)(ID|Address|Role):\s*(\"[^\"]*\"|'[^']*'|\S*)\s*")


def parse_members(text: str) -> tuple[Member, ...]:
    """Returns the members in the text of info.yaml (one) or cluster.yaml (a list).

    Raises:
        Damaged: it holds something else.
    """
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        if not line.strip() or line.strip() in ("[]", "---") or line.lstrip().startswith("#"):
            continue
        match = _FIELD.fullmatch(line)
        if match is None:
            raise Damaged(f"the line {line!r} is none of ID, Address and Role")
        if match[1].startswith("-") or not found:
            found.append({})
        found[-1][match[2]] = match[3].strip("\"'")
    try:
        return tuple(
            Member(int(fields.get("ID", "0")), fields["Address"], _ROLES[fields.get("Role", "0")]) for fields in found
        )
    except (KeyError, ValueError):
        raise Damaged("it must hold ID, Address and Role of each node") from None


def holder(directory: Path) -> str | None:
    """Returns who has the directory open, "process 123" or "another process"; None for nobody."""
    try:
        descriptor = os.open(directory / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        # Shared, so that two who look do not take each other for a node; and gone with the descriptor.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _name_of(directory)
    finally:
        os.close(descriptor)


def _name_of(directory: Path) -> str:
    with suppress(OSError, ValueError):
        pid = int((directory / HOLDER).read_text(encoding="ascii"))
        with suppress(PermissionError):
            os.kill(pid, 0)
        return f"process {pid}"
    return "another process"
