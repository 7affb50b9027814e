# SPDX-License-Identifier: Apache-2.0
"""The nemeses by name, and what each needs."""

from __future__ import annotations

from tests.jepsen.nemeses import copies, disks, membership, partitions, processes
from tests.jepsen.nemeses.base import Nemesis

PROCESSES: dict[str, Nemesis] = {
    "kill-leader": processes.kill_leader,
    "kill-random": processes.kill_random,
    "kill-all": processes.kill_all,
    "pause-leader": processes.pause_leader,
    "pause-followers": processes.pause_followers,
    "pause-random": processes.pause_random,
    "change-sides": processes.change_sides,
}
PARTITIONS: dict[str, Nemesis] = {
    "isolate-leader": partitions.isolate_leader,
    "halves": partitions.halves,
    "ring": partitions.ring,
    "one-way-out": partitions.one_way_out,
    "one-way-in": partitions.one_way_in,
    "delays": partitions.delays,
}
MEMBERSHIP: dict[str, Nemesis] = {
    "transfer": membership.transfer,
    "transfer-unheard": membership.transfer_unheard,
    "handover": membership.handover,
    "change-roles": membership.change_roles,
    "replace": membership.replace,
}
DISKS: dict[str, Nemesis] = {
    "disk-full": disks.full,
    "disk-error": disks.error,
    "disk-slow": disks.slow,
    "power-cut-one": disks.power_cut_one,
    "power-cut-all": disks.power_cut_all,
}
# On top of those that a seed chooses, in some runs.
TERMS: dict[str, Nemesis] = {"there-and-back": membership.there_and_back}
# Not what a machine does, but what an operator must never do: a mutation, which the checkers have to find.
FORBIDDEN: dict[str, Nemesis] = {"old-copy": copies.old_copy}
NEMESES: dict[str, Nemesis] = {**PROCESSES, **PARTITIONS, **MEMBERSHIP, **DISKS, **TERMS, **FORBIDDEN}
