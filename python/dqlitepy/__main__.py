# SPDX-License-Identifier: Apache-2.0
"""`python -m dqlitepy`."""

from __future__ import annotations

import argparse
import sys

from dqlitepy._versions import versions
from dqlitepy.errors import Error


class _PrintVersions(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        try:
            lines = [f"{name} {version}" for name, version in versions().items()]
        except Error as error:
            parser.exit(1, f"{parser.prog}: {error}\n")
        print(*lines, sep="\n")
        parser.exit()


def main() -> int:
    """Runs the command line of this process; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m dqlitepy", description="dqlite, SQLite replicated by Raft, in your process."
    )
    parser.add_argument(
        "--version",
        action=_PrintVersions,
        nargs=0,
        help="print the versions of dqlitepy and of what is linked into it",
    )
    parser.parse_args()
    parser.print_help()
    return 0


if __name__ == "__main__":
    sys.exit(main())
