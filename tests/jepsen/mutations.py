# SPDX-License-Identifier: Apache-2.0
"""What the suite must find when it is broken on purpose, and how: `python mutations.py list`.

    apply NAME --dqlite DIR --repository DIR    makes the edits in copies of the sources, which are then built
    try NAME                                    runs what must fail, with the package that Python finds; 0 if it does

A mutation without edits is one of a client or of an operator: `try` shows it with any package.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

DQLITE, REPOSITORY = "dqlite", "repository"


@dataclass(frozen=True)
class Edit:
    """A text in a source file that occurs once, and what stands in its place."""

    tree: str
    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Makes the edit; ValueError where the source is another one."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{path} has {text.count(self.old)} times, not once: {self.old!r}")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Mutation:
    """A way to be wrong, and the runs that must show it."""

    name: str
    what: str
    arguments: Sequence[str]
    edits: Sequence[Edit] = ()


MUTATIONS = (
    Mutation(
        "auto-checkpoint",
        "SQLite copies the WAL into the database at the 1,000th frame, before raft has it",
        ("--nodes=3", "--workload=wide", "--workload=bank", "--nemesis=change-sides", "--nemesis=pause-followers"),
        (Edit(DQLITE, "src/db.c", "sqlite3_wal_autocheckpoint(conn, 0);", "sqlite3_wal_autocheckpoint(conn, 1000);"),),
    ),
    Mutation(
        "state-after-callbacks",
        "a leader that steps down answers those who wait while it still counts as the leader",
        ("--nodes=3", "--workload=set", "--nemesis=pause-followers"),
        (
            Edit(
                DQLITE,
                "src/raft/convert.c",
                "\tleaveState(r, &debts);\n\n\tr->state = new_state;",
                "\tleaveState(r, &debts);\n\tfailDebts(&debts);\n\n\tr->state = new_state;",
            ),
            Edit(
                DQLITE,
                "src/raft/convert.c",
                "\t\tcbs->state_cb(r, old_state, new_state);\n\t}\n\tfailDebts(&debts);\n",
                "\t\tcbs->state_cb(r, old_state, new_state);\n\t}\n",
            ),
        ),
    ),
    Mutation(
        "answer-before-cut",
        "a leader whose disk refuses a write answers those who wait before it cuts its log and steps down; needs FUSE",
        (
            "--nodes=3",
            "--prepared",
            "--workload=set",
            "--workload=append",
            "--nemesis=disk-full",
            "--nemesis=disk-error",
        ),
        (
            Edit(
                DQLITE,
                "src/raft/replication.c",
                "\t/* Tell the log that we're done referencing these entries. */\n"
                "\tlogRelease(r->log, index, request->entries, request->n);\n",
                "\tgoto answer;\ncut:\n\tlogRelease(r->log, index, request->entries, request->n);\n",
            ),
            Edit(
                DQLITE,
                "src/raft/replication.c",
                "\twhile (!queue_empty(&failed)) {\n",
                "\treturn;\nanswer:\n\twhile (!queue_empty(&failed)) {\n",
            ),
            Edit(
                DQLITE,
                "src/raft/replication.c",
                "\t\t\tbarrier = next;\n\t\t}\n\t}\n}\n\n/* Invoked once a disk write",
                "\t\t\tbarrier = next;\n\t\t}\n\t}\n\tgoto cut;\n}\n\n/* Invoked once a disk write",
            ),
        ),
    ),
    Mutation(
        "one-term",
        "what began in one term of a leader goes into its log in a later one",
        ("--nodes=3", "--workload=late", "--workload=counter", "--nemesis=there-and-back"),
        (
            Edit(
                DQLITE,
                "src/leader.c",
                "\treturn raft_state(l->raft) == RAFT_LEADER &&\n\t       l->raft->current_term == l->term;\n",
                "\t(void)l;\n\treturn true;\n",
            ),
        ),
    ),
    Mutation(
        "no-dsync",
        "the log is written without O_DSYNC; needs the disks that forget (FUSE)",
        ("--nodes=3", "--prepared", "--workload=set", "--workload=append", "--nemesis=power-cut-all"),
        (
            Edit(
                DQLITE,
                "src/raft/uv_fs.c",
                "const int open_flags = O_WRONLY | O_DSYNC;",
                "const int open_flags = O_WRONLY;",
            ),
        ),
    ),
    Mutation(
        "no-abort",
        "the frames of a transaction that was not committed stay in the WAL (VfsAbort left out)",
        ("--nodes=3", "--workload=set", "--workload=append", "--nemesis=pause-followers", "--nemesis=change-sides"),
        (Edit(DQLITE, "src/leader.c", "int rv = VfsAbort(leader->conn);", "int rv = SQLITE_OK;"),),
    ),
    Mutation(
        "no-quorum",
        "linearizable reads do not ask whether their leader is still one",
        ("--nodes=3", "--workload=register", "--workload=counter", "--nemesis=transfer-unheard", "--no-inside"),
        (
            Edit(
                REPOSITORY,
                "go/leader/quorum.go",
                "\tq.asking.Lock()\n\tdefer q.asking.Unlock()\n",
                "\tif q != nil {\n\t\treturn nil\n\t}\n",
            ),
        ),
    ),
    Mutation(
        "no-await",
        "a local read does not wait for what its connection has written and read",
        ("--nodes=3", "--workload=counter", "--nemesis=pause-followers", "--nemesis=delays"),
        (Edit(REPOSITORY, "go/session/nearby.go", "\tif s.link.Applied >= position {\n", "\tif position >= 0 {\n"),),
    ),
    Mutation(
        "repeat-ambiguous",
        "a client repeats what failed with AmbiguousCommitError",
        ("--nodes=3", "--workload=append", "--workload=counter", "--nemesis=kill-leader", "--repeat-ambiguous"),
    ),
    Mutation(
        "old-copy",
        "a node is started again from an old copy of its directory",
        ("--nodes=3", "--workload=set", "--workload=append", "--nemesis=old-copy"),
    ),
)
_RUNS = 12
_VIOLATION = re.compile(r" {4}(\w[\w ]*): ")  # as program.tell() says it
# Where the files are, and what a suite that is broken says.
_NO_VIOLATION = {"kept", "broken", "no start"}
_BY_NAME = {mutation.name: mutation for mutation in MUTATIONS}


def main() -> int:
    """Returns 0 where it did what it was told, and a mutation that was tried was found."""
    options = _parser().parse_args()
    if options.command == "list":
        for mutation in MUTATIONS:
            print(f"{mutation.name}: {mutation.what}\n    {' '.join(mutation.arguments)}")
        return 0
    mutation = _BY_NAME[options.name]
    if options.command == "apply":
        roots = {DQLITE: options.dqlite, REPOSITORY: options.repository}
        for edit in mutation.edits:
            edit.apply(roots[edit.tree])
        return 0
    program = Path(__file__).with_name("program.py")
    command = [sys.executable, str(program), *mutation.arguments, "--until-violation"]
    command += [f"--runs={options.runs}", f"--seed={options.seed}", f"--seconds={options.seconds}"]
    # Under Bazel the path of this process is not that of its environment.
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as runs:
        found = tells_of_violation(runs.stdout or ())
    print(f"{mutation.name}: {'found' if found else 'NOT FOUND'}")
    return 0 if found else 1


def tells_of_violation(lines: Iterable[str]) -> bool:
    """Repeats what the program says; returns whether it reports a violation, not just of a suite that is broken."""
    found = False
    for line in lines:
        print(line, end="", flush=True)
        told = _VIOLATION.match(line)
        found |= told is not None and told[1] not in _NO_VIOLATION
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mutations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    apply = commands.add_parser("apply")
    apply.add_argument("name", choices=sorted(_BY_NAME))
    apply.add_argument("--dqlite", type=Path, default=Path(), help="dqlite's source with all patches")
    apply.add_argument("--repository", type=Path, default=Path(), help="a copy of this repository")
    attempt = commands.add_parser("try")
    attempt.add_argument("name", choices=sorted(_BY_NAME))
    attempt.add_argument("--runs", type=int, default=_RUNS, help="at most; the first violation ends it")
    attempt.add_argument("--seed", type=int, default=1)
    attempt.add_argument("--seconds", type=float, default=12.0)
    return parser


if __name__ == "__main__":
    sys.exit(main())
