# SPDX-License-Identifier: Apache-2.0
"""Event loops: many tasks without threads, several loops, closed ones, and connections that nobody closes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

STRICT = ("-X", "dev", "-W", "error")

PRELUDE = """
import asyncio, gc, os, threading, warnings
import dqlitepy
from dqlitepy import aio
from dqlitepy._native.library import library

def threads():
    return len(os.listdir("/proc/self/task"))

def raises(kind, text):
    class Expected:
        def __enter__(self): pass
        def __exit__(self, found, error, trace):
            assert found is not None and issubclass(found, kind) and text in str(error), repr(error)
            return True
    return Expected()
"""


def test_a_thousand_statements_in_flight_need_no_thread_each(tmp_path: Path, run_program: Callable[..., str]) -> None:
    run_program(
        PRELUDE
        + """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

async def main(directory):
    connections = [aio.connect(directory, timeout=600, leader_timeout=600) for _ in range(1000)]
    await connections[0]
    await connections[0].execute("CREATE TABLE t (a)")
    most = 500  # Go starts one whenever a system call is slow, more on a busy machine; one each would be 1000
    assert threads() < most, threads()
    await asyncio.gather(*connections)
    assert threading.active_count() < 10, threading.active_count()
    assert threads() < most, threads()
    await connections[0].execute("INSERT INTO t VALUES (0)")
    tasks = [asyncio.create_task(con.execute_fetchall("SELECT ?, sum(a) FROM t", (number,)))
             for number, con in enumerate(connections)]
    rows = await asyncio.gather(*tasks)
    assert [row[0][0] for row in rows] == list(range(1000))
    waiting = [asyncio.create_task(con.execute_fetchall("INSERT INTO t VALUES (1)")) for con in connections[1:]]
    await asyncio.sleep(0.1)
    assert not any(task.done() for task in waiting)
    assert threading.active_count() < 10 and threads() < most, threads()
    for task in waiting:
        task.cancel()
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends)
    await connections[0].rollback()
    await asyncio.gather(*(con.close() for con in connections))

import sys
asyncio.run(main(sys.argv[1]))
assert library().dqlitepy_open_handles() == 0
""",
        str(tmp_path / "data"),
        options=("-W", "error"),  # asyncio's debug mode reports every callback that takes long
    )


def test_tasks_that_share_a_connection_take_turns(run_program: Callable[..., str]) -> None:
    run_program(
        PRELUDE
        + """
async def main():
    async with aio.connect(":memory:") as con:
        await con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
        order = []
        async def insert(number):
            await con.execute("INSERT INTO t (b) VALUES (?)", (number,))
            order.append(number)
            assert await con.execute_fetchall("SELECT ?", (number,)) == [(number,)]
        await asyncio.gather(*map(insert, range(200)))
        assert order == list(range(200))
        assert await con.execute_fetchall("SELECT b FROM t ORDER BY a") == [(n,) for n in range(200)]

asyncio.run(main())
""",
        options=STRICT,
    )


def test_a_connection_of_another_loop_is_refused(run_program: Callable[..., str]) -> None:
    run_program(
        PRELUDE
        + """
async def opened():
    con = await aio.connect(":memory:")
    await con.execute("CREATE TABLE t (a)")
    return con

with asyncio.Runner() as first:
    con = first.run(opened())
    async def use():
        with raises(dqlitepy.ProgrammingError, "another event loop"):
            await con.execute("SELECT 1")
        with raises(dqlitepy.ProgrammingError, "another event loop"):
            await con.close()
    asyncio.run(use())
    assert con.total_changes == 0
    first.run(con.close())
assert library().dqlitepy_open_handles() == 0
""",
        options=STRICT,
    )


def test_a_loop_that_is_closed_first(run_program: Callable[..., str]) -> None:
    run_program(
        PRELUDE
        + """
async def main():
    global con
    con = await aio.connect(":memory:")
    await con.execute("CREATE TABLE t (a)")
    await con.execute("INSERT INTO t VALUES (1)")

asyncio.run(main())
with raises(dqlitepy.ProgrammingError, "event loop of this connection is closed"):
    con.total_changes
async def use():
    with raises(dqlitepy.ProgrammingError, "another event loop"):
        await con.execute("SELECT 1")
asyncio.run(use())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    del con
    gc.collect()
assert [w.category for w in caught] == [ResourceWarning], caught
async def again():
    async with aio.connect(":memory:") as con:
        assert await con.execute_fetchall("SELECT 1") == [(1,)]
asyncio.run(again())
""",
        options=STRICT,
    )


def test_a_connection_that_nobody_closes(run_program: Callable[..., str]) -> None:
    run_program(
        PRELUDE
        + """
import time
async def main():
    con = await aio.connect(":memory:")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del con
        gc.collect()
    assert [w.category for w in caught] == [ResourceWarning], caught
    async with aio.connect(":memory:") as other:
        endless = asyncio.create_task(other.execute(
            "WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s) SELECT max(i) FROM s"))
        await asyncio.sleep(0.1)
        endless.cancel()

asyncio.run(main())
gc.collect()
deadline = time.monotonic() + 60
while library().dqlitepy_open_handles():
    assert time.monotonic() < deadline, library().dqlitepy_open_handles()
    time.sleep(0.01)
""",
        options=STRICT,
    )


def test_the_interpreter_ends_with_open_connections_and_running_statements(run_program: Callable[..., str]) -> None:
    run_program(
        PRELUDE
        + """
async def main():
    global con
    con = await aio.connect(":memory:")
    asyncio.get_running_loop().create_task(con.execute(
        "WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s) SELECT max(i) FROM s"))
    await asyncio.sleep(0.1)

loop = asyncio.new_event_loop()
loop.run_until_complete(main())
""",
        options=("-W", "ignore"),
    )


def test_several_loops_in_threads(tmp_path: Path, run_program: Callable[..., str]) -> None:
    run_program(
        PRELUDE
        + """
import sys
failures = []
def run(number):
    async def main():
        connections = [aio.connect(sys.argv[1], timeout=600, leader_timeout=600) for _ in range(5)]
        async def work(con, table):
            async with con:
                await con.execute(f"CREATE TABLE t{number}_{table} (a)")
                for value in range(20):
                    await con.execute(f"INSERT INTO t{number}_{table} VALUES (?)", (value,))
                    await con.commit()
                assert await con.execute_fetchall(f"SELECT sum(a) FROM t{number}_{table}") == [(190,)]
        await asyncio.gather(*(work(con, table) for table, con in enumerate(connections)))
    try:
        asyncio.run(main())
    except BaseException as error:
        failures.append(error)

workers = [threading.Thread(target=run, args=(number,)) for number in range(4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
assert not failures, failures
assert library().dqlitepy_open_handles() == 0
""",
        str(tmp_path / "data"),
        options=STRICT,
    )


def test_a_forked_child_is_told(run_program: Callable[..., str]) -> None:
    run_program(
        PRELUDE
        + """
async def main():
    async with aio.connect(":memory:") as con:
        await con.execute("SELECT 1")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if not child:
            try:
                con.execute("SELECT 1").send(None)
            except dqlitepy.ForkError:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert await con.execute_fetchall("SELECT 1") == [(1,)]

asyncio.run(main())
""",
        options=STRICT,
    )
