# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy drop TARGET --database NAME`."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing

from dqlitepy._cli.deleting import delete, objects_in
from dqlitepy._cli.failure import DONE, Failure
from dqlitepy._cli.target import Target, add_target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    add_target(parser)
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON; needs --yes")
    parser.epilog = (
        "The database is empty after that, on all nodes, in one transaction. The name must be given: by --database, or "
        "in the URL. Connections to it stay, and see an empty database."
    )


def run(options: argparse.Namespace) -> int:
    """Asks, and deletes the database."""
    target = Target.of(options).existing()
    if options.database is None and not options.target.startswith("dqlite:"):
        raise Failure("the database to drop is not named", "Name it by --database.")
    with closing(target.connect()) as con:
        objects = objects_in(con, target.name)
        if not options.yes:
            _ask(target.name, objects, as_json=options.json)
        con.execute("BEGIN IMMEDIATE")
        delete(con)
    if options.json:
        print(json.dumps({"database": target.name, "objects": objects}))
    else:
        print(f"{target.name}: dropped")
    return DONE


def _ask(name: str, objects: int, *, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        raise Failure("this needs --yes", f"It deletes {name}, with {objects} tables, indexes, views and triggers.")
    what = f"Delete the database {name}, with {objects} tables, indexes, views and triggers? Type its name: "
    print(what, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().rstrip("\n") != name:
        raise Failure("nothing was dropped", "That was not its name.")
