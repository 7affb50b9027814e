# SPDX-License-Identifier: Apache-2.0
"""What getlimit and setlimit are about. Apart from the other constants, as every connection needs these."""

from typing import Final as _Final  # what completes `dqlitepy.` shows all that has no underscore here

SQLITE_LIMIT_LENGTH: _Final = 0
SQLITE_LIMIT_SQL_LENGTH: _Final = 1
SQLITE_LIMIT_COLUMN: _Final = 2
SQLITE_LIMIT_EXPR_DEPTH: _Final = 3
SQLITE_LIMIT_COMPOUND_SELECT: _Final = 4
SQLITE_LIMIT_VDBE_OP: _Final = 5
SQLITE_LIMIT_FUNCTION_ARG: _Final = 6
SQLITE_LIMIT_ATTACHED: _Final = 7
SQLITE_LIMIT_LIKE_PATTERN_LENGTH: _Final = 8
SQLITE_LIMIT_VARIABLE_NUMBER: _Final = 9
SQLITE_LIMIT_TRIGGER_DEPTH: _Final = 10
SQLITE_LIMIT_WORKER_THREADS: _Final = 11
