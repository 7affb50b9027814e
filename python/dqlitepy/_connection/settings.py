# SPDX-License-Identifier: Apache-2.0
"""The settings of a connection (`setconfig`): those that a PRAGMA reaches on the server."""

from __future__ import annotations

from dqlitepy._sql import constants
from dqlitepy.errors import NotSupportedError

_PRAGMAS = {
    constants.SQLITE_DBCONFIG_ENABLE_FKEY: "foreign_keys",
    constants.SQLITE_DBCONFIG_LEGACY_ALTER_TABLE: "legacy_alter_table",
    constants.SQLITE_DBCONFIG_TRUSTED_SCHEMA: "trusted_schema",
    constants.SQLITE_DBCONFIG_WRITABLE_SCHEMA: "writable_schema",
}
_KNOWN = {number for name, number in vars(constants).items() if name.startswith("SQLITE_DBCONFIG_")}


def pragma_of(setting: int) -> str:
    """Returns the name of the PRAGMA for a setting SQLITE_DBCONFIG_*.

    Raises:
        ValueError: there is no such setting.
        NotSupportedError: no PRAGMA reaches it.
    """
    if setting not in _KNOWN:
        raise ValueError(f"unknown config 'op': {setting}")
    if setting not in _PRAGMAS:
        raise NotSupportedError(
            "this setting can be neither read nor changed: dqlite's protocol has no call for it, and SQLite no PRAGMA. "
            "SQLITE_DBCONFIG_ENABLE_FKEY, _LEGACY_ALTER_TABLE, _TRUSTED_SCHEMA and _WRITABLE_SCHEMA can"
        )
    return _PRAGMAS[setting]
