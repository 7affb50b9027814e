# SPDX-License-Identifier: Apache-2.0
"""Runs tasks of `_cluster.tasks` while the other tasks of the event loop go on."""

from __future__ import annotations

from typing import TypeVar

from dqlitepy._cluster.tasks import Question, RunTask
from dqlitepy._native.poller import poller

_T = TypeVar("_T")


async def ask(question: Question[_T]) -> _T:
    """Runs the task of a question to its end and returns the answer. The twin of `_cluster.tasks.ask`.

    Raises:
        dqlitepy.Error: it failed.
    """
    operation = RunTask(question.task)
    events = poller()
    try:
        await events.open(operation)
        return question.read(operation.take())
    except BaseException:
        operation.release()
        raise
    finally:
        events.forget(operation.handle)
        events.close_if_idle()
