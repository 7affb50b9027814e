# SPDX-License-Identifier: Apache-2.0
"""Each page of a result brings its reader forward, however large its header is."""

from __future__ import annotations

import pytest

from tests.patches.wire import Client

PAGE_SIZE = 64 * 1024


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
