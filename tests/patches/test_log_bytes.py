# SPDX-License-Identifier: Apache-2.0
"""The log of each node is bounded by its bytes, not by the number of its entries alone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import dqlitepy
import pytest

from tests.patches.wire import HANG_SECONDS
from tests.support import free_address

KIB = 1 << 10
_BOUND = 1024 * KIB
_ROW = 256 * KIB
_WRITES = 60  # a tenth of the entries that make a snapshot, but fifteen times the bytes
_CLOSED = re.compile(r"(\d{16})-(\d{16})")


def _node(directory: Path, *, join: list[str] | None = None) -> dqlitepy.Node:
    return dqlitepy.Node(
        directory,
        address=free_address(),
        join=join or [],
        network_latency=0.02,
        snapshot_threshold_bytes=_BOUND,
        snapshot_trailing_bytes=_BOUND,
    )


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[dqlitepy.Node]]:
    """A cluster of three nodes, so that each has a vote, and the log."""
    with ExitStack() as stack:
        first = stack.enter_context(_node(tmp_path / "0"))
        first.wait_ready()
        others = [stack.enter_context(_node(tmp_path / name, join=[first.address])) for name in "12"]
        for node in others:
            node.wait_ready()
        yield [first, *others]


def _oldest_entry(directory: Path) -> int:
    """The first entry in a closed segment."""
    starts = [int(match[1]) for path in directory.iterdir() if (match := _CLOSED.fullmatch(path.name))]
    return min(starts, default=1)


def _rewrite(node: dqlitepy.Node) -> None:
    with closing(dqlitepy.connect(node)) as con:
        con.execute("CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b BLOB)")
        con.execute("INSERT OR REPLACE INTO t VALUES (1, zeroblob(0))")
        con.commit()
        for n in range(_WRITES):
            con.execute("UPDATE t SET b = ?", (bytes([n]) * _ROW,))
            con.commit()


def test_few_large_entries_make_a_snapshot_and_are_cut_off(nodes: list[dqlitepy.Node], tmp_path: Path) -> None:
    _rewrite(nodes[0])
    deadline = time.monotonic() + HANG_SECONDS
    for directory in (tmp_path / "0", tmp_path / "1", tmp_path / "2"):
        # What is kept of 15 MiB: since the snapshot before the last one, and the rest of a segment.
        while _oldest_entry(directory) < _WRITES // 2:
            assert time.monotonic() < deadline, f"{directory.name} keeps its log from entry {_oldest_entry(directory)}"
            time.sleep(0.05)


def test_the_data_is_whole_when_the_node_starts_again(tmp_path: Path) -> None:
    with _node(tmp_path / "only") as node:
        node.wait_ready()
        _rewrite(node)
    with node.start(), closing(dqlitepy.connect(node)) as con:
        assert con.execute("SELECT b FROM t").fetchall() == [(bytes([_WRITES - 1]) * _ROW,)]
