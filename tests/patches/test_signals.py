# SPDX-License-Identifier: Apache-2.0
"""A node starts and stops while the program gets signals, in whichever of its threads."""

from __future__ import annotations

from tests.support import run_python

STORM = """
import ctypes, os, signal, threading
import dqlitepy

tgkill = ctypes.CDLL(None).tgkill
signal.signal(signal.SIGUSR1, lambda number, frame: None)
over = threading.Event()

def storm():
    while not over.is_set():
        for thread in os.listdir("/proc/self/task"):
            tgkill(os.getpid(), int(thread), signal.SIGUSR1)

sender = threading.Thread(target=storm)
sender.start()
try:
    for _ in range(15):
        dqlitepy.connect(":memory:").close()
finally:
    over.set()
    sender.join()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # those that are still on their way
"""


def test_signals_while_a_node_starts() -> None:
    run_python(STORM)
