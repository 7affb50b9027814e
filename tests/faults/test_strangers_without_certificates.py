# SPDX-License-Identifier: Apache-2.0
"""With TLS, who does not show a certificate keeps nobody out who has one, however few files the node may open."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import run_python

PROGRAM = """
import logging, os, resource, sys, threading, time
import dqlitepy
from tests.faults.others import Others
from tests.support import free_address

directory, hello, room, renew = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
MEGABYTES = 20  # more than two segments of the log

class Kept(logging.Handler):
    def emit(self, record):
        messages.append(record.getMessage())

messages = []
logging.getLogger("dqlitepy").addHandler(Kept())
logging.getLogger("dqlitepy").propagate = False

dqlitepy.make_certificates(directory + "/tls", ["127.0.0.1"])
paths = [f"{directory}/tls/{name}" for name in ("127.0.0.1.pem", "127.0.0.1.key", "ca.pem")]
address = free_address()
node = dqlitepy.Node(directory + "/data", address=address, tls=dqlitepy.TLS(*paths))
node.start()
old = dqlitepy.connect(f"dqlite://{address}/main", tls=dqlitepy.TLS(*paths), isolation_level=None)
old.execute("CREATE TABLE t (b)")
usual = resource.getrlimit(resource.RLIMIT_NOFILE)
others = Others('''
import socket, sys, threading, dqlitepy
from tests.faults.others import obey
address, hello, number, renew, *paths = sys.argv[1:]
host, port = address.split(":")
sockets = {}
def call():
    try:
        caller = socket.create_connection((host, int(port)), 60)
        caller.setblocking(False)
        caller.send(bytes.fromhex(hello))
        return caller
    except OSError:
        return None
def is_gone(caller):
    try:
        return caller is None or not caller.recv(100)
    except BlockingIOError:
        return False
    except OSError:
        return True
def call_again(stop):
    while not stop.wait(0.05):
        for number, caller in sockets.items():
            if is_gone(caller):
                sockets[number] = call()
def strangers():
    sockets.update((i, call()) for i in range(int(number)))
def insert():
    tls = dqlitepy.TLS(*paths)
    con = dqlitepy.connect(f"dqlite://{address}/main", tls=tls, isolation_level=None, leader_timeout=60.0)
    con.execute("INSERT INTO t VALUES (1)")
    con.close()
stop = threading.Event()
thread = threading.Thread(target=call_again, args=(stop,))
obey(globals())
stop.set()
if thread.ident:
    thread.join()
''', address, hello, "200", renew, *paths)

assert others("insert()") == "done"
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + room, usual[1]))
began = time.monotonic()
assert others("strangers()") == "done"
if renew == "again":
    assert others("thread.start()") == "done"
for _ in range(3):
    told = others("insert()")
    assert told == "done", (told, messages)
for _ in range(MEGABYTES):
    old.execute("INSERT INTO t VALUES (zeroblob(1000000))")
told = others("insert()")
assert told == "done", (told, messages)
took = time.monotonic() - began
assert old.execute("SELECT count(*) FROM t").fetchone()[0] == 5 + MEGABYTES
others.end()
resource.setrlimit(resource.RLIMIT_NOFILE, usual)
old.close()
node.close()
about = [message for message in messages if "certificate" in message or "accept" in message]
assert len(about) <= 2 * (took + 2), about  # at most one a second of each
"""

# The head of a record, and of a first message of 508 bytes in it, of which 66 are there.
HALF_A_HELLO = (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 32 + b"\x20" + b"s" * 32).hex()


@pytest.mark.parametrize("hello", ["", HALF_A_HELLO], ids=["silent", "half-a-hello"])
@pytest.mark.parametrize(("room", "renew"), [(24, "again"), (24, "once"), (120, "again")])
def test_who_has_a_certificate_gets_in(tmp_path: Path, hello: str, room: int, renew: str) -> None:
    run_python(PROGRAM, str(tmp_path), hello, str(room), renew)
