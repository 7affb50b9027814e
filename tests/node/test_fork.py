# SPDX-License-Identifier: Apache-2.0
"""A forked child gets ForkError at once, never a hang, and its parent goes on. Each case in a process of its own."""

from __future__ import annotations

import pytest

from tests.support import run_python

# The child reports by its exit status, through os._exit: it must not run what its parent registered for the exit.
PRELUDE = """
import os, signal, sys, warnings
import dqlitepy
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of fork() beside threads

def in_child(work):
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)  # ends what waits
        status = 1
        try:
            work()
            status = 0
        except BaseException as error:
            print(type(error).__name__, error, file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert status == 0, status

def refuses(use):
    try:
        use()
    except dqlitepy.ForkError as error:
        assert "spawn or forkserver" in str(error), error
    else:
        raise AssertionError("no ForkError")
"""


def run(program: str) -> None:
    run_python(PRELUDE + program)


def test_every_use_of_what_the_parent_opened_is_refused() -> None:
    """At once: whatever waited here would outlast the child's alarm."""
    run("""
FOR_EVER = dict(timeout=600.0, leader_timeout=600.0)
con = dqlitepy.connect(":memory:", **FOR_EVER)
con.execute("CREATE TABLE t (a)")
con.execute("INSERT INTO t VALUES (1)")
cursor = con.cursor()

def child():
    for use in (
        lambda: con.execute("SELECT 1"),
        lambda: con.executemany("INSERT INTO t VALUES (?)", [(1,)]),
        lambda: con.executescript("SELECT 1"),
        lambda: cursor.execute("SELECT 1"),
        lambda: con.in_transaction,
        con.commit,
        con.rollback,
        con.interrupt,
        lambda: dqlitepy.connect(":memory:", **FOR_EVER),
        lambda: dqlitepy.connect("elsewhere", **FOR_EVER),
        dqlitepy.versions,
    ):
        refuses(use)
    con.close()  # no-op
    con.close()

in_child(child)
assert con.execute("SELECT a FROM t").fetchall() == [(1,)]
con.commit()
con.close()
""")


def test_a_child_that_drops_or_leaves_everything_leaves_the_parents_alone() -> None:
    run("""
import gc, tempfile
directory = tempfile.mkdtemp()
con = dqlitepy.connect(directory)
con.execute("CREATE TABLE t (a)")

def child():
    global con
    warnings.simplefilter("error")
    del con
    gc.collect()

in_child(child)
con.execute("INSERT INTO t VALUES (1)")
con.commit()
con.close()
con = dqlitepy.connect(directory)
assert con.execute("SELECT a FROM t").fetchall() == [(1,)]
con.close()
""")


def test_a_child_that_ends_in_the_ordinary_way() -> None:
    """With what atexit and the destructors of libraries do: stock libuv's joins threads that only the parent has."""
    run("""
con = dqlitepy.connect(":memory:")
con.execute("CREATE TABLE t (a)")
pid = os.fork()
if pid == 0:
    warnings.simplefilter("error")
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
con.execute("INSERT INTO t VALUES (1)")
con.close()
""")


def test_the_first_use_may_be_after_a_fork() -> None:
    run("""
def child():
    con = dqlitepy.connect(":memory:")
    assert con.execute("SELECT 1").fetchall() == [(1,)]
    con.close()

in_child(child)
child()
""")


def test_a_temporary_database_is_not_removed_by_a_child() -> None:
    run("""
import tempfile
tempfile.tempdir = tempfile.mkdtemp()
con = dqlitepy.connect(":memory:")
(name,) = os.listdir(tempfile.tempdir)
in_child(con.close)
assert os.listdir(tempfile.tempdir) == [name]
con.close()
assert os.listdir(tempfile.tempdir) == []
""")


def test_a_fork_while_another_thread_works() -> None:
    run("""
import threading
con = dqlitepy.connect(":memory:", check_same_thread=False)
con.isolation_level = None
con.execute("CREATE TABLE t (a)")
stop = threading.Event()

def work():
    while not stop.is_set():
        con.execute("INSERT INTO t VALUES (1)")

thread = threading.Thread(target=work)
thread.start()
try:
    for _ in range(20):
        in_child(lambda: (refuses(lambda: dqlitepy.connect(":memory:")), refuses(lambda: con.execute("SELECT 1"))))
finally:
    stop.set()
    thread.join()
assert con.execute("SELECT count(*) > 0 FROM t").fetchone() == (1,)
con.close()
""")


def test_subprocesses_are_no_forks() -> None:
    run("""
import subprocess
con = dqlitepy.connect(":memory:")
program = "import dqlitepy; con = dqlitepy.connect(':memory:'); print(con.execute('SELECT 1').fetchall()); con.close()"
output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
assert output == "[(1,)]\\n", output
con.close()
""")


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_multiprocessing(method: str, tmp_path: object) -> None:
    script = f"{tmp_path}/workers.py"
    with open(script, "w", encoding="utf-8") as file:
        file.write(
            f"""
import multiprocessing
import dqlitepy

def double(n):
    con = dqlitepy.connect(":memory:")
    try:
        return con.execute("SELECT ? * 2", (n,)).fetchone()[0]
    finally:
        con.close()

if __name__ == "__main__":
    con = dqlitepy.connect(":memory:")
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        assert pool.map(double, range(4)) == [0, 2, 4, 6]
    con.close()
"""
        )
    run_python(f"import runpy, sys; sys.argv = [{script!r}]; runpy.run_path({script!r}, run_name='__main__')")


def test_multiprocessing_by_fork_says_what_to_do() -> None:
    run("""
import multiprocessing
con = dqlitepy.connect(":memory:")

def work(n):
    try:
        dqlitepy.connect(":memory:")
    except dqlitepy.ForkError as error:
        return str(error)

with multiprocessing.get_context("fork").Pool(2) as pool:
    for message in pool.map(work, range(4)):
        assert "Start workers by spawn or forkserver" in message
con.close()
""")


def test_what_a_program_asks_while_it_is_imported_lets_its_children_connect() -> None:
    """As Django and peewee ask for the version, below gunicorn --preload."""
    run("""
assert dqlitepy.sqlite_version_info > (3, 40) and dqlitepy.sqlite_version
assert dqlitepy.complete_statement("SELECT 1;")

def child():
    with dqlitepy.connect(":memory:") as con:
        assert con.execute("SELECT sqlite_version()").fetchone() == (dqlitepy.sqlite_version,)
    con.close()

in_child(child)
in_child(child)
""")
