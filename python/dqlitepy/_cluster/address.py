# SPDX-License-Identifier: Apache-2.0
"""Addresses of nodes, in the one form that goes over the wire: host:port, an IPv6 host in brackets."""

from __future__ import annotations

import re

DEFAULT_PORT = 9000

_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?")


def normalized(address: str) -> str:
    """Returns "host:port" for "host:port", "host", "[::1]:port", "[::1]" or "::1"; without a port it is 9000.

    Raises:
        TypeError: it is no str.
        ValueError: it is not an address.
    """
    if not isinstance(address, str):
        raise TypeError(f"an address must be str, not {type(address).__name__}")
    if "://" in address:
        raise ValueError(
            f"{address!r} is no address of a node but a URL: give host:port alone, such as {_inner(address)}"
        )
    host, port = _split(address)
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError(f"{address!r} is not an address of a node: its port must be a number from 1 to 65535")
    return f"{host}:{int(port)}"


def names_port(address: str) -> bool:
    """Tells whether an address, of which `normalized` makes one, says its port."""
    return "]:" in address if address.startswith("[") else address.count(":") == 1


def host_of(address: str) -> str:
    """Returns the host in an address, without the brackets of an IPv6 one."""
    return _split(address)[0].strip("[]")


def is_loopback(address: str) -> bool:
    """Tells whether only this machine can reach an address."""
    host = host_of(address)
    return host == "localhost" or host == "::1" or host.startswith("127.")


def _inner(url: str) -> str:
    """Returns the first address in a URL, or an example where there is none."""
    first = re.split(r"[/,?#]", url.partition("://")[2])[0].rpartition("@")[2]
    try:
        return normalized(first)
    except ValueError:
        return "10.0.0.1:9000"


def _split(address: str) -> tuple[str, str]:
    if address.startswith("["):
        host, bracket, rest = address[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{address!r} is not an address of a node: write an IPv6 one as [::1]:9000")
        port = rest[1:] if rest else str(DEFAULT_PORT)
        return f"[{_ipv6(host, address)}]", port
    if address.count(":") > 1:
        return f"[{_ipv6(address, address)}]", str(DEFAULT_PORT)
    host, colon, port = address.partition(":")
    if not _NAME.fullmatch(host):
        raise ValueError(f"{address!r} is not an address of a node: give host:port, such as 10.0.0.1:9000")
    if re.fullmatch(r"[0-9.]+", host) and not _is_ipv4(host):
        raise ValueError(f"{address!r} is not an address of a node: {host} is not an IPv4 address")
    return host, port if colon else str(DEFAULT_PORT)


def _is_ipv4(host: str) -> bool:
    return bool(re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", host)) and all(int(part) <= 255 for part in host.split("."))


def _ipv6(host: str, address: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.IPv6Address(host))
    except ValueError:
        raise ValueError(f"{address!r} is not an address of a node: {host!r} is not an IPv6 address") from None
