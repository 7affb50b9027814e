# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy restore FILE TARGET`."""

from __future__ import annotations

import argparse
import json
import os
from contextlib import closing

from dqlitepy._cli.failure import DONE, Failure
from dqlitepy._cli.progress import Progress
from dqlitepy._cli.target import Target, add_target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("file", metavar="FILE", help="a SQLite file, from `dqlitepy backup` or from anywhere else")
    add_target(parser)
    parser.add_argument(
        "--replace",
        action="store_true",
        help="drop what the database holds now, in the same transaction; all of the file has to fit into one then",
    )
    parser.add_argument("--json", action="store_true", help="print what was restored as JSON")
    parser.epilog = (
        "The database must be empty: to keep the old one, give another name by --database. With --replace others see "
        "the old content until all of the new one is committed; where anything fails, the old one stays."
    )


def run(options: argparse.Namespace) -> int:
    """Fills the database, in one transaction."""
    if not os.path.isfile(options.file):
        raise Failure(f"{options.file} is not a file", "Give a SQLite file.")
    target = Target.of(options)
    with closing(target.connect()) as con, Progress(f"restore of {options.file}", 0) as progress:
        con.restore(
            options.file,
            progress=lambda _, remaining, total: progress.reach(total - remaining, total),
            replace=options.replace,
        )
        [(tables,)] = con.execute(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
        )
    if options.json:
        print(json.dumps({"target": options.target, "tables": tables}))
    else:
        print(f"{options.target}: {tables} table{'' if tables == 1 else 's'} restored")
    return DONE
