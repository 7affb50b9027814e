# SPDX-License-Identifier: Apache-2.0
"""A node of a cluster, in this process."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Literal, Self

from dqlitepy import errors
from dqlitepy._blocking.node_questions import SyncNode
from dqlitepy._native.handle import Handle
from dqlitepy._native.library import forked
from dqlitepy._native.log import node_started, node_stopped
from dqlitepy._native.operations import StartNode
from dqlitepy.client import Client


class Node(SyncNode):
    """A node of a cluster that runs in this process from `start` to `close`.

    Three nodes on three machines keep going when any one of them fails:

        with dqlitepy.Node("data/", address="10.0.0.2:9000", join=["10.0.0.1:9000"], tls=tls) as node:
            node.wait_ready()
            con = dqlitepy.connect(node)

    The first one is started without `join`. A directory remembers whose it is, so `join` counts only once and may
    remain in a service's configuration. The directory of an embedded database (`connect("data/")`) becomes, with
    all its rows, the first node of a cluster when it is started with an address.

    Args:
        directory: where the node keeps its data; made (mode 0700) if it does not exist.
        address: "host:port" by which the other nodes and clients reach this one; without a port it is 9000. None for
            the one that the directory remembers. It changes only together with `moved_from`.
        bind: "host:port" to listen on, where that is not `address`: behind NAT, or in a container, whose own address
            the others do not reach. The host may be 0.0.0.0 or ::, for all addresses that the machine has. It may
            change with each start.
        moved_from: the address that this node had before, if it has another one now. The cluster is told, and the
            directory; then this has no effect any more, and may remain. No copy of the node may run at the old one.
        join: addresses of nodes of the cluster to join. Empty for the first node of a cluster.
        id: None for a new one, or what the directory remembers.
        tls: None for no encryption: then whoever reaches the port owns the data.
        voters: how many nodes should have a vote: odd, at least 3, the same on all nodes.
        standbys: how many more should have the data, to replace a voter quickly.
        failure_domain: nodes that fail together, say those of one rack, have the same number; voters are spread.
        network_latency: seconds that a message takes at most from node to node, 0.001 to 3600. The leader shows itself
            every 1.5 times that, and is replaced after silence of 15 to 30 times that. None for dqlite's own: 0.5 s,
            and 3 to 6 s.
        roles_interval: seconds between two checks by the leader of who has which role.
        snapshot_threshold: entries of the log between two snapshots, 500,000 at most.
        snapshot_trailing: entries kept behind a snapshot, so that a node which was away for a while need not fetch it;
            500,000 at most.
        snapshot_threshold_bytes: bytes of the log's entries that make a snapshot, however few they are; half the
            size of the databases where that is more.
        snapshot_trailing_bytes: the most bytes of entries that are kept in memory behind a snapshot, likewise.
        snapshot_dynamic: whether to keep fewer where the snapshot is small.
        busy_timeout: seconds for which the server itself queues a writer behind another, so that its turn comes at
            once. Clients of dqlitepy then try again, with pauses, for as long as their `timeout` says.
        max_connections: how many connections of clients it takes at a time; the next ones are told so. Those of other
            nodes do not count.
        max_request_bytes: how many bytes of requests over 64 KiB it keeps room for at a time, all together; one that is
            larger may come while there is no other. What finds no room is told so, and clients try again.
        wal_limit: how many bytes the WAL of a database, which is in memory, may have, 16 MiB or more. A read or a
            transaction that keeps a longer one from being copied is ended, the longest first: its client gets an
            error.
        idle_transaction_timeout: seconds for which the client of a transaction may send nothing while others wait for
            it, since it writes, or keeps what they have committed in the WAL. Then it is rolled back, and whatever its
            client does next raises LeadershipLostError. None for as long as it likes.
        auto_recovery: whether to delete damaged files at start rather than refuse to: can lose data.
        bare: whether to leave joining and roles to others (`Client.add`, `Client.assign`).

    Raises:
        TypeError, ValueError: an argument cannot be right.
    """

    _make_lock = staticmethod(threading.RLock)

    def start(self) -> Self:
        """Starts the node and returns it: its data has been read, and `wait_ready` waits for the cluster.

        Raises:
            OperationalError: the directory, the address or the certificate cannot be used, or the directory belongs to
                another node or address, or is in use.
            ProgrammingError: it runs already.
        """
        with self._turn:
            self._check_stopped()
            options = self._prepared()
            self._check_files()
            node_started()
            try:
                handle = Handle.open(StartNode(options))
            except BaseException as error:
                node_stopped()
                raise self._explained(error) from None
            self._note_start(handle)
        return self

    def close(self, *, handover: bool = True, timeout: float = 10.0) -> None:
        """Stops the node. Closing a closed one does nothing, as in a forked child.

        Args:
            handover: whether to hand over first; where that fails the log says so, and the node stops all the same.
            timeout: seconds that handing over may take.

        Raises:
            OperationalError: it did not stop cleanly; it is stopped all the same.
        """
        if forked():
            return
        with self._turn:
            if not self.running:
                return
            if handover:
                try:
                    self.handover(timeout)
                except errors.Error as error:
                    self._note_missing_handover(error)
            handle = self._take_handle()
            if handle is None:  # the interpreter exits, and another thread was faster
                return
            try:
                handle.close()
            finally:
                node_stopped()

    def __enter__(self) -> Self:
        """Starts the node, unless it runs already."""
        if not self.running:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Closes the node."""
        self.close()
        return False

    def client(self, timeout: float = 5.0) -> Client:
        """Returns a client of the cluster; `timeout` in seconds is that of its calls."""
        return Client(self.servers, tls=self._tls, timeout=timeout)
