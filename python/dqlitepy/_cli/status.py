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
from dqlitepy._cli.diagnosis import View, cluster_in, complaint_of, was_removed
from dqlitepy._cli.failure import DONE, FAILED, Failure, one_line
from dqlitepy._cli.target import add_tls, seconds, servers_of, tls_of
from dqlitepy._cli.terminal import Style, columns, size

_CLEAR = "\x1b[H\x1b[2J"
_MOST_PROBES = 32
# A spare names the leader, which names the members.
_MOST_ROUNDS = 3
_SETTLE_SECONDS = 0.1  # between two looks at what may only be the case for a moment


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
    error: str | None = None  # why it does not answer, or what is wrong with a member that does


@dataclass
class Status:
    """A cluster at one moment."""

    leader: str | None
    members: list[Member]
    removed: list[str]  # addresses of nodes that were named or shown before, and still take themselves for members
    error: str | None = None  # why nobody could be asked

    @property
    def healthy(self) -> bool:
        """Whether there is a leader, and nothing is wrong with any node."""
        return self.leader is not None and not self.removed and not any(member.error for member in self.members)


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
    parser.add_argument(
        "--max-lag",
        metavar="N",
        type=int,
        help="entries that a voter or standby may be behind before something is wrong with it (default: any number)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON; with --watch one line each time")
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=2.0, help="for each node to answer (default: 2)"
    )
    add_tls(parser)
    parser.epilog = (
        "Exit status: 0 there is a leader, and every member answers, is the node that the cluster knows, follows the "
        "leader, and is not further behind than --max-lag; 1 otherwise."
    )


def run(options: argparse.Namespace) -> int:
    """Prints the status, once or until Ctrl-C."""
    given, tls = servers_of(options.address, tls_of(options))
    if not given:
        raise Failure("no node is given", "Give HOST:PORT of a node.")
    known: tuple[str, ...] = ()
    while True:
        try:
            # Whoever watches goes on although the one node that was named is down.
            client = dqlitepy.Client(dict.fromkeys((*given, *known)), tls=tls, timeout=options.timeout)
            # Whoever watches sees it as it is, also what passes.
            status = settled_status_of(client, 0.0 if options.watch else options.timeout, options.max_lag)
            known = (*(member.address for member in status.members), *status.removed)
        except NobodyAnswers as failure:
            if options.watch is None:
                raise
            status = Status(None, [], [], failure.what)  # whoever watches waits for somebody to come back
        if options.json:
            print(json.dumps(asdict(status), indent=None if options.watch else 2), flush=True)
        else:
            _print(status, watched=options.watch is not None)
        if options.watch is None:
            return DONE if status.healthy else FAILED
        sleep(options.watch)


class NobodyAnswers(Failure):
    """None of the nodes that were named says anything."""


def settled_status_of(client: dqlitepy.Client, patience: float, max_lag: int | None = None) -> Status:
    """Asks the nodes, again for `patience` seconds while something is wrong that may only be so for a moment.

    Raises:
        NobodyAnswers: none of those that were named does.
    """
    deadline = monotonic() + patience
    while True:
        status, passing = status_of(client, max_lag)
        if not passing or monotonic() >= deadline:
            return status
        sleep(_SETTLE_SECONDS)


def status_of(client: dqlitepy.Client, max_lag: int | None = None) -> tuple[Status, bool]:
    """Asks the nodes, all at once; tells as well whether what is wrong may only be so for a moment.

    Raises:
        NobodyAnswers: none of those that were named does.
    """
    answers: dict[str, View | str] = {}
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
            leader, members = cluster_in(views)
            named = [member.address for member in members]
            named += [view.leader.address for view in views if view.leader is not None]
            unasked = [address for address in dict.fromkeys(named) if address not in answers]
    rows, passing = [], []
    for member in members:
        row = Member(member.id, member.address, str(member.role), member.address == leader)
        rows.append(row)
        view = answers.get(member.address, "it was not asked")
        if isinstance(view, str):
            row.error = view
        else:
            row.answers, row.milliseconds = True, round(view.milliseconds, 1)
            told = view.metadata
            row.failure_domain, row.weight = told.failure_domain, told.weight
            row.term, row.last_index, row.disk_bytes = told.term, told.last_index, told.disk_bytes
            complaint = complaint_of(member, view, leader)
            if complaint is not None:
                row.error = complaint.text
                passing += [row] if complaint.passing else []
    _add_lags(rows, max_lag)
    views = [view for view in answers.values() if not isinstance(view, str)]
    removed = [view.address for view in views if was_removed(view, leader, members)]
    wrong = [row for row in rows if row.error]
    return Status(leader, rows, removed), bool(passing) and not removed and wrong == passing


def _view(client: dqlitepy.Client, address: str) -> View | str:
    """Returns what a node says, or why it says nothing."""
    begun = monotonic()
    try:
        metadata = client.describe(address)
        elapsed = (monotonic() - begun) * 1000
        return View(address, client.members(address), client.leader_of(address), metadata, elapsed)
    except dqlitepy.Error as error:
        return one_line(str(error)).removeprefix(f"{address}: ")


def _add_lags(members: list[Member], most: int | None) -> None:
    # What a node has that is none of the cluster's is no part of its log.
    furthest = max((member.last_index or 0 for member in members if not member.error), default=0)
    for member in members:
        if member.last_index is None:
            continue
        member.lag = max(0, furthest - member.last_index)
        if most is not None and member.lag > most and member.role != str(dqlitepy.Role.SPARE) and not member.error:
            member.error = f"it is {member.lag} entries behind: wait until it has caught up before you stop another"


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
        lines.append(style(line, *(["red"] if member.error else ["green"] if member.leads else [])))
    lines += [f"{member.address}: {member.error}" for member in status.members if member.error]
    return lines + [
        f"{address}: it was removed from the cluster, and still runs: stop it" for address in status.removed
    ]


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)
