# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, fail, are slow, or forget what was not synced."""

from __future__ import annotations

from collections.abc import Callable

from tests.jepsen.disk.mount import Disk
from tests.jepsen.nemeses.base import Field


def full(field: Field) -> None:
    """No block is free."""
    _affect(field, "full", lambda disk: disk.fail("ENOSPC"))


def error(field: Field) -> None:
    """Each write fails with EIO."""
    _affect(field, "EIO", lambda disk: disk.fail("EIO"))


def slow(field: Field) -> None:
    """Each write takes long."""
    seconds = field.random.choice((0.01, 0.05, 0.3))
    _affect(field, "slow", lambda disk: disk.slow(seconds))


def _affect(field: Field, what: str, change: Callable[[Disk], None]) -> None:
    leader = field.leader()
    count = field.random.choice((1, 1, 2, len(field.cluster.members)))
    nodes = [leader, *field.others(leader)][:count] if field.random.random() < 0.6 else field.others(-1)[:count]
    disks = [disk for node in nodes if (disk := field.cluster.members[node].disk) is not None]
    field.note(what, nodes=nodes)
    try:
        for disk in disks:
            change(disk)
        field.wait(field.some_time())
    finally:
        for disk in disks:
            disk.heal()
        field.note("healed")


def power_cut_one(field: Field) -> None:
    """The leader's machine, or another one, loses its power."""
    _cut(field, [field.leader() if field.random.random() < 0.6 else field.any_node()])


def power_cut_all(field: Field) -> None:
    """All machines lose their power at once."""
    _cut(field, field.others(-1))


def _cut(field: Field, nodes: list[int]) -> None:
    keep = field.random.choice((0.0, 0.0, 0.5, 0.9))
    field.note("power cut", nodes=nodes, keep=keep)
    field.cluster.cut_power(nodes, keep, field.random.randrange(1 << 30))
    try:
        field.wait(field.some_time())
    finally:
        for node in nodes:
            field.cluster.restart(node)
