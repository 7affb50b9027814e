# SPDX-License-Identifier: Apache-2.0
"""A result comes in pages of about 64 KiB, and each brings its reader forward."""

from __future__ import annotations

import pytest

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


# A page repeats the names of the columns; an expression's name is its text.
@pytest.mark.parametrize("size", (4095, 4096, 5_000, PAGE_SIZE, 500_000))
def test_a_page_with_a_large_header_still_holds_a_row(client: Client, size: int) -> None:
    client.begin_query(f"SELECT '{'x' * size}' UNION ALL SELECT 'second'")
    values = []
    while True:
        page = client.page()
        values += [row[0][1] for row in page.rows]
        if page.is_last:
            break
        assert page.rows, "a page that brings no row"

    assert values == [b"x" * size, b"second"]
