# SPDX-License-Identifier: Apache-2.0
"""The inspector finds everything that SQLite's schema can hold."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.sqlalchemy.engines import Database

SCHEMA = """
CREATE TABLE parent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code VARCHAR(10) NOT NULL,
    part INTEGER NOT NULL,
    amount NUMERIC(12, 2) DEFAULT 1.50,
    note TEXT DEFAULT 'it''s',
    at DATETIME DEFAULT CURRENT_TIMESTAMP,
    flag BOOLEAN,
    data BLOB,
    twice INTEGER GENERATED ALWAYS AS (part * 2) STORED,
    thrice INTEGER AS (part * 3 + CAST('1' AS INTEGER)),
    CONSTRAINT code_and_part UNIQUE (code, part),
    CONSTRAINT positive CHECK (part > 0),
    CHECK (length(code) < 11)
);
CREATE TABLE child (
    a INTEGER,
    b INTEGER,
    parent_id INTEGER REFERENCES parent,
    code VARCHAR(10),
    part INTEGER,
    CONSTRAINT child_key PRIMARY KEY (b, a),
    CONSTRAINT to_parent FOREIGN KEY (code, part) REFERENCES parent (code, part)
        ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE inline (
    id INTEGER CONSTRAINT [the key] PRIMARY KEY,
    code VARCHAR(10) UNIQUE, -- CHECK (nothing), UNIQUE (size), FOREIGN KEY (size) REFERENCES bare (anything)
    twice INTEGER AS (id * 2) UNIQUE,
    parent_id INTEGER CONSTRAINT "its ""parent" REFERENCES parent ON UPDATE SET NULL ON DELETE CASCADE
        NOT DEFERRABLE INITIALLY IMMEDIATE,
    size INTEGER CHECK (size > 1 -- (
        ) REFERENCES parent (id) ON DELETE RESTRICT DEFERRABLE,
    CONSTRAINT `one` CHECK (
        code <> ') CHECK ('
    ) CONSTRAINT "two ""quotes" UNIQUE (size, "code"),
    UNIQUE (parent_id COLLATE BINARY)
);
CREATE TABLE compact (key TEXT PRIMARY KEY, value ANY) WITHOUT ROWID, STRICT;
CREATE TABLE "odd ""name" ("select" INTEGER, "a b" TEXT COLLATE NOCASE);
CREATE TABLE bare (anything);
CREATE VIEW names AS SELECT code, part FROM parent WHERE flag;
CREATE UNIQUE INDEX by_amount ON parent (amount) WHERE flag = 1;
CREATE INDEX by_note ON parent (note DESC, part);
CREATE INDEX by_length ON parent (length(note) DESC, part, (code || ') where'',') COLLATE NOCASE);
CREATE UNIQUE INDEX "by /* (both" ON parent (lower(code) /* , */) -- (
    WHERE part > 1 AND note <> ') WHERE x';
CREATE UNIQUE INDEX by_code ON inline (code COLLATE NOCASE DESC, size DESC);
CREATE VIRTUAL TABLE words USING fts5(word);
CREATE TRIGGER noted AFTER INSERT ON bare BEGIN DELETE FROM bare; END;
"""


@pytest.fixture(autouse=True)
def _schema(database: Database) -> None:
    def create(connection: sa.Connection) -> None:
        statement = ""
        for line in SCHEMA.splitlines():
            statement += line + "\n"
            if line.endswith(";"):
                connection.exec_driver_sql(statement)
                statement = ""

    database.run(create)


def inspected(database: Database, question: str, *arguments: Any, **options: Any) -> Any:
    """Returns what a method of the inspector answers."""
    return database.connected(lambda connection: getattr(sa.inspect(connection), question)(*arguments, **options))


def named(found: list[Any]) -> dict[str, Any]:
    """Returns what was found by its name."""
    return {each.pop("name"): each for each in found}


_WITHOUT_EQUALITY = (sa.types.TypeEngine, sa.TextClause)


def comparable(answer: Any) -> Any:
    """Returns an answer so that the order of constraints, and which object a type is, do not count."""
    if isinstance(answer, list):
        return sorted((comparable(each) for each in answer), key=lambda each: str(sorted(each.items(), key=str)))
    return {
        key: comparable(value)
        if isinstance(value, dict)
        else str(value)
        if isinstance(value, _WITHOUT_EQUALITY)
        else value
        for key, value in answer.items()
    }


def test_names(database: Database) -> None:
    tables = set(inspected(database, "get_table_names"))
    assert tables >= {"parent", "child", "compact", 'odd "name', "bare", "words"}
    assert not any(name.startswith("sqlite_") for name in tables)
    assert inspected(database, "get_view_names") == ["names"]
    assert "SELECT code, part FROM parent WHERE flag" in inspected(database, "get_view_definition", "names")
    assert inspected(database, "get_schema_names") == ["main"]
    assert [inspected(database, "has_table", name) for name in ("parent", "names", "none")] == [True, True, False]
    for question in ("get_columns", "get_pk_constraint", "get_foreign_keys", "get_indexes", "get_table_options"):
        with pytest.raises(sa.exc.NoSuchTableError, match="none"):
            inspected(database, question, "none")


def test_columns(database: Database) -> None:
    columns = named(inspected(database, "get_columns", "parent"))
    assert {name: str(column["type"]) for name, column in columns.items()} == {
        "id": "INTEGER",
        "code": "VARCHAR(10)",
        "part": "INTEGER",
        "amount": "NUMERIC(12, 2)",
        "note": "TEXT",
        "at": "DATETIME",
        "flag": "BOOLEAN",
        "data": "BLOB",
        "twice": "INTEGER",
        "thrice": "INTEGER",
    }
    assert {name: column["default"] for name, column in columns.items() if column["default"] is not None} == {
        "amount": "1.50",
        "note": "'it''s'",
        "at": "CURRENT_TIMESTAMP",
    }
    assert [name for name, column in columns.items() if not column["nullable"]] == ["code", "part"]
    assert {name: column["computed"] for name, column in columns.items() if "computed" in column} == {
        "twice": {"sqltext": "part * 2", "persisted": True},
        "thrice": {"sqltext": "part * 3 + CAST('1' AS INTEGER)", "persisted": False},
    }
    assert list(named(inspected(database, "get_columns", "names"))) == ["code", "part"]
    assert list(named(inspected(database, "get_columns", 'odd "name'))) == ["select", "a b"]
    (bare,) = inspected(database, "get_columns", "bare")
    assert isinstance(bare["type"], sa.types.NullType)


def test_constraints(database: Database) -> None:
    assert inspected(database, "get_pk_constraint", "child")["constrained_columns"] == ["b", "a"]
    assert inspected(database, "get_pk_constraint", "child")["name"] == "child_key"
    assert inspected(database, "get_pk_constraint", "bare")["constrained_columns"] == []
    (unique,) = inspected(database, "get_unique_constraints", "parent")
    assert (unique["name"], unique["column_names"]) == ("code_and_part", ["code", "part"])
    checks = {check["name"]: check["sqltext"] for check in inspected(database, "get_check_constraints", "parent")}
    assert checks == {"positive": "part > 0", None: "length(code) < 11"}
    implicit, explicit = sorted(inspected(database, "get_foreign_keys", "child"), key=lambda key: key["name"] or "")
    assert implicit["constrained_columns"] == ["parent_id"]
    assert (implicit["referred_table"], implicit["referred_columns"]) == ("parent", ["id"])
    assert explicit["name"] == "to_parent"
    assert explicit["constrained_columns"] == explicit["referred_columns"] == ["code", "part"]
    assert explicit["options"] == {
        "onupdate": "CASCADE",
        "ondelete": "SET NULL",
        "deferrable": True,
        "initially": "DEFERRED",
    }


def test_constraints_however_they_are_written(database: Database) -> None:
    """With a column, over several lines, with quotes and beside comments."""
    assert inspected(database, "get_pk_constraint", "inline")["name"] == "the key"
    assert inspected(database, "get_unique_constraints", "inline") == [
        {"name": None, "column_names": ["code"]},
        {"name": None, "column_names": ["twice"]},
        {"name": 'two "quotes', "column_names": ["size", "code"]},
        {"name": None, "column_names": ["parent_id"]},
    ]
    assert inspected(database, "get_check_constraints", "inline") == [
        {"name": "one", "sqltext": "code <> ') CHECK ('"},
        {"name": None, "sqltext": "size > 1"},
    ]
    to_parent = {"referred_schema": None, "referred_table": "parent", "referred_columns": ["id"]}
    assert inspected(database, "get_foreign_keys", "inline") == [
        {
            "name": 'its "parent',
            "constrained_columns": ["parent_id"],
            "options": {"onupdate": "SET NULL", "ondelete": "CASCADE", "deferrable": False, "initially": "IMMEDIATE"},
            **to_parent,
        },
        {
            "name": None,
            "constrained_columns": ["size"],
            "options": {"ondelete": "RESTRICT", "deferrable": True},
            **to_parent,
        },
    ]


def test_indexes(database: Database) -> None:
    indexes = named(inspected(database, "get_indexes", "parent"))
    assert indexes.keys() >= {"by_amount", "by_note"}
    partial = indexes["by_amount"]
    assert (partial["column_names"], bool(partial["unique"])) == (["amount"], True)
    assert str(next(iter(partial["dialect_options"].values()))) == "flag = 1"
    assert (indexes["by_note"]["column_names"], bool(indexes["by_note"]["unique"])) == (["note", "part"], False)


def test_indexes_on_expressions(database: Database) -> None:
    indexes = named(inspected(database, "get_indexes", "parent"))
    index = indexes["by_length"]
    assert index["column_names"] == [None, "part", None]
    assert index["expressions"] == ["length(note) DESC", "part", "(code || ') where'',') COLLATE NOCASE"]
    (collated,) = inspected(database, "get_indexes", "inline")
    assert collated["column_names"] == [None, "size"]
    assert collated["expressions"] == ["code COLLATE NOCASE DESC", "size"]
    assert collated["column_sorting"] == {"size": ("desc",)}
    both = indexes["by /* (both"]
    assert (both["unique"], both["expressions"]) == (True, ["lower(code) /* , */"])
    assert str(both["dialect_options"]["sqlite_where"]) == "part > 1 AND note <> ') WHERE x'"


def test_order_and_collation(database: Database) -> None:
    assert named(inspected(database, "get_indexes", "parent"))["by_note"]["column_sorting"] == {"note": ("desc",)}
    collations = {
        name: getattr(column["type"], "collation", None)
        for name, column in named(inspected(database, "get_columns", 'odd "name')).items()
    }
    assert collations == {"select": None, "a b": "NOCASE"}


def test_options(database: Database) -> None:
    assert inspected(database, "get_table_options", "parent") == {"sqlite_autoincrement": True}
    assert inspected(database, "get_table_options", "compact") == {"sqlite_with_rowid": False, "sqlite_strict": True}
    assert inspected(database, "get_table_options", "child") == {}
    assert inspected(database, "get_table_options", "names") == {}


def test_temporary_tables_and_views_belong_to_their_connection(database: Database) -> None:
    def work(connection: sa.Connection) -> list[Any]:
        connection.exec_driver_sql("CREATE TEMP TABLE scratch (x INTEGER PRIMARY KEY, y TEXT)")
        connection.exec_driver_sql("CREATE TEMP VIEW scratched AS SELECT y FROM scratch")
        inspector = sa.inspect(connection)
        return [
            inspector.get_temp_table_names(),
            inspector.get_temp_view_names(),
            [column["name"] for column in inspector.get_columns("scratch")],
            inspector.get_pk_constraint("scratch")["constrained_columns"],
            inspector.has_table("scratch"),
        ]

    assert database.connected(work) == [["scratch"], ["scratched"], ["x", "y"], ["x"], True]
    assert inspected(database, "has_table", "scratch") is False


def test_comments_are_not_reflected(database: Database) -> None:
    """SQLite has none; asking says so, and creating a table that has some leaves them out."""
    with pytest.raises(NotImplementedError):
        inspected(database, "get_table_comment", "parent")
    table = sa.Table("told", sa.MetaData(), sa.Column("x", sa.Integer, comment="a number"), comment="a table")
    database.run(table.create)
    assert inspected(database, "has_table", "told")


def test_tables_are_made_as_they_were_found(database: Database) -> None:
    """What was reflected creates the same again in another database."""
    found = sa.MetaData()
    wanted = ["parent", "child", 'odd "name', "inline"]
    database.connected(lambda connection: found.reflect(connection, only=wanted))
    assert found.tables["parent"].c.twice.computed is not None
    (key,) = [key for key in found.tables["child"].foreign_key_constraints if key.name == "to_parent"]
    assert (key.ondelete, key.onupdate, key.deferrable, key.initially) == ("SET NULL", "CASCADE", True, "DEFERRED")
    questions = (
        "get_columns",
        "get_pk_constraint",
        "get_foreign_keys",
        "get_unique_constraints",
        "get_check_constraints",
        "get_indexes",
        "get_table_options",
    )

    def described(connection: sa.Connection) -> list[Any]:
        inspector = sa.inspect(connection)
        return [comparable(getattr(inspector, question)(name)) for name in wanted for question in questions]

    def again(connection: sa.Connection) -> tuple[list[Any], list[Any]]:
        before = described(connection)
        connection.exec_driver_sql("DROP VIEW names")
        for name in reversed(wanted):
            connection.exec_driver_sql('DROP TABLE "{}"'.format(name.replace('"', '""')))
        found.create_all(connection)
        return before, described(connection)

    before, after = database.run(again)
    assert after == before


def test_tables_with_options(database: Database) -> None:
    metadata = sa.MetaData()
    sa.Table(
        "strict",
        metadata,
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    database.run(metadata.create_all)
    with pytest.raises(sa.exc.IntegrityError, match="cannot store TEXT value in INTEGER column"):
        database.run(lambda connection: connection.exec_driver_sql("INSERT INTO strict VALUES ('a', 'b')"))
    with pytest.raises(sa.exc.OperationalError, match="no such column: rowid"):
        database.run(lambda connection: connection.exec_driver_sql("SELECT rowid FROM strict"))


def test_autoincrement(database: Database) -> None:
    table = sa.Table("counted", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sqlite_autoincrement=True)

    def work(connection: sa.Connection) -> list[Any]:
        table.create(connection)
        for _ in range(2):
            connection.execute(table.insert())
        connection.execute(table.delete())
        return list(connection.execute(table.insert()).inserted_primary_key or ())

    assert database.run(work) == [3]


def test_schemas_that_were_not_attached(database: Database) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("x", sa.Integer), schema="elsewhere")
    with pytest.raises(sa.exc.OperationalError, match="unknown database"):
        database.run(table.create)
