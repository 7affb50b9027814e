# SPDX-License-Identifier: Apache-2.0
"""What a command works on: the directory of an embedded node, or a cluster by its URL or addresses."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace
from urllib.parse import quote

import dqlitepy
from dqlitepy._cli.failure import Failure
from dqlitepy._cluster.address import normalized
from dqlitepy._cluster.target import DEFAULT_DATABASE, Cluster, target_of


def add_target(parser: argparse.ArgumentParser) -> None:
    """Declares the target and what it takes to reach it."""
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="a directory, addresses HOST:PORT[,HOST:PORT...] of a cluster, or a URL dqlite://HOST:PORT[,...]/NAME",
    )
    parser.add_argument("--database", metavar="NAME", help="the database's name (default: the URL's, or main)")
    add_timeout(parser)
    add_tls(parser)


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Declares how long to look for a leader."""
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=15.0, help="how long to look for a leader (default: 15)"
    )


def add_tls(parser: argparse.ArgumentParser) -> None:
    """Declares the three files of TLS."""
    tls = parser.add_argument_group("TLS (all three or none)")
    tls.add_argument("--cert", metavar="FILE", help="this side's certificate, PEM")
    tls.add_argument("--key", metavar="FILE", help="the certificate's private key, PEM")
    tls.add_argument("--ca", metavar="FILE", help="the CA that signed the other side's certificate, PEM")


def seconds(text: str) -> float:
    """Returns a number of seconds.

    Raises:
        ValueError: it is not a number of seconds.
    """
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def tls_of(options: argparse.Namespace) -> dqlitepy.TLS | None:
    """Returns what --cert, --key and --ca say, None where none of them is given.

    Raises:
        Failure: only some of them are given.
        OperationalError: they cannot work.
    """
    given = [options.cert, options.key, options.ca]
    if not any(given):
        return None
    if not all(given):
        raise Failure("TLS needs --cert, --key and --ca", "Give all three, or none; `dqlitepy certs` makes them.")
    return _checked(dqlitepy.TLS(*given))


def servers_of(text: str, tls: dqlitepy.TLS | None) -> tuple[tuple[str, ...], dqlitepy.TLS | None]:
    """Returns the addresses that `text` lists, or those and the files of TLS in a URL of a cluster.

    Raises:
        Failure: it is neither.
        OperationalError: the files of TLS cannot work.
    """
    try:
        if text.startswith("dqlite:"):
            parsed = target_of(text, uri=False)
            assert isinstance(parsed, Cluster)
            return parsed.servers, _tls_of_url(parsed, tls)
        return tuple(normalized(address) for address in text.split(",") if address), tls
    except ValueError as error:
        raise Failure(str(error), "Give HOST:PORT of a node.") from error


def _tls_of_url(parsed: Cluster, tls: dqlitepy.TLS | None) -> dqlitepy.TLS | None:
    if parsed.tls_files is None:
        return tls
    if tls:
        raise Failure("the URL and the options both name TLS files", "Leave one out.")
    return _checked(dqlitepy.TLS(*parsed.tls_files))


def _checked(tls: dqlitepy.TLS) -> dqlitepy.TLS:
    """Finds what is wrong with the files before anybody is asked, who could only say that it does not work."""
    tls.check()
    return tls


def _looks_like_addresses(text: str) -> bool:
    """Whether addresses are meant, also where one of them is mistyped: that must not make a directory of this name."""
    if "/" in text or text.startswith((":memory:", "dqlite:")) or os.path.exists(text):
        return False
    return ":" in text or "," in text


@dataclass(frozen=True)
class Target:
    """What the command line says: `database` as `dqlitepy.connect` wants it, `servers` only of a cluster."""

    database: str
    servers: tuple[str, ...]
    name: str
    timeout: float
    tls: dqlitepy.TLS | None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Target:
        """Returns the target of a command."""
        text: str = options.target
        if options.database == "":
            raise Failure("the name of the database is empty", "Leave --database out for the one called main.")
        name: str = options.database or DEFAULT_DATABASE
        tls = tls_of(options)
        if _looks_like_addresses(text):
            text = f"dqlite://{text}/{quote(name, safe='')}"
        try:
            parsed = target_of(text, uri=False)
        except ValueError as error:
            raise Failure(str(error), "Give a directory, HOST:PORT[,HOST:PORT...], or a URL.") from error
        if isinstance(parsed, Cluster):
            if options.database and parsed.database not in (DEFAULT_DATABASE, name):
                raise Failure(f"the URL names the database {parsed.database}, --database another", "Leave one out.")
            if parsed.database == DEFAULT_DATABASE and options.database:
                parsed = parsed._replace(database=name)
            tls = _tls_of_url(parsed, tls)
            url = f"dqlite://{','.join(parsed.servers)}/{quote(parsed.database, safe='')}"
            return cls(url, parsed.servers, parsed.database, options.timeout, tls)
        return cls(text, (), name, options.timeout, tls)

    def connect(self) -> dqlitepy.Connection:
        """Connects; transactions are the user's own business."""
        return dqlitepy.connect(
            self.database,
            isolation_level=None,
            name=DEFAULT_DATABASE if self.servers else self.name,
            leader_timeout=self.timeout,
            tls=self.tls,
        )

    def existing(self) -> Target:
        """Returns this target.

        Raises:
            Failure: it is a directory that is not there.
        """
        if not self.servers and not os.path.isdir(self.database):
            raise Failure(f"{self.database} is not a directory", "Give a directory, HOST:PORT, or dqlite://HOST:PORT.")
        return self

    def named(self, name: str) -> Target:
        """Returns the database of this name in the same place."""
        if not name:
            raise Failure("the name of the database is empty", "Give one.")
        url = f"dqlite://{','.join(self.servers)}/{quote(name, safe='')}"
        return replace(self, database=url if self.servers else self.database, name=name)

    def client(self) -> dqlitepy.Client:
        """Returns a client of the cluster.

        Raises:
            Failure: the target is a directory.
        """
        if not self.servers:
            raise Failure(
                f"{self.database} is embedded in this process and belongs to no cluster",
                "Start it as the first node of one with `dqlitepy node DIR --address HOST:PORT`.",
            )
        return dqlitepy.Client(self.servers, tls=self.tls, timeout=self.timeout)
