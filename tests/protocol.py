# SPDX-License-Identifier: Apache-2.0
"""dqlite's client protocol for tests that send or read single messages: its codes, and how it encodes values.

Written apart from go/wire on purpose: a test must not repeat a mistake of what it tests.
"""

from __future__ import annotations

import enum
import struct

HEADER = struct.Struct("<IBBH")  # words of the body, type, schema, nothing
WORD = struct.Struct("<Q")
DONE, MORE = b"\xff" * 8, b"\xee" * 8  # the last word of a page of rows


class Request(enum.IntEnum):
    """Type codes of requests."""

    LEADER = 0
    CLIENT = 1
    OPEN = 3
    PREPARE = 4
    EXEC = 5
    QUERY = 6
    FINALIZE = 7
    EXEC_SQL = 8
    QUERY_SQL = 9
    INTERRUPT = 10
    CONNECT = 11
    ADD = 12
    ASSIGN = 13
    REMOVE = 14
    DUMP = 15
    CLUSTER = 16
    TRANSFER = 17
    DESCRIBE = 18
    WEIGHT = 19
    AWAIT = 64


class Response(enum.IntEnum):
    """Type codes of responses."""

    FAILURE = 0
    SERVER = 1
    WELCOME = 2
    SERVERS = 3
    DATABASE = 4
    STATEMENT = 5
    RESULT = 6
    ROWS = 7
    EMPTY = 8
    FILES = 9
    METADATA = 10


class Type(enum.IntEnum):
    """Type codes of values in rows."""

    INTEGER = 1
    FLOAT = 2
    TEXT = 3
    BLOB = 4
    NULL = 5
    UNIXTIME = 9
    ISO8601 = 10
    BOOLEAN = 11


def word(number: int) -> bytes:
    """Encodes 64 bits."""
    return WORD.pack(number)


def text(value: bytes) -> bytes:
    """Encodes a text."""
    return value + b"\0" * (8 - len(value) % 8)


def padded(value: bytes) -> bytes:
    """Fills the last word up."""
    return value + b"\0" * (-len(value) % 8)


def blob(value: bytes) -> bytes:
    """Encodes a blob."""
    return word(len(value)) + padded(value)


def frame(kind: int, body: bytes, schema: int = 0, words: int | None = None) -> bytes:
    """Encodes a message; with `words`, its header promises a body of that size instead of its own."""
    return header(kind, len(body) // 8 if words is None else words, schema) + body


def header(kind: int, words: int, schema: int = 0) -> bytes:
    """Encodes the header of a message alone."""
    return HEADER.pack(words, kind, schema, 0)
