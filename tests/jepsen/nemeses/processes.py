# SPDX-License-Identifier: Apache-2.0
"""Processes that are killed, and processes that stand still while the others go on."""

from __future__ import annotations

from tests.jepsen.nemeses.base import Field


def kill_leader(field: Field) -> None:
    """Kills the leader (-9); it starts again after a while."""
    _kill(field, [field.leader()])


def kill_random(field: Field) -> None:
    """Kills some nodes."""
    nodes = field.others(-1)[: field.random.randint(1, len(field.cluster.members) - 1)]
    _kill(field, nodes)


def kill_all(field: Field) -> None:
    """Kills all nodes at once."""
    _kill(field, field.others(-1))


def _kill(field: Field, nodes: list[int]) -> None:
    field.note("kill", nodes=nodes)
    field.cluster.kill(nodes)
    try:
        field.wait(field.some_time())
    finally:
        for node in nodes:
            field.cluster.restart(node)


def pause_leader(field: Field) -> None:
    """The leader stands still; others elect one of their own."""
    _pause(field, [field.leader()])


def pause_followers(field: Field) -> None:
    """The leader loses its majority while it lives, so that it steps down with writers in its queue."""
    leader = field.leader()
    others = field.others(leader)
    count = field.random.choice((len(others), len(field.cluster.members) - field.majority() + 1))
    _pause(field, others[:count])


def pause_random(field: Field) -> None:
    """Any nodes stand still."""
    _pause(field, field.others(-1)[: field.random.randint(1, len(field.cluster.members))])


def _pause(field: Field, nodes: list[int]) -> None:
    field.note("suspend", nodes=nodes)
    field.cluster.suspend(nodes)
    try:
        field.wait(field.some_time())
    finally:
        field.cluster.resume(nodes)
        field.note("resume", nodes=nodes)


def change_sides(field: Field) -> None:
    """What the leader began to write is lost: its followers stand still, then it does, and they go on alone."""
    leader = field.leader()
    others = field.others(leader)
    field.note("lose majority", leader=leader)
    field.cluster.suspend(others)
    try:
        field.wait(field.unit * field.random.choice((0.1, 0.3, 0.6)))
        field.cluster.suspend([leader])
        field.cluster.kill(others)  # so that nothing on its way to them arrives
        for node in others:
            field.cluster.restart(node)
        field.note("other side", leader=leader)
        field.wait(field.unit * 3 + 2)
    finally:
        for node in others:
            field.cluster.restart(node)
        field.cluster.resume([leader])
        field.note("resume", leader=leader)
