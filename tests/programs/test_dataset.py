# SPDX-License-Identifier: Apache-2.0
"""dataset: tables whose columns come with the rows, over the dialect of SQLAlchemy."""

from __future__ import annotations

from pathlib import Path

import dataset
import pytest


def test_tables(tmp_path: Path) -> None:
    database = dataset.connect(f"dqlite:///{tmp_path}/data")
    table = database["people"]
    assert table.insert({"name": "Ann", "age": 3}) == 1
    table.insert_many([{"name": f"p{n}", "age": n, "half": n / 2} for n in range(500)])
    assert table.columns == ["id", "name", "age", "half"]
    assert table.count(age=3) == 2
    table.upsert({"name": "Ann", "age": 4}, ["name"])
    assert table.find_one(name="Ann")["age"] == 4
    table.create_index(["name"])
    with pytest.raises(LookupError), database as transaction:
        transaction["people"].delete()
        raise LookupError
    assert len(table) == 501
    assert [row["name"] for row in table.find(age={">": 496}, order_by="-age")] == ["p499", "p498", "p497"]
    assert next(iter(database.query("SELECT count(*) AS c FROM people WHERE age < :age", age=3)))["c"] == 3
    database.close()
    again = dataset.connect(f"dqlite:///{tmp_path}/data")
    assert (again.tables, len(again["people"])) == (["people"], 501)
    again.close()
