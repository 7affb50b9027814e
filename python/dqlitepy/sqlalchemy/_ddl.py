# SPDX-License-Identifier: Apache-2.0
"""Parses the CREATE statements that SQLite keeps of a schema: they have what its PRAGMAs do not report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    | (?P<word>[^\W\d][\w$]*)
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


class _Token(NamedTuple):
    text: str
    start: int
    depth: int
    """How many parentheses are open around it; those themselves count as outside."""

    @property
    def keyword(self) -> str:
        """In capitals, as keywords are compared."""
        return self.text.upper()


def _tokens(sql: str) -> Iterator[_Token]:
    """Yields all but spaces and comments."""
    depth = 0
    for match in _TOKEN.finditer(sql):
        text = match[0]
        if text == ")":
            depth -= 1
        if match["space"] is None:
            yield _Token(text, match.start(), depth)
        if text == "(":
            depth += 1


def _name(token: str) -> str:
    """Returns the name that an identifier means."""
    if token[0] == "[":
        return token[1:-1]
    return token[1:-1].replace(token[0] * 2, token[0]) if token[0] in "\"'`" else token


def _trimmed(sql: str) -> str:
    """Returns it from its first token to its last: a comment behind it would swallow what is put there."""
    tokens = list(_tokens(sql))
    return sql[tokens[0].start : tokens[-1].start + len(tokens[-1].text)]


def elements(sql: str) -> tuple[list[str], str]:
    """Returns what stands between the commas of a statement's outer parentheses, and what follows these."""
    parts: list[str] = []
    start = None
    for token in _tokens(sql):
        if start is None:
            if token.text == "(":
                start = token.start + 1
        elif token.depth == 1 and token.text == ",":
            parts.append(sql[start : token.start].strip())
            start = token.start + 1
        elif token.depth == 0:  # the closing one
            parts.append(sql[start : token.start].strip())
            return parts, sql[token.start + 1 :].strip()
    return [], ""  # CREATE TABLE … AS SELECT and CREATE VIRTUAL TABLE can have none


class Column(NamedTuple):
    """What a column's definition tells beside its name and type."""

    generated: str | None
    """The expression that makes its values."""
    collation: str | None


def columns(create_table: str) -> dict[str, Column]:
    """Returns the columns that a CREATE TABLE defines, by their names in small letters."""
    found: dict[str, Column] = {}
    for part in elements(create_table)[0]:
        outer = [token for token in _tokens(part) if token.depth == 0]
        # The constraints of the table, which follow, are taken for columns that nobody will ask for.
        found.setdefault(_name(outer[0].text).lower(), _column(part, outer))
    return found


def _column(part: str, outer: list[_Token]) -> Column:
    generated = collation = None
    for number, token in enumerate(outer[:-1]):
        following = outer[number + 1]
        if token.keyword == "AS" and following.text == "(":
            generated = part[following.start + 1 : outer[number + 2].start].strip()
        elif token.keyword == "COLLATE":
            collation = _name(following.text)
    return Column(generated, collation)


class Constraint(NamedTuple):
    """A constraint, of the table or of one of its columns."""

    kind: str
    """PRIMARY, UNIQUE, CHECK or FOREIGN."""
    name: str | None
    columns: tuple[str, ...]
    """What it is about, in small letters; of a CHECK nothing."""
    condition: str = ""
    """That of a CHECK."""
    deferrable: bool | None = None
    initially: str | None = None


_OF_A_TABLE = {kind: kind for kind in ("PRIMARY", "UNIQUE", "CHECK", "FOREIGN")}
_OF_A_COLUMN = {"PRIMARY": "PRIMARY", "UNIQUE": "UNIQUE", "CHECK": "CHECK", "REFERENCES": "FOREIGN"}


def constraints(create_table: str) -> list[Constraint]:
    """Returns the constraints that a CREATE TABLE defines, in its order."""
    found: list[Constraint] = []
    for part in elements(create_table)[0]:
        outer = [token for token in _tokens(part) if token.depth == 0]
        of_the_table = outer[0].keyword == "CONSTRAINT" or outer[0].keyword in _OF_A_TABLE
        kinds = _OF_A_TABLE if of_the_table else _OF_A_COLUMN
        # A column can have several, and so can a part of the table, for SQLite lets the comma be left out.
        for number, token in enumerate(outer):
            kind = kinds.get(token.keyword)
            if kind is not None:
                found.append(_constraint(kind, part, outer, number, of_the_table))
            elif token.keyword == "DEFERRABLE" and found and found[-1].kind == "FOREIGN":
                after = [each.keyword for each in outer[number + 1 : number + 3]]
                found[-1] = found[-1]._replace(
                    deferrable=outer[number - 1].keyword != "NOT",
                    initially=after[1] if after[:1] == ["INITIALLY"] else None,
                )
    return found


def _constraint(kind: str, part: str, outer: list[_Token], number: int, of_the_table: bool) -> Constraint:
    name = _name(outer[number - 1].text) if number > 1 and outer[number - 2].keyword == "CONSTRAINT" else None
    if kind == "CHECK":
        return Constraint(kind, name, (), _trimmed(part[outer[number + 1].start + 1 : outer[number + 2].start]))
    if not of_the_table:
        return Constraint(kind, name, (_name(outer[0].text).lower(),))
    listed = elements(part[outer[number].start :])[0]
    return Constraint(kind, name, tuple(_name(next(_tokens(each)).text).lower() for each in listed))


def has_autoincrement(create_table: str) -> bool:
    """Tells whether rowids of deleted rows are never used again."""
    return any(token.keyword == "AUTOINCREMENT" for token in _tokens(create_table))


def predicate(create_index: str) -> str:
    """Returns the condition of a partial index."""
    rest = elements(create_index)[1]
    where = next(token for token in _tokens(rest) if token.keyword == "WHERE")
    return rest[where.start + len("WHERE") :].strip()


def is_collated(index_element: str) -> bool:
    """Tells whether what an index sorts by has a collation of its own."""
    return any(token.keyword == "COLLATE" and token.depth == 0 for token in _tokens(index_element))
