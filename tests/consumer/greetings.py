# SPDX-License-Identifier: Apache-2.0
"""A library that keeps greetings in a database of its own."""

from __future__ import annotations

import dqlitepy


class Greetings:
    """The greetings in one directory."""

    def __init__(self, directory: str) -> None:
        self._connection = dqlitepy.connect(directory)
        with self._connection as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS greeting (words TEXT NOT NULL)")

    def add(self, words: str) -> None:
        """Keeps one."""
        with self._connection as connection:
            connection.execute("INSERT INTO greeting VALUES (?)", (words,))

    def all(self) -> list[str]:
        """Returns them, oldest first."""
        return [words for (words,) in self._connection.execute("SELECT words FROM greeting ORDER BY rowid")]

    def close(self) -> None:
        """Stops the database."""
        self._connection.close()
