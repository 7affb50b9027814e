# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a run whatever its workloads find: errors without a cause, operations without an end, idleness."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
from dqlitepy.errors import sqlite_error

from tests.jepsen import report
from tests.jepsen.checkers import durations
from tests.jepsen.history import FAIL, INFO, NEVER, OK, Operation, Recorder, Violation, load
from tests.jepsen.nemeses.table import DISKS, MEMBERSHIP, NEMESES, PARTITIONS, PROCESSES
from tests.jepsen.outcomes import told
from tests.jepsen.plan import draw
from tests.jepsen.program import verdict
from tests.jepsen.runner import Report, errors

# ---- errors


def recorded(folder: Path, *found: BaseException) -> list[Operation]:
    """Returns the history of a worker that met these errors."""
    recorder = Recorder(folder / "a.jsonl", "a")
    for error in found:
        recorder.complete(recorder.invoke("set", "add", None, strict=False), **told(error))
    recorder.close()
    return load([folder / "a.jsonl"])


_AT_ANY_TIME = [
    dqlitepy.NoLeaderError("no leader found within 4s"),
    dqlitepy.OperationalError("the connection failed: nothing was written; try again"),
    sqlite_error(dqlitepy.SQLITE_BUSY, "database is locked"),
    sqlite_error(dqlitepy.SQLITE_BUSY_SNAPSHOT, "database is locked"),
    sqlite_error(dqlitepy.SQLITE_INTERRUPT, "interrupted"),
    sqlite_error(dqlitepy.SQLITE_IOERR_NOT_LEADER, "not leader"),
    sqlite_error(dqlitepy.SQLITE_IOERR_LEADERSHIP_LOST, "leadership lost"),
]


def test_a_leader_that_stepped_down_has_closed_its_database(tmp_path: Path) -> None:
    """It answers "no database opened", by a code that no database of a sound node answers with otherwise."""
    error = dqlitepy.LeadershipLostError("the server is not the leader any more")
    error.sqlite_errorcode = dqlitepy.SQLITE_NOTFOUND
    assert errors(recorded(tmp_path, error), set()) == []


@pytest.mark.parametrize("nemeses", [set(), {"disk-slow"}, set(NEMESES)])
def test_errors_that_may_come_in_any_run(tmp_path: Path, nemeses: set[str]) -> None:
    assert errors(recorded(tmp_path, *_AT_ANY_TIME), nemeses) == []


@pytest.mark.parametrize("code", [dqlitepy.SQLITE_IOERR, dqlitepy.SQLITE_IOERR_WRITE, dqlitepy.SQLITE_FULL])
@pytest.mark.parametrize("sound", [set(), {*PROCESSES, *PARTITIONS, *MEMBERSHIP, "disk-slow", "power-cut-all"}])
def test_disks_that_are_sound_do_not_fail(tmp_path: Path, code: int, sound: set[str]) -> None:
    [operation] = history = recorded(tmp_path, sqlite_error(code, "disk I/O error"))
    assert operation.failed
    [violation] = errors(history, sound)
    assert violation.kind == "error" and "disk I/O error" in violation.text and f"({code})" in violation.text
    assert errors(history, {*sound, "disk-full"}) == []
    assert bool(errors(history, {*sound, "disk-error"})) is (code == dqlitepy.SQLITE_FULL)


def test_a_commit_of_unknown_outcome_does_not_hide_a_disk_that_failed(tmp_path: Path) -> None:
    """The server could not write, which the client does not hear as an error of a disk alone."""
    error = dqlitepy.AmbiguousCommitError("the server could not write (write: i/o error)")
    error.sqlite_errorcode = dqlitepy.SQLITE_IOERR
    [operation] = history = recorded(tmp_path, error)
    assert operation.outcome == INFO
    assert [violation.kind for violation in errors(history, {"kill-leader"})] == ["error"]
    assert errors(history, {"kill-leader", "disk-error"}) == []


@pytest.mark.parametrize(
    "error",
    [
        *(
            sqlite_error(code, "it says something")
            for code in (
                dqlitepy.SQLITE_ERROR,
                dqlitepy.SQLITE_INTERNAL,
                dqlitepy.SQLITE_PERM,
                dqlitepy.SQLITE_NOMEM,
                dqlitepy.SQLITE_READONLY,
                dqlitepy.SQLITE_CORRUPT,
                dqlitepy.SQLITE_CANTOPEN,
                dqlitepy.SQLITE_PROTOCOL,
                dqlitepy.SQLITE_SCHEMA,
                dqlitepy.SQLITE_TOOBIG,
                dqlitepy.SQLITE_CONSTRAINT,
                dqlitepy.SQLITE_MISUSE,
                dqlitepy.SQLITE_NOTADB,
            )
        ),
        dqlitepy.DatabaseError("database disk image is malformed"),
        dqlitepy.InternalError("a state that should not be"),
        KeyError("of ours"),
    ],
    ids=repr,
)
def test_no_fault_explains_these(tmp_path: Path, error: Exception) -> None:
    assert [violation.kind for violation in errors(recorded(tmp_path, error), set(NEMESES))] == ["error"]


def test_every_fault_of_a_disk_is_judged() -> None:
    """A new one is to be thought about: which errors it explains."""
    assert set(DISKS) == {"disk-full", "disk-error", "disk-slow", "power-cut-one", "power-cut-all"}


# ---- durations


def operation(number: int, start: float, returned: float, process: int = 7) -> Operation:
    made = Operation(f"a.{process}.{number}", "a", "bank", "transfer", None, start, returned=returned, outcome=OK)
    made.end = returned
    return made


_BOUND = durations.LONGEST


def test_operations_that_end_in_time() -> None:
    assert durations.check([operation(1, 5.0, 5.0 + _BOUND), operation(2, 80.0, 81.0)], {7}) == []


@pytest.mark.parametrize("outcome", [OK, FAIL, INFO])
def test_an_operation_that_takes_too_long(tmp_path: Path, outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it ends. It goes by when its client was told, also where the effect may come later than that."""
    now = iter((100.0, 100.0 + _BOUND + 1))
    monkeypatch.setattr("tests.jepsen.history.monotonic", lambda: next(now))
    recorder = Recorder(tmp_path / "a.jsonl", "a")
    recorder.complete(recorder.invoke("bank", "transfer", None, strict=False), outcome)
    recorder.close()
    [violation] = durations.check(load([tmp_path / "a.jsonl"]), set())
    assert violation.kind == "slow"
    assert violation.text.startswith("bank transfer a.") and f" took {_BOUND + 1:.1f} s" in violation.text


def test_an_operation_that_never_returns_although_its_clients_stopped() -> None:
    [violation] = durations.check([operation(1, 5.0, NEVER), operation(2, 6.0, 8.5)], {7})
    assert violation.kind == "hang"
    assert violation.text.startswith("bank transfer a.7.1 never returned, 3.5 s before the end")


def test_an_operation_that_was_killed() -> None:
    """Its process is none of those that stopped: it may have been about to return, or have hung for long."""
    killed, other = operation(1, 5.0, NEVER), operation(2, 0.0, 1000.0, process=8)
    other.start = 999.0
    assert durations.check([killed, operation(2, 5.0 + _BOUND, NEVER), other], {8}) == []
    [violation] = durations.check([killed, operation(2, 6.0 + _BOUND, NEVER), other], {8})
    assert violation.kind == "hang" and "a.7.1 had not returned after" in violation.text


# ---- idleness


def made(ok: int, **more: Any) -> Report:
    plan = draw(1, 25.0, disks=False, **more)
    return Report(plan, outcomes=Counter({OK: ok, FAIL: 30, INFO: 4}))


def test_a_run_in_which_next_to_nothing_was_acknowledged() -> None:
    idle, busy = made(9), made(119)
    assert "seed 1: IDLE: 9 of 43 acknowledged, 10 expected; " in report.line(idle)
    assert "seed 1: clean; " in report.line(busy)
    text = report.page([idle, busy])
    assert "2 runs, 1 of them clean, 1 idle; " in text
    assert "| IDLE: 9 of 43 acknowledged, 10 expected |" in text
    assert verdict([busy]) == 0
    assert verdict([busy, idle]) == 3


def test_violations_count_more_than_idleness() -> None:
    wrong = made(0)
    wrong.violations.append(Violation("set lost", "a/1"))
    assert "seed 1: 1 VIOLATIONS; " in report.line(wrong)
    assert verdict([wrong, made(0)]) == 1
    assert "2 runs, 0 of them clean, 1 idle; " in report.page([wrong, made(0)])


def test_a_plan_without_work_expects_none() -> None:
    assert not made(0, workers=0).idle
    assert verdict([made(0, workers=0)]) == 0


# ---- a WAL that was to be long


def test_a_run_whose_wal_did_not_become_as_long_as_planned() -> None:
    short, long = made(119, frames=10_000), made(119, frames=10_000)
    short.wal, long.wal = 10_000, 10_001
    text = "SHORT: a WAL of 10000 frames was the longest, more than 10000 expected"
    assert f"seed 1: {text}; " in report.line(short)
    assert "seed 1: clean; " in report.line(long)
    assert f"| {text} |" in report.page([short, long])
    assert "2 runs, 1 of them clean, 1 with a short WAL; " in report.page([short, long])
    assert verdict([long]) == 0
    assert verdict([long, short]) == 3
    short.violations.append(Violation("set lost", "a/1"))
    assert verdict([long, short]) == 1


def test_a_run_with_a_long_wal_has_cursors_that_wait_for_it() -> None:
    plan = draw(1, 25.0, disks=False, frames=10_000, workloads=["set", "bank"])
    assert plan.workloads == ["set", "bank", "wide"]
    holders = [worker for worker in plan.remote if worker.holds]
    assert [worker.workload for worker in holders] == ["wide", "wide", "bank"]
    assert not [worker for worker in draw(1, 25.0, disks=False, frames=0).remote if worker.holds]


def test_seeds_choose_long_wals_and_late_statements_now_and_then() -> None:
    plans = [draw(seed, 25.0, disks=True) for seed in range(300)]
    assert 20 < sum(bool(plan.frames) for plan in plans) < 80
    assert 40 < sum("late" in plan.workloads and "there-and-back" in plan.nemeses for plan in plans) < 120
    given = [draw(seed, 25.0, disks=True, workloads=["set"], nemeses=["kill-all"]) for seed in range(300)]
    assert {(*plan.workloads, *plan.nemeses, plan.frames) for plan in given} == {("set", "kill-all", 0)}


# ---- the table of runs


def test_the_table_has_the_longest_wal() -> None:
    run = made(119)
    run.wal = 2345
    head, _, row = report.page([run]).splitlines()[-3:]
    cells = dict(zip(head.split(" | "), row.split(" | "), strict=True))
    assert cells["longest WAL seen"] == "2345"
    assert "; WAL up to 2345 frames; " in report.line(run)
