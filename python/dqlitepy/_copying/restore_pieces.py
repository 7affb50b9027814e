# SPDX-License-Identifier: Apache-2.0
"""`Pieces`: a large restore in many transactions, of which the last one shows all of it.

A transaction is one entry of raft's log, which has to reach the others within an election timeout. So the tables are
made under names that nobody asks for, are filled piece by piece, and get their own names at the end, by a change of
the schema alone. A restore that was killed leaves such tables; the next one drops them.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from time import monotonic

from dqlitepy._blocking.statements import SyncConnection
from dqlitepy._quoting import quote_name
from dqlitepy.cursor import Cursor
from dqlitepy.errors import AmbiguousCommitError, Error, OperationalError

# What a source may hold to be restored in one transaction, and what rows of a larger one go into one.
ONE_TRANSACTION = 16 << 20
_PIECE = 4 << 20

_PREFIX = "_dqlitepy_restore_"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, :size) = :prefix"
_FOREIGN = (
    "SELECT name FROM sqlite_schema WHERE substr(tbl_name, 1, :size) <> :prefix "
    "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)
_DEFINITION = "SELECT sql FROM sqlite_schema WHERE type = :kind AND name = :name"
_INDEXES = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = :name AND sql IS NOT NULL"
_RENAME_TABLE = (
    "UPDATE sqlite_schema SET name = :name, tbl_name = :name, sql = :sql WHERE type = 'table' AND name = :hidden"
)
_RENAME_AUTOMATIC = (
    "UPDATE sqlite_schema SET name = 'sqlite_autoindex_' || :name || substr(name, length(:hidden) + 18), "
    "tbl_name = :name WHERE type = 'index' AND tbl_name = :hidden AND sql IS NULL"
)
_RENAME_INDEX = "UPDATE sqlite_schema SET tbl_name = :name, sql = :sql WHERE type = 'index' AND name = :index"
_DROPPED = "another restore of this database has dropped what this one had copied: nothing was restored by it"


def begin(target: SyncConnection) -> None:
    """Begins a transaction that checks neither foreign keys nor constraints, also on a connection that was lost."""
    target._run_control("PRAGMA foreign_keys = OFF")  # cannot be set in a transaction
    target._run_control("PRAGMA ignore_check_constraints = ON")
    target._run_control("BEGIN IMMEDIATE")


def tell_size(error: Error, size: int, began: float) -> None:
    """Adds to an error how much the transaction was that went with the leadership, and how long it took."""
    told = f"{error} (the transaction had {size / 1e6:.1f} MB of rows and was {monotonic() - began:.1f} s old)"
    error.args = (told, *error.args[1:])


def drop_leftovers(target: SyncConnection, prefix: str = _PREFIX) -> None:
    """Drops, in the open transaction, what restores that were killed have left."""
    for (name,) in Cursor(target).execute(_TABLES, {"prefix": prefix, "size": len(prefix)}).fetchall():
        target._run_control(f"DROP TABLE {quote_name(name)}")


class Pieces:
    """Tables on their way. Its methods are called in the order in which they stand here."""

    def __init__(self, target: SyncConnection) -> None:
        self._target = target
        self._prefix = f"{_PREFIX}{secrets.token_hex(8)}"
        self._tables: dict[str, tuple[str, str]] = {}  # by their names: hidden ones, and their definitions
        self._indexes: list[tuple[str, str, str, str]] = []  # name, table, definitions for the hidden one and the other
        self.began = monotonic()
        self.size = 0  # of the rows in the transaction that is open
        self._open = True
        self._finished = False  # what still comes belongs to the last transaction

    def hide(self, names: list[str]) -> None:
        """Gives tables that were just made, in the open transaction, other names, and commits them without their rows.

        Raises:
            OperationalError: SQLite cannot rename one of them.
        """
        definitions = {name: self._definition("table", name) for name in names}  # a renaming changes others, too
        for name in names:
            hidden = f"{self._prefix}_{len(self._tables)}"
            indexes = Cursor(self._target).execute(_INDEXES, {"name": name}).fetchall()
            self._tables[name] = (hidden, definitions[name])
            self._target._run_control(f"ALTER TABLE {quote_name(name)} RENAME TO {quote_name(hidden)}")
            for index, sql in indexes:
                self._indexes.append((index, name, self._definition("index", index), sql))
        for index, *_ in self._indexes:
            self._target._run_control(f"DROP INDEX {quote_name(index)}")  # made again once there are rows: in order
        # Whoever drops this one, at the end, also makes all connections read the schema again.
        self._target._run_control(f"CREATE TABLE {quote_name(self._prefix)} (restore_under_way)")
        self._commit()

    def hidden(self, name: str) -> str:
        """Returns what a table is called until the end; SQLite's own have no other name."""
        return self._tables[name][0] if name in self._tables else name

    def go_on(self) -> None:
        """Begins a transaction, unless one is open: between two, others can write."""
        if not self._open:
            begin(self._target)
            self._open, self.size, self.began = True, 0, monotonic()

    def went(self, size: int) -> None:
        """Counts rows that were copied, and commits the piece if it is large enough."""
        self.size += size
        if self.size >= _PIECE and not self._finished:
            self._commit()

    def finish(self) -> None:
        """Makes the indexes, and shows all tables in a transaction that is open then."""
        for _, _, sql, _ in self._indexes:
            self._begin_another()
            self._target._run_control(sql)
        self._begin_another()
        self._finished = True
        strangers = (
            Cursor(self._target).execute(_FOREIGN, {"prefix": self._prefix, "size": len(self._prefix)}).fetchall()
        )
        if strangers:
            raise OperationalError(
                f"the target is not empty any more: somebody created {strangers[0][0]!r} in it during the restore"
            )
        self._target._run_control(f"DROP TABLE {quote_name(self._prefix)}")
        self._target._run_control("PRAGMA writable_schema = ON")
        for name, (hidden, sql) in self._tables.items():
            self._change(_RENAME_TABLE, name=name, hidden=hidden, sql=sql)
            Cursor(self._target).execute(_RENAME_AUTOMATIC, {"name": name, "hidden": hidden})
        for index, name, _, sql in self._indexes:
            self._change(_RENAME_INDEX, index=index, name=name, sql=sql)
        self._target._run_control("PRAGMA writable_schema = RESET")
        for name in self._tables:  # the schema can be read again
            Cursor(self._target).execute(f"SELECT 1 FROM {quote_name(name)} LIMIT 0").fetchall()

    def discard(self) -> None:
        """Drops the tables, as far as that is possible now: otherwise the next restore does."""
        with suppress(Error):
            if self._target.in_transaction:
                self._target._run_control("ROLLBACK")
            begin(self._target)
            drop_leftovers(self._target, self._prefix)
            self._target._run_control("COMMIT")

    def explain(self, error: BaseException) -> None:
        """Raises a better error where this one only says that a hidden table is not there."""
        if isinstance(error, OperationalError) and f"no such table: {self._prefix}" in str(error):
            raise OperationalError(_DROPPED) from error

    def _definition(self, kind: str, name: str) -> str:
        ((sql,),) = Cursor(self._target).execute(_DEFINITION, {"kind": kind, "name": name}).fetchall()
        return str(sql)

    def _change(self, statement: str, **parameters: str) -> None:
        if Cursor(self._target).execute(statement, parameters).rowcount != 1:
            raise OperationalError(_DROPPED)

    def _begin_another(self) -> None:
        if self._open:
            self._commit()
        self.go_on()

    def _commit(self) -> None:
        try:
            self._target._run_control("COMMIT")
        except AmbiguousCommitError as error:  # of a piece that nobody sees
            tell_size(error, self.size, self.began)
            raise OperationalError(f"nothing was restored: {error}") from error
        self._open = False
