# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy certs DIR --hosts …`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import dqlitepy
from dqlitepy._cli.failure import DONE, Failure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("directory", metavar="DIR", type=Path, help="where the files go; made if need be")
    parser.add_argument(
        "--hosts",
        metavar="HOST",
        nargs="+",
        required=True,
        help="a certificate for each: the DNS name or IP address in the node's --address; more names of one machine "
        "behind commas: db1,10.0.0.1",
    )
    parser.add_argument("--days", metavar="N", type=int, default=3650, help="how long they are valid (default: 3650)")
    parser.add_argument("--json", action="store_true", help="print the paths as a JSON array")
    parser.epilog = "A CA that is in DIR already (ca.pem, ca.key) signs; otherwise one is made. Nothing is overwritten."


def run(options: argparse.Namespace) -> int:
    """Makes the files and names them."""
    try:
        paths = dqlitepy.make_certificates(options.directory, options.hosts, valid_days=options.days)
    except FileExistsError as error:
        what = str(error) if error.filename is None else f"{error.filename} already exists and is not a directory"
        raise Failure(what, "Nothing was overwritten.") from error
    if options.json:
        print(json.dumps(paths))
        return DONE
    for path in paths:
        print(path)
    print("Give each machine ca.pem and its own two files. Keep ca.key away from all of them: it can make more.")
    return DONE
