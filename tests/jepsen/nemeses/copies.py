# SPDX-License-Identifier: Apache-2.0
"""A node that is started again from an old copy of its directory: it has forgotten what it acknowledged."""

from __future__ import annotations

import shutil

from tests.jepsen.nemeses.base import Field


def old_copy(field: Field) -> None:
    """One node has a copy made, the other is away while the leader goes on; both then outvote what they don't know."""
    leader = field.leader()
    forgetful, away, *_ = field.others(leader)
    data = field.cluster.members[forgetful].directory / "data"
    copy = data.with_name("copy")
    field.cluster.kill([forgetful])
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data, copy)
    field.cluster.restart(forgetful)
    field.note("copied", node=forgetful)
    try:
        field.wait(field.unit * 2 + 1)
        field.cluster.suspend([away])
        field.wait(field.unit + 1)
        field.cluster.kill([leader, forgetful])
        shutil.rmtree(data)
        copy.rename(data)
        field.note("restored", node=forgetful)
        field.cluster.resume([away])
        field.cluster.restart(forgetful)
        field.wait(field.unit * 4 + 2)
    finally:
        field.cluster.resume([away])
        field.cluster.restart(forgetful)
        field.cluster.restart(leader)
