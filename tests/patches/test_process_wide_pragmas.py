# SPDX-License-Identifier: Apache-2.0
"""What belongs to the whole process no client may set: it would be the other clients' and databases' too."""

from __future__ import annotations

import pytest

from tests.patches.wire import Client, Failure

NOT_AUTHORIZED = 23


@pytest.mark.parametrize(
    "pragma",
    [
        "hard_heap_limit = 1000",
        "HARD_HEAP_LIMIT(1000)",
        "main.hard_heap_limit = '1000'",
        "soft_heap_limit = 1000",
        "temp_store_directory = '/'",
    ],
)
def test_a_client_cannot_set_it(client: Client, pragma: str) -> None:
    with pytest.raises(Failure) as caught:
        client.query(f"PRAGMA {pragma}")
    assert caught.value.code == NOT_AUTHORIZED
    client.execute("CREATE TABLE t (v)")
    client.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert client.scalar("SELECT length(v) FROM t") == 100_000


@pytest.mark.parametrize("pragma", ["hard_heap_limit", "soft_heap_limit"])
def test_a_client_can_read_it(client: Client, pragma: str) -> None:
    assert client.scalar(f"PRAGMA {pragma}") == 0
