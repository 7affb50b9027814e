# SPDX-License-Identifier: Apache-2.0
"""sqlite-utils on a connection of dqlitepy: tables made of rows, full-text search, changes of tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest
import sqlite_utils.db
from sqlite_utils import Database


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Yields a database, as docs/programs.md says it is made."""
    monkeypatch.setattr(sqlite_utils.db, "sqlite3", dqlitepy)
    with closing(dqlitepy.connect(tmp_path / "data")) as con:
        yield Database(con)


def test_tables(database: Database) -> None:
    table = database["dogs"].insert_all(({"id": n, "name": f"d{n}", "tags": ["a", n]} for n in range(500)), pk="id")
    assert (table.count, table.pks, table.columns_dict) == (500, ["id"], {"id": int, "name": str, "tags": str})
    table.upsert({"id": 1, "name": "renamed"}, pk="id")
    assert table.get(1)["name"] == "renamed"
    table.enable_fts(["name"], create_triggers=True)
    table.insert({"id": 1000, "name": "searched", "tags": None})
    assert [row["id"] for row in table.search("searched")] == [1000]
    table.transform(rename={"name": "title"}, types={"tags": bytes}, drop=[])
    assert table.columns_dict == {"id": int, "title": str, "tags": bytes}
    table.add_column("owner", int).create_index(["title"])
    database["owners"].insert({"id": 7, "name": "o"}, pk="id")
    database["dogs"].add_foreign_key("owner", "owners", "id")
    assert [key.other_table for key in database["dogs"].foreign_keys] == ["owners"]
    with pytest.raises(dqlitepy.IntegrityError):
        database["dogs"].insert({"id": 1, "title": "again"})
    database.create_view("short", "SELECT id FROM dogs WHERE id < 3")
    assert [row["id"] for row in database["short"].rows] == [0, 1, 2]
    assert next(database.query("SELECT count(*) AS c FROM dogs WHERE id > :id", {"id": 498}))["c"] == 2
    database.vacuum()
    assert table.exists() and "dogs" in database.table_names()


def test_transactions(database: Database) -> None:
    database["t"].insert({"id": 1}, pk="id")
    with pytest.raises(LookupError), database.atomic():
        database["t"].delete(1)
        raise LookupError
    assert database["t"].count == 1
