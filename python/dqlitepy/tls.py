# SPDX-License-Identifier: Apache-2.0
"""The certificates by which nodes and clients know each other."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from dqlitepy._native.abi import Block, BlockSize, ErrorStruct, Status
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.formats import decode
from dqlitepy._native.library import library, take_block
from dqlitepy.errors import OperationalError

_StrPath = str | os.PathLike[str]
_SECONDS_A_DAY = 86400
_LARGEST_FILE = 1 << 20
_HOST = re.compile(r"[A-Za-z0-9._:*-]{1,253}")


@dataclass(frozen=True)
class TLS:
    """A certificate, its key, and the certificate of the authority (CA) that signs those of the whole cluster.

    All are files in PEM form. Both sides of every connection show their certificate and check the other's, so whoever
    has one from the authority can do everything, and nobody else anything. A node's certificate must name, as subject
    alternative name (SAN), the host of the address by which the others reach it.

    The files are read again when they have changed: new ones count for connections that are made from then on, without
    a restart. Those that cannot be used leave the old ones in use.
    """

    cert: _StrPath
    key: _StrPath
    ca: _StrPath

    def check(self, address: str = "") -> None:
        """Checks what can be wrong before a first connection; with an address, also that it can be that node's.

        Raises:
            OperationalError: a file cannot be read, the certificate has expired, is not valid yet, has no SAN or does
                not name the address, the key is not the certificate's, or the authority did not sign it.
        """
        certificate, key, authority = (_read(path) for path in (self.cert, self.key, self.ca))
        error = ErrorStruct()
        if library().dqlitepy_check_credentials(certificate, key, authority, address.encode(), error) != Status.OK:
            reason = exception_of(error)
            raise OperationalError(f"TLS with the certificate {os.fspath(self.cert)!r} cannot work: {reason}")

    def paths(self, address: str = "") -> tuple[bytes, bytes, bytes]:
        """Returns the full paths of certificate, key and authority, whose content was checked as `check` does."""
        self.check(address)
        _warn_of_open_key(self.key)
        certificate, key, authority = (os.fsencode(os.path.abspath(path)) for path in (self.cert, self.key, self.ca))
        return certificate, key, authority


NO_TLS = (b"", b"", b"")

_warned_of: set[str] = set()  # paths


def _warn_of_open_key(path: _StrPath) -> None:
    """Logs once that anybody on this machine can take the key; its group may be meant to, so that is left alone."""
    key = os.path.abspath(path)
    if key in _warned_of:
        return
    try:
        mode = os.stat(key).st_mode
    except OSError:  # it is being replaced
        return
    if mode & 0o006:
        _warned_of.add(key)
        from dqlitepy._native.log import logger

        logger.warning(
            "the TLS key %s has the mode %04o: everybody on this machine can %s it, and whoever has it can do "
            "everything in the cluster. Make it its owner's alone: chmod 600 %s",
            key,
            mode & 0o7777,
            "read" if mode & 0o004 else "replace",
            key,
        )


def checked(tls: TLS | None) -> TLS | None:
    """Returns what was given as `tls`, so that anything else is refused where it is given and not where it is used.

    Raises:
        TypeError: it is no TLS.
    """
    if tls is not None and not isinstance(tls, TLS):
        raise TypeError(f"tls must be TLS or None, not {type(tls).__name__}")
    return tls


def make_certificates(directory: _StrPath, hosts: Iterable[str], *, valid_days: float = 3650) -> list[str]:
    """Makes certificates (ECDSA, P-256) for the nodes and clients of a cluster.

    Args:
        directory: where to; made (mode 0700) if it does not exist. The authority's ca.pem and ca.key are made there
            too, or used where they are: keep ca.key offline, it is needed for further certificates only.
        hosts: one certificate is made for each: a DNS name or an IP address, or several of one machine with commas
            between. The first names the files: db1.pem and db1.key. A str is one host, or one machine's.
        valid_days: how long the certificates are valid.

    Returns:
        The paths of the files that were written, first those of the authority.

    Raises:
        FileExistsError: one of the files exists already; nothing is overwritten.
        OSError: a file cannot be read or written.
        OperationalError: the authority cannot sign.
        TypeError, ValueError: there is no host, or one is not valid.
    """
    names = [_names(host) for host in ([hosts] if isinstance(hosts, str) else hosts)]
    if not names:
        raise ValueError("no host to make a certificate for")
    if not valid_days > 0:
        raise ValueError(f"valid_days must be above 0, not {valid_days}")
    folder = os.fspath(directory)
    seconds = int(min(valid_days, 36500) * _SECONDS_A_DAY)
    stems = [os.path.join(folder, _file_name(own[0])) for own in names]
    for stem in stems:
        for path in (f"{stem}.pem", f"{stem}.key"):
            if os.path.lexists(path):
                raise FileExistsError(f"{path} already exists; delete it first to replace it")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    written: list[str] = []
    authority = _authority(os.path.join(folder, "ca"), seconds, written)
    for own, stem in zip(names, stems, strict=True):
        _write(stem, _make(authority, "\n".join(own), seconds), written)
    return written


def _authority(stem: str, seconds: int, written: list[str]) -> tuple[str, str]:
    if os.path.lexists(f"{stem}.key") or os.path.lexists(f"{stem}.pem"):
        with open(f"{stem}.pem", encoding="ascii") as certificate, open(f"{stem}.key", encoding="ascii") as key:
            return certificate.read(), key.read()
    pair = _make(("", ""), "dqlitepy cluster", seconds)
    _write(stem, pair, written)
    return pair


def _make(authority: tuple[str, str], hosts: str, seconds: int) -> tuple[str, str]:
    block, size, error = Block(), BlockSize(), ErrorStruct()
    status = library().dqlitepy_make_certificate(
        authority[0].encode(), authority[1].encode(), hosts.encode(), seconds, block, size, error
    )
    if status != Status.OK:
        raise exception_of(error)
    pair: tuple[str, str] = decode(take_block(block, size))
    return pair


def _write(stem: str, pair: tuple[str, str], written: list[str]) -> None:
    for path, text, mode in ((f"{stem}.key", pair[1], 0o600), (f"{stem}.pem", pair[0], 0o644)):
        with open(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "w", encoding="ascii"
        ) as file:
            file.write(text)
        written.append(path)


def _names(host: str) -> list[str]:
    if not isinstance(host, str):
        raise TypeError(f"a host must be str, not {type(host).__name__}")
    names = [name.strip() for name in host.split(",")]
    for name in names:
        if not _HOST.fullmatch(name):
            raise ValueError(
                f"{host!r} is not a host: give a DNS name or an IP address, several of one machine with commas"
            )
    return names


def _file_name(host: str) -> str:
    name = host.replace(":", "_").replace("*", "_")
    if name.startswith(".") or name == "ca":
        raise ValueError(f"{host!r} cannot be the name of a certificate's file: begin with another name of the machine")
    return name


def _read(path: _StrPath) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST_FILE)
    except OSError as error:
        raise OperationalError(f"the TLS file {os.fspath(path)!r} cannot be read: {error.strerror}") from error
    if b"\0" in data:
        raise OperationalError(f"the TLS file {os.fspath(path)!r} is not in PEM form")
    return data
