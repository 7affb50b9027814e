# SPDX-License-Identifier: Apache-2.0
"""Rows of so many columns that the codes of their types alone take up much of a page."""

from __future__ import annotations

import pytest

from tests.patches.wire import Client
from tests.protocol import Type

ROWS = 100


# So many that a row begins close to the end of a page, of 4 KiB or of 64 KiB, and its type codes do not fit behind it.
@pytest.mark.parametrize("columns", (509, 1559))
def test_the_types_of_a_row_stay_inside_the_buffer(client: Client, columns: int) -> None:
    ones = ", ".join(["1"] * columns)
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT {ROWS})"
    client.begin_query(f"{numbers} SELECT {ones} FROM numbers")
    rows = 0
    while rows < ROWS:
        page = client.page()
        assert page.rows, "a page without a row"
        assert set(page.rows) == {((Type.INTEGER, 1),) * columns}
        rows += len(page.rows)
