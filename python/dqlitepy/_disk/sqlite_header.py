# SPDX-License-Identifier: Apache-2.0
"""How a SQLite database begins."""

from __future__ import annotations

MAGIC = b"SQLite format 3\0"
# Where the header says how the file is written, once for writers and once for readers: 1 with a rollback journal, 2
# with a WAL. dqlite's WAL does not come along, and SQLite's memory databases cannot have one.
WRITE_VERSION = 18
WITHOUT_WAL = b"\x01\x01"
