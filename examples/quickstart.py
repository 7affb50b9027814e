# SPDX-License-Identifier: Apache-2.0
"""A replicated SQL database inside this process: load it, query it, close it, open it again and find everything.

python quickstart.py [DIRECTORY]       (default: a temporary one, removed at the end)
"""

import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from contextlib import closing

import dqlitepy

# Their names only repeat the code point.
UNINFORMATIVE = ("CJK UNIFIED IDEOGRAPH-", "CJK COMPATIBILITY IDEOGRAPH-", "HANGUL SYLLABLE ", "TANGUT IDEOGRAPH-")


def characters() -> Iterator[tuple[int, str, str]]:
    """Yields code point, name and category of each Unicode character that has a name of its own."""
    for code_point in range(sys.maxunicode + 1):
        name = unicodedata.name(chr(code_point), "")
        if name and not name.startswith(UNINFORMATIVE):
            yield code_point, name, unicodedata.category(chr(code_point))


def load(directory: str) -> None:
    """Starts a node that keeps its data in `directory` and writes all characters in one transaction."""
    with closing(dqlitepy.connect(directory)) as con:
        con.execute("DROP TABLE IF EXISTS characters")
        con.execute(
            "CREATE TABLE characters (code_point INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL)"
        )
        con.execute("CREATE INDEX characters_by_name ON characters (name)")
        began = time.perf_counter()
        with con:  # commits at its end, or rolls back where an exception leaves it
            cursor = con.executemany("INSERT INTO characters VALUES (?, ?, ?)", characters())
        print(f"wrote {cursor.rowcount} characters in one transaction, in {time.perf_counter() - began:.2f} s")


def search(directory: str, prefix: str) -> None:
    """Opens `directory` and prints the characters whose names begin with `prefix`."""
    with closing(dqlitepy.connect(directory)) as con:
        (count,) = con.execute("SELECT count(*) FROM characters").fetchone()
        print(f"opened {directory} again: {count} characters are there")
        print(f"those whose names begin with {prefix!r}:")
        con.row_factory = dqlitepy.Row
        query = "SELECT * FROM characters WHERE name GLOB :prefix || '*' ORDER BY name"
        for row in con.execute(query, {"prefix": prefix}):
            print(f"  U+{row['code_point']:05X} {row['name']}")


def main() -> None:
    """Runs the example in the directory that the command line names."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = sys.argv[1] if len(sys.argv) > 1 else temporary
        versions = dqlitepy.versions()
        print(f"dqlitepy {versions['dqlitepy']} with dqlite {versions['dqlite']} and SQLite {versions['sqlite']}")
        load(directory)
        search(directory, "SNOW")


if __name__ == "__main__":
    main()
