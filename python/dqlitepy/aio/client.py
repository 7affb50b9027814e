# SPDX-License-Identifier: Apache-2.0
"""`Client`: looks at a cluster and changes who is in it."""

from __future__ import annotations

from dqlitepy._cluster.client_core import ClientCore
from dqlitepy.aio._dump import dump
from dqlitepy.aio._tasks import ask
from dqlitepy.members import ConnectionInfo, NodeInfo, NodeMetadata, Role


class Client(ClientCore):
    """Asks the nodes of a cluster about it, and changes it.

    It keeps no connection: each call finds the leader anew, so it outlives any node that it was given; the members
    that a leader has named once are asked, too, when the given ones do not lead to one. A change is repeated
    until it is known to have happened or to be refused, or its time is up; one that is the case already succeeds at
    once. Calls may be made on any event loop.

    Args:
        servers: addresses of some of the nodes, "host:port" or "host" (port 9000); or a YamlNodeStore, read each time.
        tls: the certificate to show and the authority to check the nodes' against; None for a cluster without TLS.
        timeout: seconds that a call may take, where it says nothing else.

    Every method raises:
        NoLeaderError: no leader was found in time; the message names every server that was asked and why not.
        OperationalError: a node refused, or the time was up.
    """

    async def leader(self, *, timeout: float | None = None) -> NodeInfo:
        """Returns the node that leads the cluster."""
        return await ask(self._leader(timeout))

    async def cluster(self, *, timeout: float | None = None) -> list[NodeInfo]:
        """Returns all nodes of the cluster, as its leader knows them."""
        return await ask(self._cluster(timeout))

    async def members(self, address: str, *, timeout: float | None = None) -> list[NodeInfo]:
        """Returns the nodes that the one at `address` takes for the cluster; needs no leader. A spare's is old."""
        return await ask(self._members(address, timeout))

    async def leader_of(self, address: str, *, timeout: float | None = None) -> NodeInfo | None:
        """Returns whom the node at `address` takes for the leader; None where it knows none, as all but voters do."""
        return await ask(self._leader_of(address, timeout))

    async def add(
        self, address: str, *, id: int | None = None, role: Role = Role.SPARE, timeout: float | None = None
    ) -> NodeInfo:
        """Adds a node and returns it. Nodes started with `join` add themselves; this is for bare ones.

        Args:
            address: where the node is reached.
            id: the id that the node was started with; None for a new one.
            role: a voter or standby must be running: it gets the role once it has the data.
            timeout: seconds.
        """
        return await ask(self._add(address, id, role, timeout))

    async def assign(self, node: int | str, role: Role, *, timeout: float | None = None) -> None:
        """Gives a node, named by id or address, a role. The leader must remain a voter."""
        await ask(self._assign(node, role, timeout))

    async def transfer(self, node: int | str, *, timeout: float | None = None) -> None:
        """Makes a voter, named by id or address, the leader; returns when it is."""
        await ask(self._transfer(node, timeout))

    async def remove(self, node: int | str, *, timeout: float | None = None) -> None:
        """Takes a node, named by id or address, out of the cluster. The leader cannot be removed: transfer first."""
        await ask(self._remove(node, timeout))

    async def describe(self, address: str, *, timeout: float | None = None) -> NodeMetadata:
        """Returns what the node at `address` reports about itself."""
        return await ask(self._describe(address, timeout))

    async def connections(self, address: str, *, timeout: float | None = None) -> list[ConnectionInfo]:
        """Returns who is connected to the node at `address`, the oldest first. Only the leader has any that run SQL.

        Raises:
            OperationalError: also where dqlitepy does not run that node.
        """
        return await ask(self._connections(address, timeout))

    async def set_weight(self, address: str, weight: int, *, timeout: float | None = None) -> None:
        """Sets the weight of the node at `address`, which it keeps until it stops."""
        await ask(self._set_weight(address, weight, timeout))

    async def dump(self, database: str = "main", *, address: str | None = None, timeout: float | None = None) -> bytes:
        """Returns a database as the content of a SQLite file.

        Args:
            database: its name within the cluster.
            address: of the node to ask; its rows may be older than the leader's, but it needs no leader. None for the
                leader.
            timeout: seconds until the copy begins to come in.

        Raises:
            NotSupportedError: the database is too large for dqlite's protocol.
        """
        return await dump(self._dump_options(database, address, timeout), any_server=address is not None)
