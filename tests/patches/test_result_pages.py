# SPDX-License-Identifier: Apache-2.0
"""A result comes in pages of about 64 KiB."""

from __future__ import annotations

from tests.patches.wire import Client

PAGE_SIZE = 64 * 1024
ROWS = 10_000
_NUMBERS = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT {ROWS})"


def test_a_page_is_filled_before_it_is_sent(client: Client) -> None:
    client.begin_query(f"{_NUMBERS} SELECT n FROM numbers")
    pages = [client.page()]
    while not pages[-1].is_last:
        pages.append(client.page())

    row_size = 16
    assert [row[0][1] for page in pages for row in page.rows] == list(range(1, ROWS + 1))
    for page in pages[:-1]:
        assert PAGE_SIZE - row_size <= page.size <= PAGE_SIZE + row_size
