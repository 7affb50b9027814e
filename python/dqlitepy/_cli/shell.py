# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy shell TARGET`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from contextlib import suppress

import dqlitepy
from dqlitepy._cli.dot_commands import run_command
from dqlitepy._cli.failure import DONE, Failure
from dqlitepy._cli.formats import FORMATS
from dqlitepy._cli.script import Script
from dqlitepy._cli.session import Quit, Session
from dqlitepy._cli.target import Target, add_target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    add_target(parser)
    parser.add_argument(
        "-c",
        "--command",
        dest="commands",
        metavar="SQL",
        action="append",
        help="run these statements, or a command such as .tables, and leave; may be given again",
    )
    parser.add_argument("--mode", choices=FORMATS, default="table", help="how results are written (default: table)")
    parser.add_argument("--no-headers", action="store_true", help="leave the names of the columns out")
    parser.epilog = (
        "Without -c, statements are read from a terminal or a pipe. A script, and -c, end at the first failure, with "
        "status 1; what stands before it has run. See .help in the shell."
    )


def run(options: argparse.Namespace) -> int:
    """Runs the statements of -c or of a pipe, or talks with a terminal."""
    interactive = options.commands is None and sys.stdin.isatty()
    session = Session(Target.of(options), mode=options.mode, headers=not options.no_headers, interactive=interactive)
    try:
        with suppress(Quit):
            _work(session, options.commands)
        if not interactive and session.con.in_transaction:
            raise Failure("a transaction was open at the end and is rolled back", "End it with COMMIT or ROLLBACK.")
    finally:
        session.close()
    return DONE


def _work(session: Session, commands: list[str] | None) -> None:
    if session.interactive:
        from dqlitepy._cli.prompt import interact

        interact(session)
    elif commands is None:
        _run_script(session, sys.stdin, numbered=True)
    else:
        for text in commands:
            _run_script(session, text.splitlines(), numbered=False)


def _run_script(session: Session, lines: Iterable[str], *, numbered: bool) -> None:
    script = Script(session, run_command)
    try:
        for line in lines:
            script.feed(line.rstrip("\n"))
        script.finish()
    except (Failure, dqlitepy.Error) as error:
        if not numbered:
            raise
        where = f"line {script.first_line}: "
        if isinstance(error, Failure):
            raise Failure(where + error.what, error.advice) from error
        raise Failure(f"{where}{error}", "Everything before that line has run, nothing after it has.") from error
