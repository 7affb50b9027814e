# SPDX-License-Identifier: Apache-2.0
"""Warns in a node's log before its disk is full: after that the node can write nothing any more."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from threading import Event, Thread

from dqlitepy._cli.terminal import size

_LOG = logging.getLogger("dqlitepy")
_PERIOD = 10.0  # seconds between two looks
_LEAST = 100 << 20  # prepared segments, and a snapshot that is on its way, of a small database
_ENOUGH = 1.2  # of the threshold has to be free again before it counts as left: otherwise the log would repeat itself


class DiskWatch:
    """Looks at the disk of a directory from a thread, until `close`."""

    def __init__(self, directory: str, *, period: float = _PERIOD) -> None:
        """Begins to look, `period` seconds after each look again."""
        self._directory = directory
        self._period = period
        self._low = False
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="disk", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends it."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with suppress(OSError):  # the directory is gone, which the node says itself
                self._look()
            if self._stopped.wait(self._period):
                return

    def _look(self) -> None:
        disk = os.statvfs(self._directory)
        free, used = disk.f_bavail * disk.f_frsize, _used(self._directory)
        threshold = max(_LEAST, used)
        if free < threshold and not self._low:
            self._low = True
            _LOG.warning(
                "%s: its disk is almost full: %s are free, and the directory takes %s. Free at least %s: a node whose "
                "disk is full acknowledges nothing",
                self._directory,
                size(free),
                size(used),
                size(threshold - free),
            )
        elif self._low and free >= threshold * _ENOUGH:
            self._low = False
            _LOG.warning("%s: its disk has room again: %s are free", self._directory, size(free))


def _used(directory: str) -> int:
    total = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # deleted by now
                total += entry.stat().st_blocks * 512
    return total
