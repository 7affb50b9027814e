# SPDX-License-Identifier: Apache-2.0
"""PRAGMA delete_database deletes when its transaction commits, and only then, whatever comes in between."""

from __future__ import annotations

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure

BEGIN = "BEGIN IMMEDIATE"
DELETE = "PRAGMA delete_database"


@pytest.fixture
def filled(client: Client) -> Client:
    """A connection to a database with two rows."""
    client.execute("CREATE TABLE t (v); INSERT INTO t VALUES (1), (2)")
    return client


def check(node: NodeProcess, connection: Client, *, deleted: bool) -> None:
    """Checks that the database is as it was, or empty, and goes on working."""
    with node.client() as other:
        for each in connection, other:
            if deleted:
                assert each.scalar("SELECT count(*) FROM sqlite_schema") == 0
            else:
                assert each.scalar("SELECT count(*) FROM t") == 2
        for each in other, connection:
            each.execute("CREATE TABLE IF NOT EXISTS t (v)")
            each.execute("INSERT INTO t VALUES (3)")
        assert connection.scalar("SELECT count(*) FROM t") == (2 if deleted else 4)
        assert other.scalar("PRAGMA integrity_check") == b"ok"


def is_gone(node: NodeProcess) -> bool:
    """Tells whether the node has no such database any more, by a connection that has another one open."""
    node.go_round(database="another")
    with node.client(database="another") as other:
        try:
            other.dump("main")
        except Failure:
            return True
        return False


@pytest.mark.parametrize("times", [1, 2, 5])
def test_in_one_transaction(node: NodeProcess, filled: Client, times: int) -> None:
    filled.execute(BEGIN)
    for _ in range(times):
        filled.execute(DELETE)
    filled.execute("COMMIT")
    check(node, filled, deleted=True)


def test_in_one_text(node: NodeProcess, filled: Client) -> None:
    filled.execute(f"{BEGIN}; {DELETE}; {DELETE}; COMMIT")
    check(node, filled, deleted=True)


def test_the_database_goes_with_its_last_connection(node: NodeProcess, filled: Client) -> None:
    with node.client() as other:
        filled.execute(f"{BEGIN}; {DELETE}; COMMIT")
        assert other.scalar("SELECT count(*) FROM sqlite_schema") == 0
        filled.close()
        assert not is_gone(node)
    assert is_gone(node)


def test_also_after_a_checkpoint(node: NodeProcess, filled: Client) -> None:
    """The node makes one for each snapshot, which it takes after 512 entries."""
    with node.client(database="another") as other:
        filled.execute(f"{BEGIN}; {DELETE}; COMMIT")
        other.execute("CREATE TABLE t (v)")
        for _ in range(600):
            other.execute("INSERT INTO t VALUES (1)")
        node.wait_for_snapshot()
        filled.close()
        assert is_gone(node)


@pytest.mark.parametrize("wanted", ["before", "after", "twice"])
def test_a_rollback_deletes_nothing(node: NodeProcess, filled: Client, wanted: str) -> None:
    filled.execute(BEGIN)
    if wanted == "after":
        filled.execute("INSERT INTO t VALUES (9)")
    filled.execute(DELETE)
    if wanted == "before":
        filled.execute("INSERT INTO t VALUES (9)")
    if wanted == "twice":
        filled.execute(DELETE)
    filled.execute("ROLLBACK")
    check(node, filled, deleted=False)


def test_the_next_transaction_after_a_rollback(node: NodeProcess, filled: Client) -> None:
    filled.execute(
        f"{BEGIN}; {DELETE}; ROLLBACK; {BEGIN}; INSERT INTO t VALUES (9); ROLLBACK; {BEGIN}; {DELETE}; COMMIT"
    )
    check(node, filled, deleted=True)


def test_a_statement_that_rolls_back_deletes_nothing(node: NodeProcess, filled: Client) -> None:
    filled.execute("CREATE UNIQUE INDEX i ON t (v)")
    filled.execute(f"{BEGIN}; {DELETE}")
    with pytest.raises(Failure, match="UNIQUE constraint failed"):
        filled.execute("INSERT OR ROLLBACK INTO t VALUES (1)")
    with pytest.raises(Failure, match="no transaction is active"):
        filled.execute("COMMIT")
    with node.client() as other:
        assert other.scalar("SELECT count(*) FROM t") == 2
        assert other.execute("INSERT INTO t VALUES (5)") == 1


@pytest.mark.parametrize("spills", [False, True])
def test_a_client_that_dies_before_the_commit(node: NodeProcess, filled: Client, spills: bool) -> None:
    with node.client() as dying:
        dying.execute(f"{BEGIN}; {DELETE}")
        if spills:
            dying.execute("PRAGMA cache_size = 2; PRAGMA cache_spill = 1")
            rows = "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r WHERE x < 500) "
            dying.execute(rows + "INSERT INTO t SELECT zeroblob(3000) FROM r")
    node.go_round()
    check(node, filled, deleted=False)


def test_the_last_client_dies_before_the_commit(node: NodeProcess, filled: Client) -> None:
    filled.execute(f"{BEGIN}; {DELETE}")
    filled.close()
    assert not is_gone(node)
    with node.client() as other:
        assert other.scalar("SELECT count(*) FROM t") == 2


def test_other_changes_void_the_request(node: NodeProcess, filled: Client) -> None:
    """As upstream has it: what was written is worth more."""
    filled.execute(f"{BEGIN}; {DELETE}; DELETE FROM t WHERE v = 1; INSERT INTO t VALUES (7); COMMIT")
    check(node, filled, deleted=False)


@pytest.mark.parametrize("prepared", [False, True])
def test_no_rollback_to_a_savepoint_that_would_not_take_it_back(
    node: NodeProcess, filled: Client, prepared: bool
) -> None:
    filled.execute(f"{BEGIN}; SAVEPOINT s")
    number = filled.prepare("ROLLBACK TO s") if prepared else 0
    filled.execute(DELETE)
    with pytest.raises(Failure, match="not authorized"):
        if prepared:
            filled.begin_prepared_query(number)
            filled.page()
        else:
            filled.execute("ROLLBACK TO s")
    filled.execute("ROLLBACK")
    check(node, filled, deleted=False)


def test_savepoints_are_as_ever_otherwise(node: NodeProcess, filled: Client) -> None:
    filled.execute(f"{BEGIN}; SAVEPOINT s; ROLLBACK TO s; {DELETE}; RELEASE s; COMMIT")
    check(node, filled, deleted=True)


def test_while_others_read(node: NodeProcess, filled: Client) -> None:
    with node.client() as reader:
        reader.execute("BEGIN")
        assert reader.scalar("SELECT count(*) FROM t") == 2
        filled.execute(f"{BEGIN}; {DELETE}; COMMIT")
        assert reader.scalar("SELECT count(*) FROM t") == 2
        filled.execute("CREATE TABLE u (v)")
        assert reader.scalar("SELECT count(*) FROM t") == 2
        reader.execute("COMMIT")
        assert reader.scalar("SELECT count(*) FROM u") == 0


def test_again_and_again_beside_a_reader(node: NodeProcess, filled: Client) -> None:
    with node.client() as reader:
        for n in range(20):
            reader.execute("BEGIN")
            assert reader.scalar("SELECT count(*) FROM t") == 2
            filled.execute(f"{BEGIN}; {DELETE}; COMMIT")
            filled.execute(f"CREATE TABLE t (v); INSERT INTO t VALUES ({n}), (2)")
            assert reader.scalar("SELECT count(*) FROM t") == 2
            reader.execute("COMMIT")
    check(node, filled, deleted=False)


def test_a_statement_that_is_refused_for_what_follows_it_does_not_ask(node: NodeProcess, filled: Client) -> None:
    filled.execute(BEGIN)
    with pytest.raises(Failure, match="nonempty statement tail"):
        filled.query(f"SELECT 1; {DELETE}")
    with pytest.raises(Failure, match="nonempty statement tail"):
        filled.prepare(f"SELECT 1; {DELETE}")
    filled.execute("COMMIT")
    check(node, filled, deleted=False)


@pytest.mark.parametrize(
    "tail", ["", ";", " ; -- comment", "\n/* comment */ ;\t", "; /* no end", "-- comment\n;", ";\ufeff"]
)
def test_what_may_follow_a_statement(filled: Client, tail: str) -> None:
    assert filled.scalar("SELECT count(*) FROM t" + tail) == 2


@pytest.mark.parametrize(
    "tail", ["; SELECT 2", ";; SELECT 2", "; /", "; /*", "; -", "; -- x\nSELECT 2", "; /**/SELECT 2"]
)
def test_what_may_not(filled: Client, tail: str) -> None:
    with pytest.raises(Failure, match="nonempty statement tail"):
        filled.query("SELECT count(*) FROM t" + tail)


@pytest.mark.parametrize(
    "explain", ["EXPLAIN", "explain query plan", "/* x */EXPLAIN", "\n \v-- x\n;EXPLAIN", "\ufeffEXPLAIN"]
)
def test_an_explanation_deletes_nothing(node: NodeProcess, filled: Client, explain: str) -> None:
    filled.execute(BEGIN)
    for run in filled.execute, filled.query:
        with pytest.raises(Failure, match="neither be explained nor prepared"):
            run(f"{explain} {DELETE}")
    filled.execute("COMMIT")
    check(node, filled, deleted=False)


def test_a_statement_that_is_only_prepared_deletes_nothing(node: NodeProcess, filled: Client) -> None:
    filled.execute(BEGIN)
    with pytest.raises(Failure, match="neither be explained nor prepared"):
        filled.prepare(DELETE)
    filled.execute("COMMIT")
    check(node, filled, deleted=False)


@pytest.mark.parametrize("text", [f"{DELETE}=1", f"{DELETE}(0)"])
def test_an_argument_is_refused(node: NodeProcess, filled: Client, text: str) -> None:
    filled.execute(BEGIN)
    with pytest.raises(Failure, match="takes no argument"):
        filled.execute(text)
    filled.execute("COMMIT")
    check(node, filled, deleted=False)
