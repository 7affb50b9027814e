# SPDX-License-Identifier: Apache-2.0
"""The C sources, pinned twice: upstream's archive for both editions, and the file of Debian's pool that becomes it."""

from __future__ import annotations

import hashlib
import re

from tools.update.checkout import LOCK, Checkout, Refused
from tools.update.debian import BAZEL_SUITE, SOURCE_SUITES
from tools.update.pin import Pin, Place, Sources, no_such_version
from tools.update.versions import is_release, newest
from tools.update.web import Missing

_SOURCE = re.compile(r"^source (\S+) (\S+?)_(\S+)\.orig\.tar\.gz (\S+)$", re.MULTILINE)
_DEB = re.compile(r"^deb ((\S+?)_(\S+)_(?:all|amd64)\.deb) (\S+)$", re.MULTILINE)


def find_c_pins(checkout: Checkout) -> list[Pin]:
    """Returns the C sources, then Debian's packages of Bazel."""
    pins = checkout.pins()
    packages = {name: package for name, package, _, _ in _SOURCE.findall(checkout.read(LOCK))}
    sources = [CSource(name, pins[name], packages[name]) for name in sorted(packages)]
    debs = [Deb(package, version) for _, package, version, _ in _DEB.findall(checkout.read(LOCK))]
    return [*sources, *debs]


def debian_names(checkout: Checkout) -> frozenset[str]:
    """Returns the names of the source and binary packages that are pinned."""
    text = checkout.read(LOCK)
    return frozenset(found[1] for found in _SOURCE.findall(text)) | frozenset(found[1] for found in _DEB.findall(text))


class CSource(Pin):
    """dqlite, libuv or lz4."""

    def __init__(self, name: str, pin: dict[str, str], package: str) -> None:
        self.name = name
        self.pinned = pin["version"]
        self._pin = pin
        self._package = package
        self._repository = pin["homepage"].removeprefix("https://github.com/")

    def places(self, sources: Sources) -> list[Place]:
        def in_suite(suite: str) -> str | None:
            origs = sources.debian.origs(self._package)
            return newest(orig.upstream_version for orig in origs if orig.suite == suite)

        def place(suite: str) -> Place:
            return Place(f"Debian {suite}", lambda: in_suite(suite))

        upstream = Place("GitHub", lambda: newest(sources.github.releases(self._repository)))
        return [upstream, *map(place, SOURCE_SUITES)]

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        if not is_release(version):
            raise no_such_version(self.name, version, "GitHub")
        archive = self._pin["archive"].replace(self.pinned, version)
        prefix = self._pin["strip_prefix"].replace(self.pinned, version)
        try:
            content = sources.github.download(archive.removeprefix("https://github.com/"))
        except Missing:
            raise no_such_version(self.name, version, "GitHub") from None
        origs = [orig for orig in sources.debian.origs(self._package) if orig.upstream_version == version]
        if not origs:
            raise Refused(
                f"Debian carries no {self.name} {version}, and the air-gapped edition takes it from there",
                "tools/bazel run //tools:update   (it shows which version each suite has)",
            )
        checkout.change_pin(
            self.name,
            version=version,
            archive=archive,
            sha256=hashlib.sha256(content).hexdigest(),
            strip_prefix=prefix,
        )
        text = checkout.read(LOCK)
        line = f"source {self.name} {origs[-1].file} {origs[-1].sha256}"
        checkout.change(LOCK, re.sub(rf"(?m)^source {self.name} .*$", line, text))


class Deb(Pin):
    """One of the packages that bring Bazel into the air-gapped edition, for a folder of them in DQLITEPY_SOURCES."""

    def __init__(self, package: str, version: str) -> None:
        self.name = package
        self.pinned = version

    def places(self, sources: Sources) -> list[Place]:
        return [Place(f"Debian {BAZEL_SUITE}", lambda: self._carried(sources))]

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        # Packages of one source fit each other at one version alone; a rebuild (+b1) is of one of them.
        text = checkout.read(LOCK)
        mine = _source_of(sources, self.name)
        for file, package, pinned, _ in _DEB.findall(text):
            found = sources.debian.package(package) if _source_of(sources, package) == mine else None
            if found is None:
                continue
            if package == self.name and found["Version"] != version:
                raise no_such_version(self.name, version, f"Debian {BAZEL_SUITE}")
            if pinned != found["Version"]:
                line = f"deb {found['Filename'].rpartition('/')[2]} {found['SHA256']}"
                text = re.sub(rf"(?m)^deb {re.escape(file)} .*$", line.replace("\\", ""), text)
        if mine is None:
            raise no_such_version(self.name, version, f"Debian {BAZEL_SUITE}")
        checkout.change(LOCK, text)

    def _carried(self, sources: Sources) -> str | None:
        found = sources.debian.package(self.name)
        return found["Version"] if found else None


def _source_of(sources: Sources, package: str) -> str | None:
    found = sources.debian.package(package)
    return found.get("Source", package).partition(" ")[0] if found else None
