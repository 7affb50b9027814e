# SPDX-License-Identifier: Apache-2.0
"""`--web`: a page that shows the cluster, and the same as JSON. It can only be read."""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from http import HTTPStatus

import dqlitepy
from dqlitepy._cli.cluster_watch import PERIOD, Seen, Warned, Watch
from dqlitepy._cli.connections import client_of, lock_of, state_of
from dqlitepy._cli.page_server import PageServer, is_loopback_socket, listen_on
from dqlitepy._cli.status import Member
from dqlitepy._cli.terminal import size

_HTML, _JSON = "text/html; charset=utf-8", "application/json"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }
body { color: #222; background: #fff }
table { border-collapse: collapse; width: 100% } th, td { padding: .3em .8em .3em 0; text-align: left }
th { border-bottom: 1px solid #888 } td { border-bottom: 1px solid #ddd } .number { text-align: right }
.wrong { color: #b00020 } .right { color: #1b6e2c } .quiet { color: #666 }
svg { width: 100%; height: 60px; display: block }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } td { border-color: #333 }
.wrong { color: #ff8a80 } .right { color: #81c995 } .quiet { color: #999 } }
"""
_HEADS = ("id", "address", "role", "", "answers in", "term", "last entry", "lag", "on disk")
_NUMBERS = range(4, 9)
_PLOT_WIDTH, _PLOT_HEIGHT = 600, 60


class WebServer:
    """Answers `GET /` and `GET /status.json` until `close`."""

    def __init__(self, address: str, node: dqlitepy.Node) -> None:
        """Listens on `address`, "host:port"; port 0 takes a free one.

        Raises:
            Failure: it cannot be listened on.
        """
        listener = listen_on(address, "the page")
        self.port: int = listener.getsockname()[1]
        self._node = node
        self._watch = Watch(node)
        pages = {"/": self._page, "/status.json": self._json}
        self._server = PageServer(listener, pages, named=not is_loopback_socket(listener))

    def start(self) -> None:
        """Begins to ask the nodes; until then there is nothing to show."""
        self._watch.start()

    def close(self) -> None:
        """Stops listening and asking. What is asked just now is not waited for; `join` does."""
        self._server.close()
        self._watch.close()

    def join(self) -> None:
        """Waits after `close` until nobody is asked any more: seconds, where a node hangs."""
        self._watch.join()

    def _page(self) -> tuple[HTTPStatus, str, str]:
        return HTTPStatus.OK, _HTML, page_of(self._node.address, self._watch.seen, self._watch.warnings())

    def _json(self) -> tuple[HTTPStatus, str, str]:
        seen = self._watch.seen
        if seen is None:
            return HTTPStatus.SERVICE_UNAVAILABLE, _JSON, '{"error": "the nodes have not answered yet"}\n'
        told = {
            "node": self._node.address,
            "healthy": seen.status.healthy,
            **asdict(seen),
            "warnings": [asdict(warned) for warned in self._watch.warnings()],
        }
        return HTTPStatus.OK, _JSON, json.dumps(told) + "\n"


def page_of(address: str, seen: Seen | None, warnings: list[Warned]) -> str:
    """Returns the page, in HTML that loads nothing and runs nothing.

    Args:
        address: of the node that shows it.
        seen: the cluster; None if nobody has looked yet.
        warnings: of the node's log, the newest first.
    """
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="{PERIOD:g}">',
        f'<meta name="viewport" content="width=device-width"><title>dqlite: {escape(address)}</title>',
        f"<style>{_STYLE}</style></head><body><h1>Cluster, seen from {escape(address)}</h1>",
        *(["<p>The nodes have not answered yet.</p>"] if seen is None else _cluster(seen)),
        "<h2>What the log of this node warned of</h2>",
        *([_log(warnings)] if warnings else ['<p class="quiet">Nothing since it started.</p>']),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _cluster(seen: Seen) -> list[str]:
    status = seen.status
    if status.error:
        return [f'<p class="wrong">{escape(status.error)}</p>', _as_of(seen)]
    if status.leader is None:
        leads = '<strong class="wrong">no leader</strong>'
    else:
        leads = f"<strong>{escape(status.leader)}</strong> leads, at least since {escape(str(seen.leader_since))}"
    state = (
        '<span class="right">all is well</span>' if status.healthy else '<span class="wrong">something is wrong</span>'
    )
    kinds = [' class="number"' if column in _NUMBERS else "" for column in range(len(_HEADS))]
    heads = "".join(f"<th{kind}>{head}</th>" for kind, head in zip(kinds, _HEADS, strict=True))
    rows = []
    for member in status.members:
        cells = zip(kinds, _cells(member), strict=True)
        mark = ' class="wrong"' if member.error else ""
        rows.append(f"<tr{mark}>" + "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in cells) + "</tr>")
    wrong = [f"{member.address}: {member.error}" for member in status.members if member.error]
    wrong += [f"{address}: it was removed from the cluster, and still runs" for address in status.removed]
    return [
        f"<p>{leads}; {state}.</p>",
        f"<table><thead><tr>{heads}</tr></thead><tbody>",
        *rows,
        "</tbody></table>",
        *(f'<p class="wrong">{escape(line)}</p>' for line in wrong),
        *_plot(seen.entries_per_second),
        *_transactions(seen),
        _as_of(seen),
    ]


def _cells(member: Member) -> list[str]:
    answers = "no" if member.milliseconds is None else f"{member.milliseconds} ms"
    figures = [member.term, member.last_index, member.lag]
    return [
        *(str(member.id), member.address, member.role, "leader" if member.leads else "", answers),
        *("-" if figure is None else str(figure) for figure in figures),
        "-" if member.disk_bytes is None else size(member.disk_bytes),
    ]


def _plot(rates: list[float]) -> list[str]:
    if not rates:
        return []
    most = max(max(rates), 1.0)
    step = _PLOT_WIDTH / max(len(rates) - 1, 1)
    points = " ".join(
        f"{number * step:.1f},{_PLOT_HEIGHT - 2 - rate / most * (_PLOT_HEIGHT - 4):.1f}"
        for number, rate in enumerate(rates)
    )
    return [
        f"<h2>Entries of the log a second: {rates[-1]:g}, at most {max(rates):g}</h2>",
        f'<svg viewBox="0 0 {_PLOT_WIDTH} {_PLOT_HEIGHT}" preserveAspectRatio="none" role="img">',
        f'<polyline fill="none" stroke="#3367d6" stroke-width="1.5" points="{points}"/></svg>',
    ]


def _transactions(seen: Seen) -> list[str]:
    if seen.connections is None:
        return []
    heads = "".join(f"<th>{head}</th>" for head in ("client", "database", "state", "for", "open for", ""))
    rows = []
    for each in seen.transactions:
        cells = [
            *(client_of(each), each.database, state_of(each), f"{each.state_seconds:.1f} s"),
            *(f"{each.transaction_seconds or 0.0:.1f} s", lock_of(each)),
        ]
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    lines = [f"<h2>Connections to the leader: {seen.connections}</h2>"]
    if not rows:
        return [*lines, '<p class="quiet">None of them has a transaction open.</p>']
    return [*lines, f"<table><thead><tr>{heads}</tr></thead><tbody>", *rows, "</tbody></table>"]


def _log(warnings: list[Warned]) -> str:
    rows = (
        f"<tr><td>{escape(line.time)}</td><td>{escape(line.level)}</td><td>{escape(line.message)}</td></tr>"
        for line in warnings
    )
    return f"<table>{''.join(rows)}</table>"


def _as_of(seen: Seen) -> str:
    return (
        f'<p class="quiet">As of {escape(seen.time)}. The same for programs: <a href="status.json">status.json</a></p>'
    )
