# SPDX-License-Identifier: Apache-2.0
"""Brings a cluster back that has lost the majority of its voters for good."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass

from dqlitepy._cluster.address import normalized
from dqlitepy._cluster.tasks import run_task, unsigned
from dqlitepy._native.abi import Task, TaskOperation
from dqlitepy.errors import OperationalError
from dqlitepy.members import LastEntry, NodeInfo, Role
from dqlitepy.store import node_info

_StrPath = str | os.PathLike[str]


@dataclass(frozen=True)
class Recovery:
    """What `recover` did, and what is left to do."""

    directory: str
    """Of the node with the newest log: start this one first."""
    last_entry: LastEntry
    """The end of its log before the recovery."""
    backup: str
    """A copy of that directory as it was before."""
    members: tuple[NodeInfo, ...]
    """Who is in the cluster now."""
    others: tuple[str, ...]
    """The directories with older logs: their nodes must not be started from them again."""
    instructions: str
    """What is left to do, to be shown to the operator."""


def last_entry(directory: _StrPath) -> LastEntry:
    """Returns the end of the log of a stopped node. The node with the greatest has the newest data.

    Raises:
        OperationalError: a node runs there, there has never been one, or the log is damaged.
        ValueError: the path has a NUL character inside.
    """
    path = os.fsencode(directory)
    if b"\0" in path:
        raise ValueError("embedded null character in the path of the directory")
    task = Task(operation=TaskOperation.LAST_ENTRY, directory=path)
    [(term, index)] = run_task(task)
    return LastEntry(unsigned(term), unsigned(index))


def recover(
    directories: _StrPath | Iterable[_StrPath],
    *,
    members: Iterable[NodeInfo] | None = None,
    backup: _StrPath | None = None,
) -> Recovery:
    """Forces a new membership into the log of a stopped node, so that it can lead again.

    For when a majority of the voters is lost for good, so that there will never be a leader again. No node of the
    cluster may run, on any machine, and every other surviving node must begin anew: entries that only a lost node had
    are lost, and two nodes with different histories must never meet. Where nodes survive on several machines, compare
    their `last_entry` first and recover the one with the greatest.

    Args:
        directories: of the surviving nodes that this machine can see. The one with the newest log is chosen.
        members: who shall be in the cluster, among them that node by its id; it may get a new address thereby. None for
            that node alone, as a voter: the others then join it with empty directories.
        backup: where to copy the chosen directory before it is changed; must not exist. None for a name beside it.

    Raises:
        OperationalError: a node runs in one of the directories, there is none, its log is damaged, or the copy or the
            change failed; nothing was changed then.
        ValueError: no directory was given, or the members cannot be right.
    """
    paths = _paths(directories)
    entries = {path: last_entry(path) for path in paths}
    chosen = max(paths, key=entries.__getitem__)
    own = node_info(chosen)
    if own is None:
        raise OperationalError(f"{chosen} has no info.yaml, which says which node it was: restore that file")
    if members is None and ":" not in own.address:
        raise OperationalError(f"{chosen} holds an embedded database, which is alone: there is nothing to recover")
    wanted = (NodeInfo(own.id, own.address, Role.VOTER),) if members is None else _checked(members, own, chosen)
    copy = _copy(chosen, backup)
    lines = "\n".join(f"{member.id} {int(member.role)} {member.address}" for member in wanted)
    run_task(Task(operation=TaskOperation.RECONFIGURE, directory=os.fsencode(chosen), members=lines.encode()))
    others = tuple(path for path in paths if path != chosen)
    return Recovery(chosen, entries[chosen], copy, wanted, others, _instructions(chosen, own, wanted, others, copy))


def _paths(directories: _StrPath | Iterable[_StrPath]) -> list[str]:
    given = [directories] if isinstance(directories, str | os.PathLike) else list(directories)
    paths = list(dict.fromkeys(os.path.realpath(path) for path in given))
    if not paths:
        raise ValueError("no directory to recover")
    return paths


def _checked(members: Iterable[NodeInfo], own: NodeInfo, directory: str) -> tuple[NodeInfo, ...]:
    wanted = tuple(NodeInfo(member.id, normalized(member.address), Role(member.role)) for member in members)
    ids = [member.id for member in wanted]
    if len(set(ids)) < len(ids) or len({member.address for member in wanted}) < len(wanted):
        raise ValueError("two of the members have the same id or address")
    if not any(member.id == own.id and member.role is Role.VOTER for member in wanted):
        raise ValueError(f"the node in {directory} (id {own.id}) must be one of the members, and a voter")
    return wanted


def _copy(directory: str, backup: _StrPath | None) -> str:
    target = _free_name(directory) if backup is None else os.fspath(backup)
    try:
        shutil.copytree(directory, target)
    except (OSError, shutil.Error) as error:
        raise OperationalError(f"{directory} cannot be copied to {target}: {error}. Nothing was changed") from error
    return target


def _free_name(directory: str) -> str:
    number = 1
    while os.path.lexists(f"{directory}.before-recovery-{number}"):
        number += 1
    return f"{directory}.before-recovery-{number}"


def _instructions(chosen: str, own: NodeInfo, members: tuple[NodeInfo, ...], others: tuple[str, ...], copy: str) -> str:
    [address] = [member.address for member in members if member.id == own.id]
    steps = [f"Start the node of {chosen} at {address}, and look at the data."]
    if len(members) > 1:
        steps.insert(
            0,
            f"On the machines of the other members, move the old directories away and put copies of {chosen} in their "
            "place, each with the info.yaml of its own node. A majority of the voters must be there to elect a leader.",
        )
    listed = f" ({', '.join(others)})" if others else ""
    steps.append(
        f"Nodes that are not among the members must never start from their old directories{listed}: move those away "
        f"and join with empty ones, by join=[{address!r}]."
    )
    steps.append(f"When all is well, delete {copy}.")
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
