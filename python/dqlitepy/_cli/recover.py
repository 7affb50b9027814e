# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy recover DIR [DIR ...]`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import dqlitepy
from dqlitepy._cli.failure import DONE, Failure
from dqlitepy._cli.reading import read_directory
from dqlitepy._cli.terminal import Style, columns, printable
from dqlitepy._disk.directory import Report

_WARNING = (
    "Only for a cluster whose majority will never come back. What only the lost nodes had is lost. "
    "No node of the cluster may run, on any machine."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument(
        "directories",
        metavar="DIR",
        nargs="+",
        type=Path,
        help="of the surviving nodes; that with the newest log is taken",
    )
    parser.add_argument(
        "--member",
        dest="members",
        metavar="ID=HOST:PORT[=ROLE]",
        action="append",
        help="who shall be in the cluster; default: the node that is taken, alone, so that the others join it anew",
    )
    parser.add_argument("--backup", metavar="DIR", help="where to copy the directory first (default: a name beside it)")
    parser.add_argument(
        "--salvage",
        metavar="OUT",
        type=Path,
        help="change nothing, and write each database that is in DIR into a SQLite file in the new folder OUT: "
        "what can be read, also where no node starts with DIR any more",
    )
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON; needs --yes")
    parser.epilog = _WARNING


def run(options: argparse.Namespace) -> int:
    """Shows what would be done, asks, and does it; or salvages."""
    if options.salvage is not None:
        if len(options.directories) != 1 or options.members is not None or options.backup is not None:
            raise Failure(
                "--salvage takes one directory and no other option but --json", "Salvage one after the other."
            )
        try:
            from dqlitepy._cli.salvage import salvage
        except ImportError as error:
            raise Failure(f"--salvage needs the module sqlite3: {error}", "Use a Python that has it.") from None
        return salvage(options.directories[0], options.salvage, as_json=options.json)
    members = None if options.members is None else [_member(text) for text in options.members]
    reports = [_report(directory) for directory in options.directories]
    if not options.json:
        _show_plan(reports)
    if not options.yes:
        _ask(options)
    recovery = dqlitepy.recover(options.directories, members=members, backup=options.backup)
    if options.json:
        print(json.dumps(dataclasses.asdict(recovery), indent=2))
        return DONE
    names = ", ".join(f"{member.address} ({member.role})" for member in recovery.members)
    print(f"{recovery.directory} is recovered. Members now: {names}")
    print(f"A copy of it as it was before is in {recovery.backup}")
    print(f"\nWhat is left to do:\n{recovery.instructions}")
    return DONE


def _report(directory: Path) -> Report:
    report = read_directory(directory)
    if report.holder:
        raise Failure(f"{directory} is in use by {report.holder}", "Stop every node of the cluster first.")
    if report.damage:
        damage = report.damage[0]
        raise Failure(
            f"{directory} is damaged: {damage.file}: {damage.text}",
            f"Take another survivor, see `dqlitepy inspect {directory}`, or save what can be read: "
            f"`dqlitepy recover {directory} --salvage OUT`.",
        )
    return report


def _show_plan(reports: list[Report]) -> None:
    style = Style(sys.stdout)
    newest = max(reports, key=_position)
    rows = [
        (
            report.directory,
            report.node.address if report.node else "?",
            str(report.last_term),
            str(report.last_index),
            "will be recovered" if report is newest else "must not start again",
        )
        for report in reports
    ]
    for line in columns(("directory", "address", "last term", "last entry", ""), rows, numbers=(2, 3)):
        print(line)
    members = ", ".join(f"{member.address} ({member.role})" for member in newest.members)
    print(f"Members before: {printable(members)}")
    print(style(_WARNING, "yellow"))


def _position(report: Report) -> tuple[int, int]:
    return report.last_term or 0, report.last_index or 0


def _ask(options: argparse.Namespace) -> None:
    if options.json or not sys.stdin.isatty():
        raise Failure("nothing was done: there is nobody to ask", "Add --yes to do it without asking.")
    if input("Type yes to go on: ").strip() != "yes":
        raise Failure("nothing was done", "Type yes in full to do it.")


def _member(text: str) -> dqlitepy.NodeInfo:
    identity, separator, rest = text.partition("=")
    address, _, role = rest.partition("=")
    try:
        if not separator:
            raise ValueError
        return dqlitepy.NodeInfo(int(identity), address, dqlitepy.Role[(role or "voter").upper()])
    except (ValueError, KeyError):
        raise Failure(
            f"{text} is not a member", "Write ID=HOST:PORT or ID=HOST:PORT=ROLE; `dqlitepy inspect` shows the ids."
        ) from None
