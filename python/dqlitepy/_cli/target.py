# SPDX-License-Identifier: Apache-2.0
"""What a command works on: the directory of an embedded node, or a cluster by its URL or addresses."""

from __future__ import annotations

import argparse
import os
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import dqlitepy
from dqlitepy._cli.failure import Failure

_ADDRESSES = re.compile(r"[^\s/,]+:\d+(?:,[^\s/,]+:\d+)*")
_URL = "dqlite://"
_DEFAULT_NAME = "main"


def add_target(parser: argparse.ArgumentParser) -> None:
    """Declares the target and what it takes to reach it."""
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="a directory, addresses HOST:PORT[,HOST:PORT...] of a cluster, or a URL dqlite://HOST:PORT[,...]/NAME",
    )
    parser.add_argument("--database", metavar="NAME", help="the database's name (default: the URL's, or main)")
    add_timeout(parser)


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Declares how long to look for a leader."""
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=15.0, help="how long to look for a leader (default: 15)"
    )


def seconds(text: str) -> float:
    """Returns a number of seconds.

    Raises:
        ValueError: it is none.
    """
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


@dataclass(frozen=True)
class Target:
    """What the command line says: `database` as `dqlitepy.connect` wants it, `servers` only of a cluster."""

    database: str
    servers: tuple[str, ...]
    name: str
    timeout: float

    @classmethod
    def of(cls, options: argparse.Namespace) -> Target:
        """Returns the target of a command."""
        text: str = options.target
        name: str = options.database or _DEFAULT_NAME
        if text.startswith(_URL):
            parts = urlsplit(text)
            if options.database or not parts.path.strip("/"):
                text = urlunsplit(parts._replace(path=f"/{quote(name, safe='')}"))
            servers = tuple(parts.netloc.split(","))
        elif _ADDRESSES.fullmatch(text) and not os.path.exists(text):
            servers = tuple(text.split(","))
            text = f"{_URL}{text}/{quote(name, safe='')}"
        else:
            servers = ()
        return cls(text, servers, name, options.timeout)

    def connect(self) -> dqlitepy.Connection:
        """Connects; transactions are the user's own business."""
        # A URL says the database's name itself.
        name = _DEFAULT_NAME if self.servers else self.name
        return dqlitepy.connect(self.database, isolation_level=None, name=name, leader_timeout=self.timeout)

    def existing(self) -> Target:
        """Returns this target.

        Raises:
            Failure: it is a directory that is not there.
        """
        if not self.servers and not os.path.isdir(self.database):
            raise Failure(f"{self.database} is not a directory", "Give a directory, HOST:PORT, or dqlite://HOST:PORT.")
        return self
