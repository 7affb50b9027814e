# SPDX-License-Identifier: Apache-2.0
"""A node that cannot start says so, whatever stands in its way, and leaves nothing of its thread behind.

Each in a process of its own, which a node that never answers would keep.
"""

from __future__ import annotations

from pathlib import Path

from tests.support import free_address, run_python


def test_an_address_that_another_node_takes_at_the_same_time(tmp_path: Path) -> None:
    """Both sockets are bound to it before one listens. Which one does, and how far the other had come, is chance."""
    run_python(
        """
        import sys, threading
        import dqlitepy

        address, directory = sys.argv[1:]

        def start(name):
            node = dqlitepy.Node(f"{directory}/{name}", address=address)
            barrier.wait()
            try:
                node.start()
            except dqlitepy.OperationalError as error:
                refused.append(str(error))
            else:
                started.append(node)

        for round in range(12):
            barrier, started, refused = threading.Barrier(2), [], []
            threads = [threading.Thread(target=start, args=(f"{round}-{i}",)) for i in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            [node], [reason] = started, refused
            assert f"cannot listen on {address} (address already in use)" in reason, reason
            node.close()
        """,
        free_address(),
        str(tmp_path),
    )


def test_starts_that_fail_keep_no_thread(tmp_path: Path) -> None:
    """A stack takes 8 MiB of addresses, and those of threads that have been joined are used again."""
    run_python(
        """
        import pathlib, re, sys, threading
        import dqlitepy

        directory = pathlib.Path(sys.argv[1])
        STACK = 8 << 20
        threading.stack_size(STACK)

        def fail(number):
            data = directory / str(number)
            data.mkdir()
            (data / "0000000000000001-0000000000000002").write_bytes(b"no segment")
            node = dqlitepy.Node(data, address=sys.argv[2])
            try:
                node.start()
            except dqlitepy.OperationalError as error:
                assert "did not start" in str(error), error
            else:
                raise AssertionError("it started")

        def addresses():
            status = pathlib.Path("/proc/self/status").read_text()
            return int(re.search(r"VmSize:\\s+(\\d+) kB", status)[1]) * 1024

        for number in range(5):
            fail(number)
        before = addresses()
        for number in range(5, 45):
            fail(number)
        assert addresses() - before < 20 * STACK, addresses() - before
        """,
        str(tmp_path),
        free_address(),
    )
