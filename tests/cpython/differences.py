# SPDX-License-Identifier: Apache-2.0
"""Which of CPython's tests of sqlite3 dqlitepy does not pass, and why. The page of differences has the same list."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """A reason, and the tests, or whole classes of tests, that it lets fail where the running Python has them."""

    reason: str
    tests: tuple[str, ...]
    since: tuple[int, int] = (3, 11)  # the first Python whose tests ask for what we do not have
    until: tuple[int, int] = (4, 0)  # the first one whose tests do not any more
    everywhere: bool = True  # whether all its patch releases ask for it

    def concerns(self, version: tuple[int, int]) -> bool:
        """Whether the tests of a Python ask for it."""
        return self.since <= version < self.until


DIFFERENCES = (
    Difference(
        "dqlite's protocol has no access to parts of a blob, so there is no blobopen()",
        ("test_dbapi.BlobTests",),
    ),
    Difference(
        "SQL runs on the cluster's leader, which cannot call functions, progress handlers or authorizers in Python",
        (
            "test_regression.RegressionTests.test_bpo37347",
            "test_regression.RegressionTests.test_executescript_step_through_select",
            "test_regression.RegressionTests.test_table_lock_cursor_non_readonly_select",
        ),
    ),
    Difference(
        "a text with a NUL character inside cannot cross dqlite's protocol and is refused",
        (
            "test_dbapi.CursorTests.test_execute_arg_string_with_zero_byte",
            "test_factory.TextFactoryTestsWithEmbeddedZeroBytes",
            "test_types.SqliteTypeTests.test_string_with_null_character",
        ),
    ),
    Difference(
        "the implicit BEGIN of the default isolation_level is IMMEDIATE, and a trace shows it as what it is",
        (
            "test_transactions.AutocommitAttribute.test_autocommit_compat_ctx_mgr",
            "test_transactions.IsolationLevelFromInit.test_isolation_level_begin",
            "test_transactions.IsolationLevelFromInit.test_isolation_level_default",
            "test_transactions.IsolationLevelPostInit.test_isolation_level_begin",
            "test_transactions.IsolationLevelPostInit.test_isolation_level_default",
        ),
    ),
    Difference(
        "a database is a directory: one that the test makes can be opened, where sqlite3 must fail",
        (
            "test_dbapi.ConnectionTests.test_connection_bad_reinit",
            "test_dbapi.ModuleTests.test_error_code_on_exception",
        ),
    ),
    Difference(
        "a directory belongs to one process, and the test opens a file in two",
        ("test_dbapi.MultiprocessTests.test_ctx_mgr_rollback_if_commit_failed",),
    ),
    Difference(
        "the arguments of connect() may be positional in every version of Python, without a warning",
        (
            "test_dbapi.ConnectionTests.test_connect_positional_arguments",
            "test_factory.ConnectionFactoryTests.test_connection_factory_as_positional_arg",
        ),
        since=(3, 13),
    ),
    Difference(
        "what Python 3.12 removed from sqlite3 is not here in any version: shared caches and OptimizedUnicode",
        (
            "test_dbapi.ModuleTests.test_shared_cache_deprecated",
            "test_factory.TextFactoryTests.test_optimized_unicode",
        ),
        until=(3, 12),
    ),
    Difference(
        "threadsafety is 2: threads take turns on a connection, but its cursors are not for several at once",
        ("test_dbapi.ModuleTests.test_thread_safety",),
    ),
    Difference(
        "methods are Python functions: their signatures have annotations, and their arguments are checked first",
        (
            "test_dbapi.ClosedConTests.test_closed_call",
            "test_dbapi.ConnectionTests.test_connection_signature",
        ),
    ),
    Difference(
        "foreign keys are enforced from the start; PRAGMA foreign_keys=OFF or setconfig() turns that off",
        ("test_dump.DumpTests.test_table_dump",),
        everywhere=False,
    ),
)
