# SPDX-License-Identifier: Apache-2.0
"""How long the WAL gets in a run, as the leader tells from time to time."""

from __future__ import annotations

import threading
from contextlib import closing

import dqlitepy

from tests.jepsen.cluster import Cluster

_PERIOD = 0.1
_LEADER_TIMEOUT = 2.0


class Watch:
    """Asks until it is stopped. What is not asked in time, as while there is no leader, is not seen.

    The question is answered by dqlite's file system: it reads no page, takes no lock and holds no snapshot.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stop = threading.Event()
        self.longest = 0  # frames
        threading.Thread(target=self._work, daemon=True).start()

    def stop(self) -> None:
        """Asks no more; an answer that is still under way does not count."""
        self._stop.set()

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                with closing(self._cluster.connect(leader_timeout=_LEADER_TIMEOUT)) as con:
                    while not self._stop.wait(_PERIOD):
                        [(frames,)] = con.execute("PRAGMA wal_frames").fetchall()
                        self.longest = max(self.longest, int(frames))
            except dqlitepy.Error:
                self._stop.wait(_PERIOD)
