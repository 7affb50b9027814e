# SPDX-License-Identifier: Apache-2.0
"""Values whose type is not the one that their column declares arrive as what they are."""

from __future__ import annotations

import pytest

from tests.patches.wire import Client, Value
from tests.protocol import Type

TIME_TYPES = ("DATETIME", "DATE", "TIMESTAMP", "timestamp")

NULL: Value = (Type.NULL, None)


@pytest.mark.parametrize("declared", TIME_TYPES)
def test_a_time_column_sends_what_is_no_time_as_it_is(client: Client, declared: str) -> None:
    client.execute(f"CREATE TABLE t (v {declared})")
    client.execute("INSERT INTO t VALUES (1.5), (x'00ff'), (NULL)")

    assert client.query("SELECT v FROM t ORDER BY rowid") == [
        ((Type.FLOAT, 1.5),),
        ((Type.BLOB, b"\x00\xff"),),
        (NULL,),
    ]


@pytest.mark.parametrize("declared", TIME_TYPES)
def test_a_time_column_still_marks_times(client: Client, declared: str) -> None:
    client.execute(f"CREATE TABLE t (v {declared})")
    client.execute("INSERT INTO t VALUES (-7), ('2026-11-22 10:00:00'), ('')")

    assert client.query("SELECT v FROM t ORDER BY rowid") == [
        ((Type.UNIXTIME, -7),),
        ((Type.ISO8601, b"2026-11-22 10:00:00"),),
        ((Type.ISO8601, b""),),
    ]


def test_a_boolean_column_sends_what_is_no_boolean_as_it_is(client: Client) -> None:
    client.execute("CREATE TABLE t (v BOOLEAN)")
    client.execute("INSERT INTO t VALUES (1), (0), ('yes'), (0.5), (x'01'), (NULL)")

    assert client.query("SELECT v FROM t ORDER BY rowid") == [
        ((Type.BOOLEAN, 1),),
        ((Type.BOOLEAN, 0),),
        ((Type.TEXT, b"yes"),),
        ((Type.FLOAT, 0.5),),
        ((Type.BLOB, b"\x01"),),
        (NULL,),
    ]


def test_each_column_keeps_its_own_declared_type(client: Client) -> None:
    client.execute("CREATE TABLE t (a DATE, b BOOLEAN, c INTEGER)")
    client.execute("INSERT INTO t VALUES (1, 1, 1)")

    assert client.query("SELECT c, b, a, a + 0 FROM t") == [
        ((Type.INTEGER, 1), (Type.BOOLEAN, 1), (Type.UNIXTIME, 1), (Type.INTEGER, 1))
    ]
