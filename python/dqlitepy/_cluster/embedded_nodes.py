# SPDX-License-Identifier: Apache-2.0
"""The nodes that run in this process because a directory was connected to: one a directory, shared and counted."""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from dqlitepy._cluster.node_directory import check_open_segments, explained, make
from dqlitepy._native.abi import Block, BlockSize, ErrorStruct, NodeOptions, Status
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.handle import Handle
from dqlitepy._native.library import forked, library, take_block
from dqlitepy._native.operations import StartNode
from dqlitepy._native.waiting import SLICE_MS
from dqlitepy.errors import OperationalError

# Sized for small machines: what stays of the log in memory is near a megabyte for small transactions.
SNAPSHOT_THRESHOLD = 512
SNAPSHOT_TRAILING = 1024
# How long a writer stays in the server's queue, where its turn comes at once; then its client tries again, with pauses,
# until its own `timeout`. So short that a `timeout` of 0 still answers soon, and longer than several commits take.
SERVER_BUSY_TIMEOUT_MS = 50
# How long all nodes together may take to stop when the interpreter exits.
EXIT_SECONDS = 5.0


class EmbeddedNode:
    """The node of one directory. `acquire` gives it out; each use ends by `release` or `abandon`."""

    def __init__(self, directory: str, *, temporary: bool) -> None:
        self.directory = directory
        self._temporary = temporary
        self._users = 0
        self._handle = _start(directory)
        try:
            self.address = _address_of(self._handle)
        except BaseException:
            self._handle.release()
            raise

    @property
    def number(self) -> int:
        """The number of the node's handle."""
        return self._handle.number

    def release(self) -> None:
        """Gives up one use. The last one stops the node and waits for it. Does nothing in a forked child.

        Raises:
            dqlitepy.Error: the node did not stop cleanly; it is gone all the same.
        """
        if forked():
            return
        with _registry():
            self._users -= 1
            if self._users == 0:
                try:
                    self._handle.close()
                finally:
                    self._forget()

    def release_at_once(self) -> bool:
        """Gives up one use where that needs no waiting: others use the node. Returns whether it did."""
        if forked():
            return True
        if not _lock.acquire(blocking=False):
            return False
        try:
            if self._users < 2:
                return False
            self._users -= 1
            return True
        finally:
            _lock.release()
            _settle_abandoned()

    def abandon(self) -> None:
        """Gives up one use; for finalizers, as it waits neither for the node nor for a lock."""
        if not forked():
            _abandoned.append(self)
            _settle_abandoned()

    def _forget(self) -> None:
        for key in [key for key, node in _nodes.items() if node is self]:
            del _nodes[key]
        if self._temporary:
            _remove(self.directory)


# One lock for all, held while a node starts or stops: either takes some 40 ms.
_lock = threading.Lock()
_nodes: dict[tuple[int, int], EmbeddedNode] = {}
# Uses that finalizers gave up. A finalizer may run inside any allocation, also one made under the lock.
_abandoned: deque[EmbeddedNode] = deque()


def acquire(directory: str, *, create: bool = True) -> EmbeddedNode:
    """Returns the running node of `directory`, which is made (mode 0700) where it does not exist and `create` is true.

    Raises:
        dqlitepy.OperationalError: the directory cannot be used, or another process uses it.
        dqlitepy.ForkError: this process was forked after dqlitepy had started.
    """
    library()  # before the lock, which a forked child may find held for ever
    status = make(directory, create=create)
    key = (status.st_dev, status.st_ino)
    with _registry():
        node = _nodes.get(key)
        if node is not None and not node.number:
            node._handle.finish_close()
            node._forget()
            node = None
        if node is None:
            node = _nodes[key] = EmbeddedNode(directory, temporary=False)
        node._users += 1
        return node


def acquire_at_once(directory: str) -> EmbeddedNode | None:
    """Returns the running node of `directory`; None where that needs waiting, as for a node that has to be started."""
    library()
    try:
        status = os.stat(directory)
    except OSError:
        return None
    if not _lock.acquire(blocking=False):
        return None
    try:
        node = _nodes.get((status.st_dev, status.st_ino))
        if node is None or not node.number:
            return None
        node._users += 1
        return node
    finally:
        _lock.release()
        _settle_abandoned()


def acquire_temporary() -> EmbeddedNode:
    """Returns a new node in a temporary directory that goes with it.

    Raises:
        dqlitepy.ForkError: this process was forked after dqlitepy had started.
    """
    import tempfile

    library()
    directory = tempfile.mkdtemp(prefix="dqlitepy-")
    try:
        status = make(directory)
        with _registry():
            node = _nodes[status.st_dev, status.st_ino] = EmbeddedNode(directory, temporary=True)
            node._users += 1
            return node
    except BaseException:
        _remove(directory)
        raise


def _start(directory: str) -> Handle:
    options = NodeOptions(
        directory=os.fsencode(directory),
        address=b"",
        snapshot_threshold=SNAPSHOT_THRESHOLD,
        snapshot_trailing=SNAPSHOT_TRAILING,
        snapshot_dynamic=1,
        busy_timeout_ms=SERVER_BUSY_TIMEOUT_MS,
    )
    check_open_segments(directory)
    try:
        return Handle.open(StartNode(options))
    except OperationalError as error:
        raise explained(error, directory) from None


def _address_of(handle: Handle) -> str:
    block, size, error = Block(), BlockSize(), ErrorStruct()
    if library().dqlitepy_node_address(handle.number, block, size, error) != Status.OK:
        raise exception_of(error)
    return take_block(block, size).decode()


def _remove(directory: str) -> None:
    import shutil

    shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _registry() -> Iterator[None]:
    try:
        with _lock:
            for node in list(_nodes.values()):
                if not node.number and node._handle.close_ended():
                    node._forget()
            yield
    finally:
        _settle_abandoned()  # after the lock: a finalizer that found it held has left its work to us


def _settle_abandoned() -> None:
    while _abandoned and _lock.acquire(blocking=False):
        try:
            if _abandoned:  # still: another thread may have been here
                node = _abandoned.popleft()
                node._users -= 1
                if node._users == 0:
                    node._handle.begin_close()
        finally:
            _lock.release()


def _stop_all() -> None:
    """Stops every node that still runs, so that none is cut off in the middle of a write when the interpreter exits."""
    if forked() or not _lock.acquire(timeout=EXIT_SECONDS):
        return
    deadline = monotonic() + EXIT_SECONDS
    for node in _nodes.values():
        node._handle.begin_close()
    for node in list(_nodes.values()):
        while not node._handle.close_ended(SLICE_MS) and monotonic() < deadline:
            pass
        node._forget()
    _lock.release()


def _forget_everything() -> None:
    global _lock
    _lock = threading.Lock()
    _nodes.clear()
    _abandoned.clear()


atexit.register(_stop_all)
# What the parent holds is none of the child's.
os.register_at_fork(after_in_child=_forget_everything)
