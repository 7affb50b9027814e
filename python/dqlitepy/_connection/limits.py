# SPDX-License-Identifier: Apache-2.0
"""The limits of a connection (`setlimit`): those that a client can keep, it keeps; the others are the server's."""

from __future__ import annotations

from dqlitepy._native.formats import Parameters
from dqlitepy._result_codes import SQLITE_ERROR, SQLITE_TOOBIG
from dqlitepy._sql import limit_categories
from dqlitepy._sql.statements import StatementFacts
from dqlitepy.errors import DataError, NotSupportedError, OperationalError, ProgrammingError, with_code

_LENGTH = limit_categories.SQLITE_LIMIT_LENGTH
_SQL_LENGTH = limit_categories.SQLITE_LIMIT_SQL_LENGTH
_VARIABLE_NUMBER = limit_categories.SQLITE_LIMIT_VARIABLE_NUMBER

# As the server's SQLite is compiled; none can be raised.
_COMPILED = {
    _LENGTH: 1_000_000_000,
    _SQL_LENGTH: 1_000_000_000,
    limit_categories.SQLITE_LIMIT_COLUMN: 2000,
    limit_categories.SQLITE_LIMIT_EXPR_DEPTH: 1000,
    limit_categories.SQLITE_LIMIT_COMPOUND_SELECT: 500,
    limit_categories.SQLITE_LIMIT_VDBE_OP: 250_000_000,
    limit_categories.SQLITE_LIMIT_FUNCTION_ARG: 1000,
    limit_categories.SQLITE_LIMIT_ATTACHED: 10,
    limit_categories.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50_000,
    _VARIABLE_NUMBER: 32_766,
    limit_categories.SQLITE_LIMIT_TRIGGER_DEPTH: 1000,
    limit_categories.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_KEPT_HERE = {_LENGTH, _SQL_LENGTH, _VARIABLE_NUMBER}


class Limits:
    """The limits of one connection."""

    def __init__(self) -> None:
        self._lowered: dict[int, int] = {}
        self.sql_length = _COMPILED[_SQL_LENGTH]  # bytes
        self.concern_parameters = False  # whether `check_parameters` has anything to check that the server does not

    def get(self, category: int) -> int:
        """Returns a limit.

        Raises:
            ProgrammingError: there is no such category.
        """
        if category not in _COMPILED:
            raise ProgrammingError("'category' is out of bounds")
        return self._lowered.get(category, _COMPILED[category])

    def set(self, category: int, limit: int) -> int:
        """Changes a limit, unless it is negative, and returns the former one.

        Raises:
            ProgrammingError: there is no such category.
            NotSupportedError: the server alone could keep it.
        """
        former = self.get(category)
        limit = min(limit, _COMPILED[category])
        if limit >= 0 and limit != former:
            if category not in _KEPT_HERE:
                raise NotSupportedError(
                    "this limit cannot be changed: the cluster's leader keeps it, for all its clients. "
                    "SQLITE_LIMIT_LENGTH, SQLITE_LIMIT_SQL_LENGTH and SQLITE_LIMIT_VARIABLE_NUMBER can be lowered"
                )
            self._lowered[category] = limit
            self.sql_length = self.get(_SQL_LENGTH)
            self.concern_parameters = bool(self._lowered.keys() & {_LENGTH, _VARIABLE_NUMBER})
        return former

    def check_parameters(self, statement: StatementFacts, parameters: Parameters) -> None:
        """Refuses what is over the limits.

        Raises:
            OperationalError: too many parameters.
            DataError: a text or blob is too long.
        """
        if len(statement.names) > self.get(_VARIABLE_NUMBER):
            raise with_code(OperationalError("too many SQL variables"), SQLITE_ERROR)
        longest = self.get(_LENGTH)
        for value in parameters:
            size = len(value.encode()) if isinstance(value, str) else len(value) if isinstance(value, bytes) else 0
            if size > longest:
                raise with_code(DataError("string or blob too big"), SQLITE_TOOBIG)

    def check_length(self, size: int) -> None:
        """Refuses a text of SQL of more bytes than SQLITE_LIMIT_LENGTH.

        Raises:
            DataError: it is longer.
        """
        if size > self.get(_LENGTH):
            raise DataError("Expanded SQL string exceeds the maximum string length")
