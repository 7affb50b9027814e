# SPDX-License-Identifier: Apache-2.0
"""The server's loop tells the kernel what it waits for by epoll_ctl(), one call a change, and has no io_uring."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tests.patches.node import NodeProcess


def test_a_node_has_no_io_uring(node: NodeProcess) -> None:
    with node.client() as client:
        client.execute("CREATE TABLE t (v INTEGER)")
        descriptors = []
        for link in Path(f"/proc/{node.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile: raft's files come and go
                descriptors.append(os.readlink(link))
    assert "anon_inode:[eventpoll]" in descriptors
    assert "anon_inode:[io_uring]" not in descriptors
