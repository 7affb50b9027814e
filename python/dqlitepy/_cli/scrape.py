# SPDX-License-Identifier: Apache-2.0
"""Reads what `dqlitepy node --metrics` serves, for `dqlitepy status`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from dqlitepy._cli.failure import Failure

_LARGEST = 1 << 20
_LINE = re.compile(r"(dqlitepy_\w+)(?:\{(.*)\})? (\S+)")
_ID = re.compile(r'(?:^|,)id="(\d+)"')


@dataclass(frozen=True)
class Scraped:
    """What one node says of itself."""

    id: int
    term: int
    last_index: int
    disk_bytes: int


def scrape(address: str, timeout: float) -> Scraped:
    """Asks the metrics of a node, "host:port", within `timeout` seconds for each step.

    Raises:
        Failure: nobody answers there, or it is no node.
    """
    advice = "Give the HOST:PORT of its --metrics, or leave it out."
    try:
        parts = urlsplit(f"//{address}")
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        try:
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            text = answer.read(_LARGEST).decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise Failure(f"the metrics of {address} cannot be had: {answer.status} {answer.reason}", advice)
        return _parse(text)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Failure(f"the metrics of {address} cannot be had: {reason}", advice) from error


def _parse(text: str) -> Scraped:
    values: dict[str, float] = {}
    identity = None
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        values[match[1]] = float(match[3])
        if match[1] == "dqlitepy_node_info":
            identity = _ID.search(match[2] or "")
    try:
        if identity is None:
            raise KeyError
        return Scraped(
            int(identity[1]),
            int(values["dqlitepy_raft_term"]),
            int(values["dqlitepy_raft_last_index"]),
            int(values["dqlitepy_disk_bytes"]),
        )
    except (KeyError, OverflowError):
        raise ValueError("they are not those of a node") from None
