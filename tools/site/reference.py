# SPDX-License-Identifier: Apache-2.0
"""What is on which page of the reference: each public name once, in the order in which one meets it."""

from __future__ import annotations

from typing import NamedTuple


class Page(NamedTuple):
    """One page: its file, title, module, what it begins with, and the names on it."""

    file: str
    title: str
    module: str
    about: str
    names: tuple[str, ...]


PAGES = (
    Page(
        "connections",
        "Connections and cursors",
        "dqlitepy",
        "The DB-API of PEP 249, with the methods and habits of the standard library's sqlite3.",
        ("connect", "Connection", "Cursor", "Row", "Pool", "run_transaction"),
    ),
    Page(
        "clusters",
        "Nodes and clusters",
        "dqlitepy",
        "Nodes in this process, questions to a cluster, certificates, and the repair of directories.",
        (
            "Node",
            "Client",
            "NodeInfo",
            "NodeMetadata",
            "NodeStats",
            "ConnectionInfo",
            "Role",
            "TLS",
            "make_certificates",
            "YamlNodeStore",
            "node_info",
            "Recovery",
            "recover",
            "LastEntry",
            "last_entry",
        ),
    ),
    Page(
        "exceptions",
        "Exceptions",
        "dqlitepy",
        "What each means for the data, and the messages: see the page about errors.",
        (
            "Warning",
            "Error",
            "InterfaceError",
            "UnsupportedPlatformError",
            "DatabaseError",
            "DataError",
            "IntegrityError",
            "InternalError",
            "NotSupportedError",
            "ProgrammingError",
            "ForkError",
            "OperationalError",
            "NoLeaderError",
            "NotLeaderError",
            "StaleReadError",
            "LeadershipLostError",
            "AmbiguousCommitError",
        ),
    ),
    Page(
        "values",
        "Values, versions and settings",
        "dqlitepy",
        "Constructors and constants of PEP 249, adapters and converters, and what sqlite3 has besides.",
        (
            "Binary",
            "Date",
            "DateFromTicks",
            "Time",
            "TimeFromTicks",
            "Timestamp",
            "TimestampFromTicks",
            "adapt",
            "register_adapter",
            "adapters",
            "PrepareProtocol",
            "register_converter",
            "converters",
            "PARSE_DECLTYPES",
            "PARSE_COLNAMES",
            "complete_statement",
            "enable_callback_tracebacks",
            "enable_shared_cache",
            "Blob",
            "versions",
            "__version__",
            "sqlite_version",
            "sqlite_version_info",
            "apilevel",
            "paramstyle",
            "threadsafety",
            "LEGACY_TRANSACTION_CONTROL",
            "SQLITE_KEYWORDS",
        ),
    ),
    Page(
        "aio",
        "asyncio",
        "dqlitepy.aio",
        "The same for event loops. Names that are not here are those of dqlitepy itself.",
        ("connect", "Connection", "Cursor", "Result", "Pool", "run_transaction", "Node", "Client"),
    ),
)

# What has no docstring of ours, being neither a function nor a class of this package. The constants SQLITE_… are those
# of SQLite.
DATA = {
    "Binary": "The class `memoryview`.",
    "Date": "The class `datetime.date`.",
    "Time": "The class `datetime.time`.",
    "Timestamp": "The class `datetime.datetime`.",
    "PARSE_COLNAMES": "int, for `detect_types` of `connect`: converters are chosen by the name of a column, as in "
    '`SELECT p AS "p [point]"`.',
    "PARSE_DECLTYPES": "int, for `detect_types` of `connect`: converters are chosen by the declared type of a column.",
    "LEGACY_TRANSACTION_CONTROL": "int, the default of `autocommit`: `isolation_level` says when a transaction begins.",
    "SQLITE_KEYWORDS": "tuple of str: the words that SQLite reserves.",
    "__version__": "str: the version of the package.",
    "adapters": "dict: what `register_adapter` has registered.",
    "converters": "dict: what `register_converter` has registered.",
    "apilevel": "str: the version of the DB-API.",
    "paramstyle": "str: parameters are question marks; names (`:name`) work as well.",
    "threadsafety": "int: threads may share the module, and a connection with `check_same_thread=False`, on which they "
    "take turns.",
    "sqlite_version": "str: the version of the SQLite in the wheel. Reading it loads the native library.",
    "sqlite_version_info": "tuple of int: the same.",
}
