# SPDX-License-Identifier: Apache-2.0
"""docs/errors.md: it has each exception, and each message on it is one that the package has, or that a node gives.

The other way round, each message that the Python files raise is on it, or is one of messages.py.
"""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import aio
from dqlitepy._native.library import library_path

from tests.manual.messages import OF_SQLITE3, RARE
from tests.support import PACKAGE, ROOT, run_python

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
EXCEPTIONS = {
    name
    for name in dqlitepy.__all__
    if isinstance(value := getattr(dqlitepy, name), type) and issubclass(value, BaseException)
}


def sections() -> Iterator[tuple[str, str, str]]:
    """Yields, of each heading of the page, the class that it belongs to, its message if it has one, and its text."""
    kind = ""
    for level, title, text in re.findall(r"^(##|###) (.*)\n((?:(?!#).*\n?)*)", PAGE, re.MULTILINE):
        kind = title if level == "##" else kind
        yield kind, title.strip("`") if level == "###" else "", text


MESSAGES = [(kind, message) for kind, message, _ in sections() if message]


@cache
def sources() -> bytes:
    """Returns every text that can be a message: those of the Python files, and the native library."""
    texts: list[str] = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\0".join(texts).encode() + b"\0" + Path(library_path()).read_bytes()


def test_each_exception_has_its_heading_and_nothing_else_has() -> None:
    kinds = [kind for kind, message, _ in sections() if not message]
    assert len(set(kinds)) == len(kinds)
    assert set(kinds) == EXCEPTIONS
    assert len(MESSAGES) == len(set(MESSAGES)) > 40


@pytest.mark.parametrize(("kind", "message", "text"), list(sections()))
def test_each_says_what_happened_what_became_of_the_data_and_what_to_do(kind: str, message: str, text: str) -> None:
    assert re.findall(r"^- \*\*(\w+)\*\*: \S", text, re.MULTILINE) == ["Happened", "Data", "Do"], (kind, message)


def text_of(node: ast.expr) -> str:
    """Returns a text of the source, with `…` for what is only known when it runs; "" where nothing else is in it."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(map(text_of, parts)) if any(isinstance(part, ast.Constant) for part in parts) else ""
        case ast.FormattedValue():
            return "…"
    return ""  # put together elsewhere, from texts that are looked at there


def raised() -> Iterator[str]:
    """Yields the messages with which the Python files make exceptions of the package."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if (
                    name in EXCEPTIONS
                ):
                    if re.search("[a-z]", text := text_of(first)):
                        yield text


RAISED = set(raised())


def is_like(heading: str, message: str) -> bool:
    """Whether a heading stands for a message, or for the beginning or the end of one."""
    return re.search(".*".join(map(re.escape, heading.split("…"))), message, re.DOTALL) is not None


def test_each_message_is_on_the_page_or_known_to_be_rare() -> None:
    """A new message fails here: does the page have to explain it, or does it say by itself what to do?"""
    explained = {message for message in RAISED if any(is_like(heading, message) for _, heading in MESSAGES)}
    assert len(explained) >= 20
    assert RAISED - explained == OF_SQLITE3 | RARE


def attempt_under_lock(con: dqlitepy.Connection, directory: Path) -> None:
    other = dqlitepy.connect(directory)
    try:
        other.execute("BEGIN IMMEDIATE")
        con.execute("INSERT INTO parent VALUES (2)")
    finally:
        other.close()


def attempt_in_another_process(_: dqlitepy.Connection, directory: Path) -> None:
    raise dqlitepy.OperationalError(
        run_python(
            """
            import sys, dqlitepy
            try:
                dqlitepy.connect(sys.argv[1])
            except dqlitepy.OperationalError as error:
                print(type(error).__name__, error)
            """,
            str(directory),
        )
    )


def attempt_backup_twice(con: dqlitepy.Connection, directory: Path) -> None:
    for _ in range(2):
        con.backup(directory.parent / "copy")


def attempt_restore(con: dqlitepy.Connection, directory: Path) -> None:
    con.backup(directory.parent / "copy")
    con.restore(directory.parent / "copy")


def attempt_on_a_file(_: dqlitepy.Connection, directory: Path) -> None:
    file = directory.parent / "file"
    file.touch()
    dqlitepy.connect(file)


def attempt_in_transaction(con: dqlitepy.Connection, directory: Path) -> None:
    con.execute("INSERT INTO parent VALUES (2)")
    con.backup(directory.parent / "copy")


def attempt_without_room(_: dqlitepy.Connection, directory: Path) -> None:
    with dqlitepy.Pool(directory, max_size=1, timeout=0.1) as pool, pool.connection(), pool.connection():
        pass


def attempt_without_await(_: dqlitepy.Connection, directory: Path) -> None:
    async def main() -> None:
        await aio.connect(directory).execute("SELECT 1")

    asyncio.run(main())


def attempt_in_another_loop(_: dqlitepy.Connection, directory: Path) -> None:
    async def main() -> None:
        con = await aio.connect(directory)
        try:
            await asyncio.to_thread(asyncio.run, use(con))
        finally:
            await con.close()

    async def use(con: aio.Connection) -> None:
        await con.execute("SELECT 1")

    asyncio.run(main())


def attempt_after_close(con: dqlitepy.Connection, _: Path) -> None:
    con.close()
    con.execute("SELECT 1")


def sql(text: str, *parameters: object) -> Callable[[dqlitepy.Connection, Path], object]:
    return lambda con, _: con.execute(text, parameters).fetchall()


# How to meet those that one node gives. The others need a broken installation, a lost leader or a defect; the tests of
# failover and of hostile servers have them.
MET: dict[str, Callable[[dqlitepy.Connection, Path], object]] = {
    "not authorized": sql("ATTACH 'x' AS x"),
    "string or blob too big": sql("SELECT zeroblob(2000000000)"),
    "UNIQUE constraint failed: …": sql("INSERT INTO parent VALUES (1)"),
    "NOT NULL constraint failed: …": sql("INSERT INTO child VALUES (NULL)"),
    "FOREIGN KEY constraint failed": sql("INSERT INTO child VALUES (9)"),
    "Cannot operate on a closed database.": attempt_after_close,
    "Incorrect number of bindings supplied. The current statement uses …, and there are … supplied.": sql("SELECT ?"),
    "this text has a NUL character inside, where dqlite's protocol would end it. Bind it as bytes": sql(
        "SELECT ?", "a\0b"
    ),
    "Error binding parameter …: type '…' is not supported": sql("SELECT ?", {}),
    "the connection is not open yet: await it": attempt_without_await,
    "this connection belongs to another event loop: connections cannot be shared, open one in each loop": (
        attempt_in_another_loop
    ),
    "no connection of the pool became free within … s: all … are in use. Hold connections for a shorter time, or raise "
    "max_size": attempt_without_room,
    "…() works on what is committed, and the connection has a transaction open: commit it or roll it back first": (
        attempt_in_transaction
    ),
    "You can only execute one statement at a time.": sql("SELECT 1; SELECT 2"),
    "database is locked": attempt_under_lock,
    "no such table: …": sql("SELECT * FROM missing"),
    "unable to open database directory …: it is a file; give a directory, since a node has several files": (
        attempt_on_a_file
    ),
    "… is in use by …; close it there, or connect to that node by its address": attempt_in_another_process,
    "… exists already, and nothing is overwritten: remove it, or give another name": attempt_backup_twice,
    "the target is not empty, and nothing is overwritten: restore into a new directory, or into another name= of this "
    "one": attempt_restore,
    "Could not decode to UTF-8 column '…' with text '…'": sql("SELECT CAST(x'ff' AS TEXT)"),
}


@pytest.mark.parametrize("message", [message for _, message in MESSAGES if message not in MET])
def test_the_package_has_the_message(message: str) -> None:
    """Its parts, since a message is put together from several."""
    parts = [part.strip(" ,;:.()") for part in re.split(r"…|[;:] ", message)]
    assert any(parts)
    assert [part for part in parts if part.encode() not in sources()] == []


@pytest.mark.parametrize("message", MET)
def test_the_message_is_met_as_the_page_has_it(message: str, tmp_path: Path) -> None:
    [kind] = [kind for kind, other in MESSAGES if other == message]
    directory = tmp_path / "data"
    con = dqlitepy.connect(directory, timeout=0.1)
    try:
        con.executescript(
            "CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1);"
            "CREATE TABLE child (parent INTEGER NOT NULL REFERENCES parent)"
        )
        with pytest.raises(dqlitepy.Error) as met:
            MET[message](con, directory)
    finally:
        con.close()
    assert type(met.value).__name__ == kind
    assert is_like(message, str(met.value)), str(met.value)
