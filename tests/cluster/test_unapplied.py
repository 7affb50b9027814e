# SPDX-License-Identifier: Apache-2.0
"""Followers that store what they cannot apply, as it takes a descriptor that they do not have."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import dqlitepy

from tests.cluster.machines import Machines, NodeProcess
from tests.support import eventually


@contextmanager
def _no_descriptors(node: NodeProcess) -> Iterator[None]:
    """The node opens nothing new meanwhile; what is open stays."""
    usual = resource.prlimit(node.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(node.pid, resource.RLIMIT_NOFILE, (3, usual[1]))
    try:
        yield
    finally:
        resource.prlimit(node.pid, resource.RLIMIT_NOFILE, usual)


def test_a_database_that_no_follower_can_open(machines: Machines) -> None:
    """Each one takes a descriptor. What a majority has in its logs is committed, and applied when that is possible."""
    client = machines.client()
    with closing(machines.connect()) as con:
        con.execute("CREATE TABLE t (a)")
    leader = client.leader().address
    first, second = (node for node in machines.nodes if node.address != leader)
    url = f"dqlite://{leader}/other"
    with _no_descriptors(first), _no_descriptors(second), closing(dqlitepy.connect(url, isolation_level=None)) as con:
        con.execute("CREATE TABLE t (a)")
        for number in range(5):
            con.execute("INSERT INTO t VALUES (?)", (number,))
        assert client.leader_of(leader) == client.leader()
    copy = client.dump("other", address=leader)
    for node in (first, second):
        eventually(partial(_dump, client, node.address), lambda found: found == copy)


def _dump(client: dqlitepy.Client, address: str) -> bytes | str:
    try:
        return client.dump("other", address=address)
    except dqlitepy.Error as error:
        return f"{type(error).__name__}: {error}"
