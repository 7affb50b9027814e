# SPDX-License-Identifier: Apache-2.0
"""Waits for native operations in slices, so that Ctrl-C and other signals are seen while one runs."""

from __future__ import annotations

from time import monotonic

from dqlitepy._native.abi import ErrorStruct, Status
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.library import Library, library
from dqlitepy._native.operations import Operation

SLICE_MS = 100
# How long a cancelled operation may take to end before its handle is given up.
DRAIN_SECONDS = 5.0

OK = int(Status.OK)
PENDING = int(Status.PENDING)


def complete(operation: Operation) -> None:
    """Begins an operation and waits for its end.

    Where something is raised meanwhile (KeyboardInterrupt, or whatever a signal handler raises), the operation is
    cancelled and given DRAIN_SECONDS to end, then the exception goes on. `operation.ended` tells whether it did.

    Raises:
        dqlitepy.Error: the operation failed.
    """
    native = library()
    try:
        status = operation.begin(native, SLICE_MS)
        while status == PENDING:
            status = operation.resume(native, SLICE_MS)
        operation.ended = True
    except BaseException:
        _cancel(native, operation)
        raise
    if status != OK:
        raise exception_of(operation.error)


def _cancel(native: Library, operation: Operation) -> None:
    # A second Ctrl-C leaves this function early, at any line.
    operation.dispose()  # it may have just ended
    if operation.error.kind:  # with this error, which says what is lost; another slice would overwrite it
        operation.ended = True
        return
    native.dqlitepy_cancel(operation.handle, ErrorStruct())
    deadline = monotonic() + DRAIN_SECONDS
    status = PENDING
    while status == PENDING:
        if monotonic() > deadline:
            return
        status = operation.resume(native, SLICE_MS)
    operation.ended = True
