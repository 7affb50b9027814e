# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy inspect DIR`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from dqlitepy._cli.failure import DONE, FAILED
from dqlitepy._cli.reading import read_directory
from dqlitepy._cli.terminal import Style, columns, printable, size
from dqlitepy._disk.configuration import Member
from dqlitepy._disk.directory import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument("directory", metavar="DIR", type=Path, help="the directory of a node, running or not")
    parser.add_argument("--json", action="store_true", help="print everything as one JSON object")
    parser.epilog = "Exit status: 0 all is well, 1 something is damaged. Nothing is started, nothing is changed."


def run(options: argparse.Namespace) -> int:
    """Prints the report; returns 1 where something is damaged."""
    report = read_directory(options.directory)
    if options.json:
        print(json.dumps(dataclasses.asdict(report), indent=2))
    else:
        _print(report)
    return FAILED if report.damage else DONE


def _print(report: Report) -> None:
    style = Style(sys.stdout)
    holder = style(f"in use by {report.holder}", "yellow") if report.holder else "not in use"
    print(f"{style(printable(report.directory), 'bold')}: {size(report.disk_bytes)} on disk, {holder}")
    if report.node:
        print(f"node      {report.node.id} at {printable(report.node.address)}")
    if report.term is not None:
        vote = f"voted for {report.vote}" if report.vote else "voted for nobody"
        print(f"term      {report.term}, {vote}")
    if report.last_index is not None:
        print(f"log       last entry {report.last_index}, of term {report.last_term}")
    if report.members_index is not None:
        _section(f"members, as of entry {report.members_index}", *_members(report.members))
    if report.cluster:
        _section("members that cluster.yaml lists", *_members(report.cluster))
    _print_segments(report)
    _print_snapshots(report)
    for finding in report.notes:
        print(f"\nnote: {printable(finding.file)}: {printable(finding.text)}")
    for finding in report.damage:
        print(f"\n{style('damaged', 'red', 'bold')}: {printable(finding.file)}: {printable(finding.text)}")
    print(f"\n{style('damaged', 'red', 'bold') if report.damage else style('nothing is damaged', 'green')}")


def _print_segments(report: Report) -> None:
    rows = [
        (
            segment.file,
            "open" if segment.open else "closed",
            f"{segment.first_index}-{segment.last_index}" if segment.first_index else "-",
            str(segment.entries),
            size(segment.size),
            "right" if segment.verified else "WRONG",
        )
        for segment in report.segments
    ]
    _section("segments", *columns(("file", "state", "entries", "count", "size", "checksums"), rows, numbers=(3, 4)))


def _print_snapshots(report: Report) -> None:
    rows = [
        (
            snapshot.file,
            str(snapshot.term),
            str(snapshot.index),
            size(snapshot.size),
            "right" if snapshot.verified else "WRONG",
            ", ".join(f"{database.name} {size(database.size)}" for database in snapshot.databases),
        )
        for snapshot in report.snapshots
    ]
    heads = ("file", "term", "index", "size", "checksums", "databases")
    _section("snapshots", *columns(heads, rows, numbers=(1, 2, 3)))


def _members(members: Iterable[Member]) -> list[str]:
    return columns(("id", "address", "role"), [(str(member.id), member.address, member.role) for member in members])


def _section(title: str, head: str, *rows: str) -> None:
    print(f"\n{title}{'' if rows else ': none'}")
    for line in (head, *rows) if rows else ():
        print(f"  {line}")
