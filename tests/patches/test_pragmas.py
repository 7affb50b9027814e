# SPDX-License-Identifier: Apache-2.0
"""Any client's PRAGMAs: what changes nothing is answered, what is refused is refused with a reason."""

from __future__ import annotations

import pytest

from tests.patches.wire import Client, Failure

NOT_AUTHORIZED = 23


@pytest.mark.parametrize(
    "pragma",
    ["synchronous = 2", "synchronous = OFF", "main.synchronous(EXTRA)", "page_size = 8192", "wal_autocheckpoint = 1"],
)
def test_what_has_no_effect_is_ignored(client: Client, pragma: str) -> None:
    name = pragma.replace("main.", "").split()[0].split("(")[0]
    before = client.scalar(f"PRAGMA {name}")
    client.query(f"PRAGMA {pragma}")
    assert client.scalar(f"PRAGMA {name}") == before


@pytest.mark.parametrize("mode", ["WAL", "wal", "DELETE", "'off'", "memory", "TRUNCATE", "''", "d", "nonsense"])
def test_the_journal_stays_a_wal(client: Client, mode: str) -> None:
    client.execute("CREATE TABLE t (v)")
    assert client.scalar(f"PRAGMA journal_mode = {mode}") == b"wal"
    assert client.scalar(f"PRAGMA main.journal_mode({mode})") == b"wal"
    client.execute("INSERT INTO t VALUES (1)")
    assert client.scalar("SELECT count(*) FROM t") == 1
    assert client.scalar("PRAGMA journal_mode") == b"wal"


@pytest.mark.parametrize(
    "pragma",
    [
        "busy_timeout = 1000000",
        "main.busy_timeout(1)",
        "wal_checkpoint",
        "wal_checkpoint(TRUNCATE)",
        "main.wal_checkpoint",
        "locking_mode = EXCLUSIVE",
        "locking_mode('exclusive')",
        "hard_heap_limit = 1",
        "soft_heap_limit = 1",
        "temp_store_directory = '/'",
    ],
)
def test_a_refusal_has_the_name_and_the_reason(client: Client, pragma: str) -> None:
    name = pragma.replace("main.", "").split()[0].split("(")[0]
    with pytest.raises(Failure, match=f"PRAGMA {name} is refused: .{{30,}}") as caught:
        client.query(f"PRAGMA {pragma}")
    assert caught.value.code == NOT_AUTHORIZED
    client.execute("CREATE TABLE t (v)")


@pytest.mark.parametrize(
    "pragma", ["busy_timeout = 9", "hard_heap_limit = 1", "soft_heap_limit = 1", "temp_store_directory = '/'"]
)
def test_what_no_schema_limits_is_refused_by_any_name(client: Client, pragma: str) -> None:
    """SQLite asks the file of the temporary database, which is none of dqlite's."""
    client.execute("CREATE TEMP TABLE t (v)")
    with pytest.raises(Failure, match="not authorized"):
        client.query(f"PRAGMA temp.{pragma}")
    client.query("PRAGMA temp.wal_autocheckpoint = 1")
    assert client.scalar("PRAGMA hard_heap_limit") == 0


def test_what_may_be_set(client: Client) -> None:
    client.query("PRAGMA locking_mode = NORMAL")
    client.query("PRAGMA read_uncommitted = 1")
    assert client.scalar("PRAGMA read_uncommitted") == 1
    assert client.scalar("PRAGMA busy_timeout") == 0
