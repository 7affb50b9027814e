# SPDX-License-Identifier: Apache-2.0
"""Brings the log of this process's nodes to `logging.getLogger("dqlitepy")`.

The shim never calls into Python: a thread of ours fetches its records while nodes run.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from dqlitepy._native.abi import Block, BlockSize, ErrorStruct, Status
from dqlitepy._native.formats import decode
from dqlitepy._native.library import library, take_block

logger = logging.getLogger("dqlitepy")

_SLICE_MS = 500

_lock = threading.Lock()
_nodes = 0
_thread: threading.Thread | None = None


def node_started() -> None:
    """Counts a node that will have something to say."""
    global _nodes, _thread
    with _lock:
        _nodes += 1
        if _thread is None:
            _thread = threading.Thread(target=_carry, name="dqlitepy-log", daemon=True)
            _thread.start()


def node_stopped() -> None:
    """Counts a node that has stopped, and brings the rest of its log."""
    global _nodes
    with _lock:
        _nodes -= 1
    _emit(0)


def _carry() -> None:
    global _thread
    while True:
        _emit(_SLICE_MS)
        with _lock:
            if _nodes == 0:
                _thread = None
                return


def _emit(slice_ms: int) -> None:
    block, size = Block(), BlockSize()
    if library().dqlitepy_take_log(slice_ms, block, size, ErrorStruct()) != Status.OK:
        return
    for level, seconds, node, message in decode(take_block(block, size)):
        _log(level, seconds, node, message)


def _log(level: int, seconds: float, node: str, message: str) -> None:
    if not logger.isEnabledFor(level):
        return
    text = f"{node}: {message}" if node else message
    extra: dict[str, Any] = {"node": node}
    record = logger.makeRecord(logger.name, level, __file__, 0, text, (), None, "node", extra)
    record.created = seconds
    record.msecs = seconds % 1 * 1000
    logger.handle(record)


def _forget_thread() -> None:
    global _lock, _nodes, _thread
    _lock = threading.Lock()
    _nodes = 0
    _thread = None


os.register_at_fork(after_in_child=_forget_thread)
