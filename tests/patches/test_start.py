# SPDX-License-Identifier: Apache-2.0
"""A node that somebody dials while it still reads its log takes that connection once it runs, and all others."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

import dqlitepy

from tests.patches.wire import Client
from tests.support import free_address

# Fewer than the kernel keeps for a listener that accepts none.
MOST_CONNECTIONS = 100


class Callers(threading.Thread):
    """Dials an address until somebody answers there, and then again and again, as the other nodes of a cluster do.

    It does not end before somebody has answered: a busy machine may not have let it dial while the node read its log.
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        host, port = address.rsplit(":", 1)
        self._address = host, int(port)
        self._over = threading.Event()
        self.connections: list[socket.socket] = []

    def run(self) -> None:
        while not (self.connections and self._over.is_set()) and len(self.connections) < MOST_CONNECTIONS:
            # A reset, too, is a reason to dial again, for peers as for this.
            with suppress(ConnectionRefusedError, ConnectionResetError):
                self.connections.append(socket.create_connection(self._address))

    def end(self) -> None:
        self._over.set()
        self.join()
        for connection in self.connections:
            connection.close()


def test_connections_that_come_before_the_node_runs(tmp_path: Path) -> None:
    address = free_address()
    with dqlitepy.Node(tmp_path, address=address) as node:
        node.wait_ready(60)
        con = dqlitepy.connect(node)
        con.execute("CREATE TABLE t (v BLOB)")
        con.execute("INSERT INTO t VALUES (randomblob(4000000))")
        con.commit()
        con.close()
    callers = Callers(address)
    callers.start()
    with dqlitepy.Node(tmp_path, address=address) as node:
        callers.end()
        assert callers.connections
        node.wait_ready(60)
        with Client(address) as client:
            assert client.scalar("SELECT count(*) FROM t") == 1
