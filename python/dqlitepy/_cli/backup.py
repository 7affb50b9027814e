# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy backup TARGET FILE`."""

from __future__ import annotations

import argparse
import json
import os
from contextlib import closing

from dqlitepy._cli.failure import DONE, Failure
from dqlitepy._cli.progress import Progress
from dqlitepy._cli.target import Target, add_target
from dqlitepy._cli.terminal import size

_PAGES = 256  # a megabyte between two looks at the progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    add_target(parser)
    parser.add_argument("file", metavar="FILE", help="the SQLite file to make; it must not exist")
    parser.add_argument("--json", action="store_true", help="print the file and its size as JSON")
    parser.epilog = "The file holds what is committed when the copy begins; the cluster goes on meanwhile."


def run(options: argparse.Namespace) -> int:
    """Copies the database."""
    target = Target.of(options).existing()
    with closing(target.connect()) as con, Progress(f"backup of {options.target}", 0) as progress:
        [(objects,)] = con.execute("SELECT count(*) FROM sqlite_schema")
        if not objects:  # dqlite makes a database as soon as somebody asks for it
            raise Failure(f"the database {target.name} is empty", "Is that its name? No file was made.")
        con.backup(
            options.file,
            pages=_PAGES,
            progress=lambda _, remaining, total: progress.reach(total - remaining, total),
        )
    count = os.path.getsize(options.file)
    if options.json:
        print(json.dumps({"file": options.file, "bytes": count}))
    else:
        print(f"{options.file}: {size(count)}")
    return DONE
