# SPDX-License-Identifier: Apache-2.0
"""What nodes, clusters and stopped nodes' directories are asked for: native tasks that bring tuples."""

from __future__ import annotations

from typing import Any

from dqlitepy._abi import Block, BlockSize, Error, HandleNumber, Status, Task
from dqlitepy._library import Library, exception_of, library, take_block
from dqlitepy._operations import Operation
from dqlitepy._wait import run
from dqlitepy._wire import decode

_ID_MASK = 2**64 - 1


class _RunTask(Operation):
    __slots__ = ("_handle", "_task")

    def __init__(self, task: Task) -> None:
        super().__init__()
        self._task = task
        self._handle = HandleNumber()

    @property
    def handle(self) -> int:
        return self._handle.value

    def begin(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_begin_task(self._task, slice_ms, self._handle, self.error)
        return status

    def resume(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_wait(self._handle, slice_ms, self.error)
        return status


def run_task(task: Task) -> list[tuple[Any, ...]]:
    """Runs a task to its end and returns the tuples that it brought.

    Raises:
        dqlitepy.Error: it failed.
    """
    operation = _RunTask(task)
    try:
        run(operation)
        block, size, error = Block(), BlockSize(), Error()
        if library().dqlitepy_take_result(operation.handle, block, size, error) != Status.OK:
            raise exception_of(error)
        rows: list[tuple[Any, ...]] = decode(take_block(block, size))
        return rows
    except BaseException:
        if operation.handle:
            library().dqlitepy_release(operation.handle)
        raise


def unsigned(number: int) -> int:
    """Returns the number whose 64 bits crossed as a signed one."""
    return number & _ID_MASK
