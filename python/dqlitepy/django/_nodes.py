# SPDX-License-Identifier: Apache-2.0
"""The nodes of this process that the settings name: each runs from the first connection until the process ends.

Django closes connections at the end of a request, unless CONN_MAX_AGE says otherwise. A node that stopped with its last
connection would start anew for each request.
"""

from __future__ import annotations

import os
import threading

from dqlitepy._cluster.embedded_nodes import EmbeddedNode, acquire, acquire_temporary
from dqlitepy._cluster.file_uri import Directory
from dqlitepy._cluster.target import target_of

_lock = threading.Lock()
_held: dict[str, EmbeddedNode] = {}


def hold(name: str, alias: str) -> str:
    """Returns what to connect to for a NAME, and keeps the node running that it names.

    A NAME of ":memory:" is a node in a temporary directory, one for each alias of the settings.

    Raises:
        dqlitepy.OperationalError: the directory cannot be used, or another process uses it.
        dqlitepy.ForkError: this process was forked after dqlitepy had started.
        TypeError, ValueError, dqlitepy.NotSupportedError: `name` cannot be right.
    """
    target = target_of(name, uri=True)
    if target is not None and not isinstance(target, Directory):
        return name
    key = _key(target, alias)
    with _lock:
        node = _held.get(key)
        if node is None:
            node = acquire_temporary() if target is None else acquire(target.path, create=target.create)
            _held[key] = node
    return node.directory if target is None else name


def let_go(name: str, alias: str) -> None:
    """Lets the node of a NAME stop, as soon as no connection uses it; does nothing where none runs."""
    target = target_of(name, uri=True)
    if target is None or isinstance(target, Directory):
        with _lock:
            node = _held.pop(_key(target, alias), None)
        if node is not None:
            node.release()


def _key(target: Directory | None, alias: str) -> str:
    return f":memory:{alias}" if target is None else os.path.abspath(target.path)


def _forget_everything() -> None:
    global _lock
    _lock = threading.Lock()
    _held.clear()


# What the parent holds is none of the child's.
os.register_at_fork(after_in_child=_forget_everything)
