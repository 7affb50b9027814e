# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy shell` in scripts: -c, pipes, modes, imports, failures."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import dqlitepy, fail, succeed

VALUES = """
CREATE TABLE t (n INTEGER, text TEXT, blob BLOB, real REAL);
INSERT INTO t VALUES (1, '日本語', x'00ff', 1.5), (-22, NULL, NULL, NULL), (3, 'a, "b"
c', zeroblob(40), 9e999);
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shell") / "data"
    assert succeed("shell", directory, stdin=VALUES) == ""
    return directory


def test_a_table_is_aligned_also_where_characters_are_wide(database: Path) -> None:
    assert succeed("shell", database, "-c", "SELECT n, text, blob FROM t").splitlines() == [
        "n   | text      | blob",
        "----+-----------+" + "-" * 80,
        "  1 | 日本語    | X'00FF'",
        "-22 | NULL      | NULL",
        r'  3 | a, "b"\nc | ' + f"X'{'00' * 32}…' (40 bytes)",
    ]


def test_csv_is_what_others_read(database: Path) -> None:
    output = succeed("shell", database, "--mode", "csv", "-c", "SELECT * FROM t")
    assert list(csv.reader(output.splitlines(keepends=True))) == [
        ["n", "text", "blob", "real"],
        ["1", "日本語", "X'00FF'", "1.5"],
        ["-22", "", "", ""],
        ["3", 'a, "b"\nc', f"X'{'00' * 40}'", "inf"],
    ]
    assert succeed("shell", database, "--mode", "csv", "--no-headers", "-c", "SELECT '', NULL") == '"",\n'


def test_json_is_what_others_read(database: Path) -> None:
    output = succeed("shell", database, "--mode", "json", "-c", "SELECT *, 1 AS n FROM t")
    rows: list[dict[str, Any]] = json.loads(output)
    assert rows[0] == {"n": 1, "text": "日本語", "blob": "X'00FF'", "real": 1.5, "n:2": 1}
    assert rows[1] == {"n": -22, "text": None, "blob": None, "real": None, "n:2": 1}
    assert rows[2]["real"] == float("inf")
    assert json.loads(succeed("shell", database, "--mode", "json", "-c", "SELECT 1 WHERE 0")) == []


def test_line_mode(database: Path) -> None:
    output = succeed("shell", database, "-c", ".mode line", "-c", "SELECT n, text FROM t LIMIT 2")
    assert output == "   n = 1\ntext = 日本語\n\n   n = -22\ntext = NULL\n"


def test_what_would_speak_to_the_terminal_is_escaped(database: Path) -> None:
    output = succeed("shell", database, "--no-headers", "-c", "SELECT char(27) || '[2J' || char(7)")
    assert output == "\\x1b[2J\\x07\n"


def test_many_rows_come_in_order_and_whole(database: Path) -> None:
    sql = "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r WHERE x < 25000) SELECT x FROM r"
    output = succeed("shell", database, "--no-headers", "--mode", "csv", "-c", sql)
    assert output.split() == [str(n) for n in range(1, 25001)]


def test_statements_may_take_several_lines_or_share_one(database: Path) -> None:
    script = """
    -- a comment; with a semicolon
    SELECT 'one;
two' AS x; SELECT 2 AS x;
    /* another
       comment; */
    SELECT
        3 AS x"""
    output = succeed("shell", database, "--no-headers", stdin=script)
    assert output.splitlines() == ["one;\\ntwo", "2", "3"]


def test_a_trigger_has_semicolons_inside(tmp_path: Path) -> None:
    script = """
    CREATE TABLE t (n); CREATE TABLE log (n);
    CREATE TRIGGER g AFTER INSERT ON t BEGIN
        INSERT INTO log VALUES (new.n);
        INSERT INTO log VALUES (-new.n);
    END;
    INSERT INTO t VALUES (5);
    SELECT n FROM log;
    """
    assert succeed("shell", tmp_path / "data", "--no-headers", stdin=script).split() == ["5", "-5"]


def test_a_script_ends_at_the_first_failure_and_names_its_line(tmp_path: Path) -> None:
    script = "CREATE TABLE t (n);\nINSERT INTO t VALUES (1);\nINSERT INTO\n  nowhere VALUES (1);\nDELETE FROM t;\n"
    first, second = fail("shell", tmp_path / "data", stdin=script).splitlines()
    assert first == "dqlitepy shell: line 3: no such table: nowhere"
    assert "has run" in second
    assert succeed("shell", tmp_path / "data", "--no-headers", "-c", "SELECT n FROM t") == "1\n"


def test_a_transaction_that_a_script_leaves_open_is_rolled_back(tmp_path: Path) -> None:
    succeed("shell", tmp_path / "data", "-c", "CREATE TABLE t (n)")
    for script in ("BEGIN; INSERT INTO t VALUES (1);", "BEGIN;\nINSERT INTO t VALUES (1);\n.quit\n"):
        first, second = fail("shell", tmp_path / "data", stdin=script).splitlines()
        assert first == "dqlitepy shell: a transaction was open at the end and is rolled back"
        assert "COMMIT" in second
    assert succeed("shell", tmp_path / "data", "--no-headers", "-c", "SELECT count(*) FROM t") == "0\n"


def test_tables_schema_and_indexes(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    create = (
        "CREATE TABLE b (n);\nCREATE INDEX b_n ON b(n);\nCREATE TABLE a_1 (n UNIQUE);\nCREATE VIEW v AS SELECT 1;\n"
    )
    succeed("shell", directory, stdin=create)
    assert succeed("shell", directory, "-c", ".tables").split() == ["a_1", "b", "v"]
    assert succeed("shell", directory, "-c", ".tables a%").split() == ["a_1"]
    assert succeed("shell", directory, "-c", ".indexes b").split() == ["b_n"]
    assert sorted(succeed("shell", directory, "-c", ".schema").splitlines()) == sorted(create.splitlines())
    assert succeed("shell", directory, "-c", ".schema b").splitlines() == create.splitlines()[:2]


def test_output_once_and_read(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    (tmp_path / "script.sql").write_text("SELECT 1 AS x;\nSELECT 2 AS x;\n")
    script = f"""
.mode csv
.headers off
.once {tmp_path}/once
SELECT 'once';
SELECT 'here';
.output {tmp_path}/output
.read {tmp_path}/script.sql
.output
SELECT 'here again';
.quit
SELECT 'never';
"""
    assert succeed("shell", directory, stdin=script) == "here\nhere again\n"
    assert (tmp_path / "once").read_text() == "once\n"
    assert (tmp_path / "output").read_text() == "1\n2\n"


def test_a_failure_in_a_file_that_is_read_names_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "script.sql"
    file.write_text("SELECT 1;\nSELECT missing;\n")
    assert f"{file}, line 2: no such column: missing" in fail("shell", tmp_path / "data", "-c", f".read {file}")


def test_a_file_that_reads_itself_is_noticed(tmp_path: Path) -> None:
    one, two = tmp_path / "one.sql", tmp_path / "two.sql"
    one.write_text(f"SELECT 1;\n.read {two}\n")
    two.write_text(f".read {one}\n")
    assert f"{one} reads itself" in fail("shell", tmp_path / "data", "-c", f".read {one}")


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "latin.sql"
    file.write_bytes("SELECT 'ü';\n".encode("latin-1"))
    assert "Text goes in and out as UTF-8" in fail("shell", tmp_path / "data", "-c", f".read {file}")
    assert "line 1: there is a NUL character" in fail("shell", tmp_path / "data", stdin="SELECT '\0';\n")


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (".nonsense", "there is no command .nonsense"),
        (".mode xml", "there is no mode xml"),
        (".headers maybe", "neither on nor off"),
        (".read", "has 0 arguments"),
        (".tables 'a", "No closing quotation"),
        (".read /nonexistent/file", "/nonexistent/file: No such file"),
        (".import /nonexistent/file t", "/nonexistent/file: No such file"),
        (".once /nonexistent/file", "/nonexistent/file: No such file"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(database: Path, command: str, complaint: str) -> None:
    assert complaint in fail("shell", database, "-c", command)


def test_the_timer_speaks_on_stderr(database: Path) -> None:
    result = dqlitepy("shell", database, "-c", ".timer on", "-c", "SELECT 1 AS x", "--mode", "csv")
    assert result.stdout == "x\n1\n"
    assert result.stderr.startswith("(1 row, ")


def test_a_directory_in_use_is_told_by_whom(tmp_path: Path) -> None:
    import dqlitepy as dq

    con = dq.connect(tmp_path / "data")
    first, second = fail("shell", tmp_path / "data").splitlines()
    con.close()
    assert f"is in use by process {os.getpid()}" in first
    assert second.strip().startswith("Close it there")


def rows_of(directory: Path, sql: str) -> list[list[Any]]:
    output = succeed("shell", directory, "--mode", "json", "-c", sql)
    return [list(row.values()) for row in json.loads(output)]


def test_import_does_what_sqlite3_would_store(tmp_path: Path) -> None:
    directory, file = tmp_path / "data", tmp_path / "rows.csv"
    with open(file, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerows([n, f"name {n}", 'quote " and\nline', "", "日本"] for n in range(12000))
    succeed("shell", directory, "-c", "CREATE TABLE t (n INTEGER, name TEXT, quoted TEXT, empty TEXT, wide)")
    succeed("shell", directory, "-c", f".import {file} t")
    assert rows_of(directory, "SELECT count(*), sum(n), count(DISTINCT name) FROM t") == [[12000, 71994000, 12000]]
    assert rows_of(directory, "SELECT * FROM t WHERE n = 7") == [[7, "name 7", 'quote " and\nline', "", "日本"]]


def test_import_makes_a_table_named_by_its_head(tmp_path: Path) -> None:
    directory, file = tmp_path / "data", tmp_path / "rows.csv"
    file.write_bytes(b'\xef\xbb\xbfid,"the ""name"""\r\n1,x\r\n\r\n2,y\r\n')
    succeed("shell", directory, "-c", f'.import {file} "new table"')
    assert rows_of(directory, 'SELECT id, "the ""name""" FROM "new table"') == [["1", "x"], ["2", "y"]]
    succeed("shell", directory, "-c", f'.import {file} "new table" --skip 1')
    assert rows_of(directory, 'SELECT count(*) FROM "new table"') == [[4]]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("1,2\n" * 6000 + "3\n", "line 6001: 1 fields where the table has 2 columns"),
        ('1,2\n"3,4\n', "unexpected end of data"),
        ("1,2\n1,2\n", "UNIQUE constraint failed"),
    ],
)
def test_an_import_that_fails_imports_nothing(tmp_path: Path, content: str, complaint: str) -> None:
    directory, file = tmp_path / "data", tmp_path / "rows.csv"
    file.write_text(content)
    unique = " UNIQUE" if "UNIQUE" in complaint else ""
    succeed("shell", directory, "-c", f"CREATE TABLE t (a{unique}, b); INSERT INTO t VALUES (0, 0)")
    assert complaint in fail("shell", directory, "-c", f".import {file} t")
    assert rows_of(directory, "SELECT * FROM t") == [[0, 0]]


def test_an_import_in_a_transaction_leaves_it_open(tmp_path: Path) -> None:
    directory, good, bad = tmp_path / "data", tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("1\n2\n")
    succeed("shell", directory, stdin=f"CREATE TABLE t (a);\nBEGIN;\n.import {good} t\nROLLBACK;\n")
    assert rows_of(directory, "SELECT count(*) FROM t") == [[0]]
    succeed("shell", directory, stdin=f"BEGIN;\n.import {good} t\nCOMMIT;\n")
    assert rows_of(directory, "SELECT count(*) FROM t") == [[2]]
    bad.write_text("1,2\n")
    assert "2 fields" in fail("shell", directory, stdin=f"BEGIN;\n.import {bad} t\n")


def test_a_dump_of_sqlite3_is_a_script_like_any_other(tmp_path: Path) -> None:
    source = sqlite3.connect(":memory:")
    source.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT, blob BLOB)")
    rows = [(n, f"it's; row\n{n}", bytes([n % 256])) for n in range(500)]
    source.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    source.commit()
    succeed("shell", tmp_path / "data", stdin="\n".join(source.iterdump()))
    source.close()
    expected = [[n, text, f"X'{blob.hex().upper()}'"] for n, text, blob in rows]
    assert rows_of(tmp_path / "data", "SELECT * FROM t") == expected
