# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy rename TARGET NEW --database OLD`."""

from __future__ import annotations

import argparse
import json
from contextlib import closing

import dqlitepy
from dqlitepy._cli.deleting import delete, objects_in
from dqlitepy._cli.failure import DONE, Failure
from dqlitepy._cli.progress import Progress
from dqlitepy._cli.target import Target, add_target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    add_target(parser)
    parser.add_argument("new", metavar="NEW", help="the new name; no database of that name may have anything in it")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    parser.epilog = (
        "dqlite has no renaming: the database is copied and then deleted. Nobody can write to it meanwhile, so nothing "
        "that was acknowledged is missing in the copy. Where anything fails, the old database stays; the error says "
        "whether the copy is there, too."
    )


def run(options: argparse.Namespace) -> int:
    """Copies the database while nobody can write to it, and deletes it."""
    target = Target.of(options).existing()
    if options.new == target.name:
        raise Failure(f"the database is called {options.new} already", "Give another name.")
    renamed = target.named(options.new)
    with closing(target.connect()) as old, closing(target.connect()) as source, closing(renamed.connect()) as new:
        objects_in(old, target.name)
        old.execute("BEGIN IMMEDIATE")  # from here on nobody else writes
        with Progress(f"rename of {target.name}", 0) as progress:
            new.restore(source, progress=lambda _, left, total: progress.reach(total - left, total))
        try:
            delete(old)
        except dqlitepy.AmbiguousCommitError as error:
            raise Failure(
                f"nobody knows whether {target.name} is deleted: {error}",
                f"{renamed.name} has all of it. If {target.name} is not empty, drop {renamed.name}, and begin again.",
            ) from error
        except dqlitepy.Error as error:
            raise Failure(
                f"{target.name} was copied but not deleted: {error}",
                f"It may have been written to since. Drop {renamed.name}, and begin again.",
            ) from error
    if options.json:
        print(json.dumps({"old": target.name, "new": renamed.name}))
    else:
        print(f"{target.name}: renamed to {renamed.name}")
    return DONE
