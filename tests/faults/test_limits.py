# SPDX-License-Identifier: Apache-2.0
"""What a process may have runs out while its node runs: descriptors, contexts of the kernel's AIO, mappings.

Raft has some in reserve, strangers are turned away first, and what cannot be done any more says which limit it met.
Whatever happens, the process lives, keeps what it acknowledged, and goes on when there is room again. Each in a process
of its own.
"""

from __future__ import annotations

from pathlib import Path

from tests.support import run_python

PRELUDE = """
import logging, os, re, resource, sys, time
import dqlitepy
from tests.faults.machine import *

directory = sys.argv[1]
MEGABYTES = 24  # three segments of the log
LIMIT = r"no file descriptors left: the limit of (\\d+) open files \\(RLIMIT_NOFILE, ulimit -n\\) is reached"

class Kept(logging.Handler):
    def emit(self, record):
        messages.append(record.getMessage())

messages = []
logging.getLogger("dqlitepy").addHandler(Kept())

def connect(place=directory, **options):
    return dqlitepy.connect(place, isolation_level=None, **options)

def limit(files):
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

def use_up_descriptors():
    taken = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return taken

def write(con, megabytes):
    for _ in range(megabytes):
        con.execute("INSERT INTO t VALUES (randomblob(1000000))")

def count(con):
    return con.execute("SELECT count(*) FROM t").fetchone()[0]

def eventually(use):
    until = time.monotonic() + 100
    while True:
        try:
            return use()
        except dqlitepy.Error:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
"""


def run(program: str, directory: Path) -> str:
    return run_python(PRELUDE + program, str(directory))


def test_raft_has_descriptors_in_reserve(tmp_path: Path) -> None:
    """A program that has used up all of its own still commits what needs new files of the log."""
    run(
        """
con = connect()
con.execute("CREATE TABLE t (b)")
limit(100)
taken = use_up_descriptors()
write(con, MEGABYTES)
for descriptor in taken:
    os.close(descriptor)
write(con, 1)
con.close()
again = connect()
assert count(again) == MEGABYTES + 1
assert again.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
again.close()
""",
        tmp_path / "db",
    )


def test_an_error_names_the_limit_and_nothing_is_lost(tmp_path: Path) -> None:
    """Not even the reserve helps where the limit is lowered below what is open already."""
    run(
        """
con = connect(leader_timeout=60.0)
con.execute("CREATE TABLE t (b)")
usual = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
limit(3)
acknowledged = 0
try:
    while acknowledged < 100:
        write(con, 1)
        acknowledged += 1
except dqlitepy.AmbiguousCommitError as error:
    assert re.search(LIMIT, str(error)).group(1) == "3", error
else:
    raise AssertionError("there was no limit")
limit(usual)
eventually(lambda: write(con, 1))  # the same connection, the same node
write(con, MEGABYTES)
acknowledged += 1 + MEGABYTES
assert count(con) in (acknowledged, acknowledged + 1)
con.close()
again = connect()
assert count(again) in (acknowledged, acknowledged + 1)
assert again.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
again.close()
""",
        tmp_path / "db",
    )


def test_a_node_that_ends_at_its_limit_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """It cannot even give its files of the log their last names, and finds them under the first ones when it starts."""
    output = run(
        """
con = connect()
con.execute("CREATE TABLE t (b)")
limit(3)
acknowledged = 0
try:
    while acknowledged < 100:
        write(con, 1)
        acknowledged += 1
except dqlitepy.Error:
    pass
print(acknowledged, flush=True)
os._exit(0)
""",
        tmp_path / "db",
    )
    run(
        f"""
con = connect()
assert count(con) in ({int(output)}, {int(output)} + 1)
assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
con.close()
""",
        tmp_path / "db",
    )


def test_no_kernel_aio_left_while_it_runs(tmp_path: Path) -> None:
    run(
        """
con = connect()
con.execute("CREATE TABLE t (b)")
use_up_kernel_aio()
write(con, MEGABYTES)
con.close()
""",
        tmp_path / "db",
    )
    run(
        """
con = connect()
assert count(con) == MEGABYTES
con.close()
""",
        tmp_path / "db",
    )


SERVER = """
from tests.faults.others import Others
from tests.support import free_address
address = free_address()
node = dqlitepy.Node(directory, address=address)
node.start()
url = f"dqlite://{address}/main"
con = connect(url)
con.execute("CREATE TABLE t (b)")
usual = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
others = Others('''
import socket, struct, sys, dqlitepy
from tests.faults.others import obey
url, host, port = sys.argv[1:]
sockets = []
def call(times, says):
    for _ in range(times):
        caller = socket.create_connection((host, int(port)), 60)
        sockets.append(caller)
        try:
            caller.sendall(says)
        except OSError:
            pass  # turned away
def insert(patience=60.0):
    con = dqlitepy.connect(url, isolation_level=None, leader_timeout=patience)
    con.execute("INSERT INTO t VALUES (1)")
    con.close()
obey(globals())
''', url, *address.split(":"))

assert others("insert()") == "done"
limit(len(os.listdir("/proc/self/fd")) + 20)
"""


def test_strangers_keep_nobody_out(tmp_path: Path) -> None:
    """If descriptors run out, silent connections are closed, the oldest first."""
    run(
        SERVER
        + """
assert others("call(100, b'')") == "done"
write(con, MEGABYTES)
for _ in range(5):
    assert others("insert()") == "done"
assert count(con) == MEGABYTES + 6
others.end()
limit(usual)
con.close()
node.close()
""",
        tmp_path,
    )


def test_a_client_is_told_why_it_is_turned_away(tmp_path: Path) -> None:
    run(
        SERVER
        + """
assert others("call(100, struct.pack('<QIBBHQ', 1, 1, 0, 0, 0, 0))") == "done"  # they ask for the leader: clients, then
for patience in (2.0, 20.0, 60.0):  # a busy machine may have nobody told yet
    refusal = others(f"insert({patience})")
    assert refusal.startswith("NoLeaderError"), refusal
    if re.search(LIMIT, refusal):
        break
else:
    raise AssertionError(refusal)
write(con, MEGABYTES)  # those who are in notice nothing
assert others("sockets.clear()") == "done"
eventually(lambda: connect(url).close())
others.end()
limit(usual)
con.close()
node.close()
assert any(re.search("turned away a connection: " + LIMIT, message) for message in messages), messages
""",
        tmp_path,
    )


def test_a_commit_needs_no_mapping(tmp_path: Path) -> None:
    """The connection that wrote can read again only when it has one, which it says; others are not held up by it."""
    run(
        """
con = connect()
con.execute("CREATE TABLE t (b)")
use_up_shared_mappings()
con.execute("INSERT INTO t VALUES (1)")
for _ in range(2):
    for sql in ("SELECT * FROM t", "INSERT INTO t VALUES (2)", "BEGIN IMMEDIATE"):
        try:
            con.execute(sql)
            raise AssertionError(sql)
        except MemoryError:
            pass
con.close()
""",
        tmp_path / "db",
    )
    run(
        """
con = connect()
assert con.execute("SELECT * FROM t").fetchall() == [(1,)]
con.close()
""",
        tmp_path / "db",
    )
