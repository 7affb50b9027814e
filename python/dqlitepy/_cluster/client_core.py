# SPDX-License-Identifier: Apache-2.0
"""What a client of a cluster knows and decides without ever waiting: its questions, and how to read the answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dqlitepy._cluster.address import normalized
from dqlitepy._cluster.connections import connections_in
from dqlitepy._cluster.tasks import Question, Rows, unsigned
from dqlitepy._native.abi import ConnectOptions, Task, TaskOperation
from dqlitepy._native.arguments import encode_name, milliseconds
from dqlitepy.errors import OperationalError
from dqlitepy.members import ConnectionInfo, NodeInfo, NodeMetadata, Role
from dqlitepy.store import YamlNodeStore
from dqlitepy.tls import NO_TLS, TLS, checked


class ClientCore:
    """The servers of a client, and what it asks them."""

    def __init__(
        self, servers: Iterable[str] | str | YamlNodeStore, *, tls: TLS | None = None, timeout: float = 5.0
    ) -> None:
        """See the class.

        Raises:
            TypeError, ValueError: there is no server, one is not an address, or `tls` is not a TLS.
        """
        milliseconds("timeout", timeout)
        self._store = servers if isinstance(servers, YamlNodeStore) else None
        self._servers = () if isinstance(servers, YamlNodeStore) else _normalized(servers)
        self._tls = checked(tls)
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

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._store or list(self._servers)!r})"

    def _leader(self, timeout: float | None) -> Question[NodeInfo]:
        return Question(self._task(TaskOperation.LEADER, timeout), _leader_in)

    def _cluster(self, timeout: float | None) -> Question[list[NodeInfo]]:
        return Question(self._task(TaskOperation.MEMBERS, timeout), _members_in)

    def _members(self, address: str, timeout: float | None) -> Question[list[NodeInfo]]:
        return Question(self._view(address, timeout), lambda rows: _members_in(rows[1:]))

    def _leader_of(self, address: str, timeout: float | None) -> Question[NodeInfo | None]:
        return Question(self._view(address, timeout), _known_leader_in)

    def _add(self, address: str, id: int | None, role: Role, timeout: float | None) -> Question[NodeInfo]:
        address, role = normalized(address), Role(role)
        task = self._task(TaskOperation.ADD, timeout, address=address, number=id or 0, role=role)
        return Question(task, lambda rows: NodeInfo(unsigned(rows[0][0]), address, role))

    def _assign(self, node: int | str, role: Role, timeout: float | None) -> Question[None]:
        return Question(self._task(TaskOperation.ASSIGN, timeout, **_target(node), role=Role(role)), _nothing)

    def _transfer(self, node: int | str, timeout: float | None) -> Question[None]:
        return Question(self._task(TaskOperation.TRANSFER, timeout, **_target(node)), _nothing)

    def _remove(self, node: int | str, timeout: float | None) -> Question[None]:
        return Question(self._task(TaskOperation.REMOVE, timeout, **_target(node)), _nothing)

    def _describe(self, address: str, timeout: float | None) -> Question[NodeMetadata]:
        return Question(self._task(TaskOperation.DESCRIBE, timeout, address=normalized(address)), _metadata_in)

    def _connections(self, address: str, timeout: float | None) -> Question[list[ConnectionInfo]]:
        return Question(self._task(TaskOperation.CONNECTIONS, timeout, address=normalized(address)), connections_in)

    def _set_weight(self, address: str, weight: int, timeout: float | None) -> Question[None]:
        if not 0 <= weight < 2**64:
            raise ValueError(f"a weight must be from 0 to 2**64 - 1, not {weight}")
        task = self._task(TaskOperation.WEIGH, timeout, address=normalized(address), weight=weight)
        return Question(task, _nothing)

    def _dump_options(self, database: str, address: str | None, timeout: float | None) -> ConnectOptions:
        certificate, key, authority = self._tls_paths()
        return ConnectOptions(
            servers=normalized(address).encode() if address is not None else "\n".join(self.servers).encode(),
            database=encode_name(database),
            leader_timeout_ms=milliseconds("timeout", self._timeout if timeout is None else timeout),
            tls_certificate=certificate,
            tls_key=key,
            tls_authority=authority,
        )

    def _view(self, address: str, timeout: float | None) -> Task:
        return self._task(TaskOperation.VIEW, timeout, address=normalized(address))

    def _task(
        self,
        operation: TaskOperation,
        timeout: float | None,
        *,
        address: str = "",
        number: int = 0,
        weight: int = 0,
        role: Role = Role.VOTER,
    ) -> Task:
        certificate, key, authority = self._tls_paths()
        if not 0 <= number < 2**64:
            raise ValueError(f"an id must be from 1 to 2**64 - 1, not {number}")
        return Task(
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

    def _tls_paths(self) -> tuple[bytes, bytes, bytes]:
        return NO_TLS if self._tls is None else self._tls.paths()


def _normalized(servers: Iterable[str] | str) -> tuple[str, ...]:
    addresses = tuple(map(normalized, [servers] if isinstance(servers, str) else servers))
    if not addresses:
        raise ValueError("no server to ask: name the address of at least one node")
    return tuple(dict.fromkeys(addresses))


def _nothing(_: Rows) -> None:
    pass


def _leader_in(rows: Rows) -> NodeInfo:
    [(number, address)] = rows
    return NodeInfo(unsigned(number), address)


def _known_leader_in(rows: Rows) -> NodeInfo | None:
    number, address = rows[0]
    return NodeInfo(unsigned(number), address) if address else None


def _metadata_in(rows: Rows) -> NodeMetadata:
    [told] = rows
    return NodeMetadata(*map(unsigned, told))


def _members_in(rows: Rows) -> list[NodeInfo]:
    return [NodeInfo(unsigned(number), address, Role(role)) for number, address, role in rows]


def _target(node: int | str) -> dict[str, Any]:
    if isinstance(node, str):
        return {"address": normalized(node)}
    if node <= 0:
        raise ValueError(f"an id must be from 1 to 2**64 - 1, not {node}")
    return {"number": node}
