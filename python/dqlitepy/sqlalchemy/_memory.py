# SPDX-License-Identifier: Apache-2.0
"""The database of an engine for `dqlite://`: one for all its connections, gone when the engine is disposed of."""

from __future__ import annotations

import threading
import weakref

from dqlitepy._cluster.embedded_nodes import EmbeddedNode, acquire_temporary


class TemporaryDatabase:
    """A node in a temporary directory, which runs as long as this, or a connection, uses it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._node: EmbeddedNode | None = None
        self._abandon: weakref.finalize[[], TemporaryDatabase] | None = None

    def directory(self) -> str:
        """Returns what to connect to; starts the node where none runs yet.

        Raises:
            dqlitepy.ForkError: this process was forked after dqlitepy had started.
        """
        with self._lock:
            if self._node is None:
                self._node = acquire_temporary()
                self._abandon = weakref.finalize(self, self._node.abandon)
                self._abandon.atexit = False  # all nodes are stopped then
            return self._node.directory

    def release(self) -> None:
        """Lets the node stop as soon as no connection uses it; the next connection gets a new, empty database."""
        with self._lock:
            if self._node is not None and self._abandon is not None:
                self._abandon.detach()
                node, self._node = self._node, None
                node.release()
