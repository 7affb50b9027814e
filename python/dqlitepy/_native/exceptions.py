# SPDX-License-Identifier: Apache-2.0
"""Which exception stands for a failure that the library reports."""

from __future__ import annotations

from dqlitepy._native.abi import ErrorStruct, Kind
from dqlitepy.errors import (
    AmbiguousCommitError,
    Error,
    InternalError,
    LeadershipLostError,
    NoLeaderError,
    NotLeaderError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    StaleReadError,
    sqlite_error,
    with_code,
)

_CLASS_OF_KIND: dict[int, type[Error]] = {
    Kind.PROGRAMMING: ProgrammingError,
    Kind.BAD_HANDLE: ProgrammingError,
    Kind.NOT_SUPPORTED: NotSupportedError,
    Kind.DATA: OperationalError,  # as sqlite3 has it, for text that is not UTF-8
    Kind.NODE: OperationalError,
    Kind.NO_LEADER: NoLeaderError,
    Kind.NOT_LEADER: NotLeaderError,
    Kind.LEADERSHIP_LOST: LeadershipLostError,
    Kind.AMBIGUOUS_COMMIT: AmbiguousCommitError,
    Kind.INTERRUPTED: OperationalError,
    Kind.CONNECTION: OperationalError,
    Kind.PROTOCOL: OperationalError,
    Kind.INTERNAL: InternalError,
    Kind.STALE: StaleReadError,
}


def exception_of(error: ErrorStruct) -> Error | MemoryError:
    """Returns the exception that stands for a filled error struct."""
    message = error.message.decode("utf-8", "replace")
    if error.kind == Kind.SQLITE or (error.kind == Kind.DATA and error.code):
        return sqlite_error(error.code, message)
    exception = _CLASS_OF_KIND.get(error.kind, InternalError)(message)
    return with_code(exception, error.code) if error.code else exception
