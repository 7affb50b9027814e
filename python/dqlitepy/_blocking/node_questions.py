# SPDX-License-Identifier: Apache-2.0
# Made from aio/_node_questions.py by `tools/bazel run //tools:twins`. Change that file.
"""What a node is asked while it runs."""

from __future__ import annotations

from dqlitepy._cluster.node_core import NodeCore
from dqlitepy._cluster.tasks import ask
from dqlitepy._native.abi import TaskOperation
from dqlitepy.members import ConnectionInfo, NodeInfo, NodeStats, Role


class SyncNode(NodeCore):
    """The questions to a running node."""

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Waits until the node is a member of its cluster, has the role to begin with, and the cluster has a leader.

        Args:
            timeout: seconds.

        Raises:
            OperationalError: the time was up; the message says what is missing.
        """
        ask(self._question(TaskOperation.NODE_READY, timeout))

    def handover(self, timeout: float = 60.0) -> None:
        """Gives the node's duties to others, so that closing it interrupts nobody.

        They are its leadership, and its vote if another node can take it. Does nothing where no other node is there.

        Args:
            timeout: seconds.

        Raises:
            OperationalError: no other node took them in time.
        """
        ask(self._question(TaskOperation.NODE_HANDOVER, timeout))

    @property
    def role(self) -> Role | None:
        """What it does in the cluster; None while it is no member."""
        state = ask(self._state())
        return state.role

    @property
    def leader(self) -> NodeInfo | None:
        """The node that leads the cluster; None while none is known."""
        state = ask(self._state())
        return state.leader

    def stats(self) -> NodeStats:
        """Returns what the node is and what it has on disk at this moment."""
        return self._stats(ask(self._state()))

    def connections(self) -> list[ConnectionInfo]:
        """Returns who is connected to the node, the oldest first. Only the leader has any that run SQL."""
        return ask(self._connections())
