# SPDX-License-Identifier: Apache-2.0
"""dqlite, SQLite replicated by Raft, in your process, with the interface of the standard library's `sqlite3`.

    import dqlitepy

    with dqlitepy.connect("data/") as con:              # a node that runs in this process and keeps its data there
        con.execute("CREATE TABLE IF NOT EXISTS t (name TEXT, n INTEGER)")
        con.executemany("INSERT INTO t VALUES (?, ?)", [("a", 1), ("b", 2)])
                                                         # committed here, or rolled back after an exception
    for name, n in con.execute("SELECT * FROM t WHERE n > :least", {"least": 1}):
        print(name, n)
    con.close()                                          # the last connection to a directory stops its node

Importing this loads no library and starts nothing; the first `connect` does. A process that forks after that cannot use
dqlitepy in the child (ForkError): use spawn or forkserver, or connect after the fork.

    dqlitepy.connect(database, ...) -> dqlitepy.Connection
                                opens a directory, ":memory:" or a cluster's URL; help(dqlitepy.connect) has the options
    dqlitepy.Connection         as in sqlite3, with Cursor, Row and the exceptions; dqlitepy.Pool lends them to threads
    dqlitepy.aio                the same for asyncio
    dqlitepy.Node               a member of a cluster in this process; dqlitepy.Client looks after the members
    dqlitepy.run_transaction    runs a transaction again where it is certain that nothing of it was committed
    dqlitepy.errors             what each exception says about the data
"""

# A Python too old for the rest must get far enough to be told so: this file, and no other, keeps to what Python 2.7 can
# parse, and asks before it imports anything of ours.
import sys

if sys.version_info < (3, 11):  # noqa: UP036

    class UnsupportedPlatformError(RuntimeError):
        """Stands in for the class of the same name in `dqlitepy.errors`, which this Python cannot parse."""

    raise UnsupportedPlatformError(
        "Python 3.11+ required: this is Python %d.%d (%s). Install dqlitepy in a virtual environment of a newer one"  # noqa: UP031
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

from dqlitepy._version import __version__

# Type checkers take it for True. It is no literal: Jedi does not read what stands below `if False`, and would complete
# nothing.
TYPE_CHECKING = bool(0)
if TYPE_CHECKING:
    from dqlitepy import aio as aio
    from dqlitepy import dbapi2 as dbapi2
    from dqlitepy._connection.callbacks import enable_callback_tracebacks
    from dqlitepy._connection.refused import Blob, enable_shared_cache
    from dqlitepy._constructors import Binary, Date, DateFromTicks, Time, TimeFromTicks, Timestamp, TimestampFromTicks
    from dqlitepy._sql.adapters import PrepareProtocol, adapt, adapters, register_adapter
    from dqlitepy._sql.completeness import complete_statement
    from dqlitepy._sql.constants import *  # noqa: F403
    from dqlitepy._sql.converters import PARSE_COLNAMES, PARSE_DECLTYPES, converters, register_converter
    from dqlitepy._versions import versions
    from dqlitepy.client import Client
    from dqlitepy.connection import Connection, connect
    from dqlitepy.cursor import Cursor
    from dqlitepy.errors import (
        AmbiguousCommitError,
        DatabaseError,
        DataError,
        Error,
        ForkError,
        IntegrityError,
        InterfaceError,
        InternalError,
        LeadershipLostError,
        NoLeaderError,
        NotLeaderError,
        NotSupportedError,
        OperationalError,
        ProgrammingError,
        StaleReadError,
        UnsupportedPlatformError,
        Warning,
    )
    from dqlitepy.members import ConnectionInfo, LastEntry, NodeInfo, NodeMetadata, NodeStats, Role
    from dqlitepy.node import Node
    from dqlitepy.pool import Pool
    from dqlitepy.recovery import Recovery, last_entry, recover
    from dqlitepy.retry import run_transaction
    from dqlitepy.rows import Row
    from dqlitepy.store import YamlNodeStore, node_info
    from dqlitepy.tls import TLS, make_certificates

    sqlite_version = ""
    sqlite_version_info = (0, 0, 0)

__all__ = [
    "LEGACY_TRANSACTION_CONTROL",
    "PARSE_COLNAMES",
    "PARSE_DECLTYPES",
    "TLS",
    "AmbiguousCommitError",
    "Binary",
    "Blob",
    "Client",
    "Connection",
    "ConnectionInfo",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "ForkError",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "LastEntry",
    "LeadershipLostError",
    "NoLeaderError",
    "Node",
    "NodeInfo",
    "NodeMetadata",
    "NodeStats",
    "NotLeaderError",
    "NotSupportedError",
    "OperationalError",
    "Pool",
    "PrepareProtocol",
    "ProgrammingError",
    "Recovery",
    "Role",
    "Row",
    "StaleReadError",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "UnsupportedPlatformError",
    "Warning",
    "YamlNodeStore",
    "__version__",
    "adapt",
    "adapters",
    "apilevel",
    "complete_statement",
    "connect",
    "converters",
    "enable_callback_tracebacks",
    "enable_shared_cache",
    "last_entry",
    "make_certificates",
    "node_info",
    "paramstyle",
    "recover",
    "register_adapter",
    "register_converter",
    "run_transaction",
    "threadsafety",
    "versions",
]

apilevel = "2.0"
paramstyle = "qmark"
# Threads may share the module, and connections too where check_same_thread is False: they take turns.
threadsafety = 2

LEGACY_TRANSACTION_CONTROL = -1

# As long as `sqlite3` has them: they are gone from Python 3.14's.
_DEPRECATED = []
if sys.version_info < (3, 14):
    _DEPRECATED = ["version", "version_info"]

# Where a public name comes from when it is first asked for, so that importing this package stays light.
_MODULE_OF_NAME = {
    "Binary": "dqlitepy._constructors",
    "Date": "dqlitepy._constructors",
    "DateFromTicks": "dqlitepy._constructors",
    "Time": "dqlitepy._constructors",
    "TimeFromTicks": "dqlitepy._constructors",
    "Timestamp": "dqlitepy._constructors",
    "TimestampFromTicks": "dqlitepy._constructors",
    "complete_statement": "dqlitepy._sql.completeness",
    "versions": "dqlitepy._versions",
    "Client": "dqlitepy.client",
    "enable_callback_tracebacks": "dqlitepy._connection.callbacks",
    "Blob": "dqlitepy._connection.refused",
    "enable_shared_cache": "dqlitepy._connection.refused",
    "PrepareProtocol": "dqlitepy._sql.adapters",
    "adapt": "dqlitepy._sql.adapters",
    "adapters": "dqlitepy._sql.adapters",
    "register_adapter": "dqlitepy._sql.adapters",
    "PARSE_COLNAMES": "dqlitepy._sql.converters",
    "PARSE_DECLTYPES": "dqlitepy._sql.converters",
    "converters": "dqlitepy._sql.converters",
    "register_converter": "dqlitepy._sql.converters",
    "Cursor": "dqlitepy.cursor",
    "Connection": "dqlitepy.connection",
    "connect": "dqlitepy.connection",
    "AmbiguousCommitError": "dqlitepy.errors",
    "DataError": "dqlitepy.errors",
    "DatabaseError": "dqlitepy.errors",
    "Error": "dqlitepy.errors",
    "ForkError": "dqlitepy.errors",
    "IntegrityError": "dqlitepy.errors",
    "InterfaceError": "dqlitepy.errors",
    "InternalError": "dqlitepy.errors",
    "LeadershipLostError": "dqlitepy.errors",
    "NoLeaderError": "dqlitepy.errors",
    "NotLeaderError": "dqlitepy.errors",
    "NotSupportedError": "dqlitepy.errors",
    "OperationalError": "dqlitepy.errors",
    "ProgrammingError": "dqlitepy.errors",
    "StaleReadError": "dqlitepy.errors",
    "UnsupportedPlatformError": "dqlitepy.errors",
    "Warning": "dqlitepy.errors",
    "ConnectionInfo": "dqlitepy.members",
    "LastEntry": "dqlitepy.members",
    "NodeInfo": "dqlitepy.members",
    "NodeMetadata": "dqlitepy.members",
    "NodeStats": "dqlitepy.members",
    "Role": "dqlitepy.members",
    "Node": "dqlitepy.node",
    "Pool": "dqlitepy.pool",
    "Recovery": "dqlitepy.recovery",
    "last_entry": "dqlitepy.recovery",
    "recover": "dqlitepy.recovery",
    "run_transaction": "dqlitepy.retry",
    "Row": "dqlitepy.rows",
    "YamlNodeStore": "dqlitepy.store",
    "node_info": "dqlitepy.store",
    "TLS": "dqlitepy.tls",
    "make_certificates": "dqlitepy.tls",
}


# The public modules, but for those that need what may not be installed.
_MODULES = (
    "aio",
    "client",
    "connection",
    "cursor",
    "dbapi2",
    "errors",
    "members",
    "node",
    "pool",
    "recovery",
    "retry",
    "rows",
    "store",
    "tls",
)


def __getattr__(name):  # type: (str) -> object
    from importlib import import_module

    if name in _MODULE_OF_NAME:
        value = getattr(import_module(_MODULE_OF_NAME[name]), name)
    elif name in ("sqlite_version", "sqlite_version_info"):  # not in __all__: they read the library
        value = getattr(import_module("dqlitepy._versions"), name)()
    elif name.startswith("SQLITE_"):
        value = getattr(import_module("dqlitepy._sql.constants"), name)
    elif name in _MODULES:
        return import_module("dqlitepy.%s" % name)  # noqa: UP031
    elif name in _DEPRECATED:
        return getattr(import_module("dqlitepy._deprecation"), name)()
    else:
        raise AttributeError("module %r has no attribute %r" % (__name__, name))  # noqa: UP031
    globals()[name] = value
    return value


def __dir__():  # type: () -> list[str]
    from dqlitepy._sql import constants

    # Without sqlite_version and sqlite_version_info: help() asks for all that is here, and must not need the library.
    numbers_and_words = [name for name in vars(constants) if name.startswith("SQLITE_")]
    return sorted(set(__all__) | set(numbers_and_words) | set(_MODULES))


# Star imports and completion by what is here should not find them.
del sys, TYPE_CHECKING
