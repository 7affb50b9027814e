# SPDX-License-Identifier: Apache-2.0
"""A node takes so many connections and no more: clients are told, and strangers make room for others."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import dqlitepy
import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure, leader_request
from tests.protocol import Response
from tests.support import eventually, free_address

CANTOPEN = 14
STRANGERS_KEPT = 1024
STRANGERS = 3000
CLIENTS = 500
FEW_FILES = 64
OWN_FILES = 200  # what the node has open besides, or less
NO_FILES = "no file descriptors left: "
PROTOCOL = b"\1\0\0\0\0\0\0\0"  # what each client says first


@pytest.fixture
def many_files() -> Iterator[None]:
    """Lets this process, and the nodes that it starts, have as many files open as it may."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limits[1] < 2 * STRANGERS:
        pytest.skip(f"this process may have {limits[1]} files open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture
def roomy_node(many_files: None, node: NodeProcess) -> NodeProcess:
    return node


def assert_commits(node: NodeProcess) -> None:
    with node.client() as client:
        client.execute("CREATE TABLE IF NOT EXISTS t (v)")
        assert client.execute("INSERT INTO t VALUES (1)") == 1


def test_clients_beyond_the_limit_are_told(tmp_path: Path) -> None:
    address = free_address()
    with dqlitepy.Node(tmp_path, address=address, bare=True, max_connections=3) as node, ExitStack() as stack:
        node.wait_ready(60)
        clients = [stack.enter_context(Client(address)) for _ in range(3)]
        clients[0].execute("CREATE TABLE t (v)")
        for _ in range(5):
            with pytest.raises(Failure) as failure:
                Client(address)
            assert failure.value.code == CANTOPEN
            assert "takes 3 connections" in failure.value.message
        for client in clients:
            assert client.execute("INSERT INTO t VALUES (1)") == 1
        clients.pop().close()
        while True:  # until the node has noticed
            try:
                clients.append(stack.enter_context(Client(address)))
            except Failure:
                continue
            break
        assert clients[-1].scalar("SELECT count(*) FROM t") == 3


@pytest.mark.parametrize("limit", [0, -1, 2**31])
def test_a_limit_that_cannot_be(tmp_path: Path, limit: int) -> None:
    with pytest.raises(ValueError, match="max_connections"):
        dqlitepy.Node(tmp_path, max_connections=limit)


def test_strangers(roomy_node: NodeProcess) -> None:
    """Who says nothing, or no more than that it speaks the protocol, goes when more such come."""
    node = roomy_node
    with ExitStack() as stack:
        client = stack.enter_context(node.client())
        client.execute("CREATE TABLE t (v)")
        stack.enter_context(strangers(node, STRANGERS))
        assert_commits(node)
        assert len(os.listdir(f"/proc/{node.pid}/fd")) < STRANGERS_KEPT + OWN_FILES
        assert client.execute("INSERT INTO t VALUES (2)") == 1


def test_idle_clients(roomy_node: NodeProcess) -> None:
    """Clients stay, however long they say nothing."""
    with ExitStack() as stack:
        clients = [stack.enter_context(roomy_node.client()) for _ in range(CLIENTS)]
        assert_commits(roomy_node)
        assert clients[0].scalar("SELECT count(*) FROM t") == 1
        assert clients[-1].scalar("SELECT count(*) FROM t") == 1


def test_few_files(node: NodeProcess) -> None:
    """Not even what raft takes for its next segments keeps a client out."""
    with ExitStack() as stack:
        client = stack.enter_context(node.client())
        client.execute("CREATE TABLE t (v)")
        limit_files(node, FEW_FILES)
        stack.enter_context(strangers(node, 200))
        for _ in range(20):  # three segments of the log
            client.execute("INSERT INTO t VALUES (randomblob(1000000))")
            assert_commits(node)
        assert client.scalar("SELECT count(*) FROM t") == 40


def test_no_file_left_to_accept_by(node: NodeProcess) -> None:
    """Who comes then waits until a stranger is gone: the node has taken the last file between two that come."""
    with ExitStack() as stack:
        clients = [known(stack, node) for _ in range(8)]
        limit_files(node, FEW_FILES)
        stack.enter_context(strangers(node, 200))
        for _ in range(200):  # in each turn of its loop the node deals with one of them
            clients[0].socket.sendall(leader_request())
            clients[0].expect(Response.SERVER)
        for number, client in enumerate(clients[: FEW_FILES - files(node)]):
            client.open(f"other{number}")  # takes a file for the index of its WAL
        assert files(node) == FEW_FILES
        for _ in range(5):
            assert_commits(node)


def test_no_file_left_but_for_clients(node: NodeProcess) -> None:
    """Who comes is told so, where there is nobody who could make room."""
    with ExitStack() as stack:
        clients = [known(stack, node) for _ in range(8)]
        limit = files(node) + 8
        limit_files(node, limit)
        with pytest.raises((Failure, BrokenPipeError, ConnectionResetError)):
            for _ in range(limit):
                clients.append(known(stack, node))
        for number, client in enumerate(clients[: limit - files(node)]):
            client.open(f"other{number}")  # takes a file for the index of its WAL
        assert files(node) == limit
        for _ in range(5):
            assert reason_to_go(node).startswith(NO_FILES)
        for _ in range(3):  # one that is free is left over for who is told
            clients.pop().close()
        eventually(lambda: not reason_to_go(node))
        assert_commits(node)


def known(stack: ExitStack, node: NodeProcess) -> Client:
    """Returns a client that has said so, but has opened nothing."""
    client = stack.enter_context(node.stranger())
    client.socket.sendall(PROTOCOL + leader_request())
    client.expect(Response.SERVER)
    return client


def reason_to_go(node: NodeProcess) -> str:
    """Returns what the node says to who comes now; an empty text where it lets them in."""
    with node.stranger() as client:
        with suppress(OSError):  # it has been closed already
            client.socket.sendall(PROTOCOL + leader_request())
        try:
            client.expect(Response.SERVER)
        except Failure as failure:
            return failure.message
    return ""


def files(node: NodeProcess) -> int:
    return len(os.listdir(f"/proc/{node.pid}/fd"))


def limit_files(node: NodeProcess, files: int) -> None:
    resource.prlimit(node.pid, resource.RLIMIT_NOFILE, (files, files))


@contextmanager
def strangers(node: NodeProcess, number: int) -> Iterator[None]:
    with ExitStack() as stack:
        for i in range(number):
            stranger = stack.enter_context(node.stranger())
            if i % 2:
                stranger.socket.sendall(PROTOCOL)
        yield
