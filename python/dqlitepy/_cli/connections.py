# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy connections ADDR`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

import dqlitepy
from dqlitepy._cli.failure import DONE, Failure
from dqlitepy._cli.target import add_tls, seconds, servers_of, tls_of
from dqlitepy._cli.terminal import Style, columns

_HEADS = ("node", "id", "client", "database", "connected for", "state", "for", "transaction for", "")
_NUMBERS = (1, 4, 6, 7)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("address", metavar="HOST:PORT[,HOST:PORT...]", help="the nodes to ask, or the cluster's URL")
    parser.add_argument("--all", action="store_true", help="ask all members of the cluster, which needs a leader")
    parser.add_argument("--json", action="store_true", help="print a list of objects as JSON")
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=2.0, help="for each node to answer (default: 2)"
    )
    add_tls(parser)
    parser.epilog = (
        "Who holds a write lock comes first, then who has a transaction open, the oldest first. SQL runs on the leader "
        "only: the other nodes have connections of those that ask about the cluster. The command's own is there, too."
    )


def run(options: argparse.Namespace) -> int:
    """Prints who is connected."""
    servers, tls = servers_of(options.address, tls_of(options))
    if not servers:
        raise Failure("no node is given", "Give HOST:PORT of a node.")
    client = dqlitepy.Client(servers, tls=tls, timeout=options.timeout)
    nodes = [member.address for member in client.cluster()] if options.all else list(dict.fromkeys(servers))
    found = [(node, connection) for node in nodes for connection in in_order(client.connections(node))]
    if options.json:
        print(json.dumps([{"node": node, **asdict(connection)} for node, connection in found], indent=2))
    else:
        _print(found, several=len(nodes) > 1)
    return DONE


def in_order(connections: list[dqlitepy.ConnectionInfo]) -> list[dqlitepy.ConnectionInfo]:
    """Returns connections with those first that others may have to wait for."""
    return sorted(connections, key=lambda each: (not each.holds_lock, -(each.transaction_seconds or 0.0), each.id))


def client_of(connection: dqlitepy.ConnectionInfo) -> str:
    """Returns where a client is, in words."""
    if connection.in_process:
        return "in the node's process"
    return connection.address


def state_of(connection: dqlitepy.ConnectionInfo) -> str:
    """Returns what a client does, in words."""
    if connection.state == "waiting":
        return "waiting for the lock"
    return f"{connection.state} in a transaction" if connection.in_transaction else connection.state


def lock_of(connection: dqlitepy.ConnectionInfo) -> str:
    """Returns whether a client keeps others from writing, in words."""
    return "holds the write lock" if connection.holds_lock else ""


def _print(found: list[tuple[str, dqlitepy.ConnectionInfo]], *, several: bool) -> None:
    style = Style(sys.stdout)
    rows = [
        (
            node,
            str(each.id),
            client_of(each),
            each.database or "-",
            f"{each.connected_seconds:.1f} s",
            state_of(each),
            f"{each.state_seconds:.1f} s",
            "-" if each.transaction_seconds is None else f"{each.transaction_seconds:.1f} s",
            lock_of(each),
        )
        for node, each in found
    ]
    first = 0 if several else 1
    head, *lines = columns(
        _HEADS[first:], [row[first:] for row in rows], numbers=[number - first for number in _NUMBERS]
    )
    print(style(head, "bold"))
    for (_, each), line in zip(found, lines, strict=True):
        print(style(line, *(["yellow"] if each.holds_lock else [])))
