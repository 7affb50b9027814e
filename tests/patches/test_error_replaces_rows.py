# SPDX-License-Identifier: Apache-2.0
"""An error that comes while rows are produced is the whole response, not a tail behind the rows."""

from __future__ import annotations

import pytest

from tests.patches.wire import Client, Failure, Page

ERROR = 1
CONSTRAINT_UNIQUE = 2067
OVERFLOW = "abs(-9223372036854775808)"


def _failure_of(client: Client, sql: str) -> Failure:
    with pytest.raises(Failure) as caught:
        client.query(sql)
    return caught.value


@pytest.fixture
def duplicate(client: Client) -> str:
    """An INSERT that fails on the one row of the table u."""
    client.execute("CREATE TABLE u (x INTEGER UNIQUE, a, b, c, d); INSERT INTO u (x) VALUES (1)")
    return "INSERT INTO u (x) VALUES (1)"


@pytest.mark.parametrize("returning", ("", " RETURNING x", " RETURNING x, a, b, c, d"))
def test_a_failed_write_tells_its_reason(client: Client, duplicate: str, returning: str) -> None:
    failure = _failure_of(client, duplicate + returning)

    assert (failure.code, failure.message) == (CONSTRAINT_UNIQUE, "UNIQUE constraint failed: u.x")
    assert client.scalar("SELECT count(*) FROM u") == 1


def test_rows_of_the_same_page_are_dropped(client: Client) -> None:
    failure = _failure_of(client, f"SELECT 1, 'one' UNION ALL SELECT {OVERFLOW}, 'two'")

    assert (failure.code, failure.message) == (ERROR, "integer overflow")


def test_pages_before_the_error_stand(client: Client) -> None:
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 10000)"
    client.begin_query(f"{numbers} SELECT iif(n < 10000, n, {OVERFLOW}) FROM numbers")
    pages: list[Page] = []
    with pytest.raises(Failure, match="integer overflow"):
        while True:
            pages.append(client.page())

    assert pages
    assert not any(page.is_last for page in pages)
    values = [row[0][1] for page in pages for row in page.rows]
    assert values == list(range(1, len(values) + 1))
    assert client.scalar("SELECT 7") == 7
