# SPDX-License-Identifier: Apache-2.0
"""Alembic: migrations in batch mode, there and back, and nothing left for autogenerate to find."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations

from tests.sqlalchemy.engines import Database, url_of

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

ENV = """
from alembic import context
from sqlalchemy import engine_from_config
from models import metadata

config = context.config
if context.is_offline_mode():
    context.configure(url=config.get_main_option("sqlalchemy.url"), target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = engine_from_config(config.get_section(config.config_ini_section))
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
"""
TEMPLATE = """
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

def upgrade():
    ${upgrades if upgrades else "pass"}

def downgrade():
    ${downgrades if downgrades else "pass"}
"""


def models(version: int) -> sa.MetaData:
    """Returns the tables of a program's first or second version."""
    metadata = sa.MetaData(naming_convention=NAMES)
    sa.Table("team", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(30)))
    person = sa.Table(
        "person",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(30), nullable=version == 1),
        sa.Column("age", sa.Integer if version == 1 else sa.Float),
        sa.Column("joined", sa.DateTime, server_default=sa.func.now()),
    )
    if version == 2:
        person.append_column(sa.Column("team_id", sa.ForeignKey("team.id", ondelete="CASCADE")))
        person.append_constraint(sa.UniqueConstraint("name"))
        person.append_constraint(sa.CheckConstraint("age >= 0", name="age"))
        sa.Index(None, person.c.age)
    return metadata


def to_second(operations: Operations) -> None:
    with operations.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("team_id", sa.Integer))
        batch.alter_column("name", nullable=False)
        batch.alter_column("age", type_=sa.Float())
        batch.create_foreign_key("fk_person_team_id", "team", ["team_id"], ["id"], ondelete="CASCADE")
        batch.create_unique_constraint("uq_person_name", ["name"])
        batch.create_check_constraint("ck_person_age", "age >= 0")
        batch.create_index("ix_person_age", ["age"])


def to_first(operations: Operations) -> None:
    with operations.batch_alter_table("person") as batch:
        batch.drop_index("ix_person_age")
        batch.drop_constraint("ck_person_age", type_="check")
        batch.drop_constraint("uq_person_name", type_="unique")
        batch.drop_constraint("fk_person_team_id", type_="foreignkey")
        batch.alter_column("age", type_=sa.Integer())
        batch.alter_column("name", nullable=True)
        batch.drop_column("team_id")


def migrate(database: Database, how: Callable[[Operations], None]) -> None:
    """Runs a migration in a transaction."""
    database.run(lambda connection: how(Operations(context(connection))))


def context(connection: sa.Connection, **options: Any) -> MigrationContext:
    return MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True, **options}
    )


def differences(database: Database, metadata: sa.MetaData) -> list[Any]:
    """Returns what autogenerate would write down."""
    return database.connected(lambda connection: list(compare_metadata(context(connection), metadata)))


def test_batch_mode_there_and_back(database: Database) -> None:
    first, second = models(1), models(2)
    database.run(first.create_all)
    person = second.tables["person"]

    def fill(connection: sa.Connection) -> None:
        connection.execute(first.tables["person"].insert(), [{"name": f"p{n}", "age": n} for n in range(100)])

    def names(connection: sa.Connection) -> list[str]:
        return list(
            connection.scalars(sa.select(sa.column("name")).select_from(sa.table("person")).order_by(sa.text("1")))
        )

    database.run(fill)
    before = database.run(names)
    assert differences(database, first) == []
    assert len(differences(database, second)) > 3
    migrate(database, to_second)
    assert differences(database, second) == []
    assert database.run(names) == before
    with pytest.raises(sa.exc.IntegrityError, match="ck_person_age"):
        database.run(lambda connection: connection.execute(person.insert(), {"name": "x", "age": -1}))
    with pytest.raises(sa.exc.IntegrityError, match="FOREIGN KEY"):
        database.run(lambda connection: connection.execute(person.insert(), {"name": "x", "age": 1, "team_id": 7}))
    migrate(database, to_first)
    assert differences(database, first) == []
    assert database.run(names) == before


def test_a_migration_that_fails_leaves_nothing(database: Database) -> None:
    """DDL is part of the transaction."""
    first = models(1)
    database.run(first.create_all)

    def broken(operations: Operations) -> None:
        to_second(operations)
        operations.add_column("nowhere", sa.Column("x", sa.Integer))

    with pytest.raises(sa.exc.OperationalError, match="no such table: nowhere"):
        migrate(database, broken)
    assert differences(database, first) == []


def test_batch_mode_keeps_what_only_sqlite_has(database: Database) -> None:
    def create(connection: sa.Connection) -> None:
        connection.exec_driver_sql(
            "CREATE TABLE word (id INTEGER PRIMARY KEY AUTOINCREMENT, word VARCHAR(9) COLLATE NOCASE,"
            " size INTEGER, note TEXT, code VARCHAR(9) UNIQUE, root INTEGER REFERENCES word ON DELETE CASCADE)"
        )
        connection.exec_driver_sql("CREATE UNIQUE INDEX by_lower ON word (lower(word)) WHERE id > 1")
        connection.exec_driver_sql("CREATE INDEX by_size ON word (size DESC)")
        connection.exec_driver_sql("CREATE UNIQUE INDEX by_any_code ON word (code COLLATE NOCASE)")
        connection.exec_driver_sql("INSERT INTO word (word, size) VALUES ('One', 3), ('Two', 3)")
        connection.exec_driver_sql("DELETE FROM word WHERE word = 'two'")

    def alter(operations: Operations) -> None:
        with operations.batch_alter_table("word", recreate="always") as batch:
            batch.alter_column("note", new_column_name="remark")

    def schema(connection: sa.Connection) -> list[str]:
        query = "SELECT sql FROM sqlite_schema WHERE tbl_name = 'word' AND sql IS NOT NULL ORDER BY name"
        return [" ".join(sql.split()) for (sql,) in connection.exec_driver_sql(query)]

    database.run(create)
    migrate(database, alter)
    by_code, by_lower, by_size, table = database.connected(schema)
    assert by_code == "CREATE UNIQUE INDEX by_any_code ON word (code COLLATE NOCASE)"
    assert by_lower == "CREATE UNIQUE INDEX by_lower ON word (lower(word)) WHERE id > 1"
    assert by_size == "CREATE INDEX by_size ON word (size DESC)"
    assert "AUTOINCREMENT" in table
    assert 'VARCHAR(9) COLLATE "NOCASE"' in table
    assert "UNIQUE (code)" in table
    assert "ON DELETE CASCADE" in table
    rows = database.run(lambda connection: connection.exec_driver_sql("SELECT * FROM word WHERE word = 'ONE'").all())
    assert [tuple(row) for row in rows] == [(1, "One", 3, None, None, None)]


def test_rows_survive_that_refer_to_a_table_in_batch_mode(database: Database) -> None:
    """Batch mode drops the old table, which must not delete by ON DELETE CASCADE what refers to it."""
    second = models(2)
    database.run(second.create_all)
    team, person = second.tables["team"], second.tables["person"]

    def fill(connection: sa.Connection) -> None:
        connection.execute(team.insert(), {"id": 1, "name": "red"})
        connection.execute(person.insert(), {"name": "Ann", "age": 1, "team_id": 1})

    def alter(operations: Operations) -> None:
        with operations.batch_alter_table("team") as batch:
            batch.alter_column("name", type_=sa.String(99))

    database.run(fill)
    database.connected(lambda connection: without_foreign_keys(connection, alter))
    rows = database.run(lambda connection: connection.execute(sa.select(person.c.name, person.c.team_id)).all())
    assert [tuple(row) for row in rows] == [("Ann", 1)]
    (column,) = [
        column
        for column in database.connected(lambda connection: sa.inspect(connection).get_columns("team"))
        if column["name"] == "name"
    ]
    assert str(column["type"]) == "VARCHAR(99)"


def without_foreign_keys(connection: sa.Connection, how: Callable[[Operations], None]) -> None:
    """Migrates while no foreign key counts; SQLite takes that setting between transactions only."""
    connection.execution_options(isolation_level="AUTOCOMMIT")
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.rollback()
    connection.execution_options(isolation_level="SERIALIZABLE")
    try:
        how(Operations(context(connection)))
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        connection.commit()
    finally:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`alembic revision --autogenerate`, `upgrade`, `downgrade`, `check` and `upgrade --sql`, as a project has them."""
    scripts = tmp_path / "migrations"
    (scripts / "versions").mkdir(parents=True)
    (scripts / "env.py").write_text(ENV)
    (scripts / "script.py.mako").write_text(TEMPLATE)
    output = StringIO()
    config = Config(stdout=output, output_buffer=output)
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("sqlalchemy.url", url_of(tmp_path / "data"))
    engine = sa.create_engine(url_of(tmp_path / "data"))
    for number in (1, 2):
        metadata = models(number)
        monkeypatch.setitem(__import__("sys").modules, "models", type("models", (), {"metadata": metadata}))
        command.revision(config, f"version {number}", autogenerate=True, rev_id=str(number))
        command.upgrade(config, "head")
        command.check(config)
        with engine.connect() as connection:
            assert compare_metadata(context(connection), metadata) == []
        engine.dispose()
    command.downgrade(config, "1")
    with engine.connect() as connection:
        assert compare_metadata(context(connection), models(1)) == []
    engine.dispose()
    command.upgrade(config, "1", sql=True)
    command.downgrade(config, "base")
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    engine.dispose()
