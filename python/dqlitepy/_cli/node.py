# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy node DIR --address …`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
from contextlib import suppress
from ipaddress import ip_address
from types import FrameType

import dqlitepy
from dqlitepy._cli import node_log
from dqlitepy._cli.disk_watch import DiskWatch
from dqlitepy._cli.failure import DONE, FAILED, Failure, explain
from dqlitepy._cli.metrics import MetricsServer
from dqlitepy._cli.target import add_tls, seconds, tls_of
from dqlitepy._cli.web import WebServer
from dqlitepy._cluster.address import DEFAULT_PORT, names_port, normalized

_LOG = logging.getLogger("dqlitepy")
_LEVELS = ("info", "warning", "error")
_READY_SLICE = 5.0  # seconds between two lines that say what a node waits for


class _Stop(BaseException):
    """SIGTERM or SIGINT came while something was waited for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("directory", metavar="DIR", help="where the node keeps its data; made if need be")
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="where the other nodes and clients reach this one; needed for the first start only; see --moved-from",
    )
    parser.add_argument(
        "--bind",
        metavar="HOST:PORT",
        help="where to listen, if the others reach this node by another address, as behind NAT; 0.0.0.0:PORT for all "
        "addresses of this machine (default: --address)",
    )
    parser.add_argument(
        "--moved-from",
        metavar="HOST:PORT",
        help="the address that this node had before it got that of --address; may stay. No copy may run there any more",
    )
    parser.add_argument(
        "--join",
        metavar="HOST:PORT",
        action="append",
        default=[],
        help="a node of the cluster to join; may be given again, and may stay: it counts at the first start only. "
        "A node leaves its own address out, so the command may be the same on all machines",
    )
    add_tls(parser)
    parser.add_argument("--metrics", metavar="HOST:PORT", help="serve Prometheus metrics at http://HOST:PORT/metrics")
    parser.add_argument(
        "--web",
        metavar="HOST:PORT",
        help="show the cluster on a page at http://HOST:PORT/, and as JSON at /status.json; it can only be read",
    )
    parser.add_argument("--voters", metavar="N", type=int, default=3, help="nodes with a vote, odd (default: 3)")
    parser.add_argument("--standbys", metavar="N", type=int, default=3, help="nodes that replace one (default: 3)")
    parser.add_argument("--failure-domain", metavar="N", type=int, default=0, help="say, a number for each rack")
    parser.add_argument(
        "--network-latency",
        metavar="SECONDS",
        type=seconds,
        help="how long a message takes from node to node; less means faster failover (default: dqlite's)",
    )
    parser.add_argument("--snapshot-threshold", metavar="N", type=int, default=512, help="entries between snapshots")
    parser.add_argument("--snapshot-trailing", metavar="N", type=int, default=1024, help="entries kept behind one")
    parser.add_argument(
        "--snapshot-threshold-bytes", metavar="N", type=int, default=32 << 20, help="bytes of entries between snapshots"
    )
    parser.add_argument(
        "--snapshot-trailing-bytes", metavar="N", type=int, default=32 << 20, help="bytes of entries kept behind one"
    )
    parser.add_argument("--max-connections", metavar="N", type=int, default=10_000, help="of clients at a time")
    parser.add_argument(
        "--max-request-bytes", metavar="N", type=int, default=512 << 20, help="of large requests that are under way"
    )
    parser.add_argument(
        "--wal-limit", metavar="BYTES", type=int, default=1 << 30, help="of a WAL, beyond which long reads are ended"
    )
    parser.add_argument(
        "--idle-transaction-timeout",
        metavar="SECONDS",
        type=seconds,
        help="end a transaction that others wait for, once its client has sent nothing for so long (default: never)",
    )
    parser.add_argument(
        "--auto-recovery",
        action="store_true",
        help="delete damaged files at start: can lose data, see docs/operations.md",
    )
    parser.add_argument(
        "--handover-timeout", metavar="SECONDS", type=seconds, default=10.0, help="for the handover at the end"
    )
    parser.add_argument("--log-level", choices=_LEVELS, default="warning", help="what to log on stderr")
    parser.add_argument(
        "--log-format",
        choices=node_log.FORMATS,
        default="text",
        help="json: each line an object, also for what ends it",
    )
    parser.epilog = (
        "Prints one line when it is ready. SIGTERM and Ctrl-C hand the node's duties over and stop it; status 0."
    )


def run(options: argparse.Namespace) -> int:
    """Runs the node until a signal comes."""
    node_log.begin(options.log_level, options.log_format)
    if options.log_format == "text":
        return _run(options)
    try:
        return _run(options)
    except (Failure, dqlitepy.Error, OSError, ValueError) as error:
        what, _, advice = explain("dqlitepy node", error).partition("\n  ")
        _LOG.error("%s. %s", what, advice)
        return FAILED


def _run(options: argparse.Namespace) -> int:
    node = dqlitepy.Node(
        options.directory,
        address=options.address,
        bind=options.bind,
        moved_from=options.moved_from,
        join=_others(options),
        tls=tls_of(options),
        voters=options.voters,
        standbys=options.standbys,
        failure_domain=options.failure_domain,
        network_latency=options.network_latency,
        snapshot_threshold=options.snapshot_threshold,
        snapshot_trailing=options.snapshot_trailing,
        snapshot_threshold_bytes=options.snapshot_threshold_bytes,
        snapshot_trailing_bytes=options.snapshot_trailing_bytes,
        max_connections=options.max_connections,
        max_request_bytes=options.max_request_bytes,
        wal_limit=options.wal_limit,
        idle_transaction_timeout=options.idle_transaction_timeout,
        auto_recovery=options.auto_recovery,
    )
    for what, address in ("metrics", options.metrics), ("the page", options.web):
        if address:
            _warn_if_open(what, address)
    server = web = disk = None
    wakeups, waker = socket.socketpair()
    try:
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _raise_stop)
        if options.metrics:  # before the directory gets an identity: this address may be wrong
            server = MetricsServer(options.metrics, node)
        if options.web:
            web = WebServer(options.web, node)
        node.start()
        disk = DiskWatch(options.directory)
        if web:
            web.start()
        _wait_ready(node)
        role = node.role
        metrics = f", metrics on port {server.port}" if server else ""
        metrics += f", page on port {web.port}" if web else ""
        print(f"ready: {node.address} (id {node.id}, {'no role yet' if role is None else role}){metrics}", flush=True)
        _notify("READY=1")
        while True:
            wakeups.recv(1)  # unlike pause(), it does not miss a signal that came just before
    except _Stop:
        _LOG.info("%s: stopping", options.directory)
        _notify("STOPPING=1")
    finally:
        # A second signal ends the process at once; the log on disk is whole at any moment.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        for each in server, web, disk:
            if each:
                each.close()
        node.close(timeout=options.handover_timeout)
        if web:
            web.join()
        signal.set_wakeup_fd(-1)
        wakeups.close()
        waker.close()
    return DONE


def _others(options: argparse.Namespace) -> list[str]:
    """Returns the nodes to join, without this one."""
    info = None if options.address else dqlitepy.node_info(options.directory)
    own = options.address or (info.address if info else "")
    own = normalized(own) if ":" in own or options.address else ""  # an embedded node has a mere name
    joined = []
    for given in options.join:
        address = normalized(given)
        if not names_port(given) and not own.endswith(f":{DEFAULT_PORT}"):
            _LOG.warning("--join %s names no port: %s is asked", given, address)
        if address == own:
            _LOG.info("--join %s is this node itself, and is left out", given)
        else:
            joined.append(address)
    return joined


def _raise_stop(number: int, frame: FrameType | None) -> None:
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)  # until the handler of this one has been left
    raise _Stop


def _wait_ready(node: dqlitepy.Node) -> None:
    """Waits for as long as it takes: a node may be started before the others of its cluster."""
    while True:
        try:
            node.wait_ready(_READY_SLICE)
            return
        except dqlitepy.OperationalError as error:
            _LOG.warning("not ready yet, trying on: %s", error)


def _warn_if_open(what: str, address: str) -> None:
    host = address.rpartition(":")[0].strip("[]")
    with suppress(ValueError):
        if not ip_address(host).is_loopback:
            _LOG.warning("%s on %s: served without encryption to whoever asks", what, address)


def _notify(state: str) -> None:
    """Tells systemd, where it wants to know (Type=notify)."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
        notifications.connect("\0" + path[1:] if path.startswith("@") else path)
        notifications.send(state.encode())
