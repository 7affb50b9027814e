# SPDX-License-Identifier: Apache-2.0
"""What an error means: for the data, by what the docs promise of each class, and for the run, by the faults it had.

Only AmbiguousCommitError leaves the outcome open. Every other error says that nothing was committed, so a write that
failed with it and is found all the same is a violation. And an error that no fault of the run explains is one, whatever
it says of the data.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import dqlitepy

from tests.jepsen.history import FAIL, INFO

# A program that is right never gets these from a database that is.
_NEVER = (
    dqlitepy.InternalError,
    dqlitepy.InterfaceError,
    dqlitepy.IntegrityError,
    dqlitepy.DataError,
    dqlitepy.NotSupportedError,
    dqlitepy.ProgrammingError,
)
WRONG = "WRONG "  # the mark, in a history, of an error that should not exist

# What may come at any time: somebody else writes, somebody loses patience, the leader changes.
_ANYWHERE = frozenset(
    {
        dqlitepy.SQLITE_OK,  # it is none of SQLite's
        dqlitepy.SQLITE_BUSY,
        dqlitepy.SQLITE_BUSY_SNAPSHOT,
        dqlitepy.SQLITE_INTERRUPT,
        dqlitepy.SQLITE_NOTFOUND,  # "no database opened": a leader that steps down closes them
        dqlitepy.SQLITE_IOERR_NOT_LEADER,
        dqlitepy.SQLITE_IOERR_LEADERSHIP_LOST,
    }
)
# What only a disk that fails explains, by its primary code. One that is slow answers, and one that loses its power
# takes its node along: no client sees an error of either. Only raft's log and snapshots are on the disks, and SQLite's
# files in memory: so no fault explains SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CANTOPEN, SQLITE_NOMEM or the like.
_BY_DISK = {
    dqlitepy.SQLITE_IOERR: frozenset({"disk-full", "disk-error"}),
    dqlitepy.SQLITE_FULL: frozenset({"disk-full"}),
}


def outcome_of(error: BaseException) -> str:
    """Returns FAIL or INFO."""
    return INFO if isinstance(error, dqlitepy.AmbiguousCommitError) else FAIL


def describe(error: BaseException) -> str:
    """Returns the error as text, marked where it should not exist in any run."""
    wrong = isinstance(error, _NEVER) or not isinstance(error, dqlitepy.Error) or "malformed" in str(error)
    return f"{WRONG if wrong else ''}{type(error).__name__}: {error}"[:300]


def told(error: BaseException) -> dict[str, Any]:
    """Returns what a history keeps of an error."""
    return {"outcome": outcome_of(error), "error": describe(error), "code": getattr(error, "sqlite_errorcode", 0)}


def explained(code: int, nemeses: Collection[str]) -> bool:
    """Whether an error with this result code of SQLite (0 for none) may come in a run with these faults."""
    return code in _ANYWHERE or not _BY_DISK.get(code & 0xFF, frozenset()).isdisjoint(nemeses)
