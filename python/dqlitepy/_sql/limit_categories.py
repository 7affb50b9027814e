# SPDX-License-Identifier: Apache-2.0
"""What getlimit and setlimit are about. Apart from the other constants, as every connection needs these."""

from __future__ import annotations

from typing import Final

SQLITE_LIMIT_LENGTH: Final = 0
SQLITE_LIMIT_SQL_LENGTH: Final = 1
SQLITE_LIMIT_COLUMN: Final = 2
SQLITE_LIMIT_EXPR_DEPTH: Final = 3
SQLITE_LIMIT_COMPOUND_SELECT: Final = 4
SQLITE_LIMIT_VDBE_OP: Final = 5
SQLITE_LIMIT_FUNCTION_ARG: Final = 6
SQLITE_LIMIT_ATTACHED: Final = 7
SQLITE_LIMIT_LIKE_PATTERN_LENGTH: Final = 8
SQLITE_LIMIT_VARIABLE_NUMBER: Final = 9
SQLITE_LIMIT_TRIGGER_DEPTH: Final = 10
SQLITE_LIMIT_WORKER_THREADS: Final = 11
