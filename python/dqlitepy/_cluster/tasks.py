# SPDX-License-Identifier: Apache-2.0
"""What nodes, clusters and stopped nodes' directories are asked for: native tasks that bring tuples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from dqlitepy._native.abi import Block, BlockSize, ErrorStruct, HandleNumber, Status, Task
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.formats import decode
from dqlitepy._native.library import Library, library, take_block
from dqlitepy._native.operations import Operation
from dqlitepy._native.waiting import complete

_ID_MASK = 2**64 - 1

Rows = list[tuple[Any, ...]]
_T = TypeVar("_T")


class Question(Generic[_T]):
    """A task, and how to read the tuples that it brings: what both ways of waiting share."""

    __slots__ = ("read", "task")

    def __init__(self, task: Task, read: Callable[[Rows], _T]) -> None:
        self.task = task
        self.read = read


class RunTask(Operation):
    """Runs a task; the caller calls `take` after it, or `release` if it failed."""

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

    def take(self) -> Rows:
        """Returns what a task brought that has ended well."""
        block, size, error = Block(), BlockSize(), ErrorStruct()
        if library().dqlitepy_take_result(self.handle, block, size, error) != Status.OK:
            raise exception_of(error)
        rows: Rows = decode(take_block(block, size))
        return rows

    def release(self) -> None:
        """Gives a task up that did not end well."""
        if self.handle:
            library().dqlitepy_release(self.handle)


def run_task(task: Task) -> Rows:
    """Runs a task to its end and returns the tuples that it brought.

    Raises:
        dqlitepy.Error: it failed.
    """
    operation = RunTask(task)
    try:
        complete(operation)
        return operation.take()
    except BaseException:
        operation.release()
        raise


def ask(question: Question[_T]) -> _T:
    """Runs the task of a question to its end and returns the answer.

    Raises:
        dqlitepy.Error: it failed.
    """
    return question.read(run_task(question.task))


def unsigned(number: int) -> int:
    """Returns the number whose 64 bits crossed as a signed one."""
    return number & _ID_MASK
