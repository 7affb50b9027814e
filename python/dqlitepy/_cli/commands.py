# SPDX-License-Identifier: Apache-2.0
"""Which commands there are, and what they have in common: errors, exit codes, Ctrl-C."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import dqlitepy
from dqlitepy._cli.failure import DONE, FAILED, INTERRUPTED, Failure, explain

# Each with its summary; the module of the same name has add_arguments and run, and is imported when it is asked for.
_COMMANDS = {
    "shell": "run SQL, and look after the cluster, by hand or from a script",
    "node": "run a node of a cluster until it is told to stop",
    "status": "show the leader and the members of a cluster, and how each is",
    "connections": "show who is connected to a node, and who holds a write lock",
    "certs": "make a CA and certificates for the nodes of a cluster",
    "backup": "copy a database into a SQLite file, while the cluster goes on",
    "restore": "fill an empty database with the content of a SQLite file",
    "drop": "delete a database, on all nodes",
    "rename": "give a database another name",
    "inspect": "show what is in a node's directory, and what is damaged, without starting anything",
    "recover": "make a cluster that has lost its majority for good work again",
    "bench": "measure this machine: an embedded node beside the sqlite3 module",
}


class _PrintVersions(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        try:
            lines = [f"{name} {version}" for name, version in dqlitepy.versions().items()]
        except dqlitepy.Error as error:
            parser.exit(FAILED, f"{parser.prog}: {error}\n")
        print(*lines, sep="\n")
        parser.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line, that of this process if None; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = _parser(arguments)
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return DONE
    try:
        status: int = import_module(f"dqlitepy._cli.{options.command}").run(options)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone: neither a message nor the interpreter's own flush may fail on that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (Failure, dqlitepy.Error, OSError, ValueError) as error:
        print(explain(f"dqlitepy {options.command}", error), file=sys.stderr)
        return FAILED


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dqlitepy",
        description="dqlite, SQLite replicated by Raft: run nodes, look after clusters, talk SQL.",
        epilog="Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted. Errors go to stderr.",
    )
    parser.add_argument(
        "--version",
        action=_PrintVersions,
        nargs=0,
        help="print the versions of dqlitepy and of what is linked into it",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in _COMMANDS.items():
        description = summary[0].upper() + summary[1:] + "."
        command = commands.add_parser(name, help=summary, description=description)
        if name in arguments:
            import_module(f"dqlitepy._cli.{name}").add_arguments(command)
    return parser
