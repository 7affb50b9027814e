# SPDX-License-Identifier: Apache-2.0
"""`--metrics`: what a node is and does, in Prometheus' text form over HTTP."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import dqlitepy
from dqlitepy._cli.page_server import PageServer, listen_on

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Metric:
    """One metric with one value for each set of labels."""

    name: str
    kind: str  # "gauge" or "counter"
    help: str
    values: list[tuple[dict[str, str], float]] = field(default_factory=list)


def _gauge(name: str, text: str, value: float, **labels: str) -> Metric:
    return Metric(f"dqlitepy_{name}", "gauge", text, [(labels, value)])


def metrics_of(node: dqlitepy.Node) -> Iterator[Metric]:
    """Yields the metrics of a node and of its process."""
    versions = dqlitepy.versions()
    chosen = {name: versions[name] for name in ("dqlitepy", "dqlite", "sqlite")}
    yield _gauge("build_info", "Versions; the value is always 1.", 1, **chosen)
    stats = node.stats()
    leads = stats.leader is not None and stats.leader.id == stats.id
    yield _gauge("node_info", "Id and address; the value is always 1.", 1, id=str(stats.id), address=stats.address)
    # A node that was removed still finds the leader, by asking the others.
    member = stats.role is not None
    yield _gauge("is_member", "Whether the node belongs to its cluster: 0 where it was removed.", member)
    yield _gauge("has_leader", "Whether the node is a member and knows a leader.", member and stats.leader is not None)
    yield _gauge("is_leader", "Whether the node is the leader.", leads)
    roles = [({"role": str(role)}, float(stats.role is role)) for role in dqlitepy.Role]
    yield Metric("dqlitepy_role", "gauge", "1 for the role that the node has in the cluster.", roles)
    yield _gauge("raft_term", "The term that the node is in.", stats.term)
    yield _gauge(
        "raft_last_index",
        "The last entry of the node's log; the lag is the difference to the leader's.",
        stats.last_index,
    )
    yield _gauge("raft_snapshot_index", "The entry that the newest snapshot covers.", stats.snapshot_index)
    yield _gauge("raft_snapshots", "Snapshots on disk.", stats.snapshots)
    segments = [({"state": "open"}, float(stats.open_segments)), ({"state": "closed"}, float(stats.closed_segments))]
    yield Metric("dqlitepy_raft_segments", "gauge", "Segments of the log on disk.", segments)
    yield _gauge("disk_bytes", "What the node's directory takes on disk.", stats.disk_bytes)
    disk = os.statvfs(node.directory)
    yield _gauge("disk_free_bytes", "What is free on the disk of the node's directory.", disk.f_bavail * disk.f_frsize)
    yield from _process_metrics()


def _process_metrics() -> Iterator[Metric]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    resident = pages * os.sysconf("SC_PAGE_SIZE")
    yield Metric("process_resident_memory_bytes", "gauge", "Memory of the process.", [({}, resident)])
    seconds = usage.ru_utime + usage.ru_stime
    yield Metric("process_cpu_seconds_total", "counter", "CPU time of the process.", [({}, seconds)])
    yield Metric("process_open_fds", "gauge", "Open file descriptors.", [({}, len(os.listdir("/proc/self/fd")))])


def text_of(metrics: Iterable[Metric]) -> str:
    """Returns metrics in Prometheus' text form."""
    lines = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
        for labels, value in metric.values:
            listed = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            lines.append(f"{metric.name}{'{' + listed + '}' if listed else ''} {value + 0}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class MetricsServer:
    """Answers `GET /metrics` from a thread of its own until `close`."""

    def __init__(self, address: str, node: dqlitepy.Node) -> None:
        """Listens on `address`, "host:port"; port 0 takes a free one.

        Raises:
            Failure: it cannot be listened on.
        """
        listener = listen_on(address, "metrics")
        self.port: int = listener.getsockname()[1]
        self._server = PageServer(listener, {"/metrics": lambda: _page_of(node)})

    def close(self) -> None:
        """Stops listening."""
        self._server.close()


def _page_of(node: dqlitepy.Node) -> tuple[HTTPStatus, str, str]:
    try:
        return HTTPStatus.OK, _CONTENT_TYPE, text_of(metrics_of(node))
    except Exception as error:  # whatever it is, the next scrape is answered, too
        return HTTPStatus.SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", f"The node does not tell: {error}\n"
