# SPDX-License-Identifier: Apache-2.0
"""Looks at a cluster and changes who is in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dqlitepy._abi import ConnectOptions, Task, TaskOperation
from dqlitepy._address import normalized
from dqlitepy._core import encode_name, milliseconds
from dqlitepy._dump import Dump
from dqlitepy._tasks import run_task, unsigned
from dqlitepy.errors import OperationalError
from dqlitepy.members import NodeInfo, NodeMetadata, Role
from dqlitepy.store import YamlNodeStore
from dqlitepy.tls import NO_TLS, TLS


class Client:
    """Asks the nodes of a cluster about it, and changes it.

    It keeps no connection: each call finds the leader anew, so it outlives any node that it was given. A change is
    repeated until it is known to have happened or to be refused, or its time is up; one that is the case already
    succeeds at once. Calls may be made from any thread.

    Args:
        servers: addresses of some of the nodes, "host:port" or "host" (port 9000); or a YamlNodeStore, read each time.
        tls: the certificate to show and the authority to check the nodes' against; None for a cluster without TLS.
        timeout: seconds that a call may take, where it says nothing else.

    Every method raises:
        NoLeaderError: no leader was found in time; the message names every server that was asked and why not.
        OperationalError: a node refused, or the time was up.
    """

    def __init__(
        self, servers: Iterable[str] | str | YamlNodeStore, *, tls: TLS | None = None, timeout: float = 5.0
    ) -> None:
        """See the class.

        Raises:
            ValueError: one of the servers is no address, or there is none.
        """
        milliseconds("timeout", timeout)
        self._store = servers if isinstance(servers, YamlNodeStore) else None
        self._servers = () if isinstance(servers, YamlNodeStore) else _normalized(servers)
        self._tls = tls
        self._timeout = timeout

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses that are asked first.

        Raises:
            OperationalError: the store cannot be read, or has none.
        """
        if self._store is None:
            return self._servers
        found = tuple(node.address for node in self._store.get())
        if not found:
            raise OperationalError(f"{self._store.path} names no node of the cluster")
        return found

    def leader(self, *, timeout: float | None = None) -> NodeInfo:
        """Returns the node that leads the cluster."""
        [(number, address)] = self._ask(TaskOperation.LEADER, timeout)
        return NodeInfo(unsigned(number), address)

    def cluster(self, *, timeout: float | None = None) -> list[NodeInfo]:
        """Returns all nodes of the cluster, as its leader knows them."""
        return _members(self._ask(TaskOperation.MEMBERS, timeout))

    def members(self, address: str, *, timeout: float | None = None) -> list[NodeInfo]:
        """Returns the nodes that the one at `address` takes for the cluster; needs no leader. A spare's is old."""
        return _members(self._view(address, timeout)[1:])

    def leader_of(self, address: str, *, timeout: float | None = None) -> NodeInfo | None:
        """Returns whom the node at `address` takes for the leader; None where it knows none, as all but voters do."""
        number, leader = self._view(address, timeout)[0]
        return NodeInfo(unsigned(number), leader) if leader else None

    def add(
        self, address: str, *, id: int | None = None, role: Role = Role.SPARE, timeout: float | None = None
    ) -> NodeInfo:
        """Adds a node and returns it. Nodes started with `join` add themselves; this is for bare ones.

        Args:
            address: where the node is reached.
            id: the id that the node was started with; None for a new one.
            role: a voter or standby must be running: it gets the role once it has the data.
            timeout: seconds.
        """
        address = normalized(address)
        [(number,)] = self._ask(TaskOperation.ADD, timeout, address=address, number=id or 0, role=Role(role))
        return NodeInfo(unsigned(number), address, Role(role))

    def assign(self, node: int | str, role: Role, *, timeout: float | None = None) -> None:
        """Gives a node, named by id or address, a role. The leader must remain a voter."""
        self._ask(TaskOperation.ASSIGN, timeout, **_target(node), role=Role(role))

    def transfer(self, node: int | str, *, timeout: float | None = None) -> None:
        """Makes a voter, named by id or address, the leader; returns when it is."""
        self._ask(TaskOperation.TRANSFER, timeout, **_target(node))

    def remove(self, node: int | str, *, timeout: float | None = None) -> None:
        """Takes a node, named by id or address, out of the cluster. The leader cannot be removed: transfer first."""
        self._ask(TaskOperation.REMOVE, timeout, **_target(node))

    def describe(self, address: str, *, timeout: float | None = None) -> NodeMetadata:
        """Returns what the node at `address` tells of itself."""
        [(domain, weight)] = self._ask(TaskOperation.DESCRIBE, timeout, address=normalized(address))
        return NodeMetadata(unsigned(domain), unsigned(weight))

    def set_weight(self, address: str, weight: int, *, timeout: float | None = None) -> None:
        """Sets the weight of the node at `address`, which it keeps until it stops."""
        if not 0 <= weight < 2**64:
            raise ValueError(f"a weight must be from 0 to 2**64 - 1, not {weight}")
        self._ask(TaskOperation.WEIGH, timeout, address=normalized(address), weight=weight)

    def dump(self, database: str = "main", *, address: str | None = None, timeout: float | None = None) -> bytes:
        """Returns a database as the content of a SQLite file.

        Args:
            database: its name within the cluster.
            address: of the node to ask; its rows may be older than the leader's, but it needs no leader. None for the
                leader.
            timeout: seconds until the copy begins to come in.

        Raises:
            NotSupportedError: the database is too large for dqlite's protocol.
        """
        certificate, key, authority = self._pem()
        options = ConnectOptions(
            servers=normalized(address).encode() if address is not None else "\n".join(self.servers).encode(),
            database=encode_name(database),
            leader_timeout_ms=milliseconds("timeout", self._timeout if timeout is None else timeout),
            tls_certificate=certificate,
            tls_key=key,
            tls_authority=authority,
        )
        with Dump(options, any_server=address is not None) as dump:
            return b"".join(dump)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._store or list(self._servers)!r})"

    def _view(self, address: str, timeout: float | None) -> list[tuple[Any, ...]]:
        return self._ask(TaskOperation.VIEW, timeout, address=normalized(address))

    def _ask(
        self,
        operation: TaskOperation,
        timeout: float | None,
        *,
        address: str = "",
        number: int = 0,
        weight: int = 0,
        role: Role = Role.VOTER,
    ) -> list[tuple[Any, ...]]:
        certificate, key, authority = self._pem()
        if not 0 <= number < 2**64:
            raise ValueError(f"an id must be from 1 to 2**64 - 1, not {number}")
        task = Task(
            servers="\n".join(self.servers).encode(),
            tls_certificate=certificate,
            tls_key=key,
            tls_authority=authority,
            address=address.encode(),
            id=number,
            weight=weight,
            operation=operation,
            role=role,
            timeout_ms=milliseconds("timeout", self._timeout if timeout is None else timeout),
        )
        return run_task(task)

    def _pem(self) -> tuple[bytes, bytes, bytes]:
        return NO_TLS if self._tls is None else self._tls.pem()


def _normalized(servers: Iterable[str] | str) -> tuple[str, ...]:
    addresses = tuple(map(normalized, [servers] if isinstance(servers, str) else servers))
    if not addresses:
        raise ValueError("no server to ask: name the address of at least one node")
    return tuple(dict.fromkeys(addresses))


def _members(rows: list[tuple[Any, ...]]) -> list[NodeInfo]:
    return [NodeInfo(unsigned(number), address, Role(role)) for number, address, role in rows]


def _target(node: int | str) -> dict[str, Any]:
    if isinstance(node, str):
        return {"address": normalized(node)}
    if node <= 0:
        raise ValueError(f"an id must be from 1 to 2**64 - 1, not {node}")
    return {"number": node}
