# SPDX-License-Identifier: Apache-2.0
"""What libraries that know only sqlite3 or aiosqlite need to use dqlitepy: a module for each, named like it."""
