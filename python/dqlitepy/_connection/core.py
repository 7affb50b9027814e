# SPDX-License-Identifier: Apache-2.0
"""What a connection knows and decides without ever waiting."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from operator import index
from threading import get_ident
from typing import Any

from dqlitepy import errors
from dqlitepy._connection.callbacks import call, report
from dqlitepy._connection.limits import Limits
from dqlitepy._connection.reads import ReadingConnection
from dqlitepy._connection.transactions import LEGACY_TRANSACTION_CONTROL, Autocommit, begin_before
from dqlitepy._deprecation import warn_since_3_12
from dqlitepy._native.abi import Block, BlockSize, ErrorStruct, HandleNumber, Int32, Status
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.formats import Parameters, encode
from dqlitepy._native.handle import Handle
from dqlitepy._native.library import library, take_block
from dqlitepy._native.operations import CHANGES, ROWS, TEXT_AS_BYTES, Execute, ExecuteMany, Operation
from dqlitepy._result_codes import SQLITE_TOOBIG
from dqlitepy._sql.batches import batches
from dqlitepy._sql.declared_types import DeclaredTypes
from dqlitepy._sql.parameters import bind, bind_all, is_storable
from dqlitepy._sql.plain_rows import encode_plain
from dqlitepy._sql.statements import describe, expand
from dqlitepy.errors import DataError, LeadershipLostError, OperationalError, ProgrammingError, with_code

_NO_PARAMETERS: Parameters = ()  # as Python has one empty tuple, most that have none are this very one
_NO_PARAMETERS_ENCODED = encode(_NO_PARAMETERS)
# Before that, sqlite3 takes a sequence for parameters that have names, and says nothing.
_NAMES_WANT_A_MAPPING = sys.version_info >= (3, 12)


class ConnectionCore(ReadingConnection):
    """The state of a connection; makes its operations."""

    _handle: Handle | None = None
    _thread = 0  # the only one that may use the connection, 0 for any
    _broken = ""  # why no statement can ever run on it again
    _last_encoded = "", b""  # the statement that was encoded last: most programs run few, again and again
    _positional_sql: str | None = None  # the statement that was found last to have no names for its parameters
    _unfinished = False  # a statement was left in its midst
    _transaction_lost = False  # an exception of another kind hid that the open transaction is gone

    def _initialize(
        self,
        handle: Handle,
        isolation_level: str | None,
        check_same_thread: bool,
        cached_statements: int,
        autocommit: Autocommit = LEGACY_TRANSACTION_CONTROL,
        detect_types: int = 0,
    ) -> None:
        self._handle = handle
        self._broken = ""
        self._unfinished = self._transaction_lost = False
        self._control_by(autocommit, isolation_level)
        self._detect_types = detect_types
        self._thread = get_ident() if check_same_thread else 0
        self._statement = lru_cache(maxsize=cached_statements)(describe)
        self._limits = Limits()
        self._declared: DeclaredTypes | None = None
        self._trace_callback: Callable[[str], object] | None = None
        self._total_changes = 0
        self._last_insert_id = 0
        self.row_factory: Callable[..., Any] | None = None
        self.text_factory: Callable[[bytes], Any] = str

    @property
    def total_changes(self) -> int:
        """How many rows this connection has inserted, changed or deleted since it was opened."""
        self._open_number()
        return self._total_changes

    def set_trace_callback(self, trace_callback: Callable[[str], object] | None) -> None:
        """Makes `trace_callback` get the text of each statement that this connection sends, before it runs.

        Parameters stand in it as literals. It also gets implicit BEGIN, COMMIT and ROLLBACK, but not what triggers do.
        What the callback raises is dropped, or handed to `sys.unraisablehook` after `enable_callback_tracebacks(True)`.

        Args:
            trace_callback: None for none.
        """
        self._open_number()
        self._trace_callback = trace_callback

    def getlimit(self, category: int, /) -> int:
        """Returns the limit of a category SQLITE_LIMIT_*.

        Raises:
            ProgrammingError: there is no such category.
        """
        self._open_number()
        return self._limits.get(index(category))

    def setlimit(self, category: int, limit: int, /) -> int:
        """Changes the limit of a category SQLITE_LIMIT_*, unless `limit` is negative, and returns the former one.

        Raises:
            ProgrammingError: there is no such category.
            NotSupportedError: the server alone could keep it: all but LENGTH, SQL_LENGTH and VARIABLE_NUMBER.
        """
        self._open_number()
        self._last_encoded = "", b""  # it may be too long from now on
        return self._limits.set(index(category), index(limit))

    def _has_transaction(self) -> bool:
        number = self._open_number()
        if self._broken:
            return False  # the server has rolled it back, or will
        self._leave_unfinished()
        flag, error = Int32(), ErrorStruct()
        if library().dqlitepy_in_transaction(number, flag, error) != Status.OK:
            raise exception_of(error)
        return bool(flag.value)

    def _leader_address(self) -> bytes:
        """Returns the address of the leader that this connection found last."""
        block, size, error = Block(), BlockSize(), ErrorStruct()
        if library().dqlitepy_leader_address(self._open_number(), block, size, error) != Status.OK:
            raise exception_of(error)
        return take_block(block, size)

    def _open_number(self) -> int:
        """Returns the number of the handle, after the checks that every use of a connection begins with."""
        if self._thread and self._thread != get_ident():
            raise ProgrammingError(
                "dqlitepy objects created in a thread can only be used in that same thread. The object was created in "
                f"thread id {self._thread} and this is thread id {get_ident()}. "
                "Connect with check_same_thread=False to share a connection"
            )
        handle = self._handle
        if handle is None:
            raise ProgrammingError("Base Connection.__init__ not called.")
        number = handle.number
        if not number:
            raise ProgrammingError("Cannot operate on a closed database.")
        return number

    def _is_closed(self) -> bool:
        """Whether it is closed; ProgrammingError on the wrong thread, or if nothing was ever opened."""
        if self._handle is None or self._thread_is_wrong():
            self._open_number()
        return self._handle is not None and not self._handle.number

    def _forget_handle(self) -> None:
        self._handle = Handle(0)

    def _cancel(self) -> None:
        if self._handle is None or not self._handle.number:
            self._open_number()
        else:
            library().dqlitepy_cancel(self._handle.number, ErrorStruct())

    def _thread_is_wrong(self) -> bool:
        return self._thread not in (0, get_ident())

    def _usable_number(self) -> HandleNumber:
        """Returns the handle for a statement that runs in this connection's turn.

        Raises:
            ProgrammingError: the connection cannot be used, or not here.
            OperationalError, LeadershipLostError: as `_unbroken_number` and `_settle`.
        """
        self._open_number()
        number = self._unbroken_number()
        self._settle()
        return number

    def _unbroken_number(self) -> HandleNumber:
        """Returns the handle for a statement that has not taken its turn yet.

        Raises:
            ProgrammingError: the connection is closed.
            OperationalError: it is broken for ever.
        """
        if self._broken:
            raise OperationalError(f"this connection is broken ({self._broken}); close it and connect again")
        handle = self._handle
        if handle is None or not handle.number:
            self._open_number()
        assert handle is not None
        return handle.argument

    def _settle(self) -> None:
        """Gives up an operation whose end was not waited for. Only in the turn: it could be that of another thread.

        Raises:
            LeadershipLostError: the transaction that was open is gone, and nobody was told.
        """
        self._leave_unfinished()
        if self._transaction_lost:
            self._transaction_lost = False
            raise LeadershipLostError(
                "the transaction that was open is gone with the statement that was interrupted, nothing of it was "
                "committed: begin it again"
            )

    def _forget_loss(self) -> None:
        """Forgets that the transaction is gone: the caller is about to roll it back anyway."""
        self._leave_unfinished()
        self._transaction_lost = False

    def _leave_unfinished(self) -> None:
        """Gives up a statement whose end was not waited for, as after a second Ctrl-C, together with its link."""
        if not self._unfinished:
            return
        lost, error = Int32(), ErrorStruct()
        if library().dqlitepy_give_up(self._open_number(), lost, error) != Status.OK:
            raise exception_of(error)
        self._unfinished = False
        self._transaction_lost = self._transaction_lost or bool(lost.value)

    def _encoded(self, sql: str, caller: str) -> bytes:
        """Returns the UTF-8 of a statement.

        Raises:
            TypeError: it is no str.
            ProgrammingError: it has a NUL character inside.
            UnicodeEncodeError: it has a lone surrogate.
            DataError: it is longer than the limit.
        """
        last, encoded = self._last_encoded  # at once: threads may share the connection
        if sql is last:
            return encoded
        if not isinstance(sql, str):
            raise TypeError(f"{caller}() argument 1 must be str, not {type(sql).__name__}")
        encoded = sql.encode()
        if len(encoded) > self._limits.sql_length:
            raise with_code(DataError("query string is too large"), SQLITE_TOOBIG)
        if b"\0" in encoded:
            raise ProgrammingError("the query contains a null character")
        self._last_encoded = sql, encoded
        return encoded

    def _check_script(self, script: str) -> None:
        """Finds what is wrong with the whole script, so that nothing of it runs then."""
        if not isinstance(script, str):
            raise TypeError(f"executescript() argument must be str, not {type(script).__name__}")
        if "\0" in script:
            raise ValueError("embedded null character")
        self._encoded(script, "executescript")

    def _control_by(self, autocommit: Autocommit, isolation_level: str | None) -> None:
        """Changes who controls transactions, from the next statement on."""
        self._autocommit = autocommit
        self._isolation_level = isolation_level
        self._begin_before = begin_before(autocommit, isolation_level)

    def _bound(self, sql: str, parameters: Any) -> Parameters:
        if type(parameters) is tuple and is_storable(parameters):  # as `bind` would find, but most are
            values = parameters
        else:
            values = bind(parameters, lambda: self._statement(sql).names)
        if values:
            if (
                _NAMES_WANT_A_MAPPING
                and sql is not self._positional_sql
                and (type(parameters) is tuple or not isinstance(parameters, Mapping))
            ):
                self._expect_positions(sql)
            if self._limits.concern_parameters:
                self._limits.check_parameters(self._statement(sql), values)
        return values

    def _batches(self, sql: str, rows: Iterable[Any]) -> Iterator[bytes]:
        """Yields the parameters of executemany, bound and encoded."""
        if self._statement(sql).named is None and not self._limits.concern_parameters:
            return batches(rows, lambda some: bind_all(some, lambda: self._statement(sql).names), encode_plain)
        return batches(rows, lambda some: (self._bound(sql, row) for row in some))

    def _expect_positions(self, sql: str) -> None:
        """Objects to names in a statement that gets a sequence, as the running Python's `sqlite3` does."""
        named = self._statement(sql).named
        if named is None:
            self._positional_sql = sql
            return
        message = (
            f"Binding {named[0]} (':{named[1]}') is a named parameter, but you supplied a sequence which requires "
            "nominal (qmark) placeholders."
        )
        if sys.version_info >= (3, 14):
            raise ProgrammingError(message)
        warn_since_3_12(f"{message} Starting with Python 3.14 a ProgrammingError will be raised.")

    def _execution(self, sql: str, parameters: Any) -> Execute:
        text = self._encoded(sql, "execute")
        encoded = _NO_PARAMETERS_ENCODED if parameters is _NO_PARAMETERS else encode(self._bound(sql, parameters))
        flags = self._read_flags
        if self.text_factory is not str or self._detect_types:
            flags |= TEXT_AS_BYTES
        return Execute(self._unbroken_number(), text, encoded, self._begin_before, flags)

    def _repetition(self, sql: bytes, rows: bytes) -> ExecuteMany:
        return ExecuteMany(self._unbroken_number(), sql, rows, self._begin_before, 0)

    def _control(self, sql: str, parameters: Parameters = ()) -> Execute:
        """Returns the operation for a statement that never gets an implicit BEGIN."""
        return Execute(self._usable_number(), sql.encode(), encode(parameters), b"", 0)

    def _trace(self, operation: Execute) -> None:
        """Tells the trace callback, if any, of a statement that is about to run."""
        callback = self._trace_callback
        if callback is None:
            return
        sql = operation.sql.decode()
        if operation.begin_before and self._statement(sql).begins_implicitly and not self._has_transaction():
            call(callback, operation.begin_before.decode())
        for parameters in operation.runs:
            text = expand(sql, parameters)
            try:
                self._limits.check_length(len(text.encode()))
            except DataError as error:
                report(error)
                text = sql
            call(callback, text)

    def _note_failure(self, operation: Operation, error: BaseException) -> None:
        """Updates what the connection knows, after an operation that ended by an exception."""
        if operation.broke_handle:
            self._broken = self._broken or str(exception_of(operation.error))
        self._unfinished = self._unfinished or not operation.ended
        if not isinstance(error, errors.Error):
            self._transaction_lost = operation.lost_transaction
        self._declared = None  # it may have rolled a change of the schema back

    def _count(self, operation: Execute) -> None:
        """Updates the counters, and what is known of the schema, after a statement."""
        flags = operation.result.flags
        if flags & CHANGES:
            self._total_changes += max(operation.result.changes, 0)
            self._last_insert_id = operation.result.last_insert_id
        elif not flags & ROWS:
            # It may have changed the schema, or rolled a change back: versions of the schema then come a second time.
            self._declared = None
