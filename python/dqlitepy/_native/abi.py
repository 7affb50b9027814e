# SPDX-License-Identifier: Apache-2.0
"""Python's side of `dqlitepy.h`, in the header's order; a test holds the two together.

The header is the manual: what each function does, who owns what, and what may be called when is written there only.
Nothing here loads or calls anything.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from dqlitepy.errors import UnsupportedPlatformError

try:
    import ctypes as ctypes  # _library takes it from here, so that whichever is imported first refuses in the same way
    from ctypes import POINTER, Structure, c_char, c_char_p, c_int32, c_int64, c_uint8, c_uint32, c_uint64, c_void_p
    from ctypes import byref as byref
except ImportError as error:
    raise UnsupportedPlatformError(
        f"This Python has no ctypes ({error}): Debian's python3-minimal leaves it out, and a Python that is compiled "
        "without libffi's headers. Install the whole standard library: on Debian and Ubuntu, the package python3"
    ) from error

ABI_VERSION = 15
MESSAGE_SIZE = 2032
SMALL_SIZE = 512


class Status(enum.IntEnum):
    """`dqlitepy_status`."""

    OK = 0
    PENDING = 1
    ERROR = 2


class Kind(enum.IntEnum):
    """`dqlitepy_kind`: who has to act on an error."""

    NONE = 0
    SQLITE = 1
    PROGRAMMING = 2
    BAD_HANDLE = 3
    NOT_SUPPORTED = 4
    DATA = 5
    NODE = 6
    NO_LEADER = 7
    NOT_LEADER = 8
    LEADERSHIP_LOST = 9
    AMBIGUOUS_COMMIT = 10
    INTERRUPTED = 11
    CONNECTION = 12
    PROTOCOL = 13
    INTERNAL = 14
    STALE = 15


class ErrorFlag(enum.IntFlag):
    """`dqlitepy_error_flag`."""

    BROKEN = 1
    TRANSACTION_LOST = 2


class ErrorStruct(Structure):
    """`dqlitepy_error`."""

    _fields_ = [
        ("kind", c_int32),
        ("code", c_int32),
        ("flags", c_uint32),
        ("message_size", c_uint32),
        ("message", c_char * MESSAGE_SIZE),
    ]
    if TYPE_CHECKING:
        kind: int
        code: int
        flags: int
        message_size: int
        message: bytes


class NodeOptions(Structure):
    """`dqlitepy_node_options`."""

    _fields_ = [
        ("directory", c_char_p),
        ("address", c_char_p),
        ("id", c_uint64),
        ("snapshot_threshold", c_uint64),
        ("snapshot_trailing", c_uint64),
        ("snapshot_threshold_bytes", c_uint64),
        ("snapshot_trailing_bytes", c_uint64),
        ("snapshot_dynamic", c_uint32),
        ("auto_recovery", c_uint32),
        ("busy_timeout_ms", c_uint32),
        ("network_latency_ms", c_uint32),
        ("bind", c_char_p),
        ("moved_from", c_char_p),
        ("join", c_char_p),
        ("tls_certificate", c_char_p),
        ("tls_key", c_char_p),
        ("tls_authority", c_char_p),
        ("failure_domain", c_uint64),
        ("max_connections", c_uint64),
        ("max_request_bytes", c_uint64),
        ("wal_limit", c_uint64),
        ("idle_transaction_ms", c_uint64),
        ("voters", c_uint32),
        ("standbys", c_uint32),
        ("roles_interval_ms", c_uint32),
        ("bare", c_uint32),
    ]


class TaskOperation(enum.IntEnum):
    """`dqlitepy_operation`."""

    NODE_READY = 1
    NODE_HANDOVER = 2
    NODE_STATE = 3
    LEADER = 4
    MEMBERS = 5
    VIEW = 6
    ADD = 7
    ASSIGN = 8
    TRANSFER = 9
    REMOVE = 10
    DESCRIBE = 11
    CONNECTIONS = 12
    WEIGH = 13
    LAST_ENTRY = 14
    RECONFIGURE = 15
    NODE_CONNECTIONS = 16


class ConnectionState(enum.IntFlag):
    """`dqlitepy_connection_state`."""

    LOCAL = 1
    RUNNING = 2
    TRANSACTION = 4
    LOCK = 8
    WAITING = 16


class Task(Structure):
    """`dqlitepy_task`."""

    _fields_ = [
        ("servers", c_char_p),
        ("tls_certificate", c_char_p),
        ("tls_key", c_char_p),
        ("tls_authority", c_char_p),
        ("address", c_char_p),
        ("directory", c_char_p),
        ("members", c_char_p),
        ("node", c_uint64),
        ("id", c_uint64),
        ("weight", c_uint64),
        ("operation", c_int32),
        ("role", c_int32),
        ("timeout_ms", c_uint32),
        ("reserved", c_uint32),
    ]


class Reads(enum.IntEnum):
    """`dqlitepy_reads`: where a connection may read."""

    LEADER = 0
    NEAREST = 1
    FIRST = 2


class ConnectOptions(Structure):
    """`dqlitepy_connect_options`."""

    _fields_ = [
        ("servers", c_char_p),
        ("database", c_char_p),
        ("node", c_uint64),
        ("busy_timeout_ms", c_uint32),
        ("leader_timeout_ms", c_uint32),
        ("tls_certificate", c_char_p),
        ("tls_key", c_char_p),
        ("tls_authority", c_char_p),
        ("reads", c_uint32),
        ("max_staleness_ms", c_uint32),
    ]


class ResultFlag(enum.IntFlag):
    """`dqlitepy_result_flag`."""

    ROWS = 1
    MORE = 2
    DML = 4
    CHANGES = 8


class Result(Structure):
    """`dqlitepy_result`."""

    _fields_ = [
        ("small", c_uint8 * SMALL_SIZE),
        ("data", c_void_p),
        ("data_size", c_uint64),
        ("row_count", c_uint64),
        ("last_insert_id", c_int64),
        ("changes", c_int64),
        ("flags", c_uint32),
        ("reserved", c_uint32),
        ("error", ErrorStruct),
    ]
    if TYPE_CHECKING:
        small: ctypes.Array[c_uint8]
        data: int | None
        data_size: int
        row_count: int
        last_insert_id: int
        changes: int
        flags: int
        error: ErrorStruct


class ExecuteFlag(enum.IntFlag):
    """`dqlitepy_execute_flag`."""

    TEXT_AS_BYTES = 1
    NEARBY = 4
    LINEARIZABLE = 2


class Fit(enum.IntEnum):
    """`dqlitepy_fit`: whether rows can be stored as they are."""

    NONE = 0
    ALL = 1
    IF_BYTES = 2


class DumpFlag(enum.IntFlag):
    """`dqlitepy_dump_flag`."""

    ANY_SERVER = 1


ERROR_SIZE = ctypes.sizeof(ErrorStruct)

# The types of out-parameters.
Block = c_void_p
BlockSize = c_uint64
HandleNumber = c_uint64
HandleNumbers = c_uint64 * 256  # as many as one call takes
Count = c_uint32
Int32 = c_int32
UInt32 = c_uint32

_TEXT = c_char_p
_BYTES = c_void_p
_SLICE_MS = c_int32
_ERROR = POINTER(ErrorStruct)
_RESULT = POINTER(Result)
_BLOCK_OUT = POINTER(Block)
_SIZE_OUT = POINTER(BlockSize)
_HANDLE_OUT = POINTER(HandleNumber)

# name: (type of the result, types of the arguments)
SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "dqlitepy_abi_version": (c_int32, ()),
    "dqlitepy_error_size": (c_uint64, ()),
    "dqlitepy_free": (None, (c_void_p,)),
    "dqlitepy_versions": (c_int32, (_BLOCK_OUT, _SIZE_OUT, _ERROR)),
    "dqlitepy_open_handles": (c_uint64, ()),
    "dqlitepy_wait": (c_int32, (c_uint64, _SLICE_MS, _ERROR)),
    "dqlitepy_cancel": (c_int32, (c_uint64, _ERROR)),
    "dqlitepy_close": (c_int32, (c_uint64, _SLICE_MS, _ERROR)),
    "dqlitepy_release": (None, (c_uint64,)),
    "dqlitepy_poller_open": (c_int32, (_HANDLE_OUT, POINTER(c_int32), _ERROR)),
    "dqlitepy_attach": (c_int32, (c_uint64, c_uint64, _ERROR)),
    "dqlitepy_poller_take": (c_int32, (c_uint64, POINTER(c_uint64), c_uint32, POINTER(c_uint32), _ERROR)),
    "dqlitepy_poller_close": (None, (c_uint64,)),
    "dqlitepy_node_start": (c_int32, (POINTER(NodeOptions), _SLICE_MS, _HANDLE_OUT, _ERROR)),
    "dqlitepy_node_address": (c_int32, (c_uint64, _BLOCK_OUT, _SIZE_OUT, _ERROR)),
    "dqlitepy_take_log": (c_int32, (_SLICE_MS, _BLOCK_OUT, _SIZE_OUT, _ERROR)),
    "dqlitepy_begin_task": (c_int32, (POINTER(Task), _SLICE_MS, _HANDLE_OUT, _ERROR)),
    "dqlitepy_take_result": (c_int32, (c_uint64, _BLOCK_OUT, _SIZE_OUT, _ERROR)),
    "dqlitepy_check_credentials": (c_int32, (_TEXT, _TEXT, _TEXT, _TEXT, _ERROR)),
    "dqlitepy_make_certificate": (c_int32, (_TEXT, _TEXT, _TEXT, c_uint64, _BLOCK_OUT, _SIZE_OUT, _ERROR)),
    "dqlitepy_connect": (c_int32, (POINTER(ConnectOptions), _SLICE_MS, _HANDLE_OUT, _ERROR)),
    "dqlitepy_in_transaction": (c_int32, (c_uint64, POINTER(c_int32), _ERROR)),
    "dqlitepy_give_up": (c_int32, (c_uint64, POINTER(c_int32), _ERROR)),
    "dqlitepy_leader_address": (c_int32, (c_uint64, _BLOCK_OUT, _SIZE_OUT, _ERROR)),
    "dqlitepy_position": (c_int32, (c_uint64, POINTER(c_uint64), POINTER(c_uint64), _ERROR)),
    "dqlitepy_await_position": (c_int32, (c_uint64, c_uint64, _ERROR)),
    "dqlitepy_execute": (
        c_int32,
        (c_uint64, _TEXT, c_uint32, _BYTES, c_uint32, _TEXT, c_uint32, _SLICE_MS, _RESULT),
    ),
    "dqlitepy_execute_many": (
        c_int32,
        (c_uint64, _TEXT, c_uint32, _BYTES, c_uint32, _TEXT, c_uint32, _SLICE_MS, _RESULT),
    ),
    "dqlitepy_continue": (c_int32, (c_uint64, _SLICE_MS, _RESULT)),
    "dqlitepy_fetch": (c_int32, (c_uint64, _SLICE_MS, _RESULT)),
    "dqlitepy_discard": (c_int32, (c_uint64, _SLICE_MS, _RESULT)),
    "dqlitepy_describe": (c_int32, (_TEXT, c_uint64, POINTER(c_uint32), _BLOCK_OUT, _SIZE_OUT, _ERROR)),
    "dqlitepy_check_rows": (c_int32, (_BYTES, c_uint64, POINTER(c_int32), _ERROR)),
    "dqlitepy_expand": (c_int32, (_TEXT, c_uint64, _BYTES, c_uint64, _BLOCK_OUT, _SIZE_OUT, _ERROR)),
    "dqlitepy_declared_types": (c_int32, (_TEXT, c_uint64, _BYTES, c_uint64, _BLOCK_OUT, _SIZE_OUT, _ERROR)),
    "dqlitepy_split": (c_int32, (_TEXT, c_uint64, _BLOCK_OUT, _SIZE_OUT, _ERROR)),
    "dqlitepy_dump": (c_int32, (POINTER(ConnectOptions), c_uint32, _SLICE_MS, _HANDLE_OUT, _ERROR)),
    "dqlitepy_dump_size": (c_int32, (c_uint64, _SIZE_OUT, _ERROR)),
    "dqlitepy_dump_read": (c_int32, (c_uint64, _SLICE_MS, _BLOCK_OUT, _SIZE_OUT, _ERROR)),
}


# What runs for each statement gets its arguments as ctypes passes them undeclared: an int as 32 bits, bytes as their
# address, by `byref` a pointer, and what has 64 bits as an object of ctypes. To convert the nine declared arguments of
# dqlitepy_execute takes ctypes 1.2 microseconds, as long as SQLite needs to find a row; to pass them on, 0.4. ctypes
# does not count them either: a test does.
UNDECLARED = frozenset(
    {
        "dqlitepy_poller_take",
        "dqlitepy_execute",
        "dqlitepy_execute_many",
        "dqlitepy_continue",
        "dqlitepy_fetch",
        "dqlitepy_discard",
    }
)
LARGEST_SIZE = 2**31 - 1  # bytes; of a much larger size ctypes would pass on the low 32 bits, without an error


def declare(library: ctypes.CDLL) -> None:
    """Tells ctypes the signature of every function of `library`; AttributeError where one is missing."""
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        if name not in UNDECLARED:
            function.argtypes = arguments
