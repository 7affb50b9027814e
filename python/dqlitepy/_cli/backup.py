# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy backup TARGET FILE`, of what a cluster or one node has, once or again and again."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from contextlib import closing

import dqlitepy
from dqlitepy._cli.backup_series import Series, hand_on, period
from dqlitepy._cli.failure import DONE, Failure
from dqlitepy._cli.progress import Progress
from dqlitepy._cli.target import Target, add_target
from dqlitepy._cli.terminal import size
from dqlitepy._copying.backup import copy_to_file

_PAGES = 256  # a megabyte between two looks at the progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    add_target(parser)
    parser.add_argument(
        "file",
        metavar="FILE",
        help="the SQLite file to make; it must not exist. With --every or --keep the folder for the files",
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="HOST:PORT",
        help="take what this one node has: needs no leader and no majority, and may lack the last writes",
    )
    parser.add_argument(
        "--every",
        metavar="PERIOD",
        type=period,
        help="make one file after the other, named by database and time, until stopped: 90s, 15m, 1h, 1d",
    )
    parser.add_argument(
        "--keep",
        metavar="N",
        type=int,
        help="name the file by database and time, and keep the newest N of them: older ones are removed once a new one "
        "is there and is sound",
    )
    parser.add_argument(
        "--then",
        metavar="COMMAND",
        type=shlex.split,
        help="run this with each new file as its last argument, say to upload it; without --keep and --every as well",
    )
    parser.add_argument("--json", action="store_true", help="print the file and its size as JSON")
    parser.epilog = "The file holds what is committed when the copy begins; the cluster goes on meanwhile."


def run(options: argparse.Namespace) -> int:
    """Copies the database, once or until stopped."""
    target = Target.of(options).existing()
    if options.source is not None and not target.servers:
        raise Failure("--from is for a cluster, and the target is a directory", "Leave it out.")
    if options.keep is not None and options.keep < 1:
        raise Failure("--keep must be at least 1", "It is how many files stay.")

    def make(path: str) -> None:
        if options.source is None:
            try:
                _copy(target, path)
            except dqlitepy.NoLeaderError as error:
                raise Failure(
                    str(error),
                    "See which nodes answer with `dqlitepy status`. Without a majority --from takes what one node has.",
                ) from error
        else:
            _copy_from(target, options.source, path)

    def tell(path: str) -> None:
        _tell(path, as_json=options.json)
        if options.then:
            hand_on(options.then, path)

    if options.every is None and options.keep is None:
        make(options.file)
        tell(options.file)
        return DONE
    series = Series(options.file, target.name, make, tell, keep=options.keep)
    if options.every is None:
        series.add()
    else:
        series.run(options.every)
    return DONE


def _copy(target: Target, path: str) -> None:
    with closing(target.connect()) as con, Progress(f"backup of {target.name}", 0) as progress:
        [(objects,)] = con.execute("SELECT count(*) FROM sqlite_schema")
        if not objects:  # dqlite makes a database as soon as somebody asks for it
            raise Failure(f"the database {target.name} is empty", "Is that its name? No file was made.")
        con.backup(
            path,
            pages=_PAGES,
            progress=lambda _, remaining, total: progress.reach(total - remaining, total),
        )


def _copy_from(target: Target, address: str, path: str) -> None:
    client = dqlitepy.Client([address], tls=target.tls, timeout=target.timeout)
    [address] = client.servers
    leader = client.leader_of(address)
    with Progress(f"backup of {target.name}", 0) as progress:
        copy_to_file(
            client._dump_options(target.name, address, None),
            path,
            _PAGES,
            lambda _, remaining, total: progress.reach(total - remaining, total),
            any_server=True,
        )
    follows = f"it follows {leader.address}" if leader is not None else "it hears of no leader"
    print(
        f"warning: the copy holds what {address} has applied, and {follows}. The last writes that were acknowledged "
        "may be missing; of a node that was started without a majority, all since its newest snapshot. "
        "`dqlitepy recover DIR --salvage OUT` on its directory reads the log, too",
        file=sys.stderr,
    )


def _tell(path: str, *, as_json: bool) -> None:
    count = os.path.getsize(path)
    if as_json:
        print(json.dumps({"file": path, "bytes": count}), flush=True)
    else:
        print(f"{path}: {size(count)}", flush=True)
