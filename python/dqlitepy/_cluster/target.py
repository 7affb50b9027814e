# SPDX-License-Identifier: Apache-2.0
"""What the first argument of `connect` names: a cluster's URL, a directory, or a temporary database."""

from __future__ import annotations

import os
from typing import NamedTuple

from dqlitepy._cluster.address import normalized
from dqlitepy._cluster.file_uri import Directory, parse

StrOrBytesPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]

DEFAULT_DATABASE = "main"

_URL = "dqlite://"
_FORM = "dqlite://host:port,host:port/database"
_FILES = ("tls_cert", "tls_key", "tls_ca")


class Cluster(NamedTuple):
    """A database of a cluster whose nodes run elsewhere."""

    servers: tuple[str, ...]
    database: str
    tls_files: tuple[str, str, str] | None
    """Of certificate, key and authority."""


def target_of(database: StrOrBytesPath, *, uri: bool) -> Cluster | Directory | None:
    """Returns a cluster, the directory of an embedded node, or None for a temporary one.

    The nodes of a cluster may stand in "?node=host:port&node=host:port" as well: SQLAlchemy's URLs know one host.

    Raises:
        NotSupportedError: it is a "file:" URI that asks for what a node has not.
        OperationalError: it is a "file:" URI of another machine, or has an unknown mode.
        TypeError: it is no path.
        ValueError: it has a NUL character inside, or begins like the URL of a cluster but is not one.
    """
    path = os.fsdecode(database)
    if "\0" in path:
        raise ValueError("embedded null character in the path of the database")
    if path.startswith(_URL):
        return _cluster(path)
    if path[:7].lower() == "dqlite:":
        raise ValueError(f"{path!r} is not a URL of a cluster: write {_FORM}")
    if uri and path.startswith("file:"):
        return parse(path)
    return None if path in ("", ":memory:") else Directory(path)


def _cluster(url: str) -> Cluster:
    from urllib.parse import parse_qsl, unquote

    rest, _, fragment = url.removeprefix(_URL).partition("#")
    if fragment:
        raise _refused(url, "it must not have a fragment (#)")
    rest, _, query = rest.partition("?")
    hosts, _, path = rest.partition("/")
    if "@" in hosts:
        raise _refused(url, "dqlite has no users and passwords; certificates (tls=) decide who may connect")
    try:
        options = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
        database = unquote(path, errors="strict")
    except ValueError as error:
        raise _refused(url, str(error)) from None
    servers = hosts.split(",") if hosts else []
    files: dict[str, str] = {}
    for name, value in options:
        if name == "node":
            servers.extend(value.split(","))
        elif name not in _FILES:
            raise _refused(url, f"it has an option {name!r}, but there are only node, {', '.join(_FILES)}")
        elif name in files or not value:
            raise _refused(url, f"the option {name} must be given once, with the path of a file")
        else:
            files[name] = value
    if files and len(files) < len(_FILES):
        raise _refused(url, f"{', '.join(_FILES)} go together")
    if "/" in database or "\0" in database:
        raise _refused(url, f"{database!r} is no name of a database")
    if not servers:
        raise _refused(url, "it names no node (a directory is given as its path alone)")
    return Cluster(
        tuple(dict.fromkeys(map(normalized, servers))),
        database or DEFAULT_DATABASE,
        (files["tls_cert"], files["tls_key"], files["tls_ca"]) if files else None,
    )


def _refused(url: str, reason: str) -> ValueError:
    return ValueError(f"{url!r} is not a URL of a cluster: {reason}. Write {_FORM}")
