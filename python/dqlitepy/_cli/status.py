# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy status ADDR`."""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from time import monotonic, sleep

import dqlitepy
from dqlitepy._cli.failure import DONE, FAILED, Failure, one_line
from dqlitepy._cli.target import add_tls, seconds, servers_of, tls_of
from dqlitepy._cli.terminal import Style, columns, size

_CLEAR = "\x1b[H\x1b[2J"
_MOST_PROBES = 32
# A spare names the leader, which names the members.
_MOST_ROUNDS = 3


@dataclass
class Member:
    """A node of the cluster, and what it answered. What it did not tell, or nobody can, is None."""

    id: int
    address: str
    role: str
    leads: bool = False
    answers: bool = False
    milliseconds: float | None = None  # until it had answered
    failure_domain: int | None = None
    weight: int | None = None
    term: int | None = None
    last_index: int | None = None
    lag: int | None = None  # entries behind the furthest one that is known
    disk_bytes: int | None = None
    error: str | None = None


@dataclass
class Status:
    """A cluster at one moment."""

    leader: str | None
    members: list[Member]
    error: str | None = None  # why nobody could be asked

    @property
    def healthy(self) -> bool:
        """Whether there is a leader and every member answers."""
        return self.leader is not None and all(member.answers for member in self.members)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument(
        "address", metavar="HOST:PORT[,HOST:PORT...]", help="one or more nodes of the cluster, or its URL"
    )
    parser.add_argument(
        "--watch",
        metavar="SECONDS",
        type=seconds,
        nargs="?",
        const=1.0,
        help="show it again and again (default: each 1)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON; with --watch one line each time")
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=2.0, help="for each node to answer (default: 2)"
    )
    add_tls(parser)
    parser.epilog = "Exit status: 0 there is a leader and every member answers, 1 otherwise."


def run(options: argparse.Namespace) -> int:
    """Prints the status, once or until Ctrl-C."""
    given, tls = servers_of(options.address, tls_of(options))
    if not given:
        raise Failure("no node is given", "Give HOST:PORT of a node.")
    known: tuple[str, ...] = ()
    while True:
        try:
            # Whoever watches goes on although the one node that was named is down.
            status = status_of(dqlitepy.Client((*given, *known), tls=tls, timeout=options.timeout))
            known = tuple(member.address for member in status.members)
        except NobodyAnswers as failure:
            if options.watch is None:
                raise
            status = Status(None, [], failure.what)  # whoever watches waits for somebody to come back
        if options.json:
            print(json.dumps(asdict(status), indent=None if options.watch else 2), flush=True)
        else:
            _print(status, watched=options.watch is not None)
        if options.watch is None:
            return DONE if status.healthy else FAILED
        sleep(options.watch)


class NobodyAnswers(Failure):
    """None of the nodes that were named says anything."""


def status_of(client: dqlitepy.Client) -> Status:
    """Asks the nodes, all at once.

    Raises:
        NobodyAnswers: none of those that were named does.
    """
    answers: dict[str, _View | str] = {}
    unasked = list(client.servers)
    with ThreadPoolExecutor(_MOST_PROBES) as pool:
        for _ in range(_MOST_ROUNDS):
            answers.update(zip(unasked, pool.map(lambda address: _view(client, address), unasked), strict=True))
            views = [view for view in answers.values() if not isinstance(view, str)]
            if not views:
                reasons = "; ".join(f"{address}: {reason}" for address, reason in answers.items())
                raise NobodyAnswers(
                    f"no node answers ({reasons})", "Check the addresses, whether the nodes run, and TLS."
                )
            # What a leader says is newest, then what one says that knows a leader.
            members = max(views, key=lambda view: (view.leader is not None, len(view.members))).members
            named = [member.address for member in members]
            named += [view.leader.address for view in views if view.leader is not None]
            unasked = [address for address in dict.fromkeys(named) if address not in answers]
    leaders = [view.leader for view in views if view.leader is not None]
    # A node that has been cut off may still name an old one, so the majority decides.
    leader = max(leaders, key=leaders.count).address if leaders else None
    rows = []
    for member in members:
        row = Member(member.id, member.address, str(member.role), member.address == leader)
        view = answers.get(member.address, "it was not asked")
        if isinstance(view, str):
            row.error = view
        else:
            row.answers, row.milliseconds = True, round(view.milliseconds, 1)
            told = view.metadata
            row.failure_domain, row.weight = told.failure_domain, told.weight
            row.term, row.last_index, row.disk_bytes = told.term, told.last_index, told.disk_bytes
        rows.append(row)
    _add_lags(rows)
    return Status(leader, rows)


@dataclass(frozen=True)
class _View:
    """What one node says."""

    members: list[dqlitepy.NodeInfo]
    leader: dqlitepy.NodeInfo | None
    metadata: dqlitepy.NodeMetadata
    milliseconds: float


def _view(client: dqlitepy.Client, address: str) -> _View | str:
    """Returns what a node says, or why it says nothing."""
    begun = monotonic()
    try:
        metadata = client.describe(address)
        elapsed = (monotonic() - begun) * 1000
        return _View(client.members(address), client.leader_of(address), metadata, elapsed)
    except dqlitepy.Error as error:
        return one_line(str(error)).removeprefix(f"{address}: ")


def _add_lags(members: list[Member]) -> None:
    furthest = max((member.last_index or 0 for member in members), default=0)
    for member in members:
        if member.last_index is not None:
            member.lag = furthest - member.last_index


def _print(status: Status, *, watched: bool) -> None:
    style = Style(sys.stdout)
    lines = [f"{datetime.now():%H:%M:%S}"] if watched else []
    lines += [style(status.error, "red")] if status.error else _lines(status, style)
    if watched and sys.stdout.isatty():
        print(_CLEAR + "\n".join(lines), flush=True)
    else:
        print("\n".join(lines), end="\n\n" if watched else "\n", flush=True)


def _lines(status: Status, style: Style) -> list[str]:
    heads = ["id", "address", "role", "", "answers", "domain", "weight"]
    numbers = [5, 6]
    located = any(member.last_index is not None for member in status.members)
    if located:
        numbers += range(7, 11)
        heads += ["term", "last entry", "lag", "on disk"]
    rows = []
    for member in status.members:
        answers = f"in {member.milliseconds} ms" if member.answers else "no"
        row = [str(member.id), member.address, member.role, "leader" if member.leads else "", answers]
        row += [_number(member.failure_domain), _number(member.weight)]
        if located:
            row += [_number(member.term), _number(member.last_index), _number(member.lag)]
            row.append("-" if member.disk_bytes is None else size(member.disk_bytes))
        rows.append(row)
    head, *table = columns(heads, rows, numbers=numbers)
    lines = [f"leader: {status.leader or style('none', 'red', 'bold')}", style(head, "bold")]
    for member, line in zip(status.members, table, strict=True):
        lines.append(style(line, *(["green"] if member.leads else [] if member.answers else ["red"])))
    return lines + [f"{member.address}: {member.error}" for member in status.members if member.error]


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)
