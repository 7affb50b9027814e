# SPDX-License-Identifier: Apache-2.0
"""gunicorn: workers that are forked before or after the application is imported."""

from __future__ import annotations

import signal
from pathlib import Path

import dqlitepy
import pytest

from tests.programs.servers import EAGER, LAZY, change, serve
from tests.support import eventually, free_address

COMMAND = ("gunicorn", "--bind", "{address}", "application:app")
MANY = (*COMMAND, "--workers", "3")


@pytest.mark.parametrize("options", [(), ("--preload",)], ids=["plain", "preload"])
def test_workers_that_share_a_node(tmp_path: Path, options: tuple[str, ...]) -> None:
    address = free_address()
    with dqlitepy.Node(tmp_path / "node", address=address, bare=True) as node:
        node.wait_ready()
        with serve(tmp_path, LAZY, *MANY, *options, database=f"dqlite://{address}") as server:
            pids: set[int] = set()

            def answered_by() -> set[int]:
                pids.add(server.answer()[2])
                return pids

            eventually(answered_by, lambda pids: len(pids) > 1)
        with dqlitepy.connect(node) as con:
            assert {pid for (pid,) in con.execute("SELECT pid FROM visit")} == pids
        con.close()


@pytest.mark.parametrize("options", [(), ("--preload",)], ids=["plain", "preload"])
def test_one_worker_with_threads_has_a_directory(tmp_path: Path, options: tuple[str, ...]) -> None:
    threads = ("--workers", "1", "--threads", "4")
    with serve(tmp_path, LAZY, *COMMAND, *threads, *options, database=tmp_path / "data") as server:
        version, visits, before = server.answer()
        assert (version, visits) == (1, 1)
        if options:
            return
        change(tmp_path)
        server.process.send_signal(signal.SIGHUP)  # a new worker starts, and then the old one ends
        version, visits, after = eventually(server.answer, lambda answer: answer[0] == 2)
        assert visits > 1
        assert after != before


def test_a_connection_before_the_fork(tmp_path: Path) -> None:
    with serve(tmp_path, EAGER, *MANY, "--preload", database=tmp_path / "data") as server:
        assert eventually(server.get) == "500"
        said = eventually(server.said, lambda said: "ForkError" in said)
        assert "fork" in said


def test_a_second_worker_with_the_same_directory(tmp_path: Path) -> None:
    """Workers that cannot import the application end the server."""
    with serve(tmp_path, EAGER, *MANY, database=tmp_path / "data") as server:
        eventually(server.said, lambda said: "is in use by" in said)  # also where both start at the same moment
