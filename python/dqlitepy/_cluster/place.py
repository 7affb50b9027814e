# SPDX-License-Identifier: Apache-2.0
"""How a connection gets at its database: it holds an embedded node, which it starts, or knows a cluster's addresses."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from dqlitepy._cluster.embedded_nodes import EmbeddedNode, acquire, acquire_at_once, acquire_temporary
from dqlitepy._cluster.file_uri import Directory
from dqlitepy._cluster.target import DEFAULT_DATABASE, Cluster, StrOrBytesPath, target_of
from dqlitepy._native.abi import ConnectOptions
from dqlitepy._native.arguments import encode_name
from dqlitepy.errors import ProgrammingError

if TYPE_CHECKING:  # an embedded node needs neither, nor what they import
    from dqlitepy._cluster.node_core import NodeCore
    from dqlitepy.tls import TLS


class Place(Protocol):
    """Used by one connection. After `open`, call `release` or `abandon` exactly once."""

    read_only: bool
    own_node: bool
    """Whether the first of its servers runs in this process."""

    def open(self) -> None:
        """Begins the use; may wait for a node to start.

        Raises:
            OperationalError: the directory cannot be used, or another process uses it.
        """

    def open_at_once(self) -> bool:
        """Begins the use where that needs no waiting; returns whether it did."""

    def options(self, busy_timeout_ms: int, leader_timeout_ms: int) -> ConnectOptions:
        """Returns how to connect."""

    def release(self) -> None:
        """Gives the use up; may wait for a node to stop."""

    def release_at_once(self) -> bool:
        """Gives the use up where that needs no waiting; returns whether it did."""

    def abandon(self) -> None:
        """Gives the use up without waiting for anything; for finalizers."""


class _OnEmbedded:
    own_node = True
    _node: EmbeddedNode

    def __init__(self, directory: Directory | None, database: bytes) -> None:
        self.read_only = directory is not None and directory.read_only
        self._directory = directory
        self._database = database

    def open(self) -> None:
        directory = self._directory
        self._node = acquire_temporary() if directory is None else acquire(directory.path, create=directory.create)

    def open_at_once(self) -> bool:
        node = None if self._directory is None else acquire_at_once(self._directory.path)
        if node is not None:
            self._node = node
        return node is not None

    def options(self, busy_timeout_ms: int, leader_timeout_ms: int) -> ConnectOptions:
        return ConnectOptions(
            servers=self._node.address.encode(),
            database=self._database,
            node=self._node.number,
            busy_timeout_ms=busy_timeout_ms,
            leader_timeout_ms=leader_timeout_ms,
        )

    def release(self) -> None:
        self._node.release()

    def release_at_once(self) -> bool:
        return self._node.release_at_once()

    def abandon(self) -> None:
        self._node.abandon()


class _OnCluster:
    read_only = False

    def __init__(self, servers: tuple[str, ...], database: bytes, tls: TLS | None, *, own_node: bool = False) -> None:
        self.own_node = own_node
        self._servers = servers
        self._database = database
        self._tls = tls

    def options(self, busy_timeout_ms: int, leader_timeout_ms: int) -> ConnectOptions:
        certificate, key, authority = (b"", b"", b"") if self._tls is None else self._tls.paths()
        return ConnectOptions(
            servers="\n".join(self._servers).encode(),
            database=self._database,
            busy_timeout_ms=busy_timeout_ms,
            leader_timeout_ms=leader_timeout_ms,
            tls_certificate=certificate,
            tls_key=key,
            tls_authority=authority,
        )

    def open(self) -> None:
        """Leaves the cluster alone: others look after its nodes."""

    def open_at_once(self) -> bool:
        return True

    def release(self) -> None:
        """Leaves the cluster alone."""

    def release_at_once(self) -> bool:
        return True

    def abandon(self) -> None:
        """Leaves the cluster alone."""


def place_of(database: StrOrBytesPath | NodeCore, *, uri: bool, name: str, tls: TLS | None) -> Place:
    """Returns the place that the first argument of `connect` means, still to be opened.

    Raises:
        ProgrammingError: a Node that does not run was given.
        NotSupportedError, TypeError, ValueError: the arguments cannot be right.
    """
    encoded = encode_name(name)
    if not isinstance(database, str | bytes | os.PathLike):
        from dqlitepy._cluster.node_core import NodeCore

        if not isinstance(database, NodeCore):
            raise TypeError(f"expected str, bytes, os.PathLike object or Node, not {type(database).__name__}")
        if tls is not None:
            raise ValueError("connect(node) takes no tls: it uses the node's own")
        if not database.running:
            raise ProgrammingError(f"{database!r} does not run: start it before you connect")
        return _OnCluster(database.servers, encoded, database.tls, own_node=True)
    target = target_of(database, uri=uri)
    if isinstance(target, Cluster):
        return _OnCluster(target.servers, _database_of(target, name), _tls_of(target, tls))
    if tls is not None:
        raise ValueError("tls is for clusters; an embedded node is reached by this process only")
    return _OnEmbedded(target, encoded)


def _database_of(target: Cluster, name: str) -> bytes:
    if name not in (DEFAULT_DATABASE, target.database):
        raise ValueError(f"the URL names the database {target.database!r}, but name={name!r}: leave one out")
    return encode_name(target.database)


def _tls_of(target: Cluster, tls: TLS | None) -> TLS | None:
    if tls is None and target.tls_files is None:
        return None
    from dqlitepy.tls import TLS, checked

    if target.tls_files is None:
        return checked(tls)
    if tls is not None:
        raise ValueError("the URL and tls= both name TLS files: leave one out")
    return TLS(*target.tls_files)
