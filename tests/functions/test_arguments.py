# SPDX-License-Identifier: Apache-2.0
"""What the functions make of arguments that are large, odd or hostile, and where they may be used."""

from __future__ import annotations

import hashlib
import random
import statistics
import threading
import uuid
from collections.abc import Callable
from typing import Any

import dqlitepy
import pytest

Ask = Callable[..., Any]
NO_UTF8 = "CAST(x'61ff62' AS TEXT)"


def test_regexp_is_an_operator(value: Ask) -> None:
    assert value("'kafé' REGEXP '^k.f\\w$'") == 1
    assert value("'abc' NOT REGEXP ?", "(?P<x>b)(?=c)") == 0
    assert value("NULL REGEXP 'x'") is None


def test_a_pattern_that_is_wrong(value: Ask) -> None:
    with pytest.raises(dqlitepy.OperationalError, match=r'regexp\(\): the pattern "\(a": '):
        value("regexp('(a', 'a')")
    with pytest.raises(dqlitepy.OperationalError, match="a pattern has at most 32768 bytes"):
        value("regexp(?, 'a')", "a" * 40000)
    with pytest.raises(dqlitepy.OperationalError, match="a text has at most 16777216 bytes"):
        value("regexp('a', hex(zeroblob(10000000)))")


def test_a_pattern_that_takes_long(value: Ask) -> None:
    message = r'regexp\(\): the pattern "\(a\+\)\+\$" takes longer than 5 seconds'
    with pytest.raises(dqlitepy.OperationalError, match=message):
        value("regexp('(a+)+$', ?)", "a" * 60 + "b")
    assert value("1") == 1


def test_a_pattern_that_takes_much_memory(value: Ask) -> None:
    with pytest.raises(dqlitepy.OperationalError, match="takes (too much memory|longer)"):
        value("regexp('^(?:(a)|b|(?=c))*$', ? || 'd')", "ab" * 4000000)


@pytest.mark.parametrize(
    "expression",
    [
        "repeat('ab', 9223372036854775807)",
        "repeat('ab', 600000000)",
        "lpad('a', 9223372036854775807, 'b')",
        "rpad('a', 2000000000, 'b')",
    ],
)
def test_a_result_that_is_too_large(value: Ask, expression: str) -> None:
    with pytest.raises(dqlitepy.DataError, match="string or blob too big"):
        value(expression)


def test_large_results(value: Ask) -> None:
    assert value("length(repeat('äb', 1000000))") == 2000000
    assert value("length(reverse(hex(zeroblob(1000000))))") == 2000000
    assert value("sha512(repeat('a', 20000000))") == hashlib.sha512(b"a" * 20000000).hexdigest()


def test_nuls_are_characters(value: Ask) -> None:
    assert value("CAST(reverse(CAST(? AS TEXT)) AS BLOB)", b"a\0bc") == b"cb\0a"
    assert value("md5(CAST(? AS TEXT))", b"a\0") == hashlib.md5(b"a\0").hexdigest()
    assert value("hex(rpad('a', 3, CAST(? AS TEXT)))", b"\0") == "610000"
    assert value("CAST(? AS TEXT) REGEXP '^a\\x00b$'", b"a\0b") == 1


def test_what_is_not_utf8(value: Ask) -> None:
    assert value(f"hex(reverse({NO_UTF8}))") == "62FF61"
    assert value(f"hex(lpad({NO_UTF8}, 4, 'x'))") == "7861FF62"
    assert value(f"{NO_UTF8} REGEXP '^a.b$'") == 1
    assert value(f"sha1({NO_UTF8})") == hashlib.sha1(b"a\xffb").hexdigest()


def test_blobs_stay_blobs(value: Ask) -> None:
    assert value("reverse(x'0001ff')") == b"\xff\x01\0"
    assert value("repeat(x'00ff', 2)") == b"\0\xff\0\xff"
    assert value("lpad(x'01', 3, x'ff00')") == b"\xff\0\x01"


@pytest.mark.parametrize(
    "expression",
    [
        *("repeat('a', 'b')", "lpad('a', 1.5, 'b')", "bitxor('a', 1)", "cot(0)", "sha2('a', 1)", "regexp(1, 'a')"),
        *("var_pop('a')", "bit_and(1.5)", "bit_xor(x'00')", "django_date_trunc('day', '2020-01-01', '', 'UTC')"),
    ],
)
def test_arguments_of_the_wrong_kind_are_errors(value: Ask, expression: str) -> None:
    with pytest.raises(dqlitepy.OperationalError, match=r"\(\): "):
        value(expression)


def test_hashes_are_those_of_hashlib(value: Ask) -> None:
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        assert value(f"{name}(?)", "hellö") == hashlib.new(name, "hellö".encode()).hexdigest()
        assert value(f"{name}(?)", b"\xff") == hashlib.new(name, b"\xff").hexdigest()
    assert value("sha2('a', 384)") == hashlib.sha384(b"a").hexdigest()
    assert value("sha3('a', 256)") == hashlib.sha3_256(b"a").hexdigest()


def test_uuids(con: dqlitepy.Connection) -> None:
    row = con.execute("SELECT uuid(), gen_random_uuid(), uuidv4(), uuid7(), uuidv7()").fetchone()
    assert [uuid.UUID(text).version for text in row] == [4, 4, 4, 7, 7]
    assert ["-" in text for text in row] == [True, True, False, True, False]
    many = [text for (text,) in con.execute("SELECT uuid7() FROM generate_series(1, 100)")]
    assert len(set(many)) == 100


def test_rand_differs_from_row_to_row(con: dqlitepy.Connection) -> None:
    numbers = {number for (number,) in con.execute("SELECT rand() FROM generate_series(1, 100)")}
    assert len(numbers) > 90
    assert all(0 <= number < 1 for number in numbers)


def test_aggregates(con: dqlitepy.Connection) -> None:
    con.execute("CREATE TABLE t (g, x)")
    con.executemany("INSERT INTO t VALUES (?, ?)", [(1, 6), (1, None), (1, 3), (2, None), (3, 12)])
    rows = con.execute(
        "SELECT g, bit_and(x), bit_or(x), bit_xor(x), any_value(x), var_pop(x), stddev_samp(x) FROM t GROUP BY g"
    ).fetchall()
    assert rows == [
        (1, 2, 7, 5, 6, 2.25, statistics.stdev([6, 3])),
        (2, None, None, None, None, None, None),
        (3, 12, 12, 12, 12, 0, None),
    ]
    assert con.execute("SELECT any_value(x), var_samp(x), bit_or(x) FROM t WHERE 0").fetchone() == (None, None, None)


def test_a_statement_that_fails_frees_what_an_aggregate_keeps(con: dqlitepy.Connection) -> None:
    for _ in range(20):
        with pytest.raises(dqlitepy.DatabaseError):
            con.execute("SELECT any_value(zeroblob(10000000)), var_pop(x) FROM (SELECT 1 AS x UNION ALL SELECT 'a')")


def test_variances_go_through_windows(con: dqlitepy.Connection) -> None:
    chance = random.Random(1)
    numbers = [chance.choice([1e-300, 1.0, 1e150]) * chance.uniform(-1, 1) for _ in range(50)]
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)")
    con.executemany("INSERT INTO t (x) VALUES (?)", [(number,) for number in numbers])
    rows = con.execute(
        "SELECT var_pop(x) OVER w FROM t WINDOW w AS (ORDER BY id ROWS BETWEEN 4 PRECEDING AND CURRENT ROW)"
    ).fetchall()
    assert [row[0] for row in rows] == [
        statistics.pvariance(numbers[max(0, i - 4) : i + 1]) for i in range(len(numbers))
    ]


def test_what_is_random_stays_out_of_indexes(con: dqlitepy.Connection) -> None:
    con.execute("CREATE TABLE t (a TEXT)")
    for expression in ("rand()", "uuid()", "uuidv7()"):
        with pytest.raises(dqlitepy.OperationalError, match="non-deterministic"):
            con.execute(f"CREATE INDEX i ON t (a, ({expression}))")
    con.execute("CREATE INDEX i ON t (sha256(a), (a REGEXP 'x'))")
    con.execute("INSERT INTO t VALUES ('a'), ('x')")
    assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    plan = con.execute("EXPLAIN QUERY PLAN SELECT * FROM t WHERE sha256(a) = ?", ("",)).fetchall()
    assert "USING INDEX i" in plan[0][3]


def test_conversions_of_time_zones_stay_out_of_generated_columns(con: dqlitepy.Connection) -> None:
    con.execute("CREATE TABLE t (a, zone, day AS (django_datetime_cast_date(a, zone, 'UTC')) STORED)")
    con.execute("INSERT INTO t (a, zone) VALUES ('2020-01-01 23:30:00', 'UTC')")
    with pytest.raises(dqlitepy.OperationalError, match="a conversion of time zones may not be used in an index"):
        con.execute("INSERT INTO t (a, zone) VALUES ('2020-01-01 23:30:00', 'Europe/Berlin')")
    assert con.execute("SELECT day, django_datetime_cast_date(a, 'Europe/Berlin', 'UTC') FROM t").fetchall() == [
        ("2020-01-01", "2020-01-02")
    ]


@pytest.mark.parametrize("zone", ["../../etc/passwd", "/etc/passwd", "Local", "zone.tab", "x" * 10000])
def test_a_time_zone_is_no_file(value: Ask, zone: str) -> None:
    with pytest.raises(dqlitepy.OperationalError, match="there is no time zone") as failure:
        value("django_datetime_cast_date('2020-01-01 23:30:00', ?, 'UTC')", zone)
    assert len(str(failure.value)) < 300


SERIES = {
    "1, 5": [1, 2, 3, 4, 5],
    "5, 1, -2": [5, 3, 1],
    "1, 3, 0": [1, 2, 3],
    "3, 1": [],
    "NULL, 5": [],
    "9223372036854775806, 9223372036854775807": [2**63 - 2, 2**63 - 1],
    "0, -9223372036854775808, -9223372036854775808": [0, -(2**63)],
    "-9223372036854775808, 9223372036854775807, 9223372036854775807": [-(2**63), -1, 2**63 - 2],
}


@pytest.mark.parametrize("arguments", SERIES)
def test_a_series(con: dqlitepy.Connection, arguments: str) -> None:
    for order, expected in (
        ("", SERIES[arguments]),
        ("ORDER BY value", sorted(SERIES[arguments])),
        ("ORDER BY value DESC", sorted(SERIES[arguments], reverse=True)),
    ):
        rows = con.execute(f"SELECT value FROM generate_series({arguments}) {order}").fetchall()
        assert [row[0] for row in rows] == expected


def test_a_series_among_tables(con: dqlitepy.Connection) -> None:
    assert con.execute("SELECT value FROM generate_series(1) LIMIT 2").fetchall() == [(1,), (2,)]
    assert con.execute("SELECT b.value FROM generate_series(1, 2) a, generate_series(a.value, 2) b").fetchall() == [
        *((1,), (2,), (2,))
    ]
    with pytest.raises(dqlitepy.OperationalError, match="needs its first argument"):
        con.execute("SELECT * FROM generate_series")
    con.execute("CREATE TABLE t (a)")
    con.execute("INSERT INTO t SELECT value FROM generate_series(1, 1000)")
    assert con.execute("SELECT sum(a) FROM t").fetchone() == (500500,)


def test_an_endless_series_is_interrupted(con: dqlitepy.Connection) -> None:
    ended = threading.Event()

    def interrupt() -> None:
        while not ended.wait(0.05):  # one that comes before the statement does nothing
            con.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(dqlitepy.OperationalError, match="interrupted"):
            con.execute("SELECT count(*) FROM generate_series(1, 9223372036854775807)")
    finally:
        ended.set()
        thread.join()
    assert con.execute("SELECT 1").fetchone() == (1,)


def test_the_refusal_of_python_functions_says_what_there_is(con: dqlitepy.Connection) -> None:
    refusals: list[Callable[[], None]] = [
        lambda: con.create_function("f", 1, abs),
        lambda: con.create_aggregate("f", 1, object),
        lambda: con.create_window_function("f", 1, object),
    ]
    for refused in refusals:
        with pytest.raises(dqlitepy.NotSupportedError, match="PRAGMA function_list"):
            refused()
