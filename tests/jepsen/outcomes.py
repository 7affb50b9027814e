# SPDX-License-Identifier: Apache-2.0
"""What an error means for the data: what docs promise of each class, taken by its word.

Only AmbiguousCommitError leaves the outcome open. Every other error says that nothing was committed, so a write that
failed with it and is found all the same is a violation.
"""

from __future__ import annotations

import dqlitepy

from tests.jepsen.history import FAIL, INFO

_CORRUPT, _NOTADB = 11, 26
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


def outcome_of(error: BaseException) -> str:
    """Returns FAIL or INFO."""
    return INFO if isinstance(error, dqlitepy.AmbiguousCommitError) else FAIL


def describe(error: BaseException) -> str:
    """Returns the error as text, marked where it should not exist."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    wrong = isinstance(error, _NEVER) or not isinstance(error, dqlitepy.Error) or code in (_CORRUPT, _NOTADB)
    if "malformed" in str(error):
        wrong = True
    return f"{WRONG if wrong else ''}{type(error).__name__}: {error}"[:300]
