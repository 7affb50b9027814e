# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and other signals while statements run. Each case in a process of its own, which signals itself."""

from __future__ import annotations

from tests.support import run_python

PRELUDE = """
import os, signal, sys, threading, time
import dqlitepy
from dqlitepy._native import waiting

# The server has to end it, or closing the node would wait for it.
ENDLESS = "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r"

def waits(thread):  # whether it waits for a statement
    frame = sys._current_frames()[thread]
    while frame is not None and frame.f_code is not waiting.complete.__code__:
        frame = frame.f_back
    return frame is not None

def interrupted(work, delay=0.3, times=1, once=waits):
    main = threading.get_ident()
    def interrupt():
        while not once(main):  # a busy machine may not have come to it yet
            time.sleep(0.01)
        for _ in range(times):
            time.sleep(delay)
            os.kill(os.getpid(), signal.SIGINT)
    thread = threading.Thread(target=interrupt)
    try:
        thread.start()
        try:
            work()
        finally:
            thread.join()
    except KeyboardInterrupt:  # the first one, or a second one that came behind it
        thread.join()
    else:
        raise AssertionError("not interrupted")

def usable(con):
    assert con.execute("SELECT 1").fetchall() == [(1,)]
"""


def run(program: str) -> None:
    run_python(PRELUDE + program)


def test_ctrl_c_ends_a_statement() -> None:
    run("""
con = dqlitepy.connect(":memory:")
interrupted(lambda: con.execute(ENDLESS))
usable(con)
con.close()
""")


def test_a_second_ctrl_c_too() -> None:
    run("""
con = dqlitepy.connect(":memory:")
interrupted(lambda: con.execute(ENDLESS), times=2)
usable(con)
con.close()
""")


def test_ctrl_c_in_a_transaction_commits_nothing() -> None:
    run("""
import tempfile
directory = tempfile.mkdtemp()
con = dqlitepy.connect(directory)
con.execute("CREATE TABLE t (a)")

def work():
    with con:
        con.execute("INSERT INTO t VALUES (1)")
        con.execute(ENDLESS)

interrupted(work)
assert not con.in_transaction
con.close()
con = dqlitepy.connect(directory)
assert con.execute("SELECT * FROM t").fetchall() == []
with con:
    con.execute("INSERT INTO t VALUES (2)")
con.close()
""")


def test_a_transaction_that_ctrl_c_ended_is_not_half_committed() -> None:
    run("""
con = dqlitepy.connect(":memory:")
con.execute("CREATE TABLE t (a)")
for end, told in (("commit", True), ("rollback", False)):
    con.execute("INSERT INTO t VALUES (1)")
    interrupted(lambda: con.execute("INSERT INTO t " + ENDLESS))
    assert not con.in_transaction
    try:
        getattr(con, end)()
        con.execute("INSERT INTO t VALUES (2)")
    except dqlitepy.LeadershipLostError as error:
        assert "nothing of it was committed" in str(error), error
        assert told
    else:
        assert not told
    assert con.execute("SELECT a FROM t").fetchall() == ([] if told else [(2,)])
con.close()
""")


def test_ctrl_c_between_rows_loses_none_in_silence() -> None:
    run("""
con = dqlitepy.connect(":memory:")
with con:
    con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
    con.executemany("INSERT INTO t VALUES (?, ?)", ((n, "x" * 100) for n in range(100_000)))
for attempt in range(5):
    cursor = con.execute("SELECT * FROM t ORDER BY a")
    read = []
    begun = threading.Event()
    def work():
        begun.set()
        while True:
            for row in cursor:
                read.append(row[0])
            cursor.execute("SELECT * FROM t ORDER BY a")
            read.clear()
    interrupted(work, delay=0.05 + attempt * 0.03, once=lambda _: begun.is_set())
    assert read == list(range(len(read)))
    try:
        rest = [row[0] for row in cursor]
    except dqlitepy.OperationalError as error:
        assert "lost" in str(error) or "result" in str(error), error
    else:
        # One row may have been taken when the interrupt came, and not yet been noted.
        assert len(set(range(100_000)) - set(read) - set(rest)) <= 1
    usable(con)
con.close()
""")


def test_other_signals_do_not_disturb() -> None:
    """A storm of signals whose handler does nothing: every wait goes on."""
    run("""
seen = []
signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
con = dqlitepy.connect(":memory:")
with con:
    con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
    con.executemany("INSERT INTO t VALUES (?, ?)", ((n, "x" * 100) for n in range(50_000)))
assert len(con.execute("SELECT * FROM t").fetchall()) == 50_000
con.execute("WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r WHERE x < 1000000) SELECT count(*) FROM r")
con.close()
signal.setitimer(signal.ITIMER_REAL, 0)
assert seen
""")


def test_what_a_signal_handler_raises_goes_on() -> None:
    run("""
class Stop(Exception):
    pass

def stop(number, frame):
    raise Stop

signal.signal(signal.SIGALRM, stop)
con = dqlitepy.connect(":memory:")
try:
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    con.execute(ENDLESS)
except Stop:
    usable(con)
con.close()
""")


def test_a_signal_handler_with_the_connection_in_use_is_refused() -> None:
    run("""
outcomes = []

def handler(number, frame):
    try:
        con.execute("SELECT 1")
    except dqlitepy.ProgrammingError as error:
        outcomes.append(str(error))
        con.interrupt()  # the statement that was disturbed, which goes on

signal.signal(signal.SIGALRM, handler)
con = dqlitepy.connect(":memory:")
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)  # until one comes while the statement runs
try:
    con.execute(ENDLESS)
except dqlitepy.OperationalError as error:
    assert str(error).startswith("interrupted"), error
signal.setitimer(signal.ITIMER_REAL, 0)
assert outcomes and all(outcome.startswith("Recursive use of a connection") for outcome in outcomes), outcomes
assert con.execute("SELECT 1").fetchone() == (1,)
con.close()
""")


def test_the_signals_that_python_handles_stay_pythons() -> None:
    """The Go runtime has handlers of its own for some."""
    run("""
import faulthandler
con = dqlitepy.connect(":memory:")
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
read, write = os.pipe()
os.close(read)
try:
    os.write(write, b"x")
except BrokenPipeError:
    pass
else:
    raise AssertionError
con.close()
""")


def test_these_tests_interrupt_where_a_shell_started_them_in_the_background() -> None:
    run("""
signal.signal(signal.SIGINT, signal.SIG_IGN)
import tests.support
con = dqlitepy.connect(":memory:")
interrupted(lambda: con.execute(ENDLESS))
con.close()
""")
